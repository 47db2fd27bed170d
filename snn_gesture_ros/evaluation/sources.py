# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Sources: which recordings are evaluated, and what they show.

What a recording shows is looked up in this order: one label for all; a table that was named; a
table of its own in the same folder, NAME_labels.csv, as DVS128 Gesture has them; a labels.csv (see
`datasets/labeled_recordings.py`) in its folder or one above; the only label in its name or in
that of its folder, as in `user3_hand_clapping.npz` and `Hand Clapping/3.npz`. It may be unknown.

A table of one recording has the columns start, end (seconds since its first event) and label, or
those of DVS128 Gesture: class,startTime_usec,endTime_usec in camera time.
"""
import csv
from pathlib import Path
import re
from typing import NamedTuple, Optional

from snn_gesture_ros.datasets.dvs128_gesture import (
    Download, find_extracted, is_download, is_for_training, label_of, read_trials, SENSOR_SIZE,
    trials)
from snn_gesture_ros.datasets.labeled_recordings import NEEDED, read_seconds, read_table, TABLE
from snn_gesture_ros.events.geometry import Turn
from snn_gesture_ros.files import read_regular
from snn_gesture_ros.labels import DVS128_GESTURES, NONE
from snn_gesture_ros.recordings.opening import find_recordings, SUFFIXES

DVS128_HEADER = 'class,startTime_usec,endTime_usec'
LETTER = r'[^\W\d_]'
SEPARATORS = r'[\s_-]*'


class Part(NamedTuple):
    """A part of a recording with a label."""

    label: str
    start_us: int
    end_us: Optional[int]
    """None for the recording's end."""


class Source(NamedTuple):
    """A recording to evaluate."""

    path: Path
    parts: tuple = ()
    """Tuple of Part; empty where it is unknown what the recording shows."""
    camera_time: bool = False
    """Whether the parts are in camera time, not from the first event."""
    topic: Optional[str] = None
    """Topic of a bag with several cameras."""
    sensor_size: Optional[tuple] = None
    """Width and height, where a table or the user names them."""
    encoding: Optional[str] = None
    """Encoding of a file without a header, if the user names it."""
    notes: tuple = ()
    """Lines on the labels that are left out."""
    archive: Optional[Download] = None
    """Archive that holds the recording, where it is not a file of its own."""
    turn: Turn = Turn()
    """Rotation and reflection of the image, where a table names them."""
    people: tuple = ()
    """The people in it, where a table names them."""

    @property
    def name(self) -> str:
        """Path and view: the same recording may be evaluated as it is and mirrored."""
        rotation, flip_x = self.turn
        seen = [f'turned by {rotation}'] * bool(rotation) + ['mirrored'] * bool(flip_x)
        return f'{self.path}{" (" + ", ".join(seen) + ")" if seen else ""}'


class Labels(NamedTuple):
    """What the user specifies about the recordings; all may be None."""

    table: Optional[Path] = None
    label: Optional[str] = None
    """Label of all recordings, from start to end."""
    topic: Optional[str] = None
    """Topic of bags, where no table names it."""
    names: tuple = ()
    """Labels of the network, which are looked for in names of files and folders."""
    encoding: Optional[str] = None
    """Encoding of recordings without a header."""
    sensor_size: Optional[tuple] = None
    """Width and height, where neither a table nor the recording has them."""


