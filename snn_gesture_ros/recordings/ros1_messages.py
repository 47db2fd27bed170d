# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Messages with events as ROS 1 serializes them: little-endian, nothing aligned.

A header has a number, seconds and nanoseconds, and a text with its length before it; an event of
an EventArray takes 13 bytes.
"""
import struct

import numpy as np
from snn_gesture_ros.events.cdr import encode_event_array, encode_event_packet, EventPacketMessage
from snn_gesture_ros.events.event import EVENT
from snn_gesture_ros.events.message_types import EVENT_PACKET_TYPES

HEADER = struct.Struct('<IIII')
"""Number, seconds, nanoseconds, length of the text."""
SIZE_AND_COUNT = struct.Struct('<III')
SIZE_SEQ_TIME_BASE_AND_LENGTH = struct.Struct('<IIQQI')
FLAG_AND_COUNT = struct.Struct('<BI')
WORDS = np.dtype([('x', '<u2'), ('y', '<u2'), ('s', '<u4'), ('ns', '<u4'), ('p', 'u1')])


def as_cdr(data: bytes, message_type: str) -> bytes:
    """
    Return a message of ROS 1 as ROS 2 serializes it.

    Bytes that are no such message are returned as they are: no reader takes them for one.

    :param message_type: one of EVENT_TYPES.
    """
    try:
        _, seconds, nanoseconds, length = HEADER.unpack_from(data)
        frame_id = data[HEADER.size:HEADER.size + length].decode('utf-8', 'replace')
        place = HEADER.size + length
        stamp_ns = seconds * 1_000_000_000 + nanoseconds
        read = _read_packet if message_type in EVENT_PACKET_TYPES else _read_array
        return read(data, place, stamp_ns, frame_id)
    except (struct.error, ValueError):
        return b'\xff\xff\xff\xff' + data


def _read_array(data, place, stamp_ns, frame_id) -> bytes:
    height, width, count = SIZE_AND_COUNT.unpack_from(data, place)
    words = np.frombuffer(data, WORDS, count, place + SIZE_AND_COUNT.size)
    events = np.empty(count, EVENT)
    events['t'] = words['s'].astype(np.int64) * 1_000_000 + words['ns'] // 1000
    for name in 'xy':
        events[name] = words[name]
    events['p'] = words['p'] > 0
    return encode_event_array(events, stamp_ns, frame_id, height, width)


def _read_packet(data, place, stamp_ns, frame_id) -> bytes:
    height, width, seq, time_base, length = SIZE_SEQ_TIME_BASE_AND_LENGTH.unpack_from(data, place)
    place += SIZE_SEQ_TIME_BASE_AND_LENGTH.size
    encoding = data[place:place + length].decode('utf-8', 'replace')
    place += length
    is_bigendian, count = FLAG_AND_COUNT.unpack_from(data, place)
    events = np.frombuffer(data, np.uint8, count, place + FLAG_AND_COUNT.size)
    return encode_event_packet(EventPacketMessage(
        stamp_ns, frame_id, height, width, seq, time_base, encoding, bool(is_bigendian), events))
