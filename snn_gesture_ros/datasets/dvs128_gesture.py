# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""DVS128 Gesture: the download, packed or not, and the tree that SpikingJelly extracts."""
from contextlib import ExitStack, suppress
import csv
from functools import partial
import gzip
import hashlib
import json
import os
from pathlib import Path, PurePosixPath
import tarfile
import zlib

from snn_gesture_ros.datasets.clip_set import Clip
from snn_gesture_ros.datasets.cutting import Cleaning, cut_clips
from snn_gesture_ros.datasets.importing import Source
from snn_gesture_ros.labels import DVS128_GESTURES
from snn_gesture_ros.recordings.aedat31 import Aedat31
from snn_gesture_ros.recordings.opening import open_recording

ARCHIVE = 'DvsGesture.tar.gz'
FOLDER = 'DvsGesture'
TRAIN_LIST, TEST_LIST = 'trials_to_train.txt', 'trials_to_test.txt'
VALIDATION_PERSONS = ('user20', 'user21', 'user22', 'user23')
"""Taken from the 23 persons that the download has for training."""
SENSOR_SIZE = (128, 128)
MAX_TRIAL_US = 30_000_000
"""Trials last 5 to 9 s; a longer one is a mistake."""
GZIP_START = b'\x1f\x8b'
MAX_TEXT = 1 << 20
"""Bytes of a list or a table of labels; none is nearly as long."""
EXTRACTED_FOLDER = 'events_np'
LABELS = {str(number): label for number, label in enumerate(DVS128_GESTURES)}
"""Label by the name of its folder."""


class Download:
    """The recordings of the download and their trials; nothing is unpacked to the disk."""

    def __init__(self, path, open_file=open):
        """
        Index the download; an archive is read once for that, see `index_path`.

        :param path: the archive, the folder that it was unpacked to, or one that holds either.
        :param open_file: opens the archive to index it, as `open` does; it may show progress.
        :raises ValueError: if the archive is cut off or damaged, or nothing of it is there.
        :raises OSError: if it cannot be read.
        """
        path = find_download(path) or Path(path)
        self.faults = []
        """What is missing, a line each."""
        self.trials = {}
        """Of each recording: the lines of its table with a row's label, start and end."""
        self.odd = {}
        """Of each recording: what is wrong with rows of its table, a line each."""
        self.splits = {}
        """Train, validation or test, of each recording."""
        self._files = _Unpacked(path) if path.is_dir() else _Archive(path, open_file)
        for name, split in ((TRAIN_LIST, 'train'), (TEST_LIST, 'test')):
            if name not in self._files.texts:
                raise ValueError(f'{path}: {name} is missing; download the data set again')
            for recording in self._files.texts[name].split():
                self._add(PurePosixPath(recording).stem, split)
        if not self.trials:
            raise ValueError(f'{path}: none of the listed recordings is there: '
                             + '; '.join(self.faults[:3]))

    def clips(self) -> list:
        """Return a Clip for each trial."""
        return [self.clip(part, label, end_us - start_us)
                for part, trials in self.trials.items() for _, label, start_us, end_us in trials]

    def clip(self, part: str, label: str, duration_us: int) -> Clip:
        """Return the Clip of a trial."""
        return Clip(label, _person(part), part, self.splits[part], duration_us,
                    source='DVS128 Gesture')

    def recordings(self, wanted):
        """
        Yield the name of each wanted recording, and a function that opens it.

        Those of an archive come in its order, and only until the next is asked for.
        """
        return self._files.recordings(set(wanted))

    def _add(self, part, split):
        missing = [name for name, there in (
            (f'{part}.aedat', part in self._files.parts),
            (f'{part}_labels.csv', f'{part}_labels.csv' in self._files.texts)) if not there]
        if missing:
            self.faults += [f'{self._files.path}: {name} is missing' for name in missing]
            return
        trials, odd = read_trials(self._files.texts[f'{part}_labels.csv'])
        self.trials[part] = trials
        self.odd[part] = [f'{part}_labels.csv {reason}; skipped' for reason in odd]
        self.splits[part] = ('validation' if split == 'train'
                             and _person(part) in VALIDATION_PERSONS else split)


