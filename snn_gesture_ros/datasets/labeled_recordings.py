# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A folder of recordings of any format with a table labels.csv, one clip a row."""
import csv
from dataclasses import replace
from functools import partial
import hashlib
from pathlib import Path
import re
from typing import NamedTuple

from snn_gesture_ros.datasets.clip_set import Clip, SPLITS
from snn_gesture_ros.datasets.cutting import Cleaning, cut_recording
from snn_gesture_ros.datasets.importing import Source
from snn_gesture_ros.events.geometry import ROTATIONS, Turn
from snn_gesture_ros.files import naming, read_regular, written
from snn_gesture_ros.recordings.bag_writer import journal_of

TABLE = 'labels.csv'
NEEDED = ('file', 'start_s', 'end_s', 'label')
COLUMNS = (*NEEDED, 'person', 'split', 'topic', 'sensor', 'rotation', 'flip_x')
FLIPS = {'true': True, 'false': False, '': None}


class Row(NamedTuple):
    """A row of the table."""

    line: int
    file: str
    start_us: int
    end_us: int
    """None for the recording's end."""
    label: str
    person: str
    split: str
    topic: str
    sensor_size: tuple
    """None where the recording has it."""
    turn: Turn = Turn()

    @property
    def view(self) -> tuple:
        """What of a recording the row shows: topic, size of the sensor and Turn."""
        return self.topic, self.sensor_size, self.turn


class LabeledRecordings(Source):
    """The clips of a folder of recordings with a table of labels."""

    def __init__(self, path, validation: float = 0.1, test: float = 0.1,
                 cleaning: Cleaning = Cleaning(), encoding=None, size=None):
        """
        Read the table.

        :param path: the folder, or the table.
        :param validation: share of the persons whose split the table leaves open.
        :param encoding: of recordings without a header, see `open_recording`.
        :param size: width and height of the sensor, where neither table nor recording has it.
        :raises ValueError: names the line of the table that is wrong.
        :raises OSError: if there is no table.
        """
        super().__init__()
        check_shares(validation, test)
        table = Path(path) / TABLE if Path(path).is_dir() else Path(path)
        self._folder = table.parent
        self._cleaning = cleaning
        self._encoding, self._size = encoding, size
        content = read_regular(table)
        rows = read_table(table, content)
        self._splits = draw_splits(table, rows, validation, test)
        self._rows = {}
        for row in rows:
            name = ' '.join(filter(None, [row.file, row.topic])).replace('/', '_')
            identity = [row.file, row.topic, row.sensor_size]
            if row.turn != Turn():
                identity += row.turn
            digest = hashlib.sha256('\0'.join(map(str, identity)).encode())
            part = f'{name[-80:]}-{digest.hexdigest()[:8]}'
            self._rows.setdefault(part, []).append(row)
        self.parts = list(self._rows)
        self.description = {
            'made_by': 'labelled recordings', 'validation': validation, 'test': test,
            'labels_csv_sha256': hashlib.sha256(content).hexdigest(), **cleaning.description()}

    def recordings(self, wanted):
        """Yield each wanted recording; see `Source`."""
        for part in wanted:
            yield part, partial(self._read, self._rows[part])

    def _read(self, rows):
        file, (topic, size, turn) = rows[0].file, rows[0].view
        cleaning = replace(self._cleaning, geometry=self._cleaning.geometry.turned(turn))
        cuts, scale = cut_recording(
            self._folder / file, [(row.start_us, row.end_us) for row in rows], topic or None,
            size or self._size, cleaning=cleaning, encoding=self._encoding, notes=self.notes)
        clips = []
        for row, cut in zip(rows, cuts):
            if cut is None:
                raise ValueError(f'{self._folder / file}: line {row.line} of the table begins '
                                 'after the last event')
            clips.append((Clip(row.label, row.person or file, file, self._splits[file], cut[0],
                               source=file, scale=scale), cut[1]))
        return clips


def check_shares(validation: float, test: float) -> None:
    """Raise ValueError if shares are negative or more than one together."""
    if min(validation, test) < 0 or validation + test > 1:
        raise ValueError('the shares of validation and test must be within 0 and 1')


def read_table(path: Path, content: bytes) -> list:
    """
    Read the rows of a table.

    :raises ValueError: names the line that is wrong.
    """
    try:
        table = csv.DictReader(content.decode('utf-8-sig').splitlines())
        missing = [name for name in NEEDED if name not in (table.fieldnames or ())]
        if missing:
            raise ValueError(f'{path}: the first line must name the columns {", ".join(NEEDED)}; '
                             f'{", ".join(missing)} is missing')
        rows = [_read_row(f'{path} line {table.line_num}', table.line_num, row) for row in table]
    except (csv.Error, UnicodeDecodeError) as error:
        raise ValueError(f'{path}: this is not a table of comma-separated values in UTF-8 '
                         f'({error})') from None
    if not rows:
        raise ValueError(f'{path}: the table has no rows')
    return rows


