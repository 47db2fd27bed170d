# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A trace: what fades of the time steps before the present one."""
from spikingjelly.activation_based import base
import torch


class Trace(base.MemoryModule):
    """
    A leaky average of the past of its input, as a synapse keeps it.

    The output of a time step knows nothing of that step's input: y[t] = r[t-1], and then
    r[t] = r[t-1] + (x[t] - r[t-1]) / tau, from r = 0. It is linear and does not spike.
    """

    def __init__(self, tau: float):
        """
        Make a trace in multi-step mode.

        :param tau: its time constant in time steps, 1 or more.
        """
        super().__init__()
        self.tau = tau
        self.step_mode = 'm'
        self.register_memory('r', 0.0)

    def single_step_forward(self, x: torch.Tensor) -> torch.Tensor:
        """Take one time step [...]; return the trace of those before it, of the same shape."""
        past = self.r if isinstance(self.r, torch.Tensor) else torch.zeros_like(x)
        self.r = (past + (x - past) / self.tau).detach()
        return past

    def multi_step_forward(self, x_seq: torch.Tensor) -> torch.Tensor:
        """
        Run all time steps, which are one product with a matrix.

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
