# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Messages with events as ROS 1 serializes them: little-endian, nothing aligned.

A header has a number, seconds and nanoseconds, and a text with its length before it; an event of
an EventArray takes 13 bytes.
"""
import bz2
from pathlib import Path
import struct

import numpy as np
from snn_gesture_ros.events.cdr import encode_event_array, encode_event_packet, EventPacketMessage
from snn_gesture_ros.events.event import EVENT, EVENT_PACKET_TYPES
from snn_gesture_ros.recordings.connection import Connection, ROS1, ros2_name

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


ROS1_START = b'#ROSBAG V2.0'
BAG_HEADER, CHUNK, CONNECTION, MESSAGE, CHUNK_INFO = 3, 5, 7, 2, 6
"""Values of `op`."""
LENGTH = struct.Struct('<I')
COUNT = struct.Struct('<II')
LARGEST_RECORD = 1 << 30
"""Bytes; more are damage."""


class Ros1Bag:
    """The messages of a bag, as they lie in it."""

    def __init__(self, path: Path):
        """
        Read the topics: from the index, or where that is missing, from the whole bag.

        :raises ValueError: if there is no topic before a cut.
        """
        self._path = path
        self._damage = None
        """Why it cannot be read to its end."""
        self.is_finished = True
        found = self._read_index()
        counts = found and found[1]
        connections = found[0] if found else self._scan()
        if not connections and self._damage:
            raise ValueError(self._damage)
        self.connections = [
            Connection(number, topic, ros2_name(kind), counts.get(number, 0) if found else None,
                       ROS1) for number, (topic, kind) in connections.items()]

    def messages(self, connections):
        """
        Yield connection, time in nanoseconds and bytes of each message, serialized as in ROS 1.

        :raises ValueError: after the last message before a cut.
        """
        wanted = {connection.id: connection for connection in connections}
        for header, data in self._records():
            number = _number(header, b'conn')
            if header[b'op'][0] == MESSAGE and number in wanted:
                seconds, nanoseconds = COUNT.unpack(header[b'time'])
                yield wanted[number], seconds * 1_000_000_000 + nanoseconds, data
        if self._damage:
            raise ValueError(self._damage)

    def close(self) -> None:
        """Do nothing: the file is open only while it is read."""

    def _read_index(self):
        """Return topic and type, and number of messages, by connection; None without index."""
        with self._path.open('rb') as file:
            file.seek(len(file.readline(64)))
            try:
                header, _ = _read_record(file)
                place = int.from_bytes(header[b'index_pos'], 'little')
                self.is_finished = place > 0
                if not self.is_finished:
                    return None
                file.seek(place)
                connections, counts = {}, {}
                while (record := _read_record(file)) is not None:
                    header, data = record
                    if header[b'op'][0] == CONNECTION:
                        connections[_number(header, b'conn')] = _topic(header, data)
                    elif header[b'op'][0] == CHUNK_INFO:
                        for number, count in COUNT.iter_unpack(data):
                            counts[number] = counts.get(number, 0) + count
            except (KeyError, IndexError, ValueError, struct.error, TypeError) as error:
                self._damage = str(error) if isinstance(error, ValueError) else (
                    'its index cannot be read')
                return None
        if not connections:
            self._damage = 'its index is missing'
            return None
        return connections, counts

    def _scan(self) -> dict:
        """Return topic and type by the number of the connection, of the whole bag."""
        return {_number(header, b'conn'): _topic(header, data)
                for header, data in self._records() if header[b'op'][0] == CONNECTION}

    def _records(self):
        """Yield the records within chunks, headers and data."""
        with self._path.open('rb') as file:
            file.seek(len(file.readline(64)))
            try:
                while (record := _read_record(file)) is not None:
                    header, data = record
                    if header[b'op'][0] == CHUNK:
                        yield from _chunk_records(_unpack(header[b'compression'], data))
                    elif header[b'op'][0] == CONNECTION:
                        yield header, data
            except (KeyError, IndexError, ValueError, OSError, EOFError, RuntimeError,
                    struct.error) as error:
                self._damage = self._damage or str(error) or type(error).__name__


def _read_record(file):
    """
    Return header and data of the next record, None at the end.

    :raises ValueError: if the file ends within it.
    """
    parts = []
    for _ in range(2):
        size = file.read(LENGTH.size)
        if not size and not parts:
            return None
        if len(size) < LENGTH.size:
            raise ValueError('it ends within a record')
        length, = LENGTH.unpack(size)
        if length > LARGEST_RECORD:
            raise ValueError(f'a record of {length} bytes')
        data = file.read(length)
        if len(data) < length:
            raise ValueError('it ends within a record')
        parts.append(data)
    return _fields(parts[0]), parts[1]


def _chunk_records(data: bytes):
    """Yield header and data of each record in a chunk."""
    place = 0
    while place < len(data):
        length, = LENGTH.unpack_from(data, place)
        header = _fields(data[place + LENGTH.size:place + LENGTH.size + length])
        place += LENGTH.size + length
        length, = LENGTH.unpack_from(data, place)
        place += LENGTH.size
        if place + length > len(data):
            raise ValueError('a chunk ends within a message')
        yield header, data[place:place + length]
        place += length


def _fields(data: bytes) -> dict:
    """Return the values of a header by their names."""
    fields, place = {}, 0
    while place < len(data):
        length, = LENGTH.unpack_from(data, place)
        name, _, value = data[place + LENGTH.size:place + LENGTH.size + length].partition(b'=')
        fields[name] = value
        place += LENGTH.size + length
    return fields


def _number(header: dict, name: bytes) -> int:
    return int.from_bytes(header.get(name, b''), 'little')


def _topic(header: dict, data: bytes) -> tuple:
    """Return the topic and the type of a connection."""
    described = _fields(data)
    topic = described.get(b'topic') or header[b'topic']
    return topic.decode('utf-8', 'replace'), described[b'type'].decode('utf-8', 'replace')


def _unpack(compression: bytes, data: bytes) -> bytes:
    """
    Return what a chunk holds.

    :raises ValueError: if its compression is not known.
    """
    if compression == b'none':
        return data
    if compression == b'bz2':
        return bz2.decompress(data)
    if compression == b'lz4':
        import lz4.frame
        return lz4.frame.decompress(data)
    raise ValueError(f'compression {compression.decode("latin-1")} is not known')
