# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
The compact stream between the two nodes: packets as `std_msgs/msg/UInt8MultiArray`.

`layout.dim` is empty, `layout.data_offset` is the length of a header at the start of `data`, and
the events follow it. All values are little-endian:

| bytes | header field |
| --- | --- |
| 4 | magic `SGE2` |
| 2, 2 | width and height of the mapped image, pixels |
| 8 | `sequence`: number of the packet; it starts at 0, again after each restart of the camera or
of the node, where the state of all that follows is reset |
| 8 | `t_base_us`: camera time that the events' times are counted from |
| 8 | `t_newest_us`: camera time of the newest event received, even if it was filtered out |
| 8 | `ros_offset_ns`: ROS time = camera time + this |
| 4 | number of events |
| 4 | `scale`: width of a pixel of the image in pixels of the sensor, a float |
| 2 | length of `frame_id` in bytes, then its text, then zeros up to a multiple of 8 |

An event takes eight bytes: `dt_us` (uint32, after `t_base_us`) and `pixel` (uint32), its index in
a flat frame [2, height, width]: pixel = (polarity * height + y) * width + x.
"""
import struct
from typing import NamedTuple

import numpy as np
from snn_gesture_ros.events.event import MalformedMessage

PACKED_EVENT = np.dtype([('dt_us', '<u4'), ('pixel', '<u4')])
HEADER = struct.Struct('<4sHHQqqqIfH')
MAGIC = b'SGE2'
MAX_SCALE = 65_536
MAX_FRAME_ID_BYTES = 65_535
MAX_SIDE = 1024
"""Maximum width and height of the image, in pixels."""
MAX_TIME_NS = 2**31 * 1_000_000_000
"""End of ROS time, whose seconds are an int32."""
CDR_PREFIX = struct.Struct('<4sIII')
"""Encapsulation, length of `layout.dim`, `layout.data_offset`, length of `data`; CDR."""


class StreamPacket(NamedTuple):
    """Filtered and mapped events of one or more camera messages."""

    width: int
    height: int
    sequence: int
    t_base_us: int
    t_newest_us: int
    ros_offset_ns: int
    frame_id: str
    events: np.ndarray
    """PACKED_EVENT[n], in the order in which the camera sent them."""
    scale: float = 1.0
    """Width of a pixel of the image in pixels of the sensor."""

    @property
    def stamp_ns(self) -> int:
        """ROS time of the newest event that was received."""
        return self.t_newest_us * 1000 + self.ros_offset_ns


def encode_packet(packet: StreamPacket) -> bytes:
    """Return a packet as the CDR bytes of a UInt8MultiArray."""
    frame_id = packet.frame_id.encode()
    header = HEADER.pack(MAGIC, packet.width, packet.height, packet.sequence, packet.t_base_us,
                         packet.t_newest_us, packet.ros_offset_ns, len(packet.events),
                         packet.scale, len(frame_id)) + frame_id
    header += bytes(-len(header) % 8)
    events = packet.events.tobytes()
    prefix = CDR_PREFIX.pack(b'\0\1\0\0', 0, len(header), len(header) + len(events))
    return prefix + header + events


def decode_packet(data: bytes) -> StreamPacket:
    """
    Return the packet in the CDR bytes of a UInt8MultiArray.

    :raises MalformedMessage: if it does not have this format, or a value is impossible.
    """
    if len(data) < CDR_PREFIX.size + HEADER.size:
        raise MalformedMessage('packet is shorter than its header')
    encapsulation, dimensions, header_size, size = CDR_PREFIX.unpack_from(data)
    if encapsulation[:2] != b'\0\1' or dimensions:
        raise MalformedMessage('not a packet of the event_stream node')
    (magic, width, height, sequence, t_base_us, t_newest_us, offset_ns, count, scale,
     length) = HEADER.unpack_from(data, CDR_PREFIX.size)
    if magic != MAGIC or not 0 < scale <= MAX_SCALE:
        raise MalformedMessage('not a packet of this version of the event_stream node')
    start = CDR_PREFIX.size + header_size
    text = CDR_PREFIX.size + HEADER.size
    if (text + length > start or size != header_size + count * PACKED_EVENT.itemsize
            or len(data) < CDR_PREFIX.size + size):
        raise MalformedMessage('packet is cut off')
    if not 0 < min(width, height) <= max(width, height) <= MAX_SIDE:
        raise MalformedMessage(f'the image has {width}x{height} pixels')
    stamp_ns = t_newest_us * 1000 + offset_ns
    if not (0 <= t_newest_us - t_base_us < 1 << 32 and abs(stamp_ns) < MAX_TIME_NS):
        raise MalformedMessage(f'its events are from {t_base_us} to {t_newest_us} microseconds, '
                               f'{offset_ns} nanoseconds before ROS time')
    events = np.frombuffer(data, PACKED_EVENT, count, start)
    if count and events['pixel'].max() >= 2 * width * height:
        raise MalformedMessage(f'an event is outside the image of {width}x{height} pixels')
    return StreamPacket(width, height, sequence, t_base_us, t_newest_us, offset_ns,
                        data[text:text + length].decode('utf-8', 'replace'), events, scale)
