# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""AEDAT 3.1, the files of jAER and cAER, in which DVS128 Gesture was recorded."""
from pathlib import Path
import struct

import numpy as np
from snn_gesture_ros.events.event import EVENT
from snn_gesture_ros.recordings.recording import Recording, UnreadableRecording

AEDAT31_START = b'#!AER-DAT3.1'

HEADER_END = b'#!END-HEADER'
MAX_LINE = 4096
"""Bytes of a line of the header."""
PACKET = struct.Struct('<HHIIIIII')
"""Type, source, bytes an event, offset of its time, overflow, capacity, number and valid."""
POLARITY = 1
"""The type of a packet of events; others are triggers, images, motion."""
WORDS = np.dtype([('data', '<u4'), ('t', '<u4')])
BATCH = 1 << 16
"""Events that are read at once."""
SKIP_BYTES = 1 << 20
SENSORS = {'DVS128': (128, 128), 'DAVIS208': (208, 192), 'DAVIS240': (240, 180),
           'DAVIS346': (346, 260), 'DAVIS640': (640, 480)}
"""Size of a sensor by the beginning of its name."""


class Aedat31(Recording):
    """
    The events of the polarity packets of an AEDAT 3.1 file, with other packets skipped.

    Several sources, as of two cameras, are streams by the names `1 DAVIS240C`, `2 DVS128`.
    """

    file_format = 'AEDAT 3.1'

    def __init__(self, path: Path, stream=None):
        """
        Read the header.

        :param stream: what to read instead of the path's file, once: a member of an archive.
        :raises UnreadableRecording: if the header is damaged.
        """
        self.path = path
        self._file = path.open('rb') if stream is None else stream
        with self._closing_on_error():
            self._read_sensors(self._read_header())
        self._start = None if stream is not None else self._file.tell()

    def events(self, topic=None):
        """Yield the valid events as they lie in the file; see `Recording`."""
        topic = self.choose_topic(topic)
        wanted = int(topic.partition(' ')[0]) if topic else None
        others = 0
        if self._start is not None:
            self._file.seek(self._start)
        while header := self._read(PACKET.size, 'a header'):
            kind, source, size, _, overflow, capacity, number, valid = PACKET.unpack(header)
            if not valid <= number <= capacity or kind == POLARITY and size != WORDS.itemsize:
                raise self._damaged('a packet cannot be as its header says')
            if kind == POLARITY and wanted is None:
                wanted = source
            if kind != POLARITY or source != wanted:
                others += valid if kind == POLARITY else 0
                self._skip(capacity * size)
                continue
            for start in range(0, number, BATCH):
                count = min(number - start, BATCH)
                words = np.frombuffer(self._read_all(count * size), WORDS)
                if valid < number:
                    words = words[words['data'] & 1 == 1]
                yield _as_events(words, overflow)
            self._skip((capacity - number) * size)
        if others and not self.streams:
            self.add_note(f'{others} events of another source, which the header does not name, '
                          'are left out')

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _read_sensors(self, header: list) -> None:
        sizes = {}
        for line in header:
            name, _, value = line.lstrip('#').partition(':')
            value = value.strip()
            if name.startswith('Source'):
                number = name.removeprefix('Source').strip()
                sizes[f'{number} {value}'] = next(
                    (size for sensor, size in SENSORS.items() if value.startswith(sensor)),
                    (None, None))
            elif name == 'Format' and value != 'RAW':
                raise UnreadableRecording(
                    f'{self.path}: AEDAT 3.1 of format {value} is not read, only RAW')
        self.width, self.height = next(iter(sizes.values()), (None, None))
        if len(sizes) > 1 and all(name.partition(' ')[0].isdecimal() for name in sizes):
            self.streams = sizes

    def _read_header(self) -> list:
        lines = [self._file.readline(MAX_LINE)]
        if lines[0].startswith(AEDAT31_START):
            while lines[-1].startswith(b'#') and lines[-1].endswith(b'\n'):
                if lines[-1].startswith(HEADER_END):
                    return [line.decode('latin-1').strip() for line in lines]
                lines.append(self._file.readline(MAX_LINE))
        raise self._damaged('its text header does not end')

    def _read(self, size: int, what: str) -> bytes:
        """Read `size` bytes, or none at the end of the file."""
        data = self._file.read(size)
        if data and len(data) < size:
            raise self._damaged(f'it ends within {what}')
        return data

    def _read_all(self, size: int) -> bytes:
        data = self._read(size, 'a packet')
        if not data:
            raise self._damaged('it ends within a packet')
        return data

    def _skip(self, size: int) -> None:
        for start in range(0, size, SKIP_BYTES):
            self._read_all(min(size - start, SKIP_BYTES))


def _as_events(words: np.ndarray, overflow: int) -> np.ndarray:
    events = np.zeros(len(words), EVENT)
    data = words['data']
    events['t'] = words['t'].astype(np.int64) | overflow << 31
    events['x'] = data >> 17 & 0x7fff
    events['y'] = data >> 2 & 0x7fff
    events['p'] = data >> 1 & 1
    return events
