# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
DVS128 Gesture as SpikingJelly extracts it: `events_np/{train,test}/{0..10}`, a npz for each trial.

The folders are numbered in the order of the data set's own labels, from 0.
"""
from functools import partial
from pathlib import Path

from snn_gesture_ros.datasets.clip_set import Clip
from snn_gesture_ros.datasets.cutting import Cleaning, cut_clips
from snn_gesture_ros.datasets.dvs128_gesture import SENSOR_SIZE, VALIDATION_PERSONS
from snn_gesture_ros.datasets.importing import Source
from snn_gesture_ros.labels import DVS128_GESTURES
from snn_gesture_ros.recordings.opening import open_recording

FOLDER = 'events_np'
LABELS = {str(number): label for number, label in enumerate(DVS128_GESTURES)}
"""Label by the name of its folder."""


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
    for folder in (Path(path), Path(path) / FOLDER):
        if any((folder / split / '0').is_dir() for split in ('train', 'test')):
            return folder
    return None


def trials(tree: Path, split: str) -> list:
    """Return the files of a split, in the order of labels and names."""
    return [file for number in LABELS for file in sorted((tree / split / number).glob('*.npz'))]


def label_of(trial: Path) -> str:
    """Return what a trial shows, by its folder."""
    return LABELS[trial.parent.name]
