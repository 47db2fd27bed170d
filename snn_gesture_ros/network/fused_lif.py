# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
SpikingJelly's LIF neuron with its multi-step form in one pass over memory on the CPU.

SpikingJelly's own form runs about twenty elementwise operations a time step, which takes most of
the time of a small network. Values are the same; see the tests.
"""
import numpy as np
from snn_gesture_ros.compiled import njit
from spikingjelly.activation_based import neuron, surrogate
import torch


class FusedLIFNode(neuron.LIFNode):
    """
    A LIF neuron with threshold 1 and hard reset to 0 that does not decay its input.

    Per time step: h = v (1 - 1/tau) + x; it spikes where h >= 1, and then v = 0, else v = h. The
    gradient of the spike is SpikingJelly's ATan, and none flows through the reset.
    """

    def __init__(self, tau: float = 2.0):
        """
        Make a layer in multi-step mode.

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
        resting = not isinstance(self.v, torch.Tensor)      # reset_net leaves a number
        v = torch.zeros_like(currents[0]) if resting else self.v
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


# Neurons are taken in blocks whose membranes stay in the cache while time goes on.
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
