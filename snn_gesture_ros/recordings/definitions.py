# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the messages with events are made of, as bags say it of their topics."""
from snn_gesture_ros.events.message_types import EVENT_PACKET_TYPES

EVENT = 'uint16 x\nuint16 y\nbuiltin_interfaces/Time ts\nbool polarity\n'
EVENT_ARRAY = 'std_msgs/Header header\nuint32 height\nuint32 width\n{}/Event[] events\n'
EVENT_PACKET = ('std_msgs/Header header\nuint32 height\nuint32 width\nuint64 seq\n'
                'uint64 time_base\nstring encoding\nbool is_bigendian\nuint8[] events\n')


def types_of(message_type: str):
    """
    Return a type store of rosbags that knows a message.

    :param message_type: one of EVENT_TYPES.
    """
    from rosbags.typesys import get_types_from_msg, get_typestore, Stores
    store = get_typestore(Stores.ROS2_HUMBLE)
    if message_type in EVENT_PACKET_TYPES:
        store.register(get_types_from_msg(EVENT_PACKET, message_type))
        return store
    package = message_type.partition('/')[0]
    store.register(get_types_from_msg(EVENT, f'{package}/msg/Event'))
    store.register(get_types_from_msg(EVENT_ARRAY.format(package), message_type))
    return store
