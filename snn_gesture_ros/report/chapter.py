# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The chapter of a checkpoint: which clips are replayed with it, and the figures that result."""
import math

from snn_gesture_ros.decision.gesture_filter import DecisionSettings, GestureFilter
from snn_gesture_ros.frames.frame_stream import Slicing
from snn_gesture_ros.network.classifier import STATES
from snn_gesture_ros.report.measures import calibration, delays, endings, false_alarms, recognition
from snn_gesture_ros.report.replay import Replayed, Task
from snn_gesture_ros.simulation.activities import IDLE_ACTIVITIES
from snn_gesture_ros.training.augmentation import Augmentation, Disturbance

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
"""Windows of other lengths and other states are tried on one in so many held-out clips."""
UNITS = {'time': 'ms', 'count': 'events'}
"""Of the length of windows, by slicing."""
HOP_FRAMES = (1, 2, 4, 8)
"""Frames from one decision to the next that are tried."""


def tasks_for(checkpoint: str, card, sets: dict, sensors: tuple) -> list:
    """
    Return the tasks of one checkpoint; their keys name the checkpoint and what is measured.

    :param checkpoint: its path, or the name of a shipped model.
    :param card: its ModelCard.
    :param sets: ClipSet by name.
    :param sensors: clips of the first one are replayed with other densities and disturbances, too.
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
    """Return the length and the Slicing of windows that are tried, the card's among them."""
    if card.slicing == 'time':
        return [(card.window_ms * factor, Slicing(window_ms=card.window_ms * factor))
                for factor in WINDOW_FACTORS]
    counts = [round(card.window_events * factor) for factor in WINDOW_FACTORS]
    return [(count, Slicing(window_events=count)) for count in counts if count >= card.time_steps]


def gather(results) -> dict:
    """
    Join the results of `replay`, in the order of the clips.

    :param results: list of key, numbers of clips, and list of Replayed.
    :returns: list of Replayed by key.
    """
    parts = {}
    for key, numbers, replayed in results:
        parts.setdefault(key, []).append((numbers, replayed))
    return {key: [clip for _, replayed in sorted(of_key, key=lambda part: part[0])
                  for clip in replayed]
            for key, of_key in parts.items()}


def make_chapter(replays: dict, card, extent, data: list) -> dict:
    """
    Return the figures of a checkpoint, as JSON can hold them.

    :param replays: list of Replayed by the key of its task, without the checkpoint.
    :param card: ModelCard of the checkpoint.
    :param extent: Extent of the simulated sets.
    :param data: names of the user's sets.
    """
    labels = card.labels
    held_out = replays['set', 'held_out']
    idle = false_alarms(replays['set', 'idle'])
    return {
        'held_out': recognition(held_out, labels),
        'data': {name: measure_set(replays['set', f'data {name}'], labels) for name in data},
        'conditions': conditions(replays, labels, extent),
        'calibration': calibration(held_out, labels),
        'false_alarms': {
            'idle': idle,
            'idle_in_10_minutes': weighted(idle),
            'recordings': false_alarms(replays.get(('set', 'recordings'), [])),
        },
        'delays': delays(held_out),
        'endings': endings(replays['set', 'ending']),
        'windows': ways(replays, labels, 'window'),
        'unit_of_windows': UNITS[card.slicing],
        'states': ways(replays, labels, 'state'),
        'hops': hops(replays['state', 'carried'], labels, card),
    }


def measure_set(replays: list, labels: tuple) -> dict:
    """Return the figures of a user's set, without clips whose label the checkpoint lacks."""
    known = [replayed for replayed in replays if replayed.clip.label in labels]
    return {'used': len(known), 'left_out': len(replays) - len(known),
            **recognition(known, labels)}


def conditions(replays: dict, labels: tuple, extent) -> list:
    """
    Return a row for each sensor, framing, density and disturbance.

    Each is compared with the first sensor and the same people.
    """
    keys = [('sensor', name, ('set', f'sensor_{name}')) for name in extent.sensors]
    keys += [('framing', name, ('set', f'framing_{name}')) for name in extent.framings]
    keys += [('density', f'x {factor:g}', ('density', factor)) for factor in DENSITIES]
    keys += [('disturbance', name, ('disturbance', name)) for name in DISTURBANCES]
    rows = []
    for kind, name, key in keys:
        figures = recognition(replays[key], labels)
        people = {replayed.clip.person for replayed in replays[key]}
        same = recognition([replayed for replayed in replays[keys[0][2]]
                            if replayed.clip.person in people], labels)
        row = {'kind': kind, 'name': name, 'windows': figures['windows'],
               'mean_recall': figures['mean_recall'],
               'merged': figures['merged']['mean_recall'],
               'clips_right': figures['clips']['mean_right']}
        known = None not in (row['mean_recall'], same['mean_recall'])
        rows.append({**row, 'difference': row['mean_recall'] - same['mean_recall']
                     if known else None})
    return rows


def ways(replays: dict, labels: tuple, kind: str) -> list:
    """Return a row for each length of the window (kind `window`), or each state (`state`)."""
    return [measure_way(way, replays[kind, way], labels)
            for way in sorted(key[1] for key in replays if key[0] == kind)]


def hops(replays: list, labels: tuple, card) -> list:
    """Return a row for each hop, the length from one decision to the next in units of a window."""
    hop = (card.window_ms if card.slicing == 'time' else card.window_events) / card.time_steps
    return [measure_way(frames * hop, [decided_every(replayed, labels, frames)
                                       for replayed in replays], labels)
            for frames in HOP_FRAMES]


def decided_every(replayed: Replayed, labels: tuple, frames: int) -> Replayed:
    """Return a replayed clip as if only every n-th frame had been decided on."""
    gesture_filter = GestureFilter(labels, DecisionSettings())
    kept = slice(frames - 1, None, frames)
    ends_us, scores = replayed.ends_us[kept], replayed.scores[kept]
    announced = [(int(end_us), change.label) for end_us, those in zip(ends_us, scores)
                 for change in gesture_filter.update(int(end_us), those)
                 if change.label is not None]
    return replayed._replace(begins_us=replayed.begins_us[kept], ends_us=ends_us, scores=scores,
                             silent=replayed.silent[kept], announced=announced)


def measure_way(way, replays: list, labels: tuple) -> dict:
    """Return the row of one length of window, hop or state, whose name is `way`."""
    figures, delayed = recognition(replays, labels), delays(replays)
    return {'way': way, 'windows': figures['windows'], 'mean_recall': figures['mean_recall'],
            'clips_right': figures['clips']['mean_right'],
            **{name: delayed[name] for name in ('median_s', 'p90_s', 'never')}}


def weighted(idle: dict) -> float:
    """Return announcements in 10 minutes, with each activity as frequent as in training."""
    chances = {name: IDLE_ACTIVITIES[name][1] for name in idle}
    return sum(chances[name] * row['in_10_minutes'] for name, row in idle.items()) / sum(
        chances.values())
