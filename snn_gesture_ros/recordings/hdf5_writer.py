# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""HDF5 files with events/t, x, y and p, which `Hdf5` and any HDF5 library read."""
from pathlib import Path

import numpy as np
from snn_gesture_ros.events.event import EVENT

CHUNK = 1 << 16
"""Events that are compressed together."""


class Hdf5Writer:
    """Append to columns that grow."""

    def __init__(self, path: Path, width, height):
        """
        Begin with no event.

        :param width: of the sensor in pixels, like the height; None where it is not known.
        :raises ModuleNotFoundError: if h5py is not installed.
        """
        import h5py
        self._file = h5py.File(path, 'w')
        group = self._file.create_group('events')
        if width is not None:
            group.attrs.update(width=width, height=height)
        self._columns = {
            name: group.create_dataset(name, (0,), EVENT[name], maxshape=(None,), chunks=(CHUNK,),
                                       compression='gzip', compression_opts=1, shuffle=True)
            for name in 'txyp'}

    def write(self, events: np.ndarray) -> None:
        """Add EVENT[n]."""
        for name, column in self._columns.items():
            start = len(column)
            column.resize((start + len(events),))
            column[start:] = events[name]

    def close(self) -> None:
        """Close the file."""
        self._file.close()
