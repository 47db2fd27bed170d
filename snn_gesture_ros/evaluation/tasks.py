# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tasks: all that is replayed to a checkpoint for its report."""
import math

from snn_gesture_ros.evaluation.replay import Task
from snn_gesture_ros.frames.slicing import Slicing
from snn_gesture_ros.network.classifier import STATES
from snn_gesture_ros.training.augmentation import Augmentation
from snn_gesture_ros.training.disturbance import Disturbance

CLIPS_A_TASK = 24
WINDOW_FACTORS = (0.5, 0.75, 1.0, 1.5, 2.0)
DENSITIES = (0.2, 10.0)
DISTURBANCES = {
    'noise of 0.3 Hz': Augmentation(disturbance=Disturbance(noise_hz=0.3)),
    'noise of 1 Hz': Augmentation(disturbance=Disturbance(noise_hz=1.0)),
    '10 hot pixels': Augmentation(disturbance=Disturbance(hot_pixels=10)),
    'a lamp that flickers': Augmentation(disturbance=Disturbance(flicker=True)),
    'few OFF events': Augmentation(kept=(0.1, 1.0)),
    'turned by 15 degrees': Augmentation(rotation=math.radians(15)),
}
SLICED_SHARE = 4
"""Windows and ways to treat the state are tried on this part of the held-out clips, 1 / n."""


def tasks_for(checkpoint: str, card, sets: dict, sensors: tuple) -> list:
    """
    Return the tasks of one checkpoint; their keys say what they measure.

    :param card: its ModelCard.
    :param sets: ClipSet by name.
    :param sensors: the first one's clips are replayed with other densities and disturbed.
    """
    held_out, first_sensor = sets['held_out'], sets[f'sensor_{sensors[0]}']
    few = -(-len(held_out) // SLICED_SHARE)
    runs = [(('set', name), clips, len(clips), {}) for name, clips in sets.items()]
    runs += [(('density', factor), first_sensor, len(first_sensor), {'density': factor})
             for factor in DENSITIES]
    runs += [(('disturbance', name), first_sensor, len(first_sensor), {'augmentation': what})
             for name, what in DISTURBANCES.items()]
    runs += [(('window', length), held_out, few, {'slicing': slicing})
             for length, slicing in slicings(card)]
    runs += [(('state', state), held_out, few, {'state': state}) for state in STATES]
    return [Task((checkpoint, *key), checkpoint, clips,
                 tuple(range(first, min(first + CLIPS_A_TASK, count))), **way)
            for key, clips, count, way in runs for first in range(0, count, CLIPS_A_TASK)]


def slicings(card) -> list:
    """Return length and Slicing of windows of the card's and of other lengths."""
    if card.slicing == 'time':
        return [(card.window_ms * factor, Slicing(window_ms=card.window_ms * factor))
                for factor in WINDOW_FACTORS]
    counts = [round(card.window_events * factor) for factor in WINDOW_FACTORS]
    return [(count, Slicing(window_events=count)) for count in counts if count >= card.time_steps]


def gather(results) -> dict:
    """
    Put the results of `replay` together, in the order of the clips.

    :returns: list of Replayed by key.
    """
    parts = {}
    for key, numbers, replayed in results:
        parts.setdefault(key, []).append((numbers, replayed))
    return {key: [clip for _, replayed in sorted(of_key, key=lambda part: part[0])
                  for clip in replayed]
            for key, of_key in parts.items()}
