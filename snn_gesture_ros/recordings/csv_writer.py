# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Csv files as DV exports them: `timestamp,x,y,polarity`, microseconds, an event a line."""
from pathlib import Path

import numpy as np

HEADER = 'timestamp,x,y,polarity\n'


class CsvWriter:
    """Append lines; the size of the sensor has no place in them."""

    def __init__(self, path: Path, width, height):
        """Begin with no event."""
        self._file = path.open('w')
        self._file.write(HEADER)

    def write(self, events: np.ndarray) -> None:
        """Add EVENT[n]."""
        self._file.writelines(f'{t},{x},{y},{p}\n' for t, x, y, p in events.tolist())

    def close(self) -> None:
        """Close the file."""
        self._file.close()
