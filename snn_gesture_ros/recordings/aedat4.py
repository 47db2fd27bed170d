# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""AEDAT 4, the files of iniVation's DV software, read and written."""
from contextlib import suppress
from pathlib import Path
import struct
from xml.etree import ElementTree

import numpy as np
from snn_gesture_ros.events.event import EVENT
from snn_gesture_ros.events.messages import Triggers
from snn_gesture_ros.recordings.compression import LZ4, unpack, ZSTD
from snn_gesture_ros.recordings.recording import (
    find_place, known_size, MIN_SENSOR_SIZE, Recording, UnreadableRecording)

AEDAT4_START = b'#!AER-DAT4.0\r\n'
EVENTS, TRIGGERS = 'EVTS', 'TRIG'
"""Types of streams."""
COMPRESSIONS = ('none', LZ4, LZ4, ZSTD, ZSTD)
"""By the number in the header; those with two numbers differ in what they cost to write."""
COMPRESSION, TABLE_PLACE, DESCRIPTION = range(3)
"""Fields of the header."""
PACKET = struct.Struct('<ii')
"""Number of the stream and size."""
WORDS = np.dtype([('t', '<i8'), ('x', '<i2'), ('y', '<i2'), ('p', 'u1'), ('', 'V3')])
RISING_EDGE, FALLING_EDGE = 1, 2
"""Sources of a trigger: edges of the external signal."""
MAX_HEADER = 1 << 24
MAX_PACKET = 1 << 30
"""Bytes; more are damage."""
MIN_TIME = -(1 << 62)
"""Stands for the time of a packet without events."""
STREAM = 0
MAX_WRITTEN_SIDE = 1 << 15
FILE_DESCRIPTION = """<dv version="2.0"><node name="outInfo" path="/mainloop/Recorder/outInfo/">
<node name="0" path="/mainloop/Recorder/outInfo/0/">
<attr key="compression" type="string">NONE</attr>
<attr key="originalModuleName" type="string">snn_gesture_ros</attr>
<attr key="originalOutputName" type="string">events</attr>
<attr key="typeDescription" type="string">Array of events (polarity ON/OFF).</attr>
<attr key="typeIdentifier" type="string">EVTS</attr>
<node name="info" path="/mainloop/Recorder/outInfo/0/info/">
<attr key="sizeX" type="int">{}</attr>
<attr key="sizeY" type="int">{}</attr>
<attr key="source" type="string">camera</attr>
</node></node></node></dv>"""


