# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Architectures: build the network that a ModelCard or the settings of a training describe.

A network is a module in multi-step mode, from frames [T, N, 2, H, W] to outputs [T, N, classes],
and from [N, 2, H, W] to [N, classes] in single-step mode. Its state is in modules of SpikingJelly,
which `functional.reset_net` resets. For the readout `softmax`, its last layer does not spike and
is called `readout`: training calibrates its weights.
"""
from snn_gesture_ros.network.gesture_net import GestureNet
from snn_gesture_ros.network.model_card import check_number, DECIMAL
from spikingjelly.activation_based import functional, layer, surrogate
from spikingjelly.activation_based.model.parametric_lif_net import DVSGestureNet
from spikingjelly.activation_based.neuron import LIFNode, ParametricLIFNode

RANGES = {'channels': (int, 1, 1 << 16), 'hidden': (int, 1, 1 << 24), 'stride': (int, 1, 256),
          'tau': (DECIMAL, 1.001, 1e6), 'trace_tau': (DECIMAL, 1, 1e6),
          'dropout': (DECIMAL, 0, 0.99)}
"""Type, minimum and maximum of the arguments that are numbers."""
NEURONS = {'LIFNode': LIFNode, 'ParametricLIFNode': ParametricLIFNode}
VOTERS = 10
"""Neurons of DVSGestureNet that vote for each output."""


def build_network(classes: int, size: int, architecture: dict):
    """
    Build a network with random weights, in multi-step mode.

    :param classes: number of outputs.
    :param size: width and height of a frame, pixels.
    :param architecture: arguments of GestureNet; or {'model': 'DVSGestureNet', 'channels': c,
        'neuron': 'LIFNode' or 'ParametricLIFNode', 'hidden': neurons, 'bias': of the linear
        layers} for SpikingJelly's, on 128x128 pixels.
    :raises ValueError: if the model is not known or an argument is wrong.
    """
    arguments = dict(architecture)
    model = arguments.pop('model', 'GestureNet')
    for name in RANGES.keys() & arguments.keys():
        check_number(f'architecture: {name}', arguments[name], *RANGES[name])
    try:
        if model in MODELS:
            return MODELS[model](classes, size, **arguments)
    except TypeError as error:
        raise ValueError(f'architecture {architecture}: {error}') from None
    raise ValueError(f'model {model!r} is not one of {", ".join(MODELS)}')


def _dvs_gesture_net(classes, size, neuron='LIFNode', channels=128, hidden=512, bias=True):
    if size != 128:
        raise ValueError(f'DVSGestureNet needs frames of 128x128 pixels, not {size}x{size}')
    if neuron not in NEURONS:
        raise ValueError(f'neuron {neuron!r} is not one of {", ".join(NEURONS)}')
    net = DVSGestureNet(channels, NEURONS[neuron],
                        surrogate_function=surrogate.ATan(), detach_reset=True)
    if (classes, hidden, bias) != (11, 512, True):
        net.conv_fc[-6] = layer.Linear(net.conv_fc[-6].in_features, hidden, bias)
        net.conv_fc[-3] = layer.Linear(hidden, VOTERS * classes, bias)
    functional.set_step_mode(net, 'm')
    return net


MODELS = {'GestureNet': GestureNet, 'DVSGestureNet': _dvs_gesture_net}
"""What makes each model: called with classes and size, and the arguments of the architecture."""
