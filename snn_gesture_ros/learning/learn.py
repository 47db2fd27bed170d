# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Learn: from a few examples to a network that knows them and has forgotten nothing.

Learning always begins with the base, the network that was there before anything was learned, and
takes all examples of the store: errors do not add up, and an example that is set aside is gone.
"""
from pathlib import Path
from typing import NamedTuple

import numpy as np
from snn_gesture_ros.learning.examples import ExampleStore
from snn_gesture_ros.learning.head import learned, outputs_of, right
from snn_gesture_ros.learning.rehearsal import rehearsal_clips
from snn_gesture_ros.learning.sequences import augmented_sequences, plain_sequences
from snn_gesture_ros.learning.versions import exported, Versions
from snn_gesture_ros.network.architectures import build_network
from snn_gesture_ros.network.checkpoint import load_checkpoint, save_checkpoint
from snn_gesture_ros.network.gesture_net import GestureNet
from snn_gesture_ros.network.model_card import ModelCard
from snn_gesture_ros.network.onnx_graph import lower
from snn_gesture_ros.training.fine_tuning import defaults_from, take_weights
from snn_gesture_ros.training.settings import read_config, Settings
from snn_gesture_ros.training.window_cutter import WindowCutter
import torch

AUGMENTED = ('shift', 'scale', 'rotation_deg', 'time_stretch', 'density', 'event_drop', 'noise_hz',
             'polarity_swap')
"""Settings that are those of `train_fast`."""
FOLDS = 3
"""Parts of the examples that are held out in turn; so many of a label there must be."""
EXAMPLE_SEQUENCES = 200
REHEARSAL_COPIES = 3
SEED = 0


class Bounds(NamedTuple):
    """What a network must reach to be offered."""

    least_recall: float = 0.7
    """Recall of each label that was shown, on examples that were held out."""
    most_forgotten: float = 0.02
    """How much the mean recall of the old labels may fall, on people that were held out."""


def learn(folder, running: str, rehearsal: str = '', bounds: Bounds = Bounds()) -> dict:
    """
    Learn all examples of a folder, and keep the network as a new version if it is good.

    Torch has one thread from then on.

    :param folder: with `examples/` (ExampleStore); `models/` (Versions) and `rehearsal/` are made.
    :param running: the checkpoint that runs now: a shipped model, a path, or a version.
    :param rehearsal: clip set of the old gestures; empty: simulated people.
    :returns: `version`, path of its weights, or None; `refused`, why it is not good, or empty;
        and `figures`.
    :raises ValueError: if the examples or the checkpoint cannot be learned from.
    """
    torch.set_num_threads(1)        # its matrices are too small for more
    folder = Path(folder)
    versions = Versions(folder / 'models')
    base = (versions.record(running) or {'base': running})['base']
    store = ExampleStore(folder / 'examples')
    names, shown = store.names(), store.counts()
    few = [f'{label} has {count}' for label, count in sorted(shown.items()) if count < FOLDS]
    if few or not shown:
        raise ValueError(f'a label needs {FOLDS} examples: {", ".join(few) or "there is none"}')
    old, card = load_checkpoint(base)
    if not isinstance(old, GestureNet) or card.readout != 'softmax':
        raise ValueError(f'{base} cannot learn from examples, only a GestureNet with readout '
                         'softmax can')
    labels = (*card.labels, *sorted(set(shown) - set(card.labels)))
    torch.manual_seed(SEED)
    net = build_network(len(labels), card.size, card.architecture).eval()
    take_weights(net, labels, base)
    for parameter in net.parameters():
        parameter.requires_grad_(False)
    clips = store.clips()
    old_clips = rehearsal_clips(folder, rehearsal, card.labels)
    settings = settings_for(base, clips)
    rng = np.random.default_rng(SEED)
    cutter = WindowCutter(clips, settings, labels)
    examples = augmented_sequences(net, cutter, -(-EXAMPLE_SEQUENCES // len(clips)), rng)
    plain = plain_sequences(net, cutter)
    rehearsed = augmented_sequences(
        net, WindowCutter(old_clips.select('train', card.labels), settings, labels),
        REHEARSAL_COPIES, rng)
    held_out = plain_sequences(
        net, WindowCutter(old_clips.select('validation', card.labels), settings, labels))

    steps = card.readout_steps
    with torch.inference_mode():
        taught = outputs_of(old, rehearsed.spikes, steps).softmax(-1)
    taught = torch.nn.functional.pad(taught, (0, len(labels) - len(card.labels)))
    after = torch.empty(len(plain.clip))
    for part in folds(cutter.classes):
        others = np.setdiff1d(np.arange(len(clips)), part)
        checked = plain.of(part)
        after[torch.isin(plain.clip, torch.as_tensor(part))] = right(
            learned(net, examples.of(others), rehearsed, taught, steps), checked, steps)
    new = learned(net, examples, rehearsed, taught, steps)
    figures = {
        'examples': dict(sorted(shown.items())),
        'recall_before': recalls(right(old, plain, steps), plain, labels),
        'recall': recalls(after, plain, labels),
        'old_recall_before': recalls(right(old, held_out, steps), held_out, labels),
        'old_recall': recalls(right(new, held_out, steps), held_out, labels)}
    figures['forgotten'] = round(
        mean(figures['old_recall_before']) - mean(figures['old_recall']), 4)
    refused = why_not(figures, bounds)
    if refused:
        return {'version': None, 'refused': refused, 'figures': figures}
    path = versions.next_path()
    record = {'base': base, 'parent': running, 'examples': names, 'figures': figures}
    card = ModelCard(**{**vars(card), 'labels': labels, 'training': {
        **card.training, 'data': f'{card.training.get("data", "unknown")}, examples shown to the '
        'robot', 'learned': record}})
    save_checkpoint(path, new, card)
    exported(path).write_bytes(lower(new, card).SerializeToString())
    versions.finish(path, record)
    return {'version': str(path), 'refused': '', 'figures': figures}


def settings_for(base: str, clips) -> Settings:
    """Choose how sequences are cut: two windows long where all examples are."""
    augmentation = {name: value for name, value in read_config('train_fast').items()
                    if name in AUGMENTED}
    settings = Settings.of({**defaults_from(base), **augmentation})
    shortest_ms = min(clip.duration_us for clip in clips.clips) / 1000
    sequence = 2 if shortest_ms >= 2 * settings.window_ms else 1
    return Settings.of({**vars(settings), 'sequence': sequence})


def folds(classes: np.ndarray) -> list:
    """Deal the clips of every class out to FOLDS parts; give the numbers of each."""
    part = np.empty(len(classes), int)
    for each in np.unique(classes):
        of_class = np.flatnonzero(classes == each)
        part[of_class] = np.arange(len(of_class)) % FOLDS
    return [np.flatnonzero(part == fold) for fold in range(FOLDS)]


def recalls(right_parts: torch.Tensor, sequences, labels: tuple) -> dict:
    """Average by label how often sequences were named right."""
    classes = sequences.truth[-1]
    return {label: round(float(right_parts[classes == i].nanmean()), 4)
            for i, label in enumerate(labels) if (classes == i).any()}


def mean(by_label: dict) -> float:
    """Average over labels."""
    return sum(by_label.values()) / len(by_label)


def why_not(figures: dict, bounds: Bounds) -> str:
    """Say why a network is not good enough; empty where it is."""
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
