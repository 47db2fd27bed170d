# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The spiking network of the shipped models, and its neurons and traces."""
import numpy as np
from snn_gesture_ros.compiled import njit
from spikingjelly.activation_based import base, layer, neuron, surrogate
import torch
from torch import nn

MIN_MAP_SIDE = 4
"""Blocks of convolutions halve the frame until it is this many pixels wide."""


class FusedLIFNode(neuron.LIFNode):
    """
    A LIF neuron with threshold 1 and hard reset to 0 that does not decay its input.

    Per time step: h = v (1 - 1/tau) + x; it spikes where h >= 1, and then v = 0, else v = h. The
    gradient of the spike is SpikingJelly's ATan, and none flows through the reset.
    """

    def __init__(self, tau: float = 2.0):
        """
        Make a layer of neurons in multi-step mode.

        :param tau: membrane time constant in time steps.
        """
        super().__init__(tau=float(tau), decay_input=False, detach_reset=True, step_mode='m',
                         surrogate_function=surrogate.ATan())

    def multi_step_forward(self, x_seq: torch.Tensor) -> torch.Tensor:
        """
        Run all time steps.

        :param x_seq: input currents [T, ...].
        :returns: spikes [T, ...].
        """
        if x_seq.device.type != 'cpu':
            return super().multi_step_forward(x_seq)
        currents = x_seq.float()        # membranes are float32, also with mixed precision
        is_reset = not isinstance(self.v, torch.Tensor)     # reset_net sets a number
        v = torch.zeros_like(currents[0]) if is_reset else self.v
        spikes, self.v = _FusedLIF.apply(currents, v.detach(), 1.0 - 1.0 / self.tau)
        return spikes.to(x_seq.dtype)


class _FusedLIF(torch.autograd.Function):

    @staticmethod
    def forward(ctx, x_seq, v, keep):
        x_seq, v = x_seq.contiguous(), v.contiguous().clone()
        spikes = torch.empty_like(x_seq)
        charged = torch.empty_like(x_seq) if ctx.needs_input_grad[0] else spikes
        steps = len(x_seq)
        _run(x_seq.detach().view(steps, -1).numpy(), v.view(-1).numpy(), np.float32(keep),
             charged.view(steps, -1).numpy(), spikes.view(steps, -1).numpy())
        ctx.save_for_backward(charged)
        ctx.keep = keep
        ctx.mark_non_differentiable(v)
        return spikes, v

    @staticmethod
    def backward(ctx, spikes_grad, _):
        charged, = ctx.saved_tensors
        steps = len(charged)
        x_grad = torch.empty_like(charged)
        _run_back(spikes_grad.contiguous().view(steps, -1).numpy(),
                  charged.view(steps, -1).numpy(), np.float32(ctx.keep),
                  x_grad.view(steps, -1).numpy())
        return x_grad, None, None


# A block of neurons runs all time steps, so that its membrane potentials stay in the cache.
_BLOCK = 4096


@njit(nogil=True)
def _run(x, v, keep, charged, spikes):
    for begin in range(0, v.size, _BLOCK):
        end = min(begin + _BLOCK, v.size)
        for t in range(x.shape[0]):
            for i in range(begin, end):
                h = v[i] * keep + x[t, i]
                charged[t, i] = h
                fires = h >= np.float32(1.0)
                spikes[t, i] = np.float32(1.0) if fires else np.float32(0.0)
                v[i] = np.float32(0.0) if fires else h


@njit(nogil=True)
def _run_back(spikes_grad, charged, keep, x_grad):
    one, pi = np.float32(1.0), np.float32(np.pi)
    v_grad = np.empty(_BLOCK, np.float32)
    steps, neurons = charged.shape
    for begin in range(0, neurons, _BLOCK):
        end = min(begin + _BLOCK, neurons)
        v_grad[:] = 0.0
        for t in range(steps - 1, -1, -1):
            for i in range(begin, end):
                above = pi * (charged[t, i] - one)
                through = v_grad[i - begin] if charged[t, i] < one else np.float32(0.0)
                grad = spikes_grad[t, i] / (one + above * above) + through
                x_grad[t, i] = grad
                v_grad[i - begin] = grad * keep


