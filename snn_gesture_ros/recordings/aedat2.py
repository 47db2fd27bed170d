# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
AEDAT 1.0 and 2.0, the files of jAER: a text header, then addresses and times, big-endian.

A time has 32 bits and so has an address, in version 1 sixteen.

| bits of an address | DVS128 | DAVIS |
| --- | --- | --- |
| not a pixel's event | 15 | 31 (image, motion), 10 (trigger: 3 rising, 2 falling in bits 0-2) |
| x, counted from the right | 1-7 | 12-21 |
| y, counted from the bottom | 8-14 | 22-30 |
| ON | 0, where it is 0 | 11, where it is 1 |

Here x is counted from the left and y from the top, as in all other formats. Source: how jAER's
own classes of these cameras read an address; the header's line `AEChip` names the class. Where
it does not, the resolution of the sensor shows which of them it was, or else the addresses: v2e's
files are of a DAVIS.
"""
from pathlib import Path
import re
from typing import NamedTuple

import numpy as np
from snn_gesture_ros.events.event import EVENT
from snn_gesture_ros.events.messages import Triggers
from snn_gesture_ros.recordings.recording import (
    find_place, read_times, Recording, UnreadableRecording, Unwrapped)

AEDAT1_START = b'#!AER-DAT1.0'
AEDAT2_START = b'#!AER-DAT2.0'
HEADER_END = b'#End Of ASCII'
MAX_LINE = 1 << 16
"""Bytes of a line of the header; those of jAER's settings are long."""
NO_TEXT = re.compile(rb'[\0-\x08\x0e-\x1f]')
WORDS = np.dtype([('address', '>u4'), ('t', '>i4')])
WORDS_OF_1 = np.dtype([('address', '>u2'), ('t', '>i4')])
BATCH = 1 << 16
"""Events that are read at once."""
RISING, FALLING = 3, 2


class Layout(NamedTuple):
    """Where an address has what."""

    no_pixel: int
    """Bits; if one is set, the word is not the event of a pixel."""
    no_trigger: int
    """Bits; if one is set, the word is not a trigger either."""
    x_shift: int
    x_mask: int
    y_shift: int
    y_mask: int
    on_shift: int
    on_value: int


DVS128 = Layout(0xffff8000, 0xffffffff, 1, 0x7f, 8, 0x7f, 0, 0)
DAVIS = Layout(0x80000400, 0x80000000, 12, 0x3ff, 22, 0x1ff, 11, 1)
CAMERAS = {'dvs128': (DVS128, 128, 128), 'tmpdiff128': (DVS128, 128, 128),
           'sbret10': (DAVIS, 240, 180), 'seebetter': (DAVIS, 240, 180),
           'apsdvs': (DAVIS, 240, 180),
           'davis128': (DAVIS, 128, 128), 'davis208': (DAVIS, 208, 192),
           'davis240': (DAVIS, 240, 180), 'davis346': (DAVIS, 346, 260),
           'davis640': (DAVIS, 640, 480), 'davisrgbw640': (DAVIS, 640, 480),
           'davishet640': (DAVIS, 640, 480)}
"""Layout, width and height by the beginning of the class's name."""
DAVIS_SIZES = ((240, 180), (346, 260), (640, 480))
"""Those that a file without a camera may be of, the smallest first."""


class Aedat2(Recording):
    """
    The events of an AEDAT 1.0 or 2.0 file, with images and motion skipped.

    A file that names no camera is a DVS128's if its addresses are, else a DAVIS's.
    """

    def __init__(self, path: Path, size=None):
        """
        Read the header.

        :param size: width and height of the sensor, of a file that names no known camera.
        :raises UnreadableRecording: if it is damaged or names a camera that is not known.
        """
        self.path = path
        self._file = path.open('rb')
        with self._closing_on_error():
            chip = self._read_header()
            self._start = self._file.tell()
            camera = next((known for known in CAMERAS
                           if (chip or '').lower().startswith(known)), None)
            if camera is None and chip is not None and size is None:
                raise UnreadableRecording(
                    f'{path}: {self.file_format} of the camera {chip} is not read, only of DVS128 '
                    'and DAVIS; if it is one of those, give its --size, as 346x260')
            self._layout, self.width, self.height = (
                CAMERAS[camera] if camera else self._find_layout(size))

    def events(self, topic=None):
        """Yield the events as they lie in the file, times unwrapped; see `Recording`."""
        self.choose_topic(topic)
        return self._read(self._words())

    def events_from(self, start_us: int, topic=None):
        """Yield the events from about a time on; see `Recording`."""
        self.choose_topic(topic)
        count = (self._file.seek(0, 2) - self._start) // self._type.itemsize
        return self._read(self._words(*find_place(start_us, count, self._times_at)))

    def _read(self, words):
        layout = self._layout
        for address, times_us in words:
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

    def _times_at(self, places):
        return read_times(self._file, self._start, self._type, places)

    def _words(self, first: int = 0, t_us=None):
        """
        Yield addresses, uint32[n], and times in microseconds, int64[n].

        :param first: place of the first word that is read.
        :param t_us: its time, unwrapped; None for the start of the file.
        """
        self._file.seek(self._start + first * self._type.itemsize)
        times = Unwrapped(t_us)
        while data := self._file.read(BATCH * self._type.itemsize):
            words = np.frombuffer(data, self._type, len(data) // self._type.itemsize)
            yield words['address'].astype(np.uint32), times.unwrap(words['t'].astype(np.int32))
            if len(data) % self._type.itemsize:
                raise self._damaged('it ends within an event')

    def _find_layout(self, size) -> tuple:
        """Return layout, width and height of a file that names no camera, by its addresses."""
        largest_x = largest_y = 0
        is_dvs128 = True
        try:
            for address, _ in self._words():
                is_dvs128 &= not (address >> 16).any()
                pixel = address[address & DAVIS.no_pixel == 0]
                if len(pixel):
                    largest_x = max(largest_x, int((pixel >> 12 & 0x3ff).max()))
                    largest_y = max(largest_y, int((pixel >> 22 & 0x1ff).max()))
        except UnreadableRecording:
            pass        # what comes before the cut is enough
        if is_dvs128:
            return DVS128, *(size or (128, 128))
        found = size or next(
            ((width, height) for width, height in DAVIS_SIZES
             if largest_x < width and largest_y < height), None)
        if found is None:
            raise UnreadableRecording(
                f'{self.path}: the header names no camera (AEChip), and the addresses are not '
                'those of a DVS128 or a DAVIS: give its --size, as 346x260')
        if size is None:
            self.add_note('the header names no camera (AEChip): by its addresses it is taken for '
                          'a DAVIS of {}x{} pixels, --size sets another'.format(*found))
        return DAVIS, *found

    def _read_header(self):
        """Read the text up to the first event; return the name of the camera's class, if any."""
        chip = None
        is_old = self._file.peek(len(AEDAT1_START)).startswith(AEDAT1_START)
        self.file_format = 'AEDAT 1.0' if is_old else 'AEDAT 2.0'
        self._type = WORDS_OF_1 if is_old else WORDS
        while True:
            start = self._file.tell()
            line = self._file.readline(MAX_LINE)
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
