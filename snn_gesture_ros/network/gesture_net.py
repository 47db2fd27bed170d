# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The spiking network of the shipped models."""
from snn_gesture_ros.network.fused_lif import FusedLIFNode
from snn_gesture_ros.network.trace import Trace
from spikingjelly.activation_based import layer
import torch
from torch import nn

SMALLEST_MAP = 4
"""The convolutions halve the frame until it is this many pixels wide."""


class GestureNet(nn.Module):
    """
    Convolutions with LIF neurons, traces of the past, a spiking hidden layer and a mean readout.

    The first convolution strides over the frame and a trace of the frames before it, so that the
    direction of a movement shows in a single time step. Each block after it is a 3x3 convolution,
    batch norm, a 2x2 pool and LIF neurons; blocks repeat until the map is 4x4. The hidden layer
    sees the last map and a trace of it, and so the order in which places were passed. The last
    layer does not spike: its outputs are the logits of one time step. All layers begin in
    SpikingJelly's multi-step mode.
    """

    def __init__(self, classes: int, size: int, channels: int, hidden: int = 128,
                 stride: int = 4, tau: float = 2.0, trace_tau: float = 4.0,
                 dropout: float = 0.3):
        """
        Build the network with random weights.

        :param classes: number of outputs.
        :param size: width and height of a frame in pixels, a power of two of at least 4 * stride.
        :param channels: channels of the first convolution; each next block has 1.5 times as many.
        :param hidden: neurons of the hidden layer.
        :param stride: of the first convolution, pixels, a power of two.
        :param tau: membrane time constant in time steps.
        :param trace_tau: time constant of the traces in time steps.
        :param dropout: part of the hidden layer's inputs that training drops.
        :raises ValueError: if the size is not such a power of two.
        """
        super().__init__()
        if size < SMALLEST_MAP * stride or size & (size - 1) or stride & (stride - 1):
            raise ValueError(f'frame size {size} is not a power of two of at least '
                             f'{SMALLEST_MAP} times the stride {stride}, itself a power of two')
        self.frame_trace = Trace(trace_tau)
        width = size // stride
        blocks = [
            layer.Conv2d(4, channels, 2 * stride - 1, stride, stride - 1, bias=False,
                         step_mode='m'),
            layer.BatchNorm2d(channels, step_mode='m'),
            FusedLIFNode(tau),
        ]
        while width > SMALLEST_MAP:
            inputs, channels, width = channels, channels + channels // 2, width // 2
            blocks += [
                layer.Conv2d(inputs, channels, 3, padding=1, bias=False, step_mode='m'),
                layer.BatchNorm2d(channels, step_mode='m'),
                layer.MaxPool2d(2, step_mode='m'),
                FusedLIFNode(tau),
            ]
        self.features = nn.Sequential(*blocks)
        self.feature_trace = Trace(trace_tau)
        self.hidden = nn.Sequential(
            layer.Dropout(dropout, step_mode='m'),
            layer.Linear(2 * channels * width * width, hidden, step_mode='m'),
            FusedLIFNode(tau),
        )
        self.readout = layer.Linear(hidden, classes, step_mode='m')

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """
        Run all time steps, or a single one in single-step mode.

        :param frames: [T, N, 2, H, W], or [N, 2, H, W].
        :returns: logits of every time step, [T, N, classes], or [N, classes].
        """
        return self.judge(self.perceive(frames))

    def perceive(self, frames: torch.Tensor) -> torch.Tensor:
        """
        Run the convolutions.

        :returns: spikes of the last map, [T, N, neurons], or [N, neurons].
        """
        seen = torch.cat([frames, self.frame_trace(frames)], dim=-3)
        return self.features(seen).flatten(-3)

    def judge(self, spikes: torch.Tensor) -> torch.Tensor:
        """Run the layers after the convolutions on the spikes of the last map; give logits."""
        past = self.feature_trace(spikes)
        return self.readout(self.hidden(torch.cat([spikes, past], dim=-1)))
