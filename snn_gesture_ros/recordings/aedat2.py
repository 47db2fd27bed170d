# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
AEDAT 2.0, the files of jAER: a text header, then addresses and times in big-endian 32 bits.

| bits of an address | DVS128 | DAVIS |
| --- | --- | --- |
| not a pixel's event | 15 | 31 (picture, motion), 10 (trigger: 3 rising, 2 falling in bits 0-2) |
| x, counted from the right | 1-7 | 12-21 |
| y, counted from the bottom | 8-14 | 22-30 |
| ON | 0, where it is 0 | 11, where it is 1 |

Here x is counted from the left and y from the top, as in all other formats. Source: how jAER's
own classes of these cameras read an address; the header's line `AEChip` names the class.
"""
from pathlib import Path
import re
from typing import NamedTuple

import numpy as np
from snn_gesture_ros.events.event import EVENT
from snn_gesture_ros.events.messages import Triggers
from snn_gesture_ros.recordings.recording import Recording, UnreadableRecording

AEDAT2_START = b'#!AER-DAT2.0'
HEADER_END = b'#End Of ASCII'
LONGEST_LINE = 1 << 16
"""Bytes of a line of the header; those of jAER's settings are long."""
NO_TEXT = re.compile(rb'[\0-\x08\x0e-\x1f]')
WORDS = np.dtype([('address', '>u4'), ('t', '>i4')])
BATCH_BYTES = WORDS.itemsize << 16
RISING, FALLING = 3, 2


class Layout(NamedTuple):
    """Where an address has what."""

    no_pixel: int
    """Bits of which any says that this is no pixel's event."""
    no_trigger: int
    """Bits of which any says that it is not a trigger either."""
    x_shift: int
    x_mask: int
    y_shift: int
    y_mask: int
    on_shift: int
    on_value: int


DVS128 = Layout(0xffff8000, 0xffffffff, 1, 0x7f, 8, 0x7f, 0, 0)
DAVIS = Layout(0x80000400, 0x80000000, 12, 0x3ff, 22, 0x1ff, 11, 1)
CAMERAS = {'dvs128': (DVS128, 128, 128), 'tmpdiff128': (DVS128, 128, 128),
           'davis128': (DAVIS, 128, 128), 'davis208': (DAVIS, 208, 192),
           'davis240': (DAVIS, 240, 180), 'davis346': (DAVIS, 346, 260),
           'davis640': (DAVIS, 640, 480), 'davisrgbw640': (DAVIS, 640, 480)}
"""Layout, width and height by the beginning of the class's name."""


class Aedat2(Recording):
    """
    The events of an AEDAT 2.0 file, with pictures and motion skipped.

    A file that names no camera is older than the DAVIS and taken for a DVS128's.
    """

    file_format = 'AEDAT 2.0'

    def __init__(self, path: Path):
        """
        Read the header.

        :raises UnreadableRecording: if it is damaged or names a camera that is not known.
        """
        self.path = path
        self._file = path.open('rb')
        try:
            chip = self._read_header()
            self._is_guess = chip is None
            chip = chip or 'DVS128'
            camera = next((known for known in CAMERAS if chip.lower().startswith(known)), None)
            if camera is None:
                raise UnreadableRecording(
                    f'{path}: AEDAT 2.0 of the camera {chip} is not read, only of DVS128 '
                    'and DAVIS')
        except BaseException:
            self.close()
            raise
        self._layout, self.width, self.height = CAMERAS[camera]
        self._start = self._file.tell()

    def events(self, topic=None):
        """Yield the events as they lie in the file, times unwrapped; see `Recording`."""
        layout = self._layout
        for address, times_us in self._words():
            pixel = address & layout.no_pixel == 0
            address = address[pixel].astype(np.int64)
            events = np.zeros(len(address), EVENT)
            events['t'] = times_us[pixel]
            # What is outside on the left or above gets far outside on the other side.
            events['x'] = self.width - 1 - (address >> layout.x_shift & layout.x_mask) & 0x7fff
            events['y'] = self.height - 1 - (address >> layout.y_shift & layout.y_mask) & 0x7fff
            events['p'] = (address >> layout.on_shift & 1) == layout.on_value
            yield events

    def triggers(self) -> Triggers:
        """Count the edges at the camera's trigger input, up to where the file is damaged."""
        rising = falling = time_sum_us = 0
        layout = self._layout
        try:
            for address, times_us in self._words():
                trigger = (address & layout.no_pixel != 0) & (address & layout.no_trigger == 0)
                edge = np.where(trigger, address & 7, 0)
                rising += int(np.count_nonzero(edge == RISING))
                falling += int(np.count_nonzero(edge == FALLING))
                time_sum_us += sum(times_us[(edge == RISING) | (edge == FALLING)].tolist())
        except UnreadableRecording:
            pass
        return Triggers(rising, falling, time_sum_us)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _words(self):
        """Yield addresses, uint32[n], and times in microseconds, int64[n]."""
        self._file.seek(self._start)
        last_us = None
        while data := self._file.read(BATCH_BYTES):
            words = np.frombuffer(data, WORDS, len(data) // WORDS.itemsize)
            address, t = words['address'].astype(np.uint32), words['t'].astype(np.int32)
            if len(words):
                if self._is_guess and (address >> 16).any():
                    raise UnreadableRecording(f'{self.path}: the header names no camera (AEChip), '
                                              'and the addresses are not those of a DVS128')
                last_us = int(t[0]) if last_us is None else last_us
                steps = np.diff(t, prepend=np.array(last_us).astype(np.int32))
                times_us = last_us + np.cumsum(steps, dtype=np.int64)
                last_us = int(times_us[-1])
                yield address, times_us
            if len(data) % WORDS.itemsize:
                raise self._damaged('it ends within an event')

    def _read_header(self):
        """Read the text up to the first event; return the name of the camera's class, if any."""
        chip = None
        while True:
            start = self._file.tell()
            line = self._file.readline(LONGEST_LINE)
            if not line.startswith(b'#') or NO_TEXT.search(line):
                self._file.seek(start)
                return chip
            if not line.endswith(b'\n'):
                raise self._damaged('its text header does not end')
            if line.startswith(HEADER_END):
                return chip
            name, _, value = line.decode('latin-1').lstrip('# ').partition(':')
            if name == 'AEChip':
                chip = value.strip().rsplit('.')[-1]

    def _damaged(self, reason: str) -> UnreadableRecording:
        return UnreadableRecording(f'{self.path}: the file is cut off or damaged: {reason}')
