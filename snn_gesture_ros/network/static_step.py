# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
A time step in memory that never moves, so that a GPU can replay it as one CUDA graph.

SpikingJelly's modules put a new tensor in the place of each membrane at every step; here it is
copied back to where the last one was.
"""
from spikingjelly.activation_based import base, functional
import torch

WARM_UPS = 3
"""Runs before a capture, in which CUDA's libraries take their memory."""


class StaticStep:
    """A network with its input, its output, its membranes and traces at fixed places."""

    def __init__(self, net: torch.nn.Module, frame_shape: tuple, batch: int = 1):
        """
        Take all the memory that steps need.

        :param net: SpikingJelly network in single-step and evaluation mode; where its weights are
            on a CUDA device, the step is captured as a graph.
        :param frame_shape: (2, H, W).
        :param batch: N, streams of frames whose states lie side by side.
        """
        device = next(net.parameters()).device
        self.taken = torch.ones(batch, dtype=torch.bool, device=device)
        """The streams, [N], that go on in the next step; the others stay as they are."""
        self.frames = torch.zeros(batch, *frame_shape, device=device)
        """What the next step takes, float32 [N, 2, H, W]; overwrite it in place."""
        self._net = net
        self._graph = None
        functional.reset_net(net)
        resting = self._memories_of_net()
        with torch.inference_mode():
            self.outputs = net(self.frames)
            """Of the latest step, float32 [N, labels]."""
            self._memories = [
                (module, name, torch.empty_like(value), resting[module, name])
                for (module, name), value in self._memories_of_net().items()
                if isinstance(value, torch.Tensor)]
            """Module, name, place, and value at rest of all that the network remembers."""
            if device.type == 'cuda':
                self._capture(device)
        self.reset()

    def reset(self, streams=...) -> None:
        """Put streams at rest: the index of one, by default all."""
        with torch.inference_mode():
            for _, _, memory, at_rest in self._memories:
                memory[streams].fill_(at_rest)

    def run(self) -> torch.Tensor:
        """Run a step on `frames`; return `outputs`."""
        if self._graph is None:
            self._step()
        else:
            self._graph.replay()
        return self.outputs

    def _memories_of_net(self) -> dict:
        """Return the values by module and name."""
        return {(module, name): value for module in self._net.modules()
                if isinstance(module, base.MemoryModule)
                for name, value in module.named_memories()}

    def _step(self) -> None:
        with torch.inference_mode():
            for module, name, memory, _ in self._memories:
                setattr(module, name, memory)
            self.outputs.copy_(self._net(self.frames))
            for module, name, memory, _ in self._memories:
                memory.copy_(self._of_taken(getattr(module, name), memory))

    def _of_taken(self, after: torch.Tensor, before: torch.Tensor) -> torch.Tensor:
        if len(self.taken) == 1:
            return after
        return torch.where(self.taken.view(-1, *[1] * (after.dim() - 1)), after, before)

    def _capture(self, device: torch.device) -> None:
        with torch.cuda.device(device):
            side = torch.cuda.Stream()
            side.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(side):
                for _ in range(WARM_UPS):
                    self._step()
            torch.cuda.current_stream().wait_stream(side)
            self._graph = torch.cuda.CUDAGraph()
            # Another network may be at work in another thread.
            with torch.cuda.graph(self._graph, capture_error_mode='thread_local'):
                self._step()
