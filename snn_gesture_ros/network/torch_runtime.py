# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
A time step in memory that never moves, so that a GPU can replay it as one CUDA graph.

SpikingJelly's modules put a new tensor in the place of each membrane at every step; here it is
copied back to where the last one was.
"""
import numpy as np
from snn_gesture_ros.network.checkpoint import load_checkpoint
from snn_gesture_ros.network.device import choose_device
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


class TorchRuntime:
    """A network that carries the membranes of each stream of frames from step to step."""

    def __init__(self, checkpoint: str, device: str = 'auto', threads: int = 1,
                 streams: int = 1):
        """
        Load a checkpoint.

        :param checkpoint: a path or the name of a shipped model.
        :param device: `auto`, `cpu`, `cuda` or `cuda:n`.
        :param threads: intra-op threads of torch on the CPU, for the whole process.
        :param streams: how many there are.
        :raises ValueError: if the checkpoint or the device cannot be used, or not together.
        """
        torch.set_num_threads(threads)
        self.device = choose_device(device)
        if self.device.type == 'cuda':      # outputs as on the CPU: they decide who fires
            torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
        net, self.card = load_checkpoint(checkpoint)
        functional.set_step_mode(net, 's')
        try:
            self._step = StaticStep(net.to(self.device), (2, self.card.size, self.card.size),
                                    streams)
        except RuntimeError as error:
            raise ValueError(f'{checkpoint} does not run on {self.device}: '
                             f'{str(error).splitlines()[0]}') from None

    @property
    def description(self) -> str:
        """Name the runtime and its device."""
        return f'torch on {self.device}'

    def reset(self, stream: int = 0) -> None:
        """Put a stream at rest."""
        self._step.reset(stream)

    def step(self, frames: list, streams=(0,)) -> np.ndarray:
        """
        Run a time step of some streams in one batch.

        :param frames: what the network takes, of each a float32 [2, H, W] of numpy or, on CUDA,
            of CuPy.
        :param streams: N indices, each once.
        :returns: its outputs, float32 [N, labels].
        """
        streams = list(streams)
        self._step.taken.fill_(False)[streams] = True
        for frame, stream in zip(frames, streams):
            self._step.frames[stream].copy_(torch.from_dlpack(frame))
        return self._step.run().cpu().numpy()[streams]
