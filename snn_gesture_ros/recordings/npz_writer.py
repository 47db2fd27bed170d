# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Npz files with t, x, y, p and the size of the sensor, written without holding them in memory."""
from pathlib import Path
import shutil
import tempfile
import zipfile

import numpy as np
from snn_gesture_ros.events.event import EVENT


class NpzWriter:
    """Gather each column in a temporary file, and pack them at the end."""

    def __init__(self, path: Path, width, height):
        """
        Begin with no event.

        :param width: of the sensor in pixels, like the height; None where it is not known.
        """
        self._path = path
        self._size = {} if width is None else {'width': width, 'height': height}
        self._columns = {name: tempfile.TemporaryFile(dir=path.parent) for name in 'txyp'}
        self._count = 0

    def write(self, events: np.ndarray) -> None:
        """Add EVENT[n]."""
        for name, column in self._columns.items():
            events[name].tofile(column)
        self._count += len(events)

    def close(self) -> None:
        """Pack the columns."""
        with zipfile.ZipFile(self._path, 'w', allowZip64=True) as archive:
            for name, column in self._columns.items():
                with archive.open(f'{name}.npy', 'w', force_zip64=True) as member:
                    np.lib.format.write_array_header_1_0(member, {
                        'descr': EVENT[name].str, 'fortran_order': False, 'shape': (self._count,)})
                    column.seek(0)
                    shutil.copyfileobj(column, member, 1 << 20)
                column.close()
            for name, value in self._size.items():
                with archive.open(f'{name}.npy', 'w') as member:
                    np.lib.format.write_array(member, np.array(value))