class Dvs128Gesture(Source):
    """The trials of the download, each a clip; test persons are those of its own list."""

    def __init__(self, path, cleaning: Cleaning = Cleaning(), open_file=open):
        """Index the download; see `Download`."""
        super().__init__()
        self.description = {'made_by': 'DVS128 Gesture', 'validation_persons': VALIDATION_PERSONS,
                            **cleaning.description()}
        self._cleaning = cleaning
        self._download = Download(path, open_file)
        self.faults += self._download.faults
        self.notes += [note for odd in self._download.odd.values() for note in odd]
        self.parts = sorted(self._download.trials)

    def recordings(self, wanted):
        """Yield each wanted recording; see `Source`."""
        for part, open_part in self._download.recordings(wanted):
            yield part, partial(self._read, part, open_part)

    def _read(self, part, open_part):
        trials = self._download.trials[part]
        with open_part() as recording:
            cuts = cut_clips(recording.events(), SENSOR_SIZE,
                             [(start_us, end_us) for _, _, start_us, end_us in trials],
                             zero_us=0, cleaning=self._cleaning)
        clips = []
        for (line, label, _, _), cut in zip(trials, cuts):
            if cut is None or not len(cut[1]):
                self.notes.append(f'{part}_labels.csv line {line}: the recording has no events '
                                  'at that time; skipped')
                continue
            duration_us, events = cut
            clips.append((self._download.clip(part, label, duration_us), events))
        return clips


def find_download(path):
    """Return the archive or the unpacked folder at a path or right within it, or None."""
    path = Path(path)
    if path.is_file():
        return path if _is_zipped(path) or tarfile.is_tarfile(path) else None
    for folder in (path, path / FOLDER):
        if (folder / TRAIN_LIST).exists() or any(folder.glob('user*_labels.csv')):
            return folder
    return path / ARCHIVE if (path / ARCHIVE).exists() else None


def index_path(archive: Path) -> Path:
    """Return where the index of an archive is kept, so that it is read for it only once."""
    caches = os.environ.get('XDG_CACHE_HOME') or Path('~/.cache').expanduser()
    name = hashlib.sha256(str(archive.resolve()).encode()).hexdigest()
    return Path(caches, 'snn_gesture_ros', f'{name[:16]}.json')


def is_download(path: Path) -> bool:
    """Return whether a path is the archive or, with its lists, what it was unpacked to."""
    return (path / TEST_LIST).is_file() or path.is_file() and find_download(path) is not None


def is_for_training(recording: Path) -> bool:
    """Return whether a recording lies in the download, and is not in its list for test."""
    tests = recording.parent / TEST_LIST
    return tests.is_file() and recording.name not in tests.read_text().split()


def read_trials(text: str) -> tuple:
    """
    Read a table of labels.

    :returns: a list of line, label, start and end in µs of camera time; and for each odd row
        its line and what is wrong with it.
    """
    trials, odd = [], []
    rows = csv.reader(text.splitlines())
    next(rows, None)
    for row in rows:
        if not row:
            continue
        try:
            number, start_us, end_us = map(int, row)
        except ValueError:
            reason = 'is not three whole numbers'
        else:
            if not 1 <= number <= len(DVS128_GESTURES):
                reason = f'has class {number}, which is not 1 to {len(DVS128_GESTURES)}'
            elif not 0 < end_us - start_us <= MAX_TRIAL_US:
                reason = f'lasts {(end_us - start_us) / 1e6} s'
            else:
                trials.append((rows.line_num, DVS128_GESTURES[number - 1], start_us, end_us))
                continue
        odd.append(f'line {rows.line_num} {reason}')
    return trials, odd


def _is_zipped(path):
    with path.open('rb') as file:
        return file.read(len(GZIP_START)) == GZIP_START


def _person(part):
    return part.split('_')[0]


class _Unpacked:
    """The unpacked folder."""

    def __init__(self, path):
        self.path = path
        self.texts = {file.name: file.read_text('utf-8-sig', 'replace')
                      for file in path.iterdir() if file.suffix in ('.txt', '.csv')}
        self.parts = {file.stem for file in path.glob('*.aedat')}

    def recordings(self, wanted):
        for part in sorted(wanted):
            yield part, partial(Aedat31, self.path / f'{part}.aedat')