def find_sources(paths: list, labels: Labels, open_file=open) -> tuple:
    """
    Return the Source of every recording at some paths, and a line for each that is left out.

    Of the download of DVS128 Gesture, only the recordings of its test list are returned.

    :param paths: recordings, folders of them, a table instead of the recordings that it lists, or
        the download, as an archive or unpacked.
    :param open_file: opens an archive to index it, as `open` does; it may show progress.
    :raises ValueError: if there are none, or a table is wrong.
    :raises OSError: if a path or a table cannot be read.
    """
    tables = _Tables(labels)
    sources, left_out = [], []
    for path in map(Path, paths):
        path.stat()
        if is_download(path):
            if not tables.are_looked_for:
                raise ValueError(f'{path} has its own labels: leave out --label-table and --label')
            found, notes = _test_recordings(path, open_file)
            sources += found
            left_out += notes
            continue
        if path.is_dir() and tables.are_looked_for and find_extracted(path):
            tree = find_extracted(path)
            tests = trials(tree, 'test')
            sources += [Source(file, (Part(label_of(file), 0, None),), sensor_size=SENSOR_SIZE)
                        for file in tests]
            left_out.append(f'{tree}: its {len(tests)} trials for test are evaluated, '
                            f'{len(trials(tree, "train"))} for training are left out')
            continue
        if is_table(path):
            if not tables.are_looked_for:
                raise ValueError(f'{path} is a table of recordings with their labels: leave out '
                                 '--label-table and --label')
            sources += [each for file in tables.files(path) for each in tables.listed(file, path)]
            continue
        for file in _recordings(path, tables):
            if file != path and is_for_training(file):
                left_out.append(f'{file}: DVS128 Gesture has it for training; left out')
                continue
            found = tables.sources(file, path)
            sources += found
            if not found:
                left_out.append(f'{file}: no table of labels lists it; left out')
    sources = [source._replace(encoding=labels.encoding,
                               sensor_size=source.sensor_size or labels.sensor_size)
               for source in dict.fromkeys(sources)]
    if labels.table is not None and not tables.by_file and len(sources) > 1:
        raise ValueError(f'{labels.table}: a table without the column file is for one recording, '
                         f'there are {len(sources)}')
    if not sources:
        raise ValueError('; '.join(left_out) or (
            f'{", ".join(map(str, paths))}: there is no recording; '
            f'files that end in {", ".join(SUFFIXES)} are looked for'))
    return sources, left_out


def is_table(path: Path) -> bool:
    """Return whether a file is a table of recordings, by its first line."""
    if path.suffix != '.csv' or not path.is_file():
        return False
    with path.open('rb') as file:
        names = file.readline().decode('utf-8-sig', 'replace')
    return {'file', 'label'} <= {name.strip() for name in names.split(',')}


def _recordings(path: Path, tables) -> list:
    """Return the recordings at a path and below it, also missing ones that a table names."""
    named = [file for table in path.rglob(TABLE)
             if tables.are_looked_for
             and not any(part.startswith('.') for part in table.relative_to(path).parts)
             for file in tables.files(table)]
    parts_of_bags = {folder for file in named for folder in file.parents}
    return sorted({*named, *find_recordings(path)} - parts_of_bags)


def _test_recordings(path: Path, open_file) -> tuple:
    """Return the sources of a download of DVS128 Gesture, and lines that the user should read."""
    download = Download(path, open_file=open_file)
    parts = [part for part in sorted(download.trials) if download.splits[part] == 'test']
    others = len(download.trials) - len(parts)
    archive = download if path.is_file() else None
    return [Source(path / f'{part}.aedat',
                   tuple(Part(*trial) for _, *trial in download.trials[part]), True,
                   sensor_size=SENSOR_SIZE, notes=tuple(download.odd[part]), archive=archive)
            for part in parts], [
        *download.faults, f'{path}: its {len(parts)} recordings for test are evaluated, '
                          f'{others} for training are left out']


