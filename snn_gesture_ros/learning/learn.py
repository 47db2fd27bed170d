# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Fine-tuning: train the head on the examples, and evaluate it on held-out data."""
from pathlib import Path
from typing import NamedTuple

import numpy as np
from snn_gesture_ros.datasets.clip_set import ClipSet
from snn_gesture_ros.files import written
from snn_gesture_ros.learning.examples import ExampleStore
from snn_gesture_ros.learning.head import accuracy, head_outputs, interpolate, train_head
from snn_gesture_ros.learning.rehearsal import (
    augmented_sequences, plain_sequences, rehearsal_clips, Sequences)
from snn_gesture_ros.learning.versions import exported, Versions
from snn_gesture_ros.network.architectures import build_network
from snn_gesture_ros.network.checkpoint import load_checkpoint, save_checkpoint
from snn_gesture_ros.network.gesture_net import GestureNet
from snn_gesture_ros.network.model_card import ModelCard
from snn_gesture_ros.network.onnx_graph import to_onnx
from snn_gesture_ros.training.fine_tuning import defaults_from, take_weights
from snn_gesture_ros.training.settings import Settings
from snn_gesture_ros.training.window_cutter import WindowCutter
import torch
from torch.nn.functional import pad

AUGMENTATION = {
    'shift': 0.11, 'scale': (0.7, 1.4), 'rotation_deg': 9.0, 'time_stretch': (0.8, 1.25),
    'density': (0.12, 2.0), 'event_drop': 0.1, 'polarity_swap': 0.1, 'noise_hz': 0.05}
"""Less than in `train_fast`, since a few examples of one person and camera allow no more."""
FOLDS = 3
"""For cross-validation; also the minimum number of examples of a label."""
EXAMPLE_SEQUENCES = 200
REHEARSAL_COPIES = 3
SHARES = (1.0, 0.9, 0.8, 0.7)
"""Shares of the new network that are tried when interpolating with the old one."""
SEED = 0


class Bounds(NamedTuple):
    """Bounds that a new network must meet to be used."""

    least_recall: float = 0.7
    """Minimum recall of each new label, on held-out examples."""
    most_forgotten: float = 0.02
    """Maximum loss of the mean recall of the old labels, on held-out people."""


