# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Clip sets: the one form of data that training, validation and reports read.

On disk a set is a folder: `clip_set.json` describes how it was made, and `parts/` holds two files
a part, `NAME.npy` with the events of its clips one after the other, and `NAME.json` with what the
clips are. A part without its `.json` is not finished, and does not count.
"""
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
import json
from pathlib import Path

import numpy as np
from snn_gesture_ros.events.packet import PACKED_EVENT
from snn_gesture_ros.files import UNFINISHED, written

SPLITS = ('train', 'validation', 'test')
FORMAT = 'snn_gesture_ros clip set 1'
DESCRIPTION_FILE = 'clip_set.json'


@dataclass(frozen=True)
class Clip:
    """One stretch of one person's clean events, with one label."""

    label: str
    """One of `labels.py`, or the user's own."""
    person: str
    """Who; no split cuts through a person."""
    recording: str
    """Which recording; nor through a recording."""
    split: str
    """'train', 'validation' or 'test'."""
    duration_us: int
    onset_us: int = 0
    """Start of the gesture; before it the person rests. 0: with the clip, or before it."""
    offset_us: int = 0
    """End of the gesture; after it the person rests. 0: with the clip, or after it."""
    source: str = ''
    """Where it comes from: a sensor, a data set, a file."""
    scale: float = 1.0
    """Width of a pixel of the frame in pixels of the sensor."""

    def __post_init__(self):
        """Raise ValueError for another split, and for times that cannot be."""
        if self.split not in SPLITS:
            raise ValueError(f'split {self.split!r} is not one of {", ".join(SPLITS)}')
        if not 0 <= self.onset_us < self.end_us <= self.duration_us <= 1 << 32:
            raise ValueError(f'clip of {self.recording}: a duration of {self.duration_us} us with '
                             f'the gesture from {self.onset_us} to {self.end_us} us is impossible')

    @property
    def end_us(self) -> int:
        """Return when the gesture ends, or the clip where it lasts longer."""
        return self.offset_us or self.duration_us


class ClipSetWriter:
    """Make a clip set part by part; a part is one recording, or one chunk of a simulation."""

    def __init__(self, folder, description: dict):
        """
        Create a set, or continue the one in the folder.

        :param description: how the set is made, as JSON can hold it.
        :raises ValueError: if the folder has a set with another description, or other files.
        """
        self.folder = Path(folder)
        description = json.loads(json.dumps(description))
        if (self.folder / DESCRIPTION_FILE).exists():
            there = read_description(self.folder)
            differing = [name for name in sorted({*there, *description})
                         if there.get(name) != description.get(name)]
            if differing:
                raise ValueError(
                    f'{folder}: the set in it was made in another way ('
                    + ', '.join(f'{name}: {there.get(name)!r}, now {description.get(name)!r}'
                                for name in differing)
                    + '); choose another folder, or delete this one')
        elif self.folder.is_dir() and any(
                each.suffix != UNFINISHED for each in self.folder.iterdir()):
            raise ValueError(f'{folder}: the folder has other files; choose a new one')
        self.folder.mkdir(parents=True, exist_ok=True)
        with written(self.folder / DESCRIPTION_FILE, 'w') as file:
            json.dump({'format': FORMAT, 'description': description}, file, indent=1)
        (self.folder / 'parts').mkdir(exist_ok=True)

    def has(self, part: str) -> bool:
        """Return whether the part is finished already."""
        return self._path(part, 'json').exists()

    def write(self, part: str, clips: list) -> None:
        """
        Write a whole part; one that is interrupted leaves nothing that counts.

        :param part: its name, which must do as a file's name.
        :param clips: of Clip and its events, PACKED_EVENT[n] in the order of time, dt_us from
            the clip's start, on a frame of ClipSet.SIZE.
        :raises ValueError: if the events are not in order or not within their clip.
        """
        for clip, events in clips:
            _check(clip, events)
        rows = [{**asdict(clip), 'events': len(events)} for clip, events in clips]
        joined = np.concatenate([np.empty(0, PACKED_EVENT), *(events for _, events in clips)])
        with written(self._path(part, 'npy')) as file:
            np.save(file, joined)
        with written(self._path(part, 'json'), 'w') as file:
            json.dump({'clips': rows}, file, indent=1)

    def _path(self, part: str, suffix: str) -> Path:
        return self.folder / 'parts' / f'{part}.{suffix}'