class _Archive:
    """The archive, which is read from its start each time, and never unpacked to the disk."""

    def __init__(self, path, open_file):
        self.path = path
        status = path.stat()
        identity = {'bytes': status.st_size, 'modified_ns': status.st_mtime_ns}
        index_file = index_path(path)
        try:
            index = json.loads(index_file.read_text())
        except (OSError, ValueError):
            index = {}
        if index.get('archive') == identity:
            self.texts, self.parts = index['texts'], set(index['parts'])
            return
        self._make_index(open_file)
        with suppress(OSError):     # without a place for it, the next command reads the archive
            index_file.parent.mkdir(parents=True, exist_ok=True)
            index_file.write_text(json.dumps(
                {'archive': identity, 'texts': self.texts, 'parts': sorted(self.parts)}))

    def recordings(self, wanted):
        for name, path, stream in self._members(('.aedat',)) if wanted else ():
            if name.stem in wanted:
                yield name.stem, partial(Aedat31, path, stream)
                wanted = wanted - {name.stem}
                if not wanted:
                    break

    def _make_index(self, open_file):
        self.texts, self.parts = {}, set()
        for name, _, stream in self._members(('.txt', '.csv', '.aedat'), open_file):
            if name.suffix == '.aedat':
                self.parts.add(name.stem)
            else:
                self.texts[name.name] = stream.read(MAX_TEXT).decode('utf-8-sig', 'replace')

    def _members(self, suffixes, open_file=open):
        """Yield the name, the path and the stream of the files of some kinds."""
        member = None
        try:
            with ExitStack() as opened:
                file = opened.enter_context(open_file(self.path, 'rb'))
                if _is_zipped(self.path):
                    file = opened.enter_context(gzip.open(file))
                with tarfile.open(fileobj=file, mode='r|') as archive:
                    for member in archive:
                        name = PurePosixPath(member.name)
                        if (member.isfile() and name.suffix in suffixes
                                and not name.name.startswith('._')):
                            yield name, self.path / name, archive.extractfile(member)
                while file.read(MAX_TEXT):
                    pass    # to the end, where a cut shows
        except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
            after = f' after {member.name}' if member else ''
            raise ValueError(f'{self.path}: the archive is cut off or damaged{after} ({error}); '
                             'download it again') from None


class ExtractedDvs128(Source):
    """The trials of the tree, each a clip; test persons are those of its own folder."""

    def __init__(self, path: Path, cleaning: Cleaning = Cleaning()):
        """
        List the trials.

        :param path: what `find_extracted` finds.
        """
        super().__init__()
        self.description = {'made_by': 'DVS128 Gesture of SpikingJelly',
                            'validation_persons': VALIDATION_PERSONS, **cleaning.description()}
        self._folder, self._cleaning = path, cleaning
        self._trials = {'-'.join(file.relative_to(path).with_suffix('').parts): (file, split)
                        for split in ('train', 'test') for file in trials(path, split)}
        self.parts = sorted(self._trials)
        self.faults += [f'{path}/{split}: there are no trials' for split in ('train', 'test')
                        if not any(trials(path, split))]

    def recordings(self, wanted):
        """Yield each wanted recording; see `Source`."""
        for part in wanted:
            yield part, partial(self._read, part)

    def _read(self, part):
        file, split = self._trials[part]
        with open_recording(file) as recording:
            cut, = cut_clips(recording.events(), SENSOR_SIZE, [(0, None)],
                             cleaning=self._cleaning)
        if cut is None:
            raise ValueError(f'{file}: the recording has no events')
        person = file.name.partition('_')[0]
        split = 'validation' if split == 'train' and person in VALIDATION_PERSONS else split
        clip = Clip(label_of(file), person, file.stem, split, cut[0], source='DVS128 Gesture')
        return [(clip, cut[1])]


def find_extracted(path):
    """Return the tree at a path or right within it, or None."""
    for folder in (Path(path), Path(path) / EXTRACTED_FOLDER):
        if any((folder / split / '0').is_dir() for split in ('train', 'test')):
            return folder
    return None


def trials(tree: Path, split: str) -> list:
    """Return the files of a split, in the order of labels and names."""
    return [file for number in LABELS for file in sorted((tree / split / number).glob('*.npz'))]


def label_of(trial: Path) -> str:
    """Return what a trial shows, by its folder."""
    return LABELS[trial.parent.name]
