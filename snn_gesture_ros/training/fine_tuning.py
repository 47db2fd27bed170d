# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Fine-tuning: a training that begins with the weights of a checkpoint."""
from snn_gesture_ros.network.checkpoint import load_checkpoint
from snn_gesture_ros.training.widening import widened


def defaults_from(checkpoint: str) -> dict:
    """
    Give the settings that a checkpoint brings: what it expects of frames, and its architecture.

    :raises ValueError: if it is not usable.
    """
    _, card = load_checkpoint(checkpoint)
    return {'time_steps': card.time_steps, 'size': card.size, 'slicing': card.slicing,
            'window_ms': card.window_ms, 'window_events': card.window_events,
            'frame_value': card.frame_value, 'readout': card.readout,
            'readout_steps': card.readout_steps,
            'architecture': card.architecture}


def take_weights(net, labels: tuple, checkpoint: str) -> None:
    """
    Begin with the weights of a checkpoint; outputs for labels that it lacks stay random.

    A network that is wider than the checkpoint's has each of its channels several times.

    :raises ValueError: if its architecture differs in more than that.
    """
    source, card = load_checkpoint(checkpoint)
    weights, there = net.state_dict(), source.state_dict()
    try:
        if tuple(labels) != card.labels:
            shared = [label for label in labels if label in card.labels]
            new = [labels.index(label) for label in shared]
            old = [card.labels.index(label) for label in shared]
            for name in [name for name in there if name.startswith('readout.')]:
                inputs = map(slice, there[name].shape[1:])      # as many as before it is widened
                rows = weights[name][(slice(None), *inputs)].clone()
                rows[new] = there[name][old]
                there[name] = rows
        if any(weights[name].shape != value.shape for name, value in there.items()):
            there = widened(there, weights)
        net.load_state_dict(there)
    except (KeyError, RuntimeError, IndexError, ValueError):
        raise ValueError(f'the weights of {checkpoint} do not fit the architecture or its labels: '
                         'leave out --channels, --size and architecture') from None