class ClipSet(Sequence):
    """
    The clips of a folder, or a selection or mixture of such; item i is its Clip and its events.

    The events are mapped into memory where they are read first, and never held otherwise.
    """

    SIZE = 128
    """Width and height of the frame in pixels."""

    def __init__(self, folder):
        """
        Open the finished parts of a set, in the order of their names.

        :raises ValueError: if the folder is not a clip set, has no clips or is damaged.
        """
        folder = Path(folder)
        self.descriptions = [read_description(folder)]
        """How the folders that the clips come from were made."""
        self.clips = []
        self._places = []
        """File, first event and end of each clip."""
        self._parts = {}
        for path in sorted((folder / 'parts').glob('*.json')):
            self._add_part(path)
        if not self.clips:
            raise ValueError(f'{folder}: the clip set is empty: no part of it was finished')

    def __len__(self) -> int:
        """Return how many clips there are."""
        return len(self.clips)

    def __getitem__(self, i: int) -> tuple:
        """Return clip i and its events."""
        return self.clips[i], self.events(i)

    def events(self, i: int) -> np.ndarray:
        """
        Return the events of clip i: PACKED_EVENT[n], a read-only view of the file.

        They are in the order of time; dt_us is counted from the clip's start, and
        pixel = (polarity * SIZE + y) * SIZE + x.

        :raises ValueError: if the file is damaged.
        """
        path, start, end = self._places[i]
        if path not in self._parts:
            self._parts[path] = _map_part(path)
        return self._parts[path][start:end]

    def select(self, split=None, labels=None) -> 'ClipSet':
        """Return the clips of a split, or of some labels, or of both; there may be none."""
        chosen = [i for i, clip in enumerate(self.clips)
                  if split in (None, clip.split) and (labels is None or clip.label in labels)]
        return self._made_of(self.descriptions, [self.clips[i] for i in chosen],
                             [self._places[i] for i in chosen])

    def renamed(self, names: dict) -> 'ClipSet':
        """
        Return the same clips under other labels.

        :param names: the new label by the old one; labels that it lacks stay.
        :raises ValueError: if no clip has an old one.
        """
        missing = sorted(set(names) - {clip.label for clip in self.clips})
        if missing:
            raise ValueError(f'no clip has the label {", ".join(missing)}')
        return self._made_of(
            self.descriptions,
            [replace(clip, label=names.get(clip.label, clip.label)) for clip in self.clips],
            self._places)

    @classmethod
    def joined(cls, sets) -> 'ClipSet':
        """Return the clips of several sets, one set after the other."""
        sets = list(sets)
        return cls._made_of([text for each in sets for text in each.descriptions],
                            [clip for each in sets for clip in each.clips],
                            [place for each in sets for place in each._places])

    def __getstate__(self):
        """Leave the mapped files out, so that another process maps its own."""
        return {**self.__dict__, '_parts': {}}

    @classmethod
    def _made_of(cls, descriptions, clips, places):
        made = cls.__new__(cls)
        made.descriptions, made.clips, made._places, made._parts = descriptions, clips, places, {}
        return made

    def _add_part(self, path: Path) -> None:
        try:
            rows = json.loads(path.read_text())['clips']
            counts = [row.pop('events') for row in rows]
            self.clips += [Clip(**row) for row in rows]
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f'{path}: the clip set is damaged: {error!r}; delete this file and '
                             'make the set again, its other parts are kept') from None
        events_path = path.with_suffix('.npy')
        if len(_map_part(events_path)) != sum(counts):
            raise ValueError(_damaged(events_path, 'it has other clips than its .json'))
        ends = np.cumsum(counts, dtype=int).tolist()
        self._places += [(events_path, end - count, end) for end, count in zip(ends, counts)]


def read_description(folder) -> dict:
    """
    Read how the clip set in a folder was made.

    :raises ValueError: if it is not a clip set.
    """
    path = Path(folder) / DESCRIPTION_FILE
    try:
        content = json.loads(path.read_text())
        if content['format'] == FORMAT:
            return content['description']
        reason = f'its format is {content["format"]!r}, not {FORMAT!r}'
    except FileNotFoundError:
        reason = f'it has no {DESCRIPTION_FILE}; make one with snn-gesture simulate or import'
    except NotADirectoryError:
        reason = 'it is a file; snn-gesture import makes clip sets of recordings'
    except (KeyError, TypeError, ValueError):
        reason = f'its {DESCRIPTION_FILE} is damaged'
    raise ValueError(f'{folder}: this is not a clip set: {reason}')


def _check(clip: Clip, events: np.ndarray) -> None:
    if events.dtype != PACKED_EVENT:
        raise ValueError(f'clip of {clip.recording}: its events are not of PACKED_EVENT')
    if not len(events):
        return
    times_us = events['dt_us']
    if times_us[-1] >= clip.duration_us or (times_us[1:] < times_us[:-1]).any():
        raise ValueError(f'clip of {clip.recording}: its events are not in the order of time '
                         'within its duration')
    if events['pixel'].max() >= 2 * ClipSet.SIZE ** 2:
        raise ValueError(f'clip of {clip.recording}: its events are not on the frame')


def _map_part(path: Path) -> np.ndarray:
    try:
        events = np.load(path, mmap_mode='r')
    except FileNotFoundError:
        raise ValueError(_damaged(path, 'it is missing')) from None
    except (ValueError, EOFError):
        raise ValueError(_damaged(path, 'it is cut off or not an npy file')) from None
    if events.dtype != PACKED_EVENT or events.ndim != 1:
        raise ValueError(_damaged(path, 'it holds no events'))
    return events.view(np.ndarray)


def _damaged(path: Path, reason: str) -> str:
    return (f'{path}: the clip set is damaged: {reason}; delete the .json beside it and make the '
            'set again, its other parts are kept')


def summarize(clips: list) -> str:
    """
    Return a table of the number of clips by label and split, and totals.

    :param clips: of Clip.
    """
    counts = count_clips(clips)
    wide = max(map(len, counts['labels']), default=0)
    lines = [' ' * wide + ''.join(f'{split:>12}' for split in SPLITS)]
    lines += [f'{label:<{wide}}' + ''.join(f'{row[split]:>12}' for split in SPLITS)
              for label, row in counts['labels'].items()]
    persons = len({clip.person for clip in clips})
    return '\n'.join([*lines, f'{len(clips)} clips of {persons} persons, '
                      f'{counts["minutes"]:.1f} minutes'])


def count_clips(clips: list) -> dict:
    """Return what `summarize` shows for JSON, with the persons of each split and all sources."""
    counts = Counter((clip.label, clip.split) for clip in clips)
    return {
        'clips': len(clips),
        'minutes': sum(clip.duration_us for clip in clips) / 60e6,
        'labels': {label: {split: counts[label, split] for split in SPLITS}
                   for label in sorted({clip.label for clip in clips})},
        'persons': {split: len({clip.person for clip in clips if clip.split == split})
                    for split in SPLITS},
        'sources': sorted({clip.source for clip in clips}),
    }
