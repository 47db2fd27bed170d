# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Rehearsal: the old gestures, so that learning new ones does not make a network forget them."""
from pathlib import Path

from snn_gesture_ros.datasets.clip_set import ClipSet
from snn_gesture_ros.datasets.simulated import simulate_clip_set, Simulation

SIMULATED = Simulation(clips=30, seed=605, validation=0.4)
"""People whom no shipped model has seen; those for validation tell what was forgotten."""


def simulate_people(folder) -> None:
    """Simulate the people, once, in `rehearsal/` of a folder."""
    for _ in simulate_clip_set(SIMULATED, Path(folder) / 'rehearsal', 1):
        pass


def rehearsal_clips(folder, chosen: str, labels: tuple) -> ClipSet:
    """
    Give clips of the old gestures, for training and for validation.

    :param folder: where simulated people are kept for the next time, in `rehearsal/`.
    :param chosen: a clip set with old gestures; empty: simulated people.
    :param labels: of the network before it learned.
    :raises ValueError: if a label has no clips for training or none for validation.
    """
    if not chosen:
        simulate_people(folder)
    chosen = chosen or Path(folder) / 'rehearsal'
    clips = ClipSet(chosen)
    for split in ('train', 'validation'):
        there = {clip.label for clip in clips.select(split).clips}
        missing = [label for label in labels if label not in there]
        if missing:
            raise ValueError(
                f'{chosen} has no clips for {split} of {", ".join(missing)}, which '
                'would be forgotten: name a clip set that has them as rehearsal')
    return clips
