# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The rehearsal set, and the features of clips, which a frozen network computes once."""
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

BATCH_SIZE = 16
PLAIN_CUTS = 2
"""Sequences of a clip for evaluation, evenly spaced."""
SIMULATED = Simulation(clips=30, seed=605, validation=0.4)
"""People that no shipped model was trained on; those for validation measure the forgetting."""


class Sequences(NamedTuple):
    """Sequences of clips as features, the input of the head."""

    spikes: torch.Tensor
    """Features, uint8 [T, N, neurons]."""
    truth: torch.Tensor
    """Classes, or UNKNOWN, [T, N]."""
    clip: torch.Tensor
    """Number of the clip of each sequence, [N]."""

    def of(self, clips) -> 'Sequences':
        """Return the sequences of some clips."""
        chosen = torch.isin(self.clip, torch.as_tensor(clips))
        return Sequences(self.spikes[:, chosen], self.truth[:, chosen], self.clip[chosen])


def plain_sequences(net, cutter: WindowCutter) -> Sequences:
    """Return the features of evenly spaced sequences of every clip, without augmentation."""
    return _features(net, cutter, [
        (i, int(start), Augmentation()) for i in range(len(cutter.clips))
        for start in np.unique(np.linspace(*cutter.starts(i), PLAIN_CUTS).astype(int))], None)


def augmented_sequences(net, cutter: WindowCutter, copies: int, rng) -> Sequences:
    """
    Return the features of random, augmented sequences of every clip.

    :param copies: sequences per clip.
    :param rng: numpy Generator.
    """
    cuts = []
    for i in np.repeat(np.arange(len(cutter.clips)), copies).tolist():
        augmentation = Augmentation.drawn(cutter.settings, False, rng)
        first, last = cutter.starts(i, augmentation.stretch)
        cuts.append((i, int(rng.integers(first, last + 1)), augmentation))
    return _features(net, cutter, cuts, rng)


def _features(net, cutter: WindowCutter, cuts: list, rng) -> Sequences:
    spikes = []
    for first in range(0, len(cuts), BATCH_SIZE):
        frames = np.stack([cutter.cut(i, start, augmentation, rng)
                           for i, start, augmentation in cuts[first:first + BATCH_SIZE]], axis=1)
        functional.reset_net(net)
        with torch.inference_mode():
            spikes.append(net.forward_features(torch.from_numpy(frames)).to(torch.uint8))
    truths = [cutter.truths(i, start, augmentation.stretch) for i, start, augmentation in cuts]
    return Sequences(torch.cat(spikes, 1), torch.from_numpy(np.stack(truths, axis=1)),
                     torch.tensor([i for i, _, _ in cuts]))


def simulate_people(folder) -> None:
    """Simulate the people in `rehearsal/` of a folder, if they are not there yet."""
    rehearsal = Path(folder) / 'rehearsal'
    remove_outdated_set(rehearsal)
    for _ in simulate_clip_set(SIMULATED, rehearsal, 1):
        pass


def rehearsal_clips(folder, chosen: str, labels: tuple) -> ClipSet:
    """
    Return clips of the old gestures, for training and for validation.

    :param folder: where simulated people are stored, in `rehearsal/`.
    :param chosen: a clip set with old gestures; empty for simulated people.
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
