# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Npz files with the arrays t, x, y and p, as SpikingJelly and its users write them."""
from pathlib import Path

import numpy as np
from snn_gesture_ros.events.event import EVENT
from snn_gesture_ros.recordings.recording import Recording, told_size, UnreadableRecording

BATCH = 1 << 16
"""Events in an array that `Npz.events` yields."""


class Npz(Recording):
    """
    Events in four arrays of integers: t in microseconds, x, y, and p, which is ON above 0.

    The file is read whole, as its writers hold it. It tells the size of the sensor where it has
    `width` and `height` too, as this package's own.
    """

    file_format = 'npz'

    def __init__(self, path: Path):
        """
        Read the file.

        :raises UnreadableRecording: if it is damaged or its arrays are not events.
        """
        self.path = path
        try:
            with np.load(path, allow_pickle=False) as arrays:
                if not set('txyp') <= set(arrays):
                    raise UnreadableRecording(
                        f'{path}: events need the arrays t, x, y and p; '
                        f'the file has {", ".join(arrays) or "none"}')
                columns = {name: arrays[name] for name in 'txyp'}
                if 'width' in arrays and 'height' in arrays:
                    self.width, self.height = told_size(
                        int(arrays['width']), int(arrays['height']))
        except UnreadableRecording:
            raise
        except Exception as error:
            raise UnreadableRecording(f'{path}: the npz file is cut off or damaged, or holds '
                                      'Python objects') from error
        if any(column.dtype.kind not in 'iub' for column in columns.values()):
            raise UnreadableRecording(f'{path}: t, x, y and p must be integers, t microseconds')
        if len({column.shape for column in columns.values()}) > 1 or columns['t'].ndim != 1:
            raise UnreadableRecording(f'{path}: t, x, y and p must have one dimension and '
                                      'the same length')
        for name in 'xy':
            if ((columns[name] < 0) | (columns[name] > 0xffff)).any():
                raise UnreadableRecording(f'{path}: {name} must be between 0 and 65535')
        self._columns = columns

    def events(self, topic=None):
        """Yield the events in batches; see `Recording`."""
        for start in range(0, len(self._columns['t']), BATCH):
            part = slice(start, start + BATCH)
            events = np.zeros(len(self._columns['t'][part]), EVENT)
            for name in 'txy':
                events[name] = self._columns[name][part]
            events['p'] = self._columns['p'][part] > 0
            yield events
