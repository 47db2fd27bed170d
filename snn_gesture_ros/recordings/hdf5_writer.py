# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""HDF5 files with events/t, x, y and p, which `Hdf5` and any HDF5 library read."""
import io
from pathlib import Path

import numpy as np
from snn_gesture_ros.events.event import EVENT

CHUNK = 1 << 16
"""Events that are compressed together."""


class _Sink(io.FileIO):
    """A file of which HDF5 sees no failure to write: at one, it would crash the process."""

    failure = None
    """What was raised first; nothing is written after it."""

    def write(self, data) -> int:
        """Write all bytes."""
        left = memoryview(data)
        try:
            while len(left) and self.failure is None:
                left = left[super().write(left):]
        except OSError as error:
            self.failure = error
        return len(data)

    def truncate(self, size=None) -> int:
        """Let the file end there."""
        try:
            return super().truncate(size)
        except OSError as error:
            self.failure = self.failure or error
            return size


class Hdf5Writer:
    """Append to columns that grow."""

    def __init__(self, path: Path, width, height):
        """
        Begin with no event.

        :param width: of the sensor in pixels, like the height; None where it is not known.
        :raises ModuleNotFoundError: if h5py is not installed.
        """
        import h5py
        self._sink = _Sink(path, 'w+')
        self._file = h5py.File(self._sink, 'w')
        group = self._file.create_group('events')
        if width is not None:
            group.attrs.update(width=width, height=height)
        self._columns = {
            name: group.create_dataset(name, (0,), EVENT[name], maxshape=(None,), chunks=(CHUNK,),
                                       compression='gzip', compression_opts=1, shuffle=True)
            for name in 'txyp'}

    def write(self, events: np.ndarray) -> None:
        """
        Add EVENT[n].

        :raises OSError: if the file cannot be written, as in `close`.
        """
        for name, column in self._columns.items():
            start = len(column)
            column.resize((start + len(events),))
            column[start:] = events[name]
        self._check()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        self._sink.close()
        self._check()

    def _check(self) -> None:
        if self._sink.failure is not None:
            raise self._sink.failure
