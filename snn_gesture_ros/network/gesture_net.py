# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The spiking network of the shipped models."""
from spikingjelly.activation_based import layer, neuron, surrogate
import torch
from torch import nn

SMALLEST_MAP = 4
"""The convolutions halve the frame until it is this many pixels wide."""


class GestureNet(nn.Module):
    """
    Convolutions with LIF neurons, a spiking hidden layer and a mean readout.

    Each block is a 3x3 convolution, batch norm, LIF neurons and a 2x2 pool; blocks repeat until
    the map is 4x4. The last layer does not spike: its outputs are the logits of one time step.
    All layers are in SpikingJelly's multi-step mode.
    """

    def __init__(self, classes: int, size: int, channels: int, hidden: int = 128,
                 tau: float = 2.0, dropout: float = 0.3):
        """
        Build the network with random weights.

        :param classes: number of outputs.
        :param size: width and height of a frame in pixels, a power of two of at least 8.
        :param channels: channels of the first block; the others have twice as many.
        :param hidden: neurons of the hidden layer.
        :param tau: membrane time constant in time steps.
        :param dropout: part of the hidden layer's inputs that training drops.
        :raises ValueError: if the size is not a power of two of at least 8.
        """
        super().__init__()
        if size < 8 or size & (size - 1):
            raise ValueError(f'frame size {size} is not a power of two of at least 8')

        def lif():
            return neuron.LIFNode(tau=tau, decay_input=False, detach_reset=True,
                                  surrogate_function=surrogate.ATan(), step_mode='m')

        blocks = []
        inputs, outputs, width = 2, channels, size
        while width > SMALLEST_MAP:
            blocks += [
                layer.Conv2d(inputs, outputs, 3, padding=1, bias=False, step_mode='m'),
                layer.BatchNorm2d(outputs, step_mode='m'),
                lif(),
                layer.MaxPool2d(2, step_mode='m'),
            ]
            inputs, outputs, width = outputs, 2 * channels, width // 2
        self.features = nn.Sequential(*blocks)
        self.hidden = nn.Sequential(
            layer.Flatten(step_mode='m'),
            layer.Dropout(dropout, step_mode='m'),
            layer.Linear(inputs * width * width, hidden, step_mode='m'),
            lif(),
        )
        self.readout = layer.Linear(hidden, classes, step_mode='m')

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """
        Run all time steps; the membranes must have been reset before.

        :param frames: [T, N, 2, H, W].
        :returns: logits of every time step, [T, N, classes].
        """
        return self.readout(self.hidden(self.features(frames)))
