# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Event messages in the bytes that the middleware carries (CDR little-endian, XCDR1).

Alignment is counted from byte 4, after the encapsulation. Sources: OMG DDSI-RTPS 2.5 (10.2) for
the encapsulation, OMG DDS-XTypes 1.3 (7.4.1) for the alignment, and the definitions of
dv_ros2_msgs, dvs_msgs, prophesee_event_msgs (the same EventArray) and event_camera_msgs.
"""

from struct import error as struct_error, Struct
from typing import NamedTuple

import numpy as np
from snn_gesture_ros.compiled import njit
from snn_gesture_ros.events.event import EVENT, MalformedMessage

_ENCAPSULATION = b'\x00\x01\x00\x00'
_BIG_ENDIAN = b'\x00\x00'
_STAMP_AND_LENGTH = Struct('<iII')
_SIZE_AND_COUNT = Struct('<III')
_SIZE = Struct('<II')
_SEQ_TIME_BASE_AND_LENGTH = Struct('<QQI')
_LENGTH = Struct('<I')


class EventArrayMessage(NamedTuple):
    """All of an EventArray but its events, which start at byte `events_offset`."""

    stamp_ns: int
    frame_id: str
    height: int
    width: int
    count: int
    events_offset: int


class EventPacketMessage(NamedTuple):
    """An EventPacket; `events` is the camera's own bytes, as an array of uint8."""

    stamp_ns: int
    frame_id: str
    height: int
    width: int
    seq: int
    time_base: int
    encoding: str
    is_bigendian: bool
    events: np.ndarray


def read_event_array(data):
    """
    Read an EventArray up to where its events start.

    Take the serialized message and return an `EventArrayMessage`. The number of events is the
    message's own count, as buffers may be padded. Raise `MalformedMessage` where the bytes are
    not little-endian CDR, end too early or hold fewer events than they claim.
    """
    try:
        stamp_ns, frame_id, offset = _read_header(data)
        height, width, count = _SIZE_AND_COUNT.unpack_from(data, offset)
    except struct_error:
        raise MalformedMessage(f'EventArray is cut off: {len(data)} bytes') from None
    events_offset = offset + _SIZE_AND_COUNT.size
    held = (len(data) - events_offset + 3) // 16
    if count > held:
        raise MalformedMessage(f'EventArray claims {count} events, its bytes hold {held}')
    return EventArrayMessage(stamp_ns, frame_id, height, width, count, events_offset)


def decode_event_array(data):
    """
    Return the events of a serialized EventArray as an array of `EVENT`.

    Coordinates are as sent, also those outside the sensor. Raise as `read_event_array` does.
    """
    return decode_events(data, read_event_array(data))


def decode_events(data, message):
    """Return what `decode_event_array` does, where the rest of the message is read already."""
    events = np.empty(message.count, EVENT)
    if message.count:
        octets = np.frombuffer(data, np.uint8, 16 * message.count - 3, message.events_offset)
        _decode_events(octets, events)
    return events


def encode_event_array(events, stamp_ns, frame_id, height, width):
    """
    Return the serialized EventArray of an array of `EVENT`, as bytes.

    Event times must fit in the message's int32 seconds.
    """
    head = _write_header(stamp_ns, frame_id)
    head += _SIZE_AND_COUNT.pack(height, width, len(events))
    if not len(events):
        return head
    words = np.empty(4 * len(events), '<u4')
    _encode_events(events, words)
    return head + words.tobytes()[:-3]


def read_event_packet(data):
    """
    Read a serialized EventPacket.

    Return an `EventPacketMessage` whose `events` is a view of `data`. Raise `MalformedMessage`
    where the bytes are not little-endian CDR or end too early.
    """
    try:
        stamp_ns, frame_id, offset = _read_header(data)
        height, width = _SIZE.unpack_from(data, offset)
        offset = _align(offset + _SIZE.size, 8)
        seq, time_base, length = _SEQ_TIME_BASE_AND_LENGTH.unpack_from(data, offset)
        encoding, offset = _read_text(data, offset + _SEQ_TIME_BASE_AND_LENGTH.size, length)
        is_bigendian = data[offset] != 0
        offset = _align(offset + 1, 4)
        count, = _LENGTH.unpack_from(data, offset)
        offset += _LENGTH.size
    except (struct_error, IndexError):
        raise MalformedMessage(f'EventPacket is cut off: {len(data)} bytes') from None
    if count > len(data) - offset:
        raise MalformedMessage(
            f'EventPacket claims {count} bytes of events, it holds {len(data) - offset}')
    events = np.frombuffer(data, np.uint8, count, offset)
    return EventPacketMessage(stamp_ns, frame_id, height, width, seq, time_base, encoding,
                              is_bigendian, events)