class FineTuning:
    """Fine-tuning of the head of a network on examples and a rehearsal set."""

    def __init__(self, base: str, clips: ClipSet, folder: Path, rehearsal: str):
        """
        Compute the features of all clips.

        :param base: checkpoint of the network before it learned.
        :param clips: the examples.
        :param folder: where simulated people are stored.
        :param rehearsal: as for `learn`.
        :raises ValueError: if the checkpoint cannot be fine-tuned, or old gestures are missing.
        """
        self._old, self.card = load_checkpoint(base)
        if not isinstance(self._old, GestureNet) or self.card.readout != 'softmax':
            raise ValueError(f'{base} cannot learn from examples, only a GestureNet with readout '
                             'softmax can')
        new = {clip.label for clip in clips.clips} - set(self.card.labels)
        self.labels = (*self.card.labels, *sorted(new))
        torch.manual_seed(SEED)
        self._net = build_network(len(self.labels), self.card.size, self.card.architecture).eval()
        take_weights(self._net, self.labels, base)
        self._net.requires_grad_(False)
        old_clips = rehearsal_clips(folder, rehearsal, self.card.labels)
        settings, rng = settings_for(base, clips), np.random.default_rng(SEED)

        def cutter(of):
            return WindowCutter(of, settings, self.labels)
        self._folds = folds(cutter(clips).classes, [clip.recording for clip in clips.clips])
        self._examples = augmented_sequences(
            self._net, cutter(clips), -(-EXAMPLE_SEQUENCES // len(clips)), rng)
        self._plain = plain_sequences(self._net, cutter(clips))
        self._rehearsed = augmented_sequences(
            self._net, cutter(old_clips.select('train', self.card.labels)), REHEARSAL_COPIES, rng)
        self._held_out = plain_sequences(
            self._net, cutter(old_clips.select('validation', self.card.labels)))
        with torch.inference_mode():
            scores = head_outputs(
                self._old, self._rehearsed.spikes, self.card.readout_steps).softmax(-1)
        self._old_scores = pad(scores, (0, len(self.labels) - len(self.card.labels)))

    def best(self, bounds: Bounds) -> tuple:
        """
        Train the head, and interpolate with the old network until the bounds are met.

        :returns: the network, its figures, and why it does not meet the bounds, or an empty text.
        """
        numbers = np.concatenate(self._folds)
        new = self._train(numbers)
        without = [self._train(np.setdiff1d(numbers, fold)) for fold in self._folds]
        first = None
        for share in SHARES:
            net = interpolate(self._net, new, share)
            figures = {'share': share, **self._figures(
                net, [interpolate(self._net, each, share) for each in without])}
            candidate = net, figures, find_shortfall(figures, bounds)
            first = first or candidate
            if not candidate[-1]:
                return candidate
        return first

    def _train(self, numbers: np.ndarray) -> GestureNet:
        """Train the head on some of the examples."""
        return train_head(self._net, self._examples.of(numbers), self._rehearsed,
                          self._old_scores, self.card.readout_steps)

    def _figures(self, net: GestureNet, without: list) -> dict:
        """Evaluate a network on old gestures, and those trained without a fold on that fold."""
        held_out = torch.empty(len(self._plain.clip))
        for fold, each in zip(self._folds, without):
            held_out[torch.isin(self._plain.clip, torch.as_tensor(fold))] = self._accuracy(
                each, self._plain.of(fold))
        before = recalls(self._accuracy(self._old, self._held_out), self._held_out, self.labels)
        after = recalls(self._accuracy(net, self._held_out), self._held_out, self.labels)
        return {
            'recall_before': recalls(
                self._accuracy(self._old, self._plain), self._plain, self.labels),
            'recall': recalls(held_out, self._plain, self.labels),
            'old_recall_before': before, 'old_recall': after,
            'forgotten': round(mean(before) - mean(after), 4)}

    def _accuracy(self, net: GestureNet, sequences: Sequences) -> torch.Tensor:
        return accuracy(net, sequences, self.card.readout_steps)


def settings_for(base: str, clips) -> Settings:
    """Return settings of sequences: two windows long if all examples are."""
    settings = Settings.of({**defaults_from(base), **AUGMENTATION})
    shortest_ms = min(clip.duration_us for clip in clips.clips) / 1000
    sequence = 2 if shortest_ms >= 2 * settings.window_ms else 1
    return Settings.of({**vars(settings), 'sequence': sequence})


def folds(classes: np.ndarray, recordings: list) -> list:
    """
    Split the clips of every class into FOLDS parts; return the numbers of each.

    Clips of one recording stay together, unless a class has too few recordings.

    :param classes: of the clips, [n].
    :param recordings: of the clips, [n].
    """
    part = np.empty(len(classes), int)
    for each in np.unique(classes):
        of_class = np.flatnonzero(classes == each)
        order = {}
        for clip in of_class.tolist():
            order.setdefault(recordings[clip], len(order))
        together = len(order) >= FOLDS
        part[of_class] = [(order[recordings[clip]] if together else number) % FOLDS
                          for number, clip in enumerate(of_class.tolist())]
    return [np.flatnonzero(part == fold) for fold in range(FOLDS)]


def recalls(accuracies: torch.Tensor, sequences: Sequences, labels: tuple) -> dict:
    """Return the mean accuracy of the sequences by label."""
    classes = sequences.truth[-1]
    return {label: round(float(accuracies[classes == i].nanmean()), 4)
            for i, label in enumerate(labels) if (classes == i).any()}


def mean(by_label: dict) -> float:
    """Return the mean over labels."""
    return sum(by_label.values()) / len(by_label)


def find_shortfall(figures: dict, bounds: Bounds) -> str:
    """Return why a network does not meet the bounds; empty if it does."""
    reasons = [f'{label}: {recall:.0%} of held-out examples named right, not '
               f'{bounds.least_recall:.0%}: show more, or more alike'
               for label, recall in figures['recall'].items() if recall < bounds.least_recall]
    before, after = mean(figures['recall_before']), mean(figures['recall'])
    if after < before:
        reasons.append(f'held-out examples: {after:.1%} named right, {before:.1%} before')
    if figures['forgotten'] > bounds.most_forgotten:
        reasons.append(f'recall of the old gestures falls by {100 * figures["forgotten"]:.1f} '
                       f'points, not {100 * bounds.most_forgotten:g}')
    return '; '.join(reasons)


def store_version(path: Path, net: GestureNet, card: ModelCard, record: dict) -> None:
    """Write the files of a version, its record last; see Versions."""
    save_checkpoint(path, net, card)
    with written(exported(path)) as file:
        file.write(to_onnx(net, card).SerializeToString())
    Versions.finish(path, record)


def learn(folder, running: str, rehearsal: str = '', bounds: Bounds = Bounds()) -> dict:
    """
    Fine-tune on all examples of a folder; store the network as a version if it meets the bounds.

    Torch uses one thread from then on.

    :param folder: with `examples/` (ExampleStore); `models/` (Versions) and `rehearsal/` are
        created.
    :param running: the checkpoint that runs now: a shipped model, a path, or a version.
    :param rehearsal: clip set of the old gestures; empty for simulated people.
    :returns: `version`, path of its weights, or None; `refused`, why it does not meet the bounds,
        or empty; and `figures`.
    :raises ValueError: if the examples or the checkpoint cannot be learned from.
    """
    torch.set_num_threads(1)        # the matrices are too small for more
    folder, file = Path(folder), Path(running).expanduser()
    running = str(file.resolve()) if file.is_file() else running
    versions = Versions(folder / 'models')
    base = (versions.record(running) or {'base': running})['base']
    store = ExampleStore(folder / 'examples')
    names, shown = store.names(), store.counts()
    few = [f'{label} has {count}' for label, count in sorted(shown.items()) if count < FOLDS]
    if few or not shown:
        raise ValueError(f'a label needs {FOLDS} examples: {", ".join(few) or "there is none"}')
    fine_tuning = FineTuning(base, store.clips(), folder, rehearsal)
    net, figures, refused = fine_tuning.best(bounds)
    figures = {'examples': dict(sorted(shown.items())), **figures}
    if refused:
        return {'version': None, 'refused': refused, 'figures': figures}
    path = versions.next_path()
    record = {'base': base, 'parent': running, 'examples': names, 'figures': figures}
    before = {name: value for name, value in fine_tuning.card.training.items()
              if name != 'real recordings'}     # they were of the network before
    card = ModelCard(**{**vars(fine_tuning.card), 'labels': fine_tuning.labels, 'training': {
        **before, 'learned': record,
        'data': f'{before.get("data", "unknown")}, examples shown to the robot'}})
    store_version(path, net, card, record)
    return {'version': str(path), 'refused': '', 'figures': figures}
