# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Architectures: build the network that a ModelCard or the settings of a training describe."""
from snn_gesture_ros.network.gesture_net import GestureNet
from snn_gesture_ros.network.model_card import check_number, DECIMAL
from spikingjelly.activation_based import functional, layer, neuron, surrogate
from spikingjelly.activation_based.model.parametric_lif_net import DVSGestureNet

RANGES = {'channels': (int, 1, 1 << 16), 'hidden': (int, 1, 1 << 24), 'stride': (int, 1, 256),
          'tau': (DECIMAL, 1.001, 1e6), 'trace_tau': (DECIMAL, 1, 1e6),
          'dropout': (DECIMAL, 0, 0.99)}
"""Type, minimum and maximum of the arguments that are numbers."""
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
        if model == 'GestureNet':
            return GestureNet(classes, size, **arguments)
        if model == 'DVSGestureNet':
            return _dvs_gesture_net(classes, size, arguments.pop('neuron', 'LIFNode'), **arguments)
    except TypeError as error:
        raise ValueError(f'architecture {architecture}: {error}') from None
    raise ValueError(f'model {model!r} is neither GestureNet nor DVSGestureNet')


def _dvs_gesture_net(classes, size, neuron_name, channels=128, hidden=512, bias=True):
    if size != 128:
        raise ValueError(f'DVSGestureNet needs frames of 128x128 pixels, not {size}x{size}')
    if neuron_name not in ('LIFNode', 'ParametricLIFNode'):
        raise ValueError(f'neuron {neuron_name!r} is neither LIFNode nor ParametricLIFNode')
    net = DVSGestureNet(channels, getattr(neuron, neuron_name),
                        surrogate_function=surrogate.ATan(), detach_reset=True)
    if (classes, hidden, bias) != (11, 512, True):
        net.conv_fc[-6] = layer.Linear(net.conv_fc[-6].in_features, hidden, bias)
        net.conv_fc[-3] = layer.Linear(hidden, VOTERS * classes, bias)
    functional.set_step_mode(net, 'm')
    return net
