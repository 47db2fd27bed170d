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
            keep_shared_outputs(there, card.labels, weights, labels)
        if any(weights[name].shape != value.shape for name, value in there.items()):
            there = widened(there, weights)
        net.load_state_dict(there)
    except (KeyError, RuntimeError, IndexError, ValueError):
        raise ValueError(f'the weights of {checkpoint} do not fit the architecture or its labels: '
                         'leave out --channels, --size and architecture') from None


def keep_shared_outputs(there: dict, old: tuple, weights: dict, new: tuple) -> None:
    """
    Give the last layer of a checkpoint the outputs of other labels, those of new ones random.

    :param there: weights of the checkpoint by name, in the order of its layers; changed.
    :param old: its labels.
    :param weights: weights of the network that begins, random; it may be wider.
    :param new: its labels.
    """
    last = [name for name, value in there.items() if value.ndim > 1][-1].rsplit('.', 1)[0]
    kept = [label for label in new if label in old]
    to, of = [new.index(label) for label in kept], [old.index(label) for label in kept]
    for name in [name for name in there if name.startswith(f'{last}.')]:
        inputs = map(slice, there[name].shape[1:])      # as many as before it is widened
        outputs = weights[name][(slice(None), *inputs)].unflatten(0, (len(new), -1)).clone()
        outputs[to] = there[name].unflatten(0, (len(old), -1))[of]
        there[name] = outputs.flatten(0, 1)
