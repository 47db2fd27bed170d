# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Fine-tuning: a training that starts from the weights of a checkpoint."""
from copy import deepcopy

from snn_gesture_ros.network.checkpoint import load_checkpoint
import torch


def defaults_from(checkpoint: str) -> dict:
    """
    Return the settings that a checkpoint implies: those of its frames and its architecture.

    :raises ValueError: if the checkpoint cannot be used.
    """
    _, card = load_checkpoint(checkpoint)
    return {'time_steps': card.time_steps, 'size': card.size, 'slicing': card.slicing,
            'window_ms': card.window_ms, 'window_events': card.window_events,
            'frame_value': card.frame_value, 'readout': card.readout,
            'readout_steps': card.readout_steps,
            'architecture': card.architecture}


def take_weights(net, labels: tuple, checkpoint: str) -> None:
    """
    Load the weights of a checkpoint; outputs for labels that it lacks stay random.

    :param labels: of the outputs of `net`.
    :raises ValueError: if the architectures differ.
    """
    source, card = load_checkpoint(checkpoint)
    weights = source.state_dict()
    try:
        if tuple(labels) != card.labels:
            replace_outputs(weights, card.labels, net.state_dict(), labels)
        net.load_state_dict(weights)
    except (KeyError, RuntimeError, IndexError, ValueError):
        raise ValueError(f'the weights of {checkpoint} do not fit the architecture or its labels: '
                         'leave out --channels, --size and architecture') from None


def average_with(net, labels: tuple, checkpoint: str, share: float) -> None:
    """
    Average the weights of a network with those of the checkpoint that its training began with.

    The mean knows nearly all that was learned last, and forgets less of before: Wortsman et al.,
    "Robust fine-tuning of zero-shot models", 2022.

    :param labels: of the outputs of `net`.
    :param share: of the checkpoint, 0 to 1.
    :raises ValueError: if the architectures differ.
    """
    begun_with = deepcopy(net)
    take_weights(begun_with, labels, checkpoint)
    with torch.no_grad():
        for own, before in zip(net.state_dict().values(), begun_with.state_dict().values()):
            if own.is_floating_point():     # batch norm counts its batches
                own.lerp_(before, share)


def replace_outputs(weights: dict, old: tuple, random: dict, new: tuple) -> None:
    """
    Give the last layer of a checkpoint outputs for other labels; those of shared labels are kept.

    :param weights: of the checkpoint by name, in the order of its layers; changed.
    :param old: labels of the checkpoint.
    :param random: weights of the new network, by the same names.
    :param new: labels of the new network.
    """
    last = [name for name, value in weights.items() if value.ndim > 1][-1].rsplit('.', 1)[0]
    kept = [label for label in new if label in old]
    to, of = [new.index(label) for label in kept], [old.index(label) for label in kept]
    for name in [name for name in weights if name.startswith(f'{last}.')]:
        # A label may have several neurons, which are next to each other.
        outputs = random[name].unflatten(0, (len(new), -1)).clone()
        outputs[to] = weights[name].unflatten(0, (len(old), -1))[of]
        weights[name] = outputs.flatten(0, 1)
