# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sets of simulated people: another person, room and sensor in each clip."""
import csv
from dataclasses import asdict, dataclass
from pathlib import Path
import shutil
from typing import NamedTuple, Optional

import numpy as np
from snn_gesture_ros.datasets.clip_set import (
    Clip, ClipSetWriter, DESCRIPTION_FILE, read_description)
from snn_gesture_ros.datasets.cutting import Cleaning, cut_clips
from snn_gesture_ros.files import naming
from snn_gesture_ros.labels import DVS128_GESTURES, NONE
from snn_gesture_ros.simulation import FRAMINGS, random_clip, SENSORS
from snn_gesture_ros.simulation.activities import IDLE_ACTIVITIES
from snn_gesture_ros.worker_processes import in_processes

VERSION = 2
"""
Of the simulation; recorded in every simulated set, which only the same version continues.

Increase it with every change, here or in `simulation/`, that changes the clips of a seed.
"""
MADE_BY = 'simulation'
CLIPS_A_PART = 24
REST_SHARE = 0.75
"""Of the clips of a gesture, those that begin with rest."""
REST = (0.13, 0.43)
"""How long that rest may be, as parts of a clip."""
END = (0.4, 0.7)
"""End of a gesture that ends within its clip, as parts of the clip."""
KNOWN_LABELS = (*DVS128_GESTURES, NONE, *IDLE_ACTIVITIES)
"""`none` is any of the idle activities; one of their names is that one alone."""
SEEDS_A_SPLIT = 1_000_000
FIRST_SEED = {'train': 0, 'validation': SEEDS_A_SPLIT, 'test': 2 * SEEDS_A_SPLIT}
SEEDS = 3 * SEEDS_A_SPLIT
MAX_SEEDS = (1 << 31) // SEEDS


@dataclass(frozen=True)
class Simulation:
    """What is simulated; the same settings give the same clips, event for event."""

    labels: tuple = (*DVS128_GESTURES, NONE)
    clips: int = 300
    """Clips of each label."""
    duration_us: int = 2_500_000
    sensor: str = 'any'
    """One of simulation.SENSORS."""
    framing: Optional[str] = None
    """One of simulation.FRAMINGS; None draws one for each clip."""
    seed: int = 0
    """No two seeds have a person in common."""
    validation: float = 0.1
    """Share of the clips that are for validation."""
    test: float = 0.0
    ends: bool = False
    """Whether every gesture ends within its clip, which then has no rest before it."""

    def __post_init__(self):
        """Raise ValueError for what cannot be simulated, with what can."""
        for label in self.labels:
            if label not in KNOWN_LABELS:
                raise ValueError(f'label {label!r} cannot be simulated, only '
                                 f'{", ".join(KNOWN_LABELS)}')
        if len(set(self.labels)) < max(len(self.labels), 1):
            raise ValueError('labels must be named once each')
        if self.sensor not in SENSORS:
            raise ValueError(f'sensor {self.sensor!r} is not one of {", ".join(SENSORS)}')
        if self.framing not in (None, *FRAMINGS):
            raise ValueError(f'framing {self.framing!r} is not one of {", ".join(FRAMINGS)}')
        if not 1 <= self.clips * len(self.labels) <= SEEDS_A_SPLIT:
            raise ValueError(f'clips must be 1 or more, {SEEDS_A_SPLIT} at most of all labels')
        if not 0 <= self.seed < MAX_SEEDS:
            raise ValueError(f'seed must be from 0 to {MAX_SEEDS - 1}')
        if not 100_000 <= self.duration_us <= 600_000_000:
            raise ValueError('a clip must last 0.1 s or longer, and 600 s at most')
        if min(self.validation, self.test) < 0 or self.validation + self.test > 1:
            raise ValueError('the shares of validation and test must be within 0 and 1')

    def parts(self) -> list:
        """Return the planned clips of each part; labels and splits are spread over all parts."""
        plan = [self._planned(n, split) for n, split in enumerate(np.repeat(
            self._splits(), len(self.labels)).tolist())]
        return [plan[first:first + CLIPS_A_PART] for first in range(0, len(plan), CLIPS_A_PART)]

    def description(self) -> dict:
        """Return the description of the set, as JSON can hold it; equal ones give equal clips."""
        return {'made_by': MADE_BY, 'version': VERSION, **asdict(self),
                **Cleaning().description()}

    def _splits(self) -> np.ndarray:
        validation, test = round(self.validation * self.clips), round(self.test * self.clips)
        train = self.clips - validation - test
        splits = np.repeat(list(FIRST_SEED), [max(train, 0), validation, test])[:self.clips]
        return np.random.default_rng(self.seed).permutation(splits)

    def _planned(self, n: int, split: str) -> 'Planned':
        label = self.labels[n % len(self.labels)]
        seed = SEEDS * self.seed + FIRST_SEED[split] + n
        rng = np.random.default_rng([seed, 2])
        onset_us = offset_us = 0
        if label in DVS128_GESTURES and self.ends:
            offset_us = int(self.duration_us * rng.uniform(*END))
        elif label in DVS128_GESTURES and rng.random() < REST_SHARE:
            onset_us = int(self.duration_us * rng.uniform(*REST))
        person = f'simulated {seed}'
        return Planned(seed, self.sensor, self.framing, Clip(
            label, person, person, split, self.duration_us, onset_us, offset_us,
            f'simulation {self.sensor}', Cleaning().geometry.scale(*size_of(self.sensor))))


