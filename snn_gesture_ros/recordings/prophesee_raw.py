# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
RAW files of Prophesee's Metavision and OpenEB: a text header, then what the sensor has sent.

The two halves of an EVT 2.1 word are swapped where the header says `endianness=legacy`, or says
nothing and is of Prophesee's systems before SAPHIR_SYSTEM: the rule of their own reader
(`PseeRawFileHeader` in OpenEB).
"""
from pathlib import Path

import numpy as np
from snn_gesture_ros.events.codecs import make_decoder
from snn_gesture_ros.events.messages import Triggers
from snn_gesture_ros.recordings.recording import Recording, told_size, UnreadableRecording

RAW_START = b'% '
LONGEST_LINE = 4096
"""Bytes of a line of the header."""
ENCODINGS = {'EVT2': 'evt2', '2.0': 'evt2', 'EVT21': 'evt21', '2.1': 'evt21',
             'EVT3': 'evt3', '3.0': 'evt3'}
"""Codec by the value of `format` or `evt`."""
SAPHIR_SYSTEM = 0x37
"""Number of the first system whose words of EVT 2.1 are little-endian as a whole."""
PROPHESEE = 'Prophesee'
LARGEST_SIDE = 4096
"""No coordinate reaches it, so that the header's geometry, where it is wrong, costs no events."""
BATCH_BYTES = 1 << 18


class PropheseeRaw(Recording):
    """The events of a RAW file in EVT 2.0, 2.1 or 3.0."""

    file_format = 'Prophesee RAW'

    def __init__(self, path: Path, encoding=None):
        """
        Read the header.

        :param encoding: one of evt2, evt21 and evt3, of a file that does not say it.
        :raises UnreadableRecording: if it is damaged or names no format that can be read.
        """
        self.path = path
        self._file = path.open('rb')
        try:
            header = self._read_header()
            written = header.get('format', header.get('evt', encoding or ''))
            name, *options = ''.join(written.split()).split(';')
            if name.upper() not in ENCODINGS:
                raise UnreadableRecording(
                    f'{path}: the header names no format of events that is read, only EVT 2.0, '
                    f'2.1 and 3.0 are; it says {name or "none: give the --encoding"}')
        except BaseException:
            self.close()
            raise
        self.encoding = ENCODINGS[name.upper()]
        options = dict(option.partition('=')[::2] for option in options)
        endianness = options.get('endianness', header.get('endianness')) or (
            'legacy' if is_old_system(header) else 'little')
        self._halves_swapped = self.encoding == 'evt21' and endianness == 'legacy'
        width, _, height = header.get('geometry', '').partition('x')
        width, height = options.get('width', width), options.get('height', height)
        if width.isdecimal() and height.isdecimal():
            self.width, self.height = told_size(int(width), int(height))
        self._start = self._file.tell()

    def events(self, topic=None):
        """Yield the events as the sensor has sent them; see `Recording`."""
        self.choose_topic(topic)
        return self._decode(self._make_decoder())

    def triggers(self) -> Triggers:
        """Count the edges at the camera's trigger input, up to where the file is damaged."""
        decoder = self._make_decoder()
        try:
            for _ in self._decode(decoder):
                pass
        except UnreadableRecording:
            pass
        return Triggers(decoder.triggers_rising, decoder.triggers_falling,
                        decoder.trigger_time_sum_us)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _make_decoder(self):
        return make_decoder(self.encoding, LARGEST_SIDE, LARGEST_SIDE)

    def _decode(self, decoder):
        self._file.seek(self._start)
        while data := self._file.read(BATCH_BYTES):
            rest = len(data) % decoder.unit_bytes
            words = np.frombuffer(data, np.uint8, len(data) - rest)
            if self._halves_swapped:
                words = words.view('<u4').reshape(-1, 2)[:, ::-1].ravel().view(np.uint8)
            yield decoder.decode(words, 0)
            if rest:
                raise UnreadableRecording(
                    f'{self.path}: the file is cut off or damaged: it ends within a word')

    def _read_header(self) -> dict:
        """Read values by their keywords; data begins after `end` or the last line of that form."""
        values = {}
        while True:
            start = self._file.tell()
            line = self._file.readline(LONGEST_LINE)
            if not line.startswith(RAW_START):
                self._file.seek(start)
                return values
            if not line.endswith(b'\n'):
                raise UnreadableRecording(
                    f'{self.path}: the file is cut off or damaged: its text header does not end')
            keyword, _, value = line.decode('latin-1')[len(RAW_START):].strip().partition(' ')
            if keyword == 'end':
                return values
            values[keyword] = value.strip()


def is_old_system(header: dict) -> bool:
    """Return whether a header is of Prophesee's systems before SAPHIR_SYSTEM."""
    plugin, camera = (header.get(f'{part}_integrator_name') for part in ('plugin', 'camera'))
    if plugin is None and camera is None:
        plugin = camera = header.get('integrator_name', PROPHESEE)
    system = header.get('system_ID', '')
    return (plugin == camera == PROPHESEE and system.isdecimal()
            and 0 < int(system) < SAPHIR_SYSTEM)