class _Tables:
    """Tables of labels, each of which is read once."""

    def __init__(self, labels: Labels):
        self._labels = labels
        self._read = {}
        self.by_file = False
        """Whether the table that was named lists several recordings."""
        if labels.table is not None:
            content = read_regular(labels.table)
            self.by_file = b'file' in content.split(b'\n', 1)[0]

    @property
    def are_looked_for(self) -> bool:
        """Whether tables are looked for, since the user named neither one nor a label."""
        return self._labels.label is None and self._labels.table is None

    def files(self, table: Path) -> list:
        """Return the recordings of a table, also those that are missing."""
        return list(dict.fromkeys(table.parent / row.file for row in self._rows(table)))

    def sources(self, path: Path, root: Path) -> list:
        """
        Return the sources of a recording, one for each of its topics that a table lists.

        There is none if a table next to it does not list it, unless the user named the recording.

        :param root: folder above which no table is looked for; or the recording itself, if the
            user named it.
        """
        is_named = path == root
        root = root.parent if is_named else root
        given = self._labels
        if given.label is not None:
            return [Source(path, (Part(given.label, 0, None),), topic=given.topic)]
        if given.table is not None and not self.by_file:
            return [self._own(path, given.table)]
        if given.table is not None:
            return self.listed(path, given.table)
        own = path.with_name(f'{path.name if path.is_dir() else path.stem}_labels.csv')
        if own.is_file():
            return [self._own(path, own)]
        is_left_out = False
        for folder in path.parents:
            if (folder / TABLE).is_file():
                listed = self.listed(path, folder / TABLE)
                if listed:
                    return listed
                is_left_out = not is_named
            if folder == root:
                break
        if is_left_out:
            return []
        label = self._label_of_name(path, root)
        return [Source(path, (Part(label, 0, None),) if label else (), topic=given.topic)]

    def _rows(self, table):
        if table not in self._read:
            self._read[table] = read_table(table, read_regular(table))
        return self._read[table]

    def _own(self, path, table):
        text = table.read_text('utf-8-sig', 'replace')
        if text.startswith(DVS128_HEADER):
            trials, odd = read_trials(text)
            parts = tuple(Part(*trial) for _, *trial in trials)
            notes = tuple(f'{table} {reason}; skipped' for reason in odd)
            return Source(path, parts, True, self._labels.topic, notes=notes)
        return Source(path, read_parts(table, text), topic=self._labels.topic)

    def listed(self, path: Path, table: Path) -> list:
        """Return the sources of a recording, one for each view of it that a table lists."""
        found = {}
        for row in self._rows(table):
            if (table.parent / row.file).resolve() == path.resolve():
                found.setdefault(row.view, []).append(row)
        return [Source(path, tuple(Part(row.label, row.start_us, row.end_us) for row in rows),
                       topic=topic or self._labels.topic, sensor_size=size, turn=turn,
                       people=tuple(sorted({row.person for row in rows if row.person})))
                for (topic, size, turn), rows in found.items()]

    def _label_of_name(self, path, root):
        names = [path.stem]
        for folder in path.parents:
            names.append(folder.name)
            if folder == root:
                break
        known = {*self._labels.names, *DVS128_GESTURES, NONE}
        inside = next(filter(None, (labels_in(name, known) for name in names)), [])
        return inside[0] if len(inside) == 1 else None


def labels_in(name: str, known) -> list:
    """Return the labels in a name, without those that are part of another label in it."""
    def is_in(label, text):
        words = map(re.escape, re.split(r'[\s_-]+', label.lower()))
        return re.search(f'(?<!{LETTER}){SEPARATORS.join(words)}(?!{LETTER})', text.lower())

    found = [label for label in known if any(map(str.isalpha, label)) and is_in(label, name)]
    return [label for label in found
            if not any(is_in(label, other) for other in found if other != label)]


def read_parts(table: Path, text: str) -> tuple:
    """
    Return the Parts in the table of one recording, with the columns start, end and label.

    :raises ValueError: if a line is wrong; names the line.
    """
    rows = csv.DictReader(text.splitlines())
    columns = {(name or '').strip().removesuffix('_s'): name for name in rows.fieldnames or ()}
    missing = [name for name in ('start', 'end', 'label') if name not in columns]
    if missing:
        raise ValueError(f'{table}: the first line must name the columns start, end, label (of '
                         f'one recording) or {", ".join(NEEDED)}; {missing[0]} is missing')
    parts = []
    for row in rows:
        where = f'{table} line {rows.line_num}'
        start, end, label = ((row[columns[name]] or '').strip() for name in (
            'start', 'end', 'label'))
        start_us = read_seconds(where, 'start', start) if start else 0
        end_us = read_seconds(where, 'end', end) if end else None
        if not label or end_us is not None and end_us <= start_us:
            raise ValueError(f'{where}: ' + ('end must be later than start' if label
                                             else 'the label is empty'))
        parts.append(Part(label, start_us, end_us))
    return tuple(parts)
