# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sequences: what the convolutions of a network, which stay as they are, make of clips."""
from pathlib import Path
from typing import NamedTuple

import numpy as np
from snn_gesture_ros.datasets.clip_set import ClipSet
from snn_gesture_ros.datasets.simulated import (
    remove_outdated_set, simulate_clip_set, Simulation)
from snn_gesture_ros.training.augmentation import Augmentation
from snn_gesture_ros.training.window_cutter import WindowCutter
from spikingjelly.activation_based import functional
import torch

BATCH = 16
"""Sequences that go through the convolutions together."""
PLAIN_CUTS = 2
"""Sequences of a clip that is judged, evenly over it."""


class Sequences(NamedTuple):
    """Stretches of clips as the layers after the convolutions see them."""

    spikes: torch.Tensor
    """Of the last map, uint8 [T, N, neurons]."""
    truth: torch.Tensor
    """Classes, UNKNOWN where nothing can be named, [T, N]."""
    clip: torch.Tensor
    """Number of the clip that each comes from, [N]."""

    def of(self, clips) -> 'Sequences':
        """Select those of some clips."""
        chosen = torch.isin(self.clip, torch.as_tensor(clips))
        return Sequences(self.spikes[:, chosen], self.truth[:, chosen], self.clip[chosen])


def plain_sequences(net, cutter: WindowCutter) -> Sequences:
    """Cut the same sequences of every clip, as they are."""
    return _perceived(net, cutter, [
        (i, int(start), Augmentation()) for i in range(len(cutter.clips))
        for start in np.unique(np.linspace(*cutter.starts(i), PLAIN_CUTS).astype(int))], None)


def augmented_sequences(net, cutter: WindowCutter, copies: int, rng) -> Sequences:
    """
    Cut sequences at random places of every clip, as other people and places would give them.

    :param copies: of each clip.
    :param rng: numpy Generator.
    """
    cuts = []
    for i in np.repeat(np.arange(len(cutter.clips)), copies).tolist():
        augmentation = Augmentation.drawn(cutter.settings, False, rng)
        first, last = cutter.starts(i, augmentation.stretch)
        cuts.append((i, int(rng.integers(first, last + 1)), augmentation))
    return _perceived(net, cutter, cuts, rng)


def _perceived(net, cutter: WindowCutter, cuts: list, rng) -> Sequences:
    spikes = []
    for first in range(0, len(cuts), BATCH):
        frames = np.stack([cutter.cut(i, start, augmentation, rng)
                           for i, start, augmentation in cuts[first:first + BATCH]], axis=1)
        functional.reset_net(net)
        with torch.inference_mode():
            spikes.append(net.perceive(torch.from_numpy(frames)).to(torch.uint8))
    truths = [cutter.truths(i, start, augmentation.stretch) for i, start, augmentation in cuts]
    return Sequences(torch.cat(spikes, 1), torch.from_numpy(np.stack(truths, axis=1)),
                     torch.tensor([i for i, _, _ in cuts]))


SIMULATED = Simulation(clips=30, seed=605, validation=0.4)
"""People whom no shipped model has seen; those for validation tell what was forgotten."""


def simulate_people(folder) -> None:
    """Simulate the people, once, in `rehearsal/` of a folder."""
    rehearsal = Path(folder) / 'rehearsal'
    remove_outdated_set(rehearsal)
    for _ in simulate_clip_set(SIMULATED, rehearsal, 1):
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
