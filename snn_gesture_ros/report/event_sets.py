# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Event sets: the clips of a report, simulated with fixed seeds and kept for the next report."""
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from snn_gesture_ros.datasets.clip_set import Clip, ClipSet, ClipSetWriter
from snn_gesture_ros.datasets.cutting import Cleaning, cut_recording
from snn_gesture_ros.datasets.simulated import (
    remove_outdated_set, simulate_clip_set, Simulation)
from snn_gesture_ros.labels import DVS128_GESTURES
from snn_gesture_ros.simulation import FRAMINGS, SENSORS
from snn_gesture_ros.simulation.activities import IDLE_ACTIVITIES

TEST = {'validation': 0.0, 'test': 1.0}
"""Shares of the splits: no training uses the seeds of the test split."""
LARGE_SENSOR_PIXELS = 110_000


@dataclass(frozen=True)
class Extent:
    """How much is simulated."""

    seed: int = 7
    """Two seeds have no person in common."""
    held_out: int = 30
    """Clips of each label."""
    held_out_us: int = 4_000_000
    elsewhere: int = 12
    """Clips of each label for each sensor and each framing."""
    elsewhere_large: int = 4
    """The same for sensors of more than LARGE_SENSOR_PIXELS, which take long to simulate."""
    elsewhere_us: int = 2_500_000
    idle: int = 15
    """Clips of each idle activity."""
    idle_us: int = 20_000_000
    ending: int = 30
    """Clips of each gesture in which it ends; they are as long as the held-out ones."""
    sensors: tuple = ('dvs128', 'davis346', 'dvxplorer', 'dvxplorer_vga', 'genx320', 'evk4')
    """The first one is the reference for the others, for framings and for densities."""
    framings: tuple = tuple(FRAMINGS)


QUICK = Extent(held_out=1, elsewhere=1, elsewhere_large=1, elsewhere_us=1_500_000, idle=1,
               idle_us=2_000_000, ending=1, sensors=('dvs128', 'davis346'), framings=('near',))


def simulations(extent: Extent) -> dict:
    """Return the Simulation of each set, by the name of the set."""
    chosen = {'seed': extent.seed, **TEST}
    elsewhere = {'duration_us': extent.elsewhere_us, **chosen}
    return {
        'held_out': Simulation(clips=extent.held_out, duration_us=extent.held_out_us, **chosen),
        'idle': Simulation(tuple(IDLE_ACTIVITIES), extent.idle, extent.idle_us, **chosen),
        'ending': Simulation(DVS128_GESTURES, extent.ending, extent.held_out_us, ends=True,
                             **chosen),
        **{f'sensor_{sensor}': Simulation(
            sensor=sensor, clips=clips_by(sensor, extent), **elsewhere)
           for sensor in extent.sensors},
        **{f'framing_{framing}': Simulation(
            sensor=extent.sensors[0], framing=framing, clips=extent.elsewhere, **elsewhere)
           for framing in extent.framings},
    }


def clips_by(sensor: str, extent: Extent) -> int:
    """Return the number of clips of each label for a sensor."""
    large = SENSORS[sensor].width * SENSORS[sensor].height > LARGE_SENSOR_PIXELS
    return extent.elsewhere_large if large else extent.elsewhere


def simulate_sets(sets: dict, folder, workers: int):
    """
    Simulate the sets that are not in a folder yet.

    :param sets: returned by `simulations`; the name of a set is that of its folder.
    :returns: a generator that yields the number of clips that exist, and then that of each part
        as it is finished.
    :raises ValueError: if the folder has other sets by these names, or a worker ends by itself.
    """
    for name in sets:
        remove_outdated_set(Path(folder) / name)
    steps = [simulate_clip_set(simulation, Path(folder) / name, workers)
             for name, simulation in sets.items()]
    yield sum(next(step) for step in steps)
    yield from chain.from_iterable(steps)


def clip_recordings(paths: list, folder) -> ClipSet:
    """
    Return recordings that show no gesture as clips; the label of each is the name of its file.

    :param folder: in which the clips are kept.
    :raises ValueError: if one cannot be read or has no events.
    """
    writer = ClipSetWriter(folder, {'made_by': 'report', **Cleaning().description()})
    for path in map(Path, paths):
        (cut,), scale = cut_recording(path, [(0, None)])
        if cut is None:
            raise ValueError(f'{path}: the recording has no events')
        duration_us, events = cut
        clip = Clip(path.name, path.name, path.name, 'test', duration_us, source=path.name,
                    scale=scale)
        writer.write(path.name, [(clip, events)])
    return ClipSet(folder).select(labels=[Path(path).name for path in paths])
