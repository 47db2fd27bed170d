# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The reference runtime: SpikingJelly's network in torch, a time step at a time."""
import math

from snn_gesture_ros.network.checkpoint import load_checkpoint
from snn_gesture_ros.network.device import choose_device
from spikingjelly.activation_based import base, functional
import torch

WARM_UPS = 3
"""Runs before a capture, in which CUDA's libraries allocate their memory."""


class TorchRuntime:
    """A network whose state is passed in and out at every time step."""

    def __init__(self, checkpoint: str, device: str = 'auto', threads: int = 1,
                 streams: int = 1):
        """
        Load a checkpoint.

        :param checkpoint: a path or the name of a shipped model.
        :param device: `auto`, `cpu`, `cuda` or `cuda:n`.
        :param threads: intra-op threads of torch on the CPU, for the whole process.
        :param streams: the largest batch.
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

    def step(self, frames: list, states: list) -> tuple:
        """
        Run a time step of some streams in one batch.

        :param frames: what the network takes, float32 [2, H, W] for each of N streams.
        :param states: what the step before returned for each stream, None at rest.
        :returns: the outputs, float32 [N, labels], and the list of the N new states.
        """
        step = self._step
        for place, (frame, state) in enumerate(zip(frames, states)):
            step.frames[place].copy_(torch.from_numpy(frame))
            step.states[place].copy_(step.rest if state is None else state)
        outputs = step.run(len(frames)).to('cpu', copy=True).numpy()
        return outputs, [state.clone() for state in step.states[:len(frames)]]


class StaticStep:
    """
    A time step in memory that never moves, so that a GPU can replay it as one CUDA graph.

    SpikingJelly's modules put a new tensor in the place of each membrane at every step; here it
    is copied back to where the last one was.
    """

    def __init__(self, net: torch.nn.Module, frame_shape: tuple, batch: int = 1):
        """
        Allocate all the memory that steps need.

        :param net: SpikingJelly network in single-step and evaluation mode; where its weights are
            on a CUDA device, the step is captured as a graph.
        :param frame_shape: (2, H, W).
        :param batch: N, the largest batch.
        """
        device = next(net.parameters()).device
        self.frames = torch.zeros(batch, *frame_shape, device=device)
        """What the next step takes, float32 [N, 2, H, W]; overwrite it in place."""
        self._net = net
        self._graph = None
        functional.reset_net(net)
        resting = self._memories_of_net()
        with torch.inference_mode():
            outputs = net(self.frames)
        shapes = {place: value.shape[1:] for place, value in self._memories_of_net().items()
                  if isinstance(value, torch.Tensor)}
        sizes = [math.prod(shape) for shape in shapes.values()]
        self._outputs = outputs.clone()
        self.rest = torch.cat([torch.full((size,), float(resting[place]), device=device)
                               for place, size in zip(shapes, sizes)])
        """The state of a stream at rest, float32 [values]."""
        self.states = self.rest.repeat(batch, 1)
        """The state of each stream before the next step and after it, float32 [N, values]."""
        self._memories = [(module, name, part.unflatten(1, shape)) for (
            (module, name), shape), part in zip(shapes.items(), self.states.split(sizes, dim=1))]
        """Module, name and view of `states` of all that the network remembers."""
        if device.type == 'cuda':
            self._capture(device)
            self.states.copy_(self.rest)

    def run(self, count: int) -> torch.Tensor:
        """Run a step on the first `count` frames and states; return outputs, [count, labels]."""
        if self._graph is None:
            self._run(count)
        else:
            self._graph.replay()
        return self._outputs[:count]

    def _memories_of_net(self) -> dict:
        """Return the values by module and name."""
        return {(module, name): value for module in self._net.modules()
                if isinstance(module, base.MemoryModule)
                for name, value in module.named_memories()}

    def _run(self, count: int) -> None:
        with torch.inference_mode():
            for module, name, memory in self._memories:
                setattr(module, name, memory[:count])
            self._outputs[:count] = self._net(self.frames[:count])
            for module, name, memory in self._memories:
                memory[:count] = getattr(module, name)

    def _capture(self, device: torch.device) -> None:
        count = len(self.frames)
        with torch.cuda.device(device):
            side = torch.cuda.Stream()
            side.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(side):
                for _ in range(WARM_UPS):
                    self._run(count)
            torch.cuda.current_stream().wait_stream(side)
            self._graph = torch.cuda.CUDAGraph()
            # Another network may be at work in another thread.
            with torch.cuda.graph(self._graph, capture_error_mode='thread_local'):
                self._run(count)
