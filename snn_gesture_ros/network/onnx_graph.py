# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Export: build an ONNX graph of one time step of a SpikingJelly network, with explicit state.

The inputs are `frame` [streams, 2, H, W] and the state of each layer of neurons and each trace.
The outputs are `output` [streams, labels] and the states after the step, in the same order. All
states are zero at first. The state of a LIF neuron is the negative of its membrane potential,
already decayed for the next step; that of a trace is its value times its time constant. Both save
operations on large feature maps.
"""
from copy import deepcopy

import numpy as np
import onnx
from onnx import helper, numpy_helper, TensorProto
from snn_gesture_ros.network.gesture_net import GestureNet, Trace
from snn_gesture_ros.network.model_card import CARD_KEY
from spikingjelly.activation_based import layer, neuron
from spikingjelly.activation_based.model.parametric_lif_net import DVSGestureNet
import torch
from torch import nn

OPSET, IR_VERSION = 17, 8
"""Versions of 2022, which old runtimes can load."""
STREAMS = 'streams'
"""Name of the first dimension, whose size is free."""


def to_onnx(net: nn.Module, card) -> onnx.ModelProto:
    """
    Return the ONNX model of one time step of a network.

    :param net: GestureNet or DVSGestureNet, in evaluation mode.
    :param card: its ModelCard, which is stored in the model.
    :raises ValueError: if a layer or neuron cannot be exported.
    """
    graph = _Graph()
    frame = graph.input('frame', (STREAMS, 2, card.size, card.size))
    if isinstance(net, GestureNet):
        output = _add_gesture_net(graph, net, frame)
    elif isinstance(net, DVSGestureNet):
        output = _add_layers(graph, list(net.conv_fc), frame)
    else:
        raise ValueError(f'a {type(net).__name__} cannot be exported, only GestureNet and '
                         'DVSGestureNet')
    model = graph.model(output)
    helper.set_model_props(model, {CARD_KEY: card.to_json()})
    onnx.checker.check_model(model, full_check=True)
    return model


def _add_gesture_net(graph, net: GestureNet, frame: str) -> str:
    inputs = graph.add('Concat', frame, _add_trace(graph, net.frame_trace, frame), axis=1)
    stem, *features = net.features
    spikes = _add_layers(graph, [_after_trace(stem, net.frame_trace), *features], inputs)
    spikes = graph.add('Flatten', spikes, axis=1)
    both = graph.add('Concat', spikes, _add_trace(graph, net.feature_trace, spikes), axis=1)
    dropout, linear, neurons = net.hidden
    hidden = _add_layers(graph, [_after_trace(linear, net.feature_trace), neurons], both)
    return _add_layers(graph, [net.readout], hidden)


def _add_trace(graph, trace: Trace, x: str) -> str:
    """Return the old state of a trace, which is its value times its time constant; add x to it."""
    past = graph.state(graph.shapes[x])
    graph.keep(graph.add('Add', graph.add('Mul', past, graph.constant(1 - 1 / trace.tau)), x))
    return past


def _after_trace(linear, trace: Trace):
    """Return a copy of a layer whose second half of inputs is a trace times its time constant."""
    linear = deepcopy(linear)
    with torch.no_grad():
        linear.weight[:, linear.weight.shape[1] // 2:] /= trace.tau
    return linear


def _add_layers(graph, layers: list, x: str) -> str:
    """Add layers to the graph; those that only scale are folded into the weights before them."""
    layers = [each for each in layers if not isinstance(each, nn.Dropout | layer.Dropout)]
    while layers:
        first = layers.pop(0)
        if isinstance(first, nn.Conv2d | nn.Linear):
            weight, bias = _weights(first)
            if layers and isinstance(layers[0], nn.BatchNorm2d):
                weight, bias = _folded(weight, bias, layers.pop(0))
            follower = next((each for each in layers if not isinstance(each, nn.MaxPool2d)), None)
            if isinstance(follower, neuron.BaseNode):
                gain, _ = _gain_and_decay(follower)
                weight, bias = gain * weight, gain * bias
            x = _add_weights(graph, first, weight, bias, x)
        elif isinstance(first, neuron.BaseNode):
            pool = layers.pop(0) if layers and isinstance(layers[0], nn.MaxPool2d) else None
            x = _add_neurons(graph, first, pool, x)
        elif isinstance(first, nn.MaxPool2d):
            x = _add_pool(graph, first, x)
        elif isinstance(first, nn.Flatten | layer.Flatten):
            x = graph.add('Flatten', x, axis=1)
        elif isinstance(first, layer.VotingLayer):
            voters = graph.add('Reshape', x, graph.constant([0, -1, first.voting_size], np.int64))
            x = graph.add('ReduceMean', voters, axes=[2], keepdims=0)
        else:
            raise ValueError(f'a layer {type(first).__name__} cannot be exported')
    return x


def _weights(linear) -> tuple:
    weight = linear.weight.detach().double().cpu()
    bias = torch.zeros(len(weight)) if linear.bias is None else linear.bias.detach().cpu()
    return weight, bias.double()


def _folded(weight, bias, norm) -> tuple:
    """Return weight and bias with the batch norm after them folded in."""
    scale = norm.weight.detach().double().cpu() / torch.sqrt(
        norm.running_var.double().cpu() + norm.eps)
    shift = norm.bias.detach().double().cpu() - norm.running_mean.double().cpu() * scale
    return weight * scale.view(-1, 1, 1, 1), bias * scale + shift


def _gain_and_decay(node) -> tuple:
    """Return the factors of a neuron for its input and, each step, its membrane potential."""
    if isinstance(node, neuron.ParametricLIFNode):
        leak = float(node.w.detach().sigmoid())
    elif isinstance(node, neuron.LIFNode):
        leak = 1.0 / node.tau
    else:
        raise ValueError(f'a neuron {type(node).__name__} cannot be exported, only LIFNode and '
                         'ParametricLIFNode')
    if node.v_reset != 0:
        raise ValueError(f'neurons with v_reset {node.v_reset} cannot be exported, only 0')
    return (leak if node.decay_input else 1.0), 1.0 - leak


def _add_weights(graph, linear, weight, bias, x: str) -> str:
    weight, bias = graph.constant(weight), graph.constant(bias)
    if isinstance(linear, nn.Linear):
        return graph.add('Gemm', x, weight, bias, transB=1)
    return graph.add('Conv', x, weight, bias, kernel_shape=list(linear.kernel_size),
                     strides=list(linear.stride), pads=[*linear.padding, *linear.padding])


def _add_pool(graph, pool: nn.MaxPool2d, x: str) -> str:
    size, stride = (value if isinstance(value, tuple) else (value, value)
                    for value in (pool.kernel_size, pool.stride))
    return graph.add('MaxPool', x, kernel_shape=list(size), strides=list(stride))


def _add_neurons(graph, node, pool, x: str) -> str:
    """
    Add LIF neurons whose input is already scaled, and the pool after them.

    If any neuron of a pool fires, the one with the largest membrane potential does, so that the
    pool can come before the threshold.
    """
    _, decay = _gain_and_decay(node)
    threshold = graph.constant(node.v_threshold)
    charged = graph.add('Sub', x, graph.state(graph.shapes[x]))
    # Membranes below the threshold keep their value: of their negatives, those above its negative.
    decayed = graph.add('Mul', charged, graph.constant(-decay))
    graph.keep(graph.add('ThresholdedRelu', decayed, alpha=-decay * node.v_threshold))
    largest = charged if pool is None else _add_pool(graph, pool, charged)
    fires = graph.add('GreaterOrEqual', largest, threshold)
    return graph.add('Cast', fires, to=TensorProto.FLOAT)


class _Graph:
    """The nodes, constants and states of a graph that is being built."""

    def __init__(self):
        self.shapes = {}
        """Shapes of inputs and results, by name."""
        self._nodes, self._constants, self._inputs, self._kept = [], [], [], []

    def input(self, name: str, shape: tuple) -> str:
        self._inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        self.shapes[name] = tuple(shape)
        return name

    def constant(self, values, dtype=np.float32) -> str:
        name = f'constant_{len(self._constants)}'
        self._constants.append(numpy_helper.from_array(np.asarray(values, dtype), name))
        return name

    def state(self, shape: tuple) -> str:
        return self.input(f'state_{len(self._inputs) - 1}', shape)

    def keep(self, name: str) -> None:
        """Set the next value of the oldest state that has none yet."""
        self._kept.append(name)

    def add(self, kind: str, *inputs: str, **attributes) -> str:
        name = f'{kind.lower()}_{len(self._nodes)}'
        self._nodes.append(helper.make_node(kind, inputs, [name], name, **attributes))
        inferred = onnx.shape_inference.infer_shapes(self._with_outputs([name]))
        shape = inferred.graph.output[0].type.tensor_type.shape
        self.shapes[name] = tuple(each.dim_param or each.dim_value for each in shape.dim)
        return name

    def model(self, output: str) -> onnx.ModelProto:
        names = [('output', output)] + [
            (f'new_{value.name}', kept) for value, kept in zip(self._inputs[1:], self._kept)]
        for name, source in names:
            self._nodes.append(helper.make_node('Identity', [source], [name], name))
            self.shapes[name] = self.shapes[source]
        return self._with_outputs([name for name, _ in names])

    def _with_outputs(self, names: list) -> onnx.ModelProto:
        outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, self.shapes.get(name))
                   for name in names]
        graph = helper.make_graph(self._nodes, 'time_step', self._inputs, outputs,
                                  self._constants)
        return helper.make_model(graph, producer_name='snn_gesture_ros', ir_version=IR_VERSION,
                                 opset_imports=[helper.make_opsetid('', OPSET)])
