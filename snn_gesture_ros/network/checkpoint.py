# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Checkpoints: files with a network's weights and its ModelCard.

The package's own format is safetensors (no pickle) with a ModelCard as JSON in its metadata.
Checkpoints of SpikingJelly's DVS128 Gesture example, which many published networks use, load too;
see `foreign_checkpoint.py`.
"""
from contextlib import suppress
from pathlib import Path

import safetensors
import safetensors.torch
from snn_gesture_ros.files import written
from snn_gesture_ros.labels import SPIKINGJELLY_GESTURES
from snn_gesture_ros.network.architectures import build_network
from snn_gesture_ros.network.checkpoint_files import (
    check_is_fetched, CheckpointError, EXPORTED, find_checkpoint, first_line)
from snn_gesture_ros.network.foreign_checkpoint import describe_network, read_weights
from snn_gesture_ros.network.model_card import CARD_KEY, check_labels, ModelCard
import torch

FRAME_SIDE = 128
"""Width and height of the frames of SpikingJelly's example, in pixels."""


def save_checkpoint(path, net: torch.nn.Module, card: ModelCard) -> None:
    """Write the weights and the card to a safetensors file."""
    weights = {name: value.detach().cpu().contiguous() for name, value in net.state_dict().items()}
    # save_file of safetensors makes a file that only its owner can read.
    with written(path) as file:
        file.write(safetensors.torch.save(weights, {CARD_KEY: card.to_json()}))


def load_checkpoint(name: str, labels: tuple = ()):
    """
    Load a network in evaluation mode.

    :param name: a path or the name of a shipped model.
    :param labels: names of the outputs, for a checkpoint of another program.
    :returns: the network in multi-step mode, from [T, N, 2, H, W] to [T, N, classes], and its
        ModelCard.
    :raises CheckpointError: if it is missing, damaged, or not a gesture network.
    """
    path = find_checkpoint(name)
    check_is_fetched(path)
    if path.suffix == EXPORTED:
        raise CheckpointError(f'{path} is exported for ONNX Runtime: choose the .safetensors file '
                              'that it was made from')
    if path.suffix == '.safetensors':
        net, card = _load_own(path, labels)
    else:
        net, card = _load_foreign(path, *read_weights(path), labels)
    net.eval()
    for parameter in net.parameters():
        parameter.requires_grad_(False)
    return net, card


def _load_own(path: Path, labels: tuple):
    try:
        with safetensors.safe_open(str(path), 'pt') as file:
            metadata = file.metadata() or {}
            weights = {key: file.get_tensor(key) for key in file.keys()}
        if CARD_KEY not in metadata:
            return _load_foreign(path, weights, (), labels)
        card = ModelCard.from_json(metadata[CARD_KEY])
        return _network_of(weights, len(card.labels), card.size, card.architecture), card
    except CheckpointError as error:
        raise CheckpointError(error if str(path) in str(error) else
                              f'{path} is not a usable checkpoint: {error}') from None
    except (safetensors.SafetensorError, OSError, RuntimeError, TypeError, ValueError) as error:
        raise CheckpointError(f'{path} is not a usable checkpoint: {first_line(error)}') from None


def _network_of(weights: dict, classes: int, size: int, architecture: dict):
    """
    Build a network with these weights.

    :raises ValueError: if the weights do not fit, before memory is allocated for the network.
    """
    with torch.device('meta'):      # only shapes, no memory
        wanted = build_network(classes, size, architecture).state_dict()
    if _shapes(weights) != _shapes(wanted):
        raise CheckpointError('its weights do not fit its architecture; another version of this '
                              'package wrote it')
    net = build_network(classes, size, architecture)
    net.load_state_dict(weights)
    return net


def _shapes(weights: dict) -> dict:
    return {name: value.shape for name, value in weights.items()}


def _load_foreign(path: Path, weights: dict, own_labels: tuple, labels: tuple):
    """
    Return the network and a card for weights of another program; see `foreign_checkpoint.py`.

    Such files do not contain the settings of their training. The card has those of SpikingJelly's
    classify_dvsg example: T = 16, 128x128 pixels, event counts, each trial (about 6 s at
    50 000 events/s) sliced into frames of equally many events.

    :param own_labels: labels in the file, or ().
    :param labels: labels from the user, or ().
    """
    try:
        if sum(value.nbytes for value in weights.values()) > path.stat().st_size:
            raise ValueError('its weights are larger than the file')
        weights, classes, architecture = describe_network(weights)
        net = _network_of(weights, classes, FRAME_SIDE, architecture)
    except (AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError) as error:
        raise CheckpointError(f'{path} is not a DVSGestureNet: {first_line(error)}') from None
    if labels and len(labels) != classes:
        raise CheckpointError(f'{path}: the network has {classes} outputs, but --labels has '
                              f'{len(labels)} names')
    card = ModelCard(
        labels=labels or _labels_for(classes, own_labels),
        time_steps=16, window_ms=6000.0, size=FRAME_SIDE,
        frame_value='count', slicing='count', readout='firing_rate', window_events=300_000,
        architecture=architecture,
        training={'data': 'unknown; taken for DVS128 Gesture with SpikingJelly 0.0.0.0.14 or 2'})
    return net, card


def _labels_for(classes: int, own: tuple) -> tuple:
    """Return labels for the outputs: those in the file, those of SpikingJelly, or numbers."""
    with suppress(CheckpointError):
        check_labels(own)
        if len(own) == classes:
            return own
    if classes == len(SPIKINGJELLY_GESTURES):
        return SPIKINGJELLY_GESTURES
    return tuple(f'output_{number}' for number in range(classes))