def draw_splits(path, rows: list, validation: float, test: float) -> dict:
    """
    Return the split of each recording, so that no person is in two of them.

    Recordings and persons that the table leaves open are ordered by a hash of their names, and
    the first get their shares; at least one each from three on.

    :raises ValueError: if the table itself cuts a person or a recording.
    """
    parent = {}

    def group_of(key):
        while parent.setdefault(key, key) != key:
            key = parent[key]
        return key

    for row in rows:
        recording = group_of(('recording', row.file))
        if row.person:
            parent[recording] = group_of(('person', row.person))
    given = {}
    for row in rows:
        group = group_of(('recording', row.file))
        if row.split and given.setdefault(group, row.split) != row.split:
            raise ValueError(f'{path} line {row.line}: {row.person or row.file} is in '
                             f'{given[group]} already; a person or a recording that is in two '
                             'splits makes figures too good')
    groups = {group_of(('recording', row.file)) for row in rows} - given.keys()
    order = sorted(groups, key=lambda group: hashlib.sha256(repr(group).encode()).digest())
    least = 1 if len(order) > 2 else 0
    tests = max(round(test * len(order)), least if test else 0)
    validations = max(round(validation * len(order)), least if validation else 0)
    for k, group in enumerate(order):
        given[group] = ('test' if k < tests else
                        'validation' if k < tests + validations else 'train')
    return {row.file: given[group_of(('recording', row.file))] for row in rows}


def _read_row(where: str, line: int, texts: dict) -> Row:
    file, start, end, label, person, split, topic, sensor, rotation, flip_x = (
        (texts.get(name) or '').strip() for name in COLUMNS)
    if not file or not label:
        raise ValueError(f'{where}: file or label is empty')
    if split and split not in SPLITS:
        raise ValueError(f'{where}: split {split!r} is not one of {", ".join(SPLITS)}')
    start_us = read_seconds(where, 'start_s', start) if start else 0
    end_us = read_seconds(where, 'end_s', end) if end else None
    if end_us is not None and end_us <= start_us:
        raise ValueError(f'{where}: end_s must be later than start_s')
    size = re.fullmatch(r'([1-9]\d{0,4})x([1-9]\d{0,4})', sensor)
    if sensor and not size:
        raise ValueError(f'{where}: sensor {sensor!r} is not WIDTHxHEIGHT, as 346x260')
    if rotation and rotation not in map(str, ROTATIONS):
        raise ValueError(f'{where}: rotation {rotation!r} is not one of '
                         f'{", ".join(map(str, ROTATIONS))}')
    if flip_x.lower() not in FLIPS:
        raise ValueError(f'{where}: flip_x {flip_x!r} is neither true nor false')
    return Row(line, file, start_us, end_us, label, person, split, topic,
               tuple(map(int, size.groups())) if size else None,
               Turn(int(rotation) if rotation else None, FLIPS[flip_x.lower()]))


def read_seconds(where: str, name: str, text: str) -> int:
    """
    Read seconds as microseconds.

    :raises ValueError: with the place, if they are not a number of seconds.
    """
    try:
        seconds = float(text)
        if 0 <= seconds < 1e9:
            return round(seconds * 1e6)
    except ValueError:
        pass
    raise ValueError(f'{where}: {name} {text!r} is not a number of seconds')


class LabelTable:
    """Append rows of one recording to the table in its folder; each is written at once."""

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
        columns = {'person': person, 'rotation': rotation}
        self._common = {name: value for name, value in columns.items() if value}
        """Of every row."""
        self._columns = (*NEEDED, *self._common)
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
            table.writerow({**row, **self._common})
        self.rows += 1

    def finish(self) -> None:
        """Rename the rows to the recording, which is finished now; its former rows are removed."""
        if self.path.exists():
            _rewrite(self.path, {self._recording: None, self._file: self._recording})


def hand_over_labels(journal: Path, recording: Path) -> None:
    """
    Move the rows of a journal, if it has any, to the recording that was made of it.

    :raises ValueError: if the table is damaged.
    """
    table = recording.parent / TABLE
    if not table.exists() or journal.resolve().parent != recording.resolve().parent:
        return
    files = {row.file for row in read_table(table, read_regular(table))}
    if journal.name in files:
        _rewrite(table, {recording.name: None, journal.name: recording.name})


def _rewrite(path: Path, names: dict) -> None:
    """Rename files in a table; remove the rows of those whose new name is None."""
    with path.open(newline='', encoding='utf-8-sig') as file:
        table = csv.DictReader(file)
        rows = [{**row, 'file': name} for row in table
                if (name := names.get(row['file'].strip(), row['file'])) is not None]
    if not rows:
        path.unlink()
        return
    with written(path, 'w', newline='', encoding='utf-8') as file:
        kept = csv.DictWriter(file, table.fieldnames, extrasaction='ignore')
        kept.writeheader()
        kept.writerows(rows)
