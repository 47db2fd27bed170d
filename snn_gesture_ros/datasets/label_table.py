# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The table labels.csv, written while a recording is made; see `labelled_recordings.py`."""
import csv
import os
from pathlib import Path

from snn_gesture_ros.datasets.labelled_recordings import NEEDED, read_table, TABLE


class LabelTable:
    """Add the rows of one recording, each at once and for good, to the table beside it."""

    def __init__(self, recording: Path, person: str = '', replace: bool = False):
        """
        Look at the table that is there, if any.

        :param person: who is recorded.
        :param replace: whether rows that the table has of this recording may go.
        :raises ValueError: if they may not, or if the table is damaged or has no such column.
        """
        self.path = recording.parent / TABLE
        self.rows = 0
        """Rows that were added."""
        self._file, self._person = recording.name, person
        self._columns = (*NEEDED, *(['person'] if person else []))
        if not self.path.exists():
            return
        content = self.path.read_bytes()
        rows = read_table(self.path, content)
        lines = content.decode('utf-8-sig').splitlines()
        columns = next(csv.reader(lines))
        if not set(self._columns) <= set(columns):
            raise ValueError(f'{self.path}: the table has no column person; add one to its first '
                             'line, or record without a person')
        self._columns = columns
        if any(row.file == self._file for row in rows):
            if not replace:
                raise ValueError(f'{self.path} has rows of {self._file} already; --force replaces '
                                 'them, or choose another name')
            self._rewrite(lines)
        elif not content.endswith(b'\n'):
            self._rewrite(lines)

    def add(self, start_us: int, end_us: int, label: str) -> None:
        """Add a row; times are counted from the recording's first event."""
        is_new = not self.path.exists()
        with self.path.open('a', newline='', encoding='utf-8') as file:
            table = csv.DictWriter(file, self._columns, restval='')
            if is_new:
                table.writeheader()
            row = {'file': self._file, 'start_s': f'{start_us / 1e6:.6f}',
                   'end_s': f'{end_us / 1e6:.6f}', 'label': label}
            table.writerow({**row, 'person': self._person} if self._person else row)
        self.rows += 1

    def _rewrite(self, lines: list) -> None:
        """Leave out the rows of this recording."""
        table = csv.DictReader(lines)
        temporary = self.path.with_name(f'{TABLE}.tmp')
        with temporary.open('w', newline='', encoding='utf-8') as file:
            kept = csv.DictWriter(file, self._columns)
            kept.writeheader()
            kept.writerows(row for row in table if row['file'].strip() != self._file)
        os.replace(temporary, self.path)
