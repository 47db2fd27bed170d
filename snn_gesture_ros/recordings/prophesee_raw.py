# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
RAW files of Prophesee's Metavision and OpenEB, read, and written in EVT 3.0.

A text header comes first, then the data of the sensor.

The two halves of an EVT 2.1 word are swapped where the header has `endianness=legacy`, or has
no endianness and is of Prophesee's systems before SAPHIR_SYSTEM: the rule of their own reader
(`PseeRawFileHeader` in OpenEB).
"""
from pathlib import Path

import numpy as np
from snn_gesture_ros.events.codecs import Decoder
from snn_gesture_ros.events.encoders import encode_evt3
from snn_gesture_ros.events.messages import Triggers
from snn_gesture_ros.recordings.recording import known_size, Recording, UnreadableRecording

RAW_START = b'% '
MAX_LINE = 4096
"""Bytes of a line of the header."""
ENCODINGS = {'EVT2': 'evt2', '2.0': 'evt2', 'EVT21': 'evt21', '2.1': 'evt21',
             'EVT3': 'evt3', '3.0': 'evt3'}
"""Codec by the value of `format` or `evt`."""
SAPHIR_SYSTEM = 0x37
"""Number of the first system whose words of EVT 2.1 are little-endian as a whole."""
PROPHESEE = 'Prophesee'
MAX_SIDE = 4096
"""No coordinate reaches it, so that the header's geometry, where it is wrong, costs no events."""
BATCH_BYTES = 1 << 18
MAX_WRITTEN_SIDE = 2048
"""Pixels; a coordinate has 11 bits."""
TIME_HIGH, TURN, HALF = 0x8000, 1 << 12, 1 << 11
"""The word with the upper bits of the time, one more than the largest, and half of it."""
END_US = 1 << 37
"""A day and a half; what is later would need many turns of the time before the first event."""
HEADER = """% evt 3.0
% format EVT3;height={height};width={width}
% geometry {width}x{height}
% end
"""
"""Of what is written."""


class PropheseeRaw(Recording):
    """The events of a RAW file in EVT 2.0, 2.1 or 3.0."""

    file_format = 'Prophesee RAW'

    def __init__(self, path: Path, encoding=None):
        """
        Read the header.

        :param encoding: one of evt2, evt21 and evt3, of a file whose header does not have it.
        :raises UnreadableRecording: if it is damaged or names no format that can be read.
        """
        self.path = path
        self._file = path.open('rb')
        with self._closing_on_error():
            header = self._read_header()
            written = header.get('format', header.get('evt', encoding or ''))
            name, *options = ''.join(written.split()).split(';')
            if name.upper() not in ENCODINGS:
                raise UnreadableRecording(
                    f'{path}: the header names no format of events that is read, only EVT 2.0, '
                    f'2.1 and 3.0 are; it names {name or "none: give the --encoding"}')
        self.encoding = ENCODINGS[name.upper()]
        options = dict(option.partition('=')[::2] for option in options)
        endianness = options.get('endianness', header.get('endianness')) or (
            'legacy' if is_old_system(header) else 'little')
        self._halves_swapped = self.encoding == 'evt21' and endianness == 'legacy'
        width, _, height = header.get('geometry', '').partition('x')
        width, height = options.get('width', width), options.get('height', height)
        if width.isdecimal() and height.isdecimal():
            self.width, self.height = known_size(int(width), int(height))
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
        return Decoder(self.encoding, MAX_SIDE, MAX_SIDE)

    def _decode(self, decoder):
        self._file.seek(self._start)
        while data := self._file.read(BATCH_BYTES):
            rest = len(data) % decoder.unit_bytes
            words = np.frombuffer(data, np.uint8, len(data) - rest)
            if self._halves_swapped:
                words = words.view('<u4').reshape(-1, 2)[:, ::-1].ravel().view(np.uint8)
            yield decoder.decode(words, 0)
            if rest:
                raise self._damaged('it ends within a word')

    def _read_header(self) -> dict:
        """Read values by their keywords; data begins after `end` or the last line of that form."""
        values = {}
        while True:
            start = self._file.tell()
            line = self._file.readline(MAX_LINE)
            if not line.startswith(RAW_START):
                self._file.seek(start)
                return values
            if not line.endswith(b'\n'):
                raise self._damaged('its text header does not end')
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


class RawWriter:
    """
    Append words; the time turns every 16.8 s.

    Readers count a turn where the upper bits fall from the largest to the smallest. Both are
    written at each turn, also of a pause.
    """

    def __init__(self, path: Path, width: int, height: int):
        """
        Write the header.

        :param width: of the sensor in pixels, like the height.
        :raises ValueError: if the format has no such pixels.
        """
        if max(width, height) > MAX_WRITTEN_SIDE:
            raise ValueError(f'{path.name}: EVT 3.0 has no sensors of {width}x{height} pixels')
        self._high = 0
        """Upper bits of the last time, with the turns."""
        self._last_us = 0
        self._file = path.open('wb')
        self._file.write(HEADER.format(width=width, height=height).encode())

    def write(self, events: np.ndarray) -> None:
        """
        Add EVENT[n].

        :raises ValueError: if they are not in the order of time, or the format has no such times.
        """
        if not len(events):
            return
        times_us = events['t']
        if (np.diff(times_us, prepend=self._last_us) < 0).any():
            raise ValueError('events of EVT 3.0 must be in the order of time, from 0 on; other '
                             'formats, as .npz, need not')
        if times_us[-1] >= END_US:
            raise ValueError(f'times up to {times_us[-1]} us do not fit into EVT 3.0, which '
                             'counts from the start of the camera; other formats, as .npz, hold '
                             'them')
        if max(events['x'].max(), events['y'].max()) >= MAX_WRITTEN_SIDE:
            raise ValueError('x or y of 2048 and more do not fit into EVT 3.0')
        highs = np.concatenate([[self._high], times_us >> 12])
        leaps = np.flatnonzero((np.diff(highs // TURN) > 0) | (np.diff(highs) > HALF))
        for part in np.split(events, leaps):
            if len(part):
                self._turn_to(int(part['t'][0] >> 12))
                self._file.write(encode_evt3(part).tobytes())
                self._high = int(part['t'][-1] >> 12)
        self._last_us = int(times_us[-1])

    def _turn_to(self, high: int) -> None:
        """Write upper bits of the time up to those of the next event, by steps of half a turn."""
        words = []
        while self._high // TURN < high // TURN:
            words += [HALF] * (self._high % TURN < HALF) + [TURN - 1, 0]
            self._high = (self._high // TURN + 1) * TURN
        words += [HALF] * (self._high % TURN < HALF < high % TURN)
        self._file.write((TIME_HIGH | np.array(words, '<u2')).astype('<u2').tobytes())

    def close(self) -> None:
        """Close the file."""
        self._file.close()
