# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
The table labels.csv, written while a recording is made; see `labelled_recordings.py`.

Until the recording is finished, its rows name the journal that it is made of.
"""
import csv
import os
from pathlib import Path

from snn_gesture_ros.datasets.labelled_recordings import NEEDED, read_table, TABLE
from snn_gesture_ros.files import naming, read_regular
from snn_gesture_ros.recordings.journal import journal_of


class LabelTable:
    """Add the rows of one recording, each at once and for good, to the table beside it."""

    def __init__(self, recording: Path, person: str = '', replace: bool = False,
                 rotation: int = 0):
        """
        Look at the table that is there, if any.

        :param person: who is recorded.
        :param replace: whether rows that the table has of this recording may go at the end.
        :param rotation: degrees by which its events are to be turned clockwise.
        :raises ValueError: if they may not, or if the table is damaged or has no such column.
        """
        self.path = recording.parent / TABLE
        self.rows = 0
        """Rows that were added."""
        self._recording = recording.name
        self._file = journal_of(recording).name
        told = {'person': person, 'rotation': rotation}
        self._told = {name: value for name, value in told.items() if value}
        """Of every row."""
        self._columns = (*NEEDED, *self._told)
        if not self.path.exists():
            return
        content = read_regular(self.path)
        files = {row.file for row in read_table(self.path, content)}
        columns = next(csv.reader(content.decode('utf-8-sig').splitlines()))
        for name in self._columns:
            if name not in columns:
                raise ValueError(f'{self.path}: the table has no column {name}; add one to its '
                                 f'first line, or record without --{name}')
        self._columns = columns
        if recording.name in files and not replace:
            raise ValueError(f'{self.path} has rows of {recording.name} already; --force replaces '
                             'them, or choose another name')
        if self._file in files or not content.endswith(b'\n'):
            _rewrite(self.path, {self._file: None})

    def add(self, start_us: int, end_us: int, label: str) -> None:
        """Add a row; times are counted from the recording's first event."""
        is_new = not self.path.exists()
        with (naming(self.path),
              self.path.open('a', newline='', encoding='utf-8') as file):
            table = csv.DictWriter(file, self._columns, restval='')
            if is_new:
                table.writeheader()
            row = {'file': self._file, 'start_s': f'{start_us / 1e6:.6f}',
                   'end_s': f'{end_us / 1e6:.6f}', 'label': label}
            table.writerow({**row, **self._told})
        self.rows += 1

    def finish(self) -> None:
        """Let the rows be those of the recording, which is there now; those that it had go."""
        if self.path.exists():
            _rewrite(self.path, {self._recording: None, self._file: self._recording})


def hand_over_labels(journal: Path, recording: Path) -> None:
    """
    Give the rows of a journal, if it has any, to the recording that was made of it beside it.

    :raises ValueError: if the table is damaged.
    """
    table = recording.parent / TABLE
    if not table.exists() or journal.resolve().parent != recording.resolve().parent:
        return
    files = {row.file for row in read_table(table, read_regular(table))}
    if journal.name in files:
        _rewrite(table, {recording.name: None, journal.name: recording.name})


def _rewrite(path: Path, names: dict) -> None:
    """Write a table anew, with files named otherwise, and without the rows of those named None."""
    with path.open(newline='', encoding='utf-8-sig') as file:
        table = csv.DictReader(file)
        rows = [{**row, 'file': name} for row in table
                if (name := names.get(row['file'].strip(), row['file'])) is not None]
    if not rows:
        path.unlink()
        return
    temporary = path.with_name(f'{TABLE}.tmp')
    with naming(path), temporary.open('w', newline='', encoding='utf-8') as file:
        kept = csv.DictWriter(file, table.fieldnames, extrasaction='ignore')
        kept.writeheader()
        kept.writerows(rows)
    os.replace(temporary, path)