class Planned(NamedTuple):
    """A clip that is to be simulated."""

    seed: int
    sensor: str
    framing: Optional[str]
    clip: Clip

    def events(self) -> np.ndarray:
        """Simulate it: EVENT[n], as the camera sends them."""
        return random_clip(self.clip.label, self.seed, self.clip.duration_us, self.sensor,
                           self.framing, self.clip.onset_us, self.clip.offset_us)

    def sensor_size(self) -> tuple:
        """Return width and height of its camera in pixels."""
        return size_of(self.sensor)


def size_of(sensor: str) -> tuple:
    """Return width and height in pixels of a sensor of SENSORS."""
    return SENSORS[sensor].width, SENSORS[sensor].height


def simulate_clip_set(simulation: Simulation, folder, workers: int):
    """
    Make a clip set in worker processes, without the parts that are finished already.

    :returns: a generator of the number of clips that were there, and then of those of each part
        as it is finished.
    :raises ValueError: if the folder has something else in it, such as a set of another version
        of the simulation, or a worker ends by itself.
    """
    writer = ClipSetWriter(folder, simulation.description())
    tasks = [(writer, f'{number:05d}', part) for number, part in enumerate(simulation.parts())]
    yield sum(len(part) for _, name, part in tasks if writer.has(name))
    yield from in_processes(_write_part, [task for task in tasks if not writer.has(task[1])],
                            workers)


def remove_outdated_set(folder) -> None:
    """
    Remove the simulated set in a folder that is a cache, if another version has made it.

    :raises ValueError: if the folder has something else in it.
    """
    if (Path(folder) / DESCRIPTION_FILE).exists():
        description = read_description(folder)
        if description.get('made_by') == MADE_BY and description.get('version') != VERSION:
            shutil.rmtree(folder)


def simulate_recordings(simulation: Simulation, folder, workers: int):
    """
    Make npz files with t, x, y, p as the camera sends them, and labels.csv at the end.

    :returns: a generator of 0, and then of the number of files in each part as it is finished.
    :raises ValueError: if the folder has files, or a worker ends by itself.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise ValueError(f'{folder}: the folder has files; choose a new one')
    parts = simulation.parts()
    yield 0
    yield from in_processes(_write_recordings, [(folder, part) for part in parts], workers)
    labels = folder / 'labels.csv'
    with naming(labels), labels.open('w', newline='') as file:
        table = csv.writer(file)
        table.writerow(['file', 'start_s', 'end_s', 'label', 'person', 'split', 'sensor'])
        for planned in (planned for part in parts for planned in part):
            clip, size = planned.clip, 'x'.join(map(str, planned.sensor_size()))
            spans = ((0, clip.onset_us, NONE), (clip.onset_us, clip.end_us, clip.label),
                     (clip.end_us, clip.duration_us, NONE))
            for start_us, end_us, label in spans:
                if end_us > start_us:
                    table.writerow([_file_name(planned), start_us / 1e6, end_us / 1e6, label,
                                    clip.person, clip.split, size])


def _write_part(writer: ClipSetWriter, name: str, part: list) -> int:
    clips = []
    for planned in part:
        cut, = cut_clips([planned.events()], planned.sensor_size(),
                         [(0, planned.clip.duration_us)], zero_us=0)
        clips.append((planned.clip, cut[1]))
    writer.write(name, clips)
    return len(part)


def _write_recordings(folder: Path, part: list) -> int:
    for planned in part:
        events = planned.events()
        path = folder / _file_name(planned)
        with naming(path):
            np.savez(path, **{name: events[name] for name in 'txyp'})
    return len(part)


def _file_name(planned: Planned) -> str:
    return f'{planned.seed:09d}_{planned.clip.label}.npz'
