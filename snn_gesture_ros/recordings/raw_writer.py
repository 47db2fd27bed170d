# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""RAW files of Prophesee in EVT 3.0, which Metavision, OpenEB and `PropheseeRaw` read."""
from pathlib import Path

import numpy as np
from snn_gesture_ros.events.encoders import encode_evt3

LARGEST_SIDE = 2048
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


class RawWriter:
    """
    Append words; the time turns every 16.8 s.

    Readers count a turn where the upper bits fall from the largest to the smallest. Both are
    written at each turn, also of a pause.
    """

    def __init__(self, path: Path, width: int, height: int):
        """
        Begin with no event.

        :param width: of the sensor in pixels, like the height.
        :raises ValueError: if the format has no such pixels.
        """
        if max(width, height) > LARGEST_SIDE:
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
        if max(events['x'].max(), events['y'].max()) >= LARGEST_SIDE:
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
