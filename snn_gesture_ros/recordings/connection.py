# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the files of bags have in common: connections, by which messages come."""
from typing import NamedTuple, Optional

from snn_gesture_ros.events.event import EVENT_PACKET_TYPES

CDR, ROS1 = 'cdr', 'ros1'
"""How messages are serialized."""


class Connection(NamedTuple):
    """A topic of a file."""

    id: int
    topic: str
    message_type: str
    """As ROS 2 names it: dvs_msgs/msg/EventArray."""
    count: Optional[int] = None
    """Messages, where the file tells it."""
    serialization: str = CDR


def ros2_name(message_type: str) -> str:
    """Return the name in ROS 2 of a type that may be named as in ROS 1, dvs_msgs/EventArray."""
    package, _, name = message_type.partition('/')
    return message_type if '/' in name or not name else f'{package}/msg/{name}'


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