class Aedat4(Recording):
    """The events of an AEDAT 4 file, of each of its cameras."""

    file_format = 'AEDAT 4'

    def __init__(self, path: Path):
        """
        Read the header.

        :raises UnreadableRecording: if it is damaged or the file has no events.
        """
        self.path = path
        self._file = path.open('rb')
        with self._closing_on_error():
            self._read_header()
        self.width, self.height = next(iter(self.streams.values()))

    def choose_topic(self, topic=None):
        """
        Return the stream; see `Recording`.

        Where the file does not have the resolution of its sensor, all events are read to find it.
        """
        topic = super().choose_topic(topic)
        if self.streams[topic] == (None, None):
            width, height = self._measure(self._numbers[topic])
            self.streams[topic] = self.width, self.height = width, height
            self.add_note('the file does not have the size of the sensor; '
                          f'{width}x{height} pixels hold all events')
        return topic

    def events(self, topic=None):
        """Yield the events as they lie in the file; see `Recording`."""
        return self._read(self._numbers[self.choose_topic(topic)], self._start)

    def events_from(self, start_us: int, topic=None):
        """Yield the events from about a time on; see `Recording`."""
        wanted = self._numbers[self.choose_topic(topic)]
        packets = []
        with suppress(UnreadableRecording):     # reading the events reports it
            packets += [place for place, number, _ in self._heads(self._start)
                        if number == wanted]

        def times_at(places):
            first = [next(self._read(wanted, packets[place]))['t'][:1]
                     for place in places.tolist()]
            return np.array([int(t_us[0]) if len(t_us) else MIN_TIME for t_us in first])

        place = self._start
        with suppress(UnreadableRecording):
            number, _ = find_place(start_us, len(packets), times_at)
            place = packets[number] if packets else place
        return self._read(wanted, place)

    def _read(self, wanted: int, place: int):
        for number, data in self._packets(place):
            if number == wanted:
                yield self._explain(_read_events, data)

    def triggers(self) -> Triggers:
        """Count the edges at the camera's trigger input, up to where the file is damaged."""
        rising = falling = time_sum_us = 0
        try:
            for number, data in self._packets():
                if self._types[number] != TRIGGERS:
                    continue
                for t_us, edge in self._explain(_read_triggers, data):
                    rising += edge == RISING_EDGE
                    falling += edge == FALLING_EDGE
                    time_sum_us += t_us if edge in (RISING_EDGE, FALLING_EDGE) else 0
        except UnreadableRecording:
            pass
        return Triggers(rising, falling, time_sum_us)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _read_header(self):
        self._file.seek(len(AEDAT4_START))
        size = self._file.read(4)
        if len(size) < 4:
            raise self._damaged('it ends within its header')
        length, = struct.unpack('<I', size)
        if length > MAX_HEADER:
            raise self._damaged(f'a header of {length} bytes')
        self._explain(self._describe, size + self._file.read(length))
        self._start = self._file.tell()

    def _describe(self, data):
        table = Table(data)
        self._compression = table.number(COMPRESSION, '<b', 0)
        self._end = table.number(TABLE_PLACE, '<q', -1)
        root = ElementTree.fromstring(table.text(DESCRIPTION))
        self._types, self._numbers, unreadable = {}, {}, []
        nodes = {int(node.get('name')): node for node in root.iterfind(
            './node[@name="outInfo"]/node') if node.get('name', '').isdecimal()}
        for number, node in sorted(nodes.items()):
            attributes = {each.get('key'): each.text or '' for each in node.iter('attr')}
            self._types[number] = attributes.get('typeIdentifier', '')
            if self._types[number] != EVENTS:
                unreadable.append(self._types[number])
                continue
            name = attributes.get('originalModuleName') or attributes.get('source') or 'events'
            if name in self.streams:
                name = f'{name} {number}'
            width, height = attributes.get('sizeX', ''), attributes.get('sizeY', '')
            size = (known_size(int(width), int(height))
                    if width.isdecimal() and height.isdecimal() else (None, None))
            self.streams = {**self.streams, name: size}
            self._numbers[name] = number
        if not self.streams:
            raise UnreadableRecording(
                f'{self.path}: the file has no stream of events, only '
                f'{", ".join(unreadable) or "nothing"}')
        if self._compression not in range(len(COMPRESSIONS)):
            raise UnreadableRecording(
                f'{self.path}: AEDAT 4 of compression {self._compression} is not read')

    def _measure(self, wanted: int) -> tuple:
        """Return width and height that hold all events of a stream, up to where it is damaged."""
        width, height = MIN_SENSOR_SIZE
        try:
            for number, data in self._packets():
                if number == wanted:
                    events = self._explain(_read_events, data)
                    width = max(width, int(events['x'].max(initial=0)) + 1)
                    height = max(height, int(events['y'].max(initial=0)) + 1)
        except UnreadableRecording:
            pass        # reading the events reports it
        return width, height

    def _packets(self, place=None):
        """Yield the stream and the bytes of each packet of events or triggers, from a place on."""
        for start, number, size in self._heads(self._start if place is None else place):
            if self._types[number] in (EVENTS, TRIGGERS):
                self._file.seek(start + PACKET.size)
                yield number, self._explain(self._unpack, self._file.read(size))

    def _heads(self, place: int):
        """Yield the place, the stream and the size of each packet, from a place on."""
        end = self._file.seek(0, 2)
        if self._start <= self._end <= end:
            end = self._end
        while place < end:
            self._file.seek(place)
            head = self._file.read(PACKET.size)
            if len(head) < PACKET.size:
                raise self._damaged('it ends within a packet')
            number, size = PACKET.unpack(head)
            if number not in self._types or not 0 <= size <= MAX_PACKET:
                raise self._damaged('a packet cannot be as its header says')
            if place + PACKET.size + size > end:
                raise self._damaged('it ends within a packet')
            yield place, number, size
            place += PACKET.size + size

    def _unpack(self, data: bytes) -> bytes:
        return unpack(data, COMPRESSIONS[self._compression])

    def _explain(self, call, *arguments):
        """Call a function, and turn what it raises on damaged bytes into one line."""
        try:
            return call(*arguments)
        except ImportError as error:
            raise UnreadableRecording(
                f'{self.path}: to read AEDAT 4 that is compressed, pip install lz4 zstandard '
                f'({error})') from None
        except UnreadableRecording:
            raise
        except Exception as error:
            raise self._damaged(' '.join(str(error).split()) or type(error).__name__) from None


