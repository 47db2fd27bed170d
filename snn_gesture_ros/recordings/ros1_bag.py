# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Bags of ROS 1, and their messages with events as ROS 2 serializes them.

ROS 1 serializes little-endian, without alignment. A header has a number, seconds and nanoseconds,
and a text with its length before it; an event of an EventArray has 13 bytes.
"""
from pathlib import Path
import struct

import numpy as np
from snn_gesture_ros.events.cdr import encode_event_array, encode_event_packet, EventPacketMessage
from snn_gesture_ros.events.event import EVENT, EVENT_PACKET_TYPES
from snn_gesture_ros.recordings.compression import unpack
from snn_gesture_ros.recordings.connection import (
    Chunks, Connection, in_time_order, ROS1, ros2_name)

HEADER = struct.Struct('<IIII')
"""Number, seconds, nanoseconds, length of the text."""
SIZE_AND_COUNT = struct.Struct('<III')
SIZE_SEQ_TIME_BASE_AND_LENGTH = struct.Struct('<IIQQI')
FLAG_AND_COUNT = struct.Struct('<BI')
WORDS = np.dtype([('x', '<u2'), ('y', '<u2'), ('s', '<u4'), ('ns', '<u4'), ('p', 'u1')])
ROS1_START = b'#ROSBAG V2.0'
BAG_HEADER, CHUNK, CONNECTION, MESSAGE, CHUNK_INFO = 3, 5, 7, 2, 6
"""Values of `op`."""
LENGTH = struct.Struct('<I')
COUNT = struct.Struct('<II')
MAX_START_LINE = 64
"""Bytes of the first line of a file."""
MAX_RECORD = 1 << 30
"""Bytes; more are damage."""


class Ros1Bag:
    """The messages of a bag."""

    def __init__(self, path: Path):
        """
        Read the topics: from the index, or where that is missing, from the whole bag.

        :raises ValueError: if there is no topic before a cut.
        """
        self._path = path
        self._damage = None
        """Why it cannot be read to its end."""
        self._chunks = Chunks()
        self.is_finished = True
        found = self._read_index()
        counts = found and found[1]
        connections = found[0] if found else self._scan()
        if not connections and self._damage:
            raise ValueError(self._damage)
        self.connections = [
            Connection(number, topic, ros2_name(kind), counts.get(number, 0) if found else None,
                       ROS1) for number, (topic, kind) in connections.items()]

    def messages(self, connections, start_ns=None):
        """
        Yield connection, time in nanoseconds and bytes of each message, in the order of time.

        The bytes are serialized as in ROS 1. Without an index it is the order of the file.

        :param start_ns: messages before may be left out; None for all.
        :raises ValueError: after the last message before a cut.
        """
        wanted = {connection.id: connection for connection in connections}
        place = None if start_ns is None else self._chunks.place_of(start_ns)

        def batches():
            for after, records in self._records(place):
                yield after, [
                    (wanted[number], _nanoseconds(header[b'time']), data)
                    for header, data in records
                    if _operation(header) == MESSAGE
                    and (number := _number(header, b'conn')) in wanted]

        yield from in_time_order(batches(), self._chunks)
        if self._damage:
            raise ValueError(self._damage)

    def close(self) -> None:
        """Do nothing: the file is open only while it is read."""

    def _read_index(self):
        """
        Return topic and type, and number of messages, by connection; None without index.

        The index has the places of the chunks, too.
        """
        connections, counts, spans = {}, {}, []
        with self._path.open('rb') as file:
            file.seek(len(file.readline(MAX_START_LINE)))
            try:
                header, _ = _read_record(file)
                place = int.from_bytes(header[b'index_pos'], 'little')
                self.is_finished = place > 0
                if not self.is_finished:
                    return None
                file.seek(place)
                while (record := _read_record(file)) is not None:
                    header, data = record
                    if _operation(header) == CONNECTION:
                        connections[_number(header, b'conn')] = _topic(header, data)
                    elif _operation(header) == CHUNK_INFO:
                        for number, count in COUNT.iter_unpack(data):
                            counts[number] = counts.get(number, 0) + count
                        spans.append((_number(header, b'chunk_pos'), *(
                            _nanoseconds(header[name]) for name in (b'start_time', b'end_time'))))
            except (KeyError, ValueError, struct.error, TypeError) as error:
                self._damage = str(error) if isinstance(error, ValueError) else (
                    'its index cannot be read')
                return None
        if not connections:
            self._damage = 'its index is missing'
            return None
        self._chunks = Chunks(spans)
        return connections, counts

    def _scan(self) -> dict:
        """Return topic and type by the number of the connection, of the whole bag."""
        return {_number(header, b'conn'): _topic(header, data)
                for _, records in self._records() for header, data in records
                if _operation(header) == CONNECTION}

    def _records(self, place=None):
        """
        Yield the place behind each chunk or connection, and the records: headers and data.

        :param place: of the first chunk; None for the start of the file.
        """
        with self._path.open('rb') as file:
            file.seek(len(file.readline(MAX_START_LINE)) if place is None else place)
            records = []
            try:
                while (record := _read_record(file)) is not None:
                    header, data = record
                    records = []
                    if _operation(header) == CHUNK:
                        compression = header[b'compression'].decode('latin-1')
                        _read_chunk(unpack(data, compression), records)
                    elif _operation(header) == CONNECTION:
                        records.append(record)
                    yield file.tell(), records
            except (ImportError, KeyError, ValueError, struct.error) as error:
                self._damage = self._damage or str(error)
                yield file.tell(), records


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
        if length > MAX_RECORD:
            raise ValueError(f'a record of {length} bytes')
        data = file.read(length)
        if len(data) < length:
            raise ValueError('it ends within a record')
        parts.append(data)
    return _fields(parts[0]), parts[1]


def _read_chunk(data: bytes, records: list) -> None:
    """
    Append header and data of each record in a chunk.

    :raises ValueError: after the last record before a fault.
    """
    place = 0
    while place < len(data):
        parts = []
        for _ in range(2):
            length, = LENGTH.unpack_from(data, place)
            place += LENGTH.size
            if place + length > len(data):
                raise ValueError('a chunk ends within a record')
            parts.append(data[place:place + length])
            place += length
        header = _fields(parts[0])
        if _operation(header) == MESSAGE and len(header.get(b'time', b'')) != COUNT.size:
            raise ValueError('a message has no time')
        records.append((header, parts[1]))


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


def _operation(header: dict) -> int:
    """Return the kind of a record by its header, 0 where it does not have it."""
    return _number(header, b'op')


def _nanoseconds(time: bytes) -> int:
    seconds, nanoseconds = COUNT.unpack(time)
    return seconds * 1_000_000_000 + nanoseconds


def _topic(header: dict, data: bytes) -> tuple:
    """Return the topic and the type of a connection."""
    described = _fields(data)
    topic = described.get(b'topic') or header[b'topic']
    return topic.decode('utf-8', 'replace'), described[b'type'].decode('utf-8', 'replace')


def as_cdr(data: bytes, message_type: str) -> bytes:
    """
    Return a message of ROS 1 as ROS 2 serializes it.

    Bytes that are not such a message are returned with a start that no reader accepts.

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
