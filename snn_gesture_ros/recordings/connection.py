# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the files of bags have in common: connections, and chunks in which messages lie."""
from bisect import bisect_left
import heapq
from itertools import accumulate
from math import inf
from typing import NamedTuple, Optional

from snn_gesture_ros.events.event import EVENT_PACKET_TYPES

CDR, ROS1 = 'cdr', 'ros1'
"""How messages are serialized."""
MAX_HELD_BYTES = 1 << 26
"""Of messages that wait for earlier ones."""
EVENT = 'uint16 x\nuint16 y\nbuiltin_interfaces/Time ts\nbool polarity\n'
EVENT_ARRAY = 'std_msgs/Header header\nuint32 height\nuint32 width\n{}/Event[] events\n'
EVENT_PACKET = ('std_msgs/Header header\nuint32 height\nuint32 width\nuint64 seq\n'
                'uint64 time_base\nstring encoding\nbool is_bigendian\nuint8[] events\n')


class Connection(NamedTuple):
    """A topic of a file."""

    id: int
    topic: str
    message_type: str
    """As ROS 2 names it: dvs_msgs/msg/EventArray."""
    count: Optional[int] = None
    """Number of messages, where the file has it."""
    serialization: str = CDR


def ros2_name(message_type: str) -> str:
    """Return the name in ROS 2 of a type that may be named as in ROS 1, dvs_msgs/EventArray."""
    package, _, name = message_type.partition('/')
    return message_type if '/' in name or not name else f'{package}/msg/{name}'


class Chunks:
    """The chunks of a file by its index: where they begin, and the times of their messages."""

    def __init__(self, spans=()):
        """
        Sort the chunks by their places.

        :param spans: place in bytes, earliest and latest time in nanoseconds of each chunk that
            has messages; none where there is no index.
        """
        spans = sorted(spans)
        self._places = [place for place, *_ in spans]
        firsts = [first_ns for _, first_ns, _ in spans]
        lasts = [last_ns for *_, last_ns in spans]
        self._earliest = [*accumulate(reversed(firsts), min)][::-1]
        """Time of each chunk and those behind it."""
        self._latest = [*accumulate(lasts, max)]
        """Time of each chunk and those before it."""

    def place_of(self, start_ns: int):
        """Return the place behind all chunks that end before a time, None for the start."""
        chunk = bisect_left(self._latest, start_ns)
        return self._places[min(chunk, len(self._places) - 1)] if chunk else None

    def earliest_from(self, place: int) -> float:
        """Return the earliest time of the chunks from a place on, infinity if there are none."""
        chunk = bisect_left(self._places, place)
        return self._earliest[chunk] if chunk < len(self._places) else inf


def in_time_order(batches, chunks: Chunks):
    """
    Yield messages in the order of time, as `ros2 bag play` does, where the index allows it.

    A message waits until all chunks are read that have earlier ones by the index.

    :param batches: place in the file behind what has been read, and a list of messages:
        Connection, time in nanoseconds and bytes.
    """
    held, number, held_bytes = [], 0, 0
    for place, messages in batches:
        for connection, t_ns, data in messages:
            heapq.heappush(held, (t_ns, number, connection, data))
            number += 1
            held_bytes += len(data)
        earliest_ns = chunks.earliest_from(place)
        while held and (held[0][0] <= earliest_ns or held_bytes > MAX_HELD_BYTES):
            t_ns, _, connection, data = heapq.heappop(held)
            held_bytes -= len(data)
            yield connection, t_ns, data
    while held:
        t_ns, _, connection, data = heapq.heappop(held)
        yield connection, t_ns, data


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
