# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
DAT files of Prophesee: a text header, two bytes, then events of two little-endian uint32.

The two bytes are the type of the events and the size of one. The first word of an event is its
time in microseconds; of the second,

| bits from version 2 on | before | |
| --- | --- | --- |
| 0-13 | 0-8 | x |
| 14-27 | 9-16 | y |
| 28-31 | 17 | polarity |

Source: Prophesee's description of the format, and for the older one its data sets' tools.
"""
from pathlib import Path

import numpy as np
from snn_gesture_ros.events.event import EVENT
from snn_gesture_ros.recordings.recording import (
    find_place, known_size, read_times, Recording, UnreadableRecording, Unwrapped)

COMMENT = b'%'
MAX_LINE = 4096
"""Bytes of a line of the header."""
EVENT_TYPES = (0, 12)
"""Of changes of contrast; others are triggers, or computed from events."""
WORDS = np.dtype([('t', '<u4'), ('data', '<u4')])
BATCH_BYTES = WORDS.itemsize << 16
OLD, NEW = ((0, 0x1ff), (9, 0xff), (17, 1)), ((0, 0x3fff), (14, 0x3fff), (28, 0xf))
"""Shift and mask of x, y and p before version 2 and since."""


def is_dat(start: bytes) -> bool:
    """Return whether the first lines of a file are those of a DAT file."""
    return (start.startswith(b'% Data file containing')
            or start.startswith(COMMENT) and b'\n% Version ' in start
            and b'\n% evt ' not in start and b'\n% format ' not in start)


class PropheseeDat(Recording):
    """The events of a DAT file."""

    file_format = 'Prophesee DAT'

    def __init__(self, path: Path):
        """
        Read the header.

        :raises UnreadableRecording: if it is damaged or the file holds something else.
        """
        self.path = path
        self._file = path.open('rb')
        with self._closing_on_error():
            header = self._read_header()
            kind = self._file.read(2)
            if len(kind) < 2:
                raise self._damaged('it ends within its header')
            if kind[0] not in EVENT_TYPES or kind[1] != WORDS.itemsize:
                raise UnreadableRecording(
                    f'{path}: DAT with events of type {kind[0]} and {kind[1]} bytes is not read, '
                    'only changes of contrast (CD), type 12 of 8 bytes')
        version = header.get('version', '2')
        self._fields = OLD if version in ('0', '1') else NEW
        width, height = header.get('width', ''), header.get('height', '')
        if width.isdecimal() and height.isdecimal():
            self.width, self.height = known_size(int(width), int(height))
        self._start = self._file.tell()

    def events(self, topic=None):
        """Yield the events as they lie in the file, times unwrapped; see `Recording`."""
        self.choose_topic(topic)
        return self._read(0, Unwrapped())

    def events_from(self, start_us: int, topic=None):
        """Yield the events from about a time on; see `Recording`."""
        self.choose_topic(topic)
        count = (self._file.seek(0, 2) - self._start) // WORDS.itemsize
        place, t_us = find_place(start_us, count, self._times_at)
        return self._read(place, Unwrapped(t_us))

    def _times_at(self, places):
        return read_times(self._file, self._start, WORDS, places)

    def _read(self, first: int, times: Unwrapped):
        self._file.seek(self._start + first * WORDS.itemsize)
        while data := self._file.read(BATCH_BYTES):
            words = np.frombuffer(data, WORDS, len(data) // WORDS.itemsize)
            events = np.zeros(len(words), EVENT)
            events['t'] = times.unwrap(words['t'])
            for name, (shift, mask) in zip('xy', self._fields):
                events[name] = words['data'] >> shift & mask
            shift, mask = self._fields[2]
            events['p'] = words['data'] >> shift & mask > 0
            yield events
            if len(data) % WORDS.itemsize:
                raise self._damaged('it ends within an event')

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _read_header(self) -> dict:
        """Read values by their keywords, in lower case."""
        values = {}
        while self._file.peek(1)[:1] == COMMENT:
            line = self._file.readline(MAX_LINE)
            if not line.endswith(b'\n'):
                raise self._damaged('its text header does not end')
            keyword, _, value = line.decode('latin-1').lstrip('% ').strip().partition(' ')
            values[keyword.lower()] = value.strip()
        return values