def encode_event_packet(message):
    """Return the serialized EventPacket of an `EventPacketMessage`, as bytes."""
    data = _write_header(message.stamp_ns, message.frame_id)
    data += _SIZE.pack(message.height, message.width)
    data += bytes(_align(len(data), 8) - len(data))
    encoding = message.encoding.encode() + b'\0'
    data += _SEQ_TIME_BASE_AND_LENGTH.pack(message.seq, message.time_base, len(encoding))
    data += encoding + bytes([message.is_bigendian])
    data += bytes(_align(len(data), 4) - len(data))
    return data + _LENGTH.pack(len(message.events)) + bytes(message.events)


def _align(offset, size):
    """Return the first multiple of `size`, counted from byte 4, that is not before `offset`."""
    return offset + (4 - offset) % size


def _read_header(data):
    """Return stamp_ns, frame_id and the offset after a message's std_msgs/Header."""
    encapsulation = bytes(data[:2])
    if encapsulation == _BIG_ENDIAN:
        raise MalformedMessage('message is big-endian CDR; only little-endian is read')
    if len(encapsulation) == 2 and encapsulation != _ENCAPSULATION[:2]:
        raise MalformedMessage(f'message is not plain CDR: it starts with {encapsulation.hex()}')
    seconds, nanoseconds, length = _STAMP_AND_LENGTH.unpack_from(data, len(_ENCAPSULATION))
    offset = len(_ENCAPSULATION) + _STAMP_AND_LENGTH.size
    frame_id, offset = _read_text(data, offset, length)
    return seconds * 1_000_000_000 + nanoseconds, frame_id, _align(offset, 4)


def _write_header(stamp_ns, frame_id):
    """Return the encapsulation and the std_msgs/Header, padded to 4."""
    seconds, nanoseconds = divmod(stamp_ns, 1_000_000_000)
    text = frame_id.encode() + b'\0'
    head = _ENCAPSULATION + _STAMP_AND_LENGTH.pack(seconds, nanoseconds, len(text)) + text
    return head + bytes(_align(len(head), 4) - len(head))


def _read_text(data, offset, length):
    """Return a string of `length` bytes, which count its NUL, and the offset after it."""
    text = bytes(data[offset:offset + length])
    return text.rstrip(b'\0').decode(errors='replace'), offset + length


# XCDR1 aligns each field of an event, not the event as a whole: an event leaves its polarity at
# byte 12, and the next one starts at byte 14 already. Relative to the first byte of the first
# event, whose x and y are at 0 and 2, they lie at
#   16i-2   x of event i
#   16i     y
#   16i+4   seconds
#   16i+8   nanoseconds
#   16i+12  polarity, with which the last event ends

@njit(nogil=True)
def _decode_events(octets, events):
    for i in range(len(events)):
        start = 16 * i
        if i == 0:
            x, y = _uint16(octets, 0), _uint16(octets, 2)
        else:
            x, y = _uint16(octets, start - 2), _uint16(octets, start)
        seconds = np.int64(np.int32(_uint32(octets, start + 4)))
        microseconds = np.int64(_uint32(octets, start + 8) // np.uint32(1000))
        polarity = octets[start + 12] != 0
        # Stored after all is loaded, so that the compiler may join the octets to words.
        events[i].t = seconds * 1_000_000 + microseconds
        events[i].x = x
        events[i].y = y
        events[i].p = polarity


@njit(nogil=True)
def _uint16(octets, at):
    return np.uint32(octets[at]) | np.uint32(octets[at + 1]) << np.uint32(8)


@njit(nogil=True)
def _uint32(octets, at):
    return _uint16(octets, at) | _uint16(octets, at + 2) << np.uint32(16)


@njit(nogil=True)
def _encode_events(events, words):
    for i in range(len(events)):
        event = events[i]
        if i == 0:
            words[0] = np.uint32(event.x) | np.uint32(event.y) << 16
        else:
            words[4 * i - 1] |= np.uint32(event.x) << 16
            words[4 * i] = event.y
        seconds = event.t // 1_000_000
        words[4 * i + 1] = seconds
        words[4 * i + 2] = (event.t - seconds * 1_000_000) * 1000
        words[4 * i + 3] = event.p != 0