class Table:
    """A table of a FlatBuffer."""

    def __init__(self, data: bytes, place=None):
        """
        Find its fields.

        :param data: the FlatBuffer, with its size before it.
        :param place: of the table; None for the root.
        :raises struct.error: if it lies outside, as later for a field.
        """
        self._data = data
        self._place = 4 + self._value('<I', 4) if place is None else place
        self._fields = self._place - self._value('<i', self._place)

    def _value(self, kind: str, place: int):
        if place < 0:
            raise struct.error('an offset points outside')
        return struct.unpack_from(kind, self._data, place)[0]

    def _field(self, number: int):
        """Return the place of a field, None where it has its default."""
        at = 4 + 2 * number
        if at >= self._value('<H', self._fields):
            return None
        offset = self._value('<H', self._fields + at)
        return self._place + offset if offset else None

    def number(self, field: int, kind: str, default: int) -> int:
        """Return the value of a field."""
        place = self._field(field)
        return default if place is None else self._value(kind, place)

    def vector(self, field: int) -> tuple:
        """Return place and length of the vector of a field, or 0 and 0."""
        place = self._field(field)
        if place is None:
            return 0, 0
        place += self._value('<I', place)
        return place + 4, self._value('<I', place)

    def text(self, field: int) -> bytes:
        """Return the text of a field."""
        place, length = self.vector(field)
        return self._data[place:place + length]

    def tables(self, field: int):
        """Yield the tables of a vector."""
        place, length = self.vector(field)
        for at in range(place, place + 4 * length, 4):
            yield Table(self._data, at + self._value('<I', at))


def _read_events(data: bytes) -> np.ndarray:
    place, length = Table(data).vector(0)
    words = np.frombuffer(data, WORDS, length, place)
    events = np.zeros(length, EVENT)
    for name in 'txyp':
        events[name] = words[name]
    return events


def _read_triggers(data: bytes):
    """Return time in microseconds and source of each trigger."""
    return [(trigger.number(0, '<q', 0), trigger.number(1, '<b', 0))
            for trigger in Table(data).tables(0)]


class Aedat4Writer:
    """Append packets of one stream of events."""

    def __init__(self, path: Path, width: int, height: int):
        """
        Write the header.

        :param width: of the sensor in pixels, like the height.
        :raises ValueError: if the format has no such pixels.
        """
        if max(width, height) > MAX_WRITTEN_SIDE:
            raise ValueError(f'{path.name}: AEDAT 4 has no sensors of {width}x{height} pixels')
        text = FILE_DESCRIPTION.format(width, height).encode()
        self._file = path.open('wb')
        self._file.write(AEDAT4_START + _flat_buffer(b'IOHE', 2, len(text), text + b'\0'))

    def write(self, events: np.ndarray) -> None:
        """Add a packet of EVENT[n]."""
        packet = _flat_buffer(b'EVTS', 0, len(events), events.tobytes())
        self._file.write(struct.pack('<II', STREAM, len(packet)) + packet)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _flat_buffer(identifier: bytes, field: int, length: int, vector: bytes) -> bytes:
    """Return a FlatBuffer with one field that is set, a vector; see `Table`."""
    fields = struct.pack('<HH', 6 + 2 * field, 8) + bytes(2 * field) + struct.pack('<H', 4)
    fields += bytes(-len(fields) % 4)
    body = (struct.pack('<I', 8 + len(fields)) + identifier + fields
            + struct.pack('<iII', len(fields), 4, length) + vector)
    body += bytes(-len(body) % 4)
    return struct.pack('<I', len(body)) + body