class Trace(base.MemoryModule):
    """
    A leaky average of the past inputs, like a synaptic trace.

    The output of a time step does not depend on the input of that step: y[t] = r[t-1], and then
    r[t] = r[t-1] + (x[t] - r[t-1]) / tau, from r = 0. It is linear and does not spike.
    """

    def __init__(self, tau: float):
        """
        Make a trace in multi-step mode.

        :param tau: time constant in time steps, at least 1.
        """
        super().__init__()
        self.tau = tau
        self.step_mode = 'm'
        self.register_memory('r', 0.0)

    def single_step_forward(self, x: torch.Tensor) -> torch.Tensor:
        """Run one time step [...]; return the trace of the steps before it, of the same shape."""
        past = self.r if isinstance(self.r, torch.Tensor) else torch.zeros_like(x)
        self.r = (past + (x - past) / self.tau).detach()
        return past

    def multi_step_forward(self, x_seq: torch.Tensor) -> torch.Tensor:
        """
        Run all time steps, as one matrix product.

        :param x_seq: input [T, ...].
        :returns: traces [T, ...].
        """
        steps = len(x_seq)
        keep = 1.0 - 1.0 / self.tau
        ages = torch.arange(steps + 1)[:, None] - torch.arange(steps) - 1
        weights = torch.where(ages >= 0, keep ** ages.clamp(0) / self.tau, 0.0).to(x_seq)
        traces = (weights @ x_seq.flatten(1)).view(steps + 1, *x_seq.shape[1:])
        if isinstance(self.r, torch.Tensor):
            fading = keep ** torch.arange(steps + 1).to(x_seq)
            traces = traces + fading.view(-1, *[1] * self.r.ndim) * self.r
        self.r = traces[-1].detach()
        return traces[:-1]


class GestureNet(nn.Module):
    """
    Convolutions with LIF neurons, traces of the past, a spiking hidden layer and a mean readout.

    The first convolution has a stride and gets the frame and a trace of the frames before it, so
    that a single time step contains the direction of a movement. Each further block is a 3x3
    convolution, batch norm, a 2x2 pool and LIF neurons; blocks repeat until the feature map is
    4x4. The hidden layer gets this map and a trace of it, and so the order of positions. The last
    layer does not spike: its outputs are the logits of one time step. All layers start in
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
        :param stride: stride of the first convolution in pixels, a power of two.
        :param tau: membrane time constant in time steps.
        :param trace_tau: time constant of the traces in time steps.
        :param dropout: fraction of the hidden layer's inputs that training drops.
        :raises ValueError: if the size or the stride is wrong.
        """
        super().__init__()
        if size < MIN_MAP_SIDE * stride or size & (size - 1) or stride & (stride - 1):
            raise ValueError(f'frame size {size} is not a power of two of at least '
                             f'{MIN_MAP_SIDE} times the stride {stride}, itself a power of two')
        self.frame_trace = Trace(trace_tau)
        width = size // stride
        blocks = [
            layer.Conv2d(4, channels, 2 * stride - 1, stride, stride - 1, bias=False,
                         step_mode='m'),
            layer.BatchNorm2d(channels, step_mode='m'),
            FusedLIFNode(tau),
        ]
        while width > MIN_MAP_SIDE:
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
        return self.forward_head(self.forward_features(frames))

    def forward_features(self, frames: torch.Tensor) -> torch.Tensor:
        """
        Run the layers before the hidden layer.

        :param frames: [T, N, 2, H, W], or [N, 2, H, W].
        :returns: spikes of the last feature map, [T, N, neurons], or [N, neurons].
        """
        inputs = torch.cat([frames, self.frame_trace(frames)], dim=-3)
        return self.features(inputs).flatten(-3)

    def forward_head(self, spikes: torch.Tensor) -> torch.Tensor:
        """
        Run the hidden layer and the readout.

        :param spikes: of the last feature map, [T, N, neurons], or [N, neurons].
        :returns: logits, [T, N, classes], or [N, classes].
        """
        past = self.feature_trace(spikes)
        return self.readout(self.hidden(torch.cat([spikes, past], dim=-1)))
