# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Checkpoints: a network's weights and everything that a node must not guess.

The package's own format is safetensors (no pickle) with a ModelCard as JSON in its metadata.
Checkpoints of SpikingJelly's DVS128 Gesture example, which the seed project and most published
networks use, load too: a pickled dict whose key `net` holds the weights of a DVSGestureNet.
"""
from pathlib import Path

import safetensors
import safetensors.torch
from snn_gesture_ros.files import naming
from snn_gesture_ros.labels import SPIKINGJELLY_GESTURES
from snn_gesture_ros.network.architectures import build_network
from snn_gesture_ros.network.checkpoint_files import (
    CheckpointError, EXPORTED, find_checkpoint, first_line)
from snn_gesture_ros.network.model_card import CARD_KEY, ModelCard
import torch


def save_checkpoint(path, net: torch.nn.Module, card: ModelCard) -> None:
    """Write the weights and the card to a safetensors file."""
    weights = {name: value.detach().cpu().contiguous() for name, value in net.state_dict().items()}
    # Its save_file leaves a file that only its owner reads.
    with naming(path):
        Path(path).write_bytes(safetensors.torch.save(weights, {CARD_KEY: card.to_json()}))


def load_checkpoint(name: str):
    """
    Load a network in evaluation mode.

    :param name: a path or the name of a shipped model.
    :returns: the network in multi-step mode, from [T, N, 2, H, W] to [T, N, classes], and its
        ModelCard.
    :raises CheckpointError: if it is missing, damaged, or not a gesture network.
    """
    path = find_checkpoint(name)
    if path.suffix == EXPORTED:
        raise CheckpointError(f'{path} is exported for ONNX Runtime: give the .safetensors that '
                              'it was made from')
    if path.suffix == '.safetensors':
        net, card = _load_own(path)
    else:
        net, card = _load_spikingjelly_example(path)
    net.eval()
    for parameter in net.parameters():
        parameter.requires_grad_(False)
    return net, card


def _load_own(path: Path):
    try:
        with safetensors.safe_open(str(path), 'pt') as file:
            metadata = file.metadata() or {}
            weights = {key: file.get_tensor(key) for key in file.keys()}
        card = ModelCard.from_json(metadata[CARD_KEY])
        return _network_of(weights, len(card.labels), card.size, card.architecture), card
    except KeyError:
        raise CheckpointError(
            f'{path} has no model card: it was not written by this package') from None
    except (safetensors.SafetensorError, OSError, RuntimeError, TypeError, ValueError) as error:
        raise CheckpointError(f'{path} is not a usable checkpoint: {first_line(error)}') from None


def _network_of(weights: dict, classes: int, size: int, architecture: dict):
    """
    Build a network and give it weights.

    :raises ValueError: if they are not its weights, before memory is taken for it.
    """
    with torch.device('meta'):      # shapes alone
        wanted = build_network(classes, size, architecture).state_dict()
    if _shapes(weights) != _shapes(wanted):
        raise CheckpointError('its weights do not fit its architecture; another version of this '
                              'package wrote it')
    net = build_network(classes, size, architecture)
    net.load_state_dict(weights)
    return net


def _shapes(weights: dict) -> dict:
    return {name: value.shape for name, value in weights.items()}


def _load_spikingjelly_example(path: Path):
    """
    Load a checkpoint of SpikingJelly's classify_dvsg example.

    It does not say what it was trained with; these are that example's settings: T = 16, 128x128,
    raw counts, each trial (about 6 s at 50 000 events/s) cut into frames of equally many events.
    """
    try:
        content = torch.load(path, map_location='cpu', weights_only=True)
    except Exception:   # the unpickler raises whatever a damaged file leads it to
        raise CheckpointError(f'{path} is not a usable checkpoint: it is neither .safetensors nor '
                              'weights that torch has saved, or it is cut off') from None
    weights = content.get('net') if isinstance(content, dict) else None
    try:
        if sum(value.nbytes for value in weights.values()) > path.stat().st_size:
            raise ValueError('views of little memory')
        channels = weights['conv_fc.0.weight'].shape[0]
        parametric = any(key.endswith('.w') for key in weights)
        architecture = {'model': 'DVSGestureNet', 'channels': channels,
                        'neuron': 'ParametricLIFNode' if parametric else 'LIFNode'}
        net = _network_of(weights, len(SPIKINGJELLY_GESTURES), 128, architecture)
    except (AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError):
        raise CheckpointError(
            f'{path} holds no DVSGestureNet under the key "net": give a checkpoint of '
            "SpikingJelly's DVS128 Gesture example or a .safetensors file") from None
    card = ModelCard(
        labels=SPIKINGJELLY_GESTURES, time_steps=16, window_ms=6000.0, size=128,
        frame_value='count', slicing='count', readout='firing_rate', window_events=300_000,
        architecture=architecture,
        training={'data': 'unknown; taken for DVS128 Gesture with SpikingJelly 0.0.0.0.14 or 2'})
    return net, card
