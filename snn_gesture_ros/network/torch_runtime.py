# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The reference runtime: run SpikingJelly's network in torch, one time step per call."""
import math

from snn_gesture_ros.network.checkpoint import load_checkpoint
from spikingjelly.activation_based import base, functional
import torch

WARM_UPS = 3
"""Runs before a CUDA graph is captured, in which the CUDA libraries allocate their memory."""


class TorchRuntime:
    """A network whose state is passed in and out at every time step."""

    def __init__(self, checkpoint: str, device: str = 'auto', threads: int = 1,
                 streams: int = 1):
        """
        Load a checkpoint.

        :param checkpoint: a path or the name of a shipped model.
        :param device: `auto`, `cpu`, `cuda` or `cuda:n`.
        :param threads: intra-op threads of torch on the CPU, for the whole process.
        :param streams: maximum number of streams in a batch.
        :raises ValueError: if the checkpoint or the device cannot be used.
        """
        torch.set_num_threads(threads)
        self.device = choose_device(device)
        if self.device.type == 'cuda':      # same spikes as on the CPU
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
        """Return the names of the runtime and its device, as text for logs."""
        return f'torch on {self.device}'

    def step(self, frames: list, states: list) -> tuple:
        """
        Run a time step of some streams in one batch.

        :param frames: input of the network, float32 [2, H, W] for each of N streams.
        :param states: the state that the last step returned for each stream; None at first.
        :returns: the outputs, float32 [N, labels], and the list of the N new states.
        """
        step = self._step
        for place, (frame, state) in enumerate(zip(frames, states)):
            step.frames[place].copy_(torch.from_numpy(frame))
            step.states[place].copy_(step.initial if state is None else state)
        outputs = step.run(len(frames)).to('cpu', copy=True).numpy()
        return outputs, [state.clone() for state in step.states[:len(frames)]]


class StaticStep:
    """
    A time step in fixed memory, so that a GPU can replay it as one CUDA graph.

    SpikingJelly's modules replace the tensor of each membrane potential at every step; here the
    new values are copied into the old tensor.
    """

    def __init__(self, net: torch.nn.Module, frame_shape: tuple, batch: int = 1):
        """
        Allocate the memory for all steps.

        :param net: SpikingJelly network in single-step and evaluation mode; where its weights are
            on a CUDA device, the step is captured as a graph.
        :param frame_shape: (2, H, W).
        :param batch: N, the maximum number of streams in a batch.
        """
        device = next(net.parameters()).device
        self.frames = torch.zeros(batch, *frame_shape, device=device)
        """Input of the next step, float32 [N, 2, H, W]; write to it in place."""
        self._net = net
        self._graph = None
        functional.reset_net(net)
        initial = self._memories_of_net()
        with torch.inference_mode():
            outputs = net(self.frames)
        shapes = {place: value.shape[1:] for place, value in self._memories_of_net().items()
                  if isinstance(value, torch.Tensor)}
        sizes = [math.prod(shape) for shape in shapes.values()]
        self._outputs = outputs.clone()
        self.initial = torch.cat([torch.full((size,), float(initial[place]), device=device)
                                  for place, size in zip(shapes, sizes)])
        """State of a stream after a reset, float32 [values]."""
        self.states = self.initial.repeat(batch, 1)
        """State of each stream, float32 [N, values], which a step changes in place."""
        self._memories = [(module, name, part.unflatten(1, shape)) for (
            (module, name), shape), part in zip(shapes.items(), self.states.split(sizes, dim=1))]
        """Module, attribute and view into `states` for each variable of the network's state."""
        if device.type == 'cuda':
            self._capture(device)
            self.states.copy_(self.initial)

    def run(self, count: int) -> torch.Tensor:
        """Run a step of the first `count` streams; return outputs, float32 [count, labels]."""
        if self._graph is None:
            self._run(count)
        else:
            self._graph.replay()
        return self._outputs[:count]

    def _memories_of_net(self) -> dict:
        """Return the variables of the network's state, by module and name."""
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
            # Another network may run in another thread.
            with torch.cuda.graph(self._graph, capture_error_mode='thread_local'):
                self._run(count)


def choose_device(name: str) -> torch.device:
    """
    Return the device named `auto`, `cpu`, `cuda` or `cuda:n`.

    :raises ValueError: if the device does not exist on this machine.
    """
    cuda = torch.cuda.is_available()
    if name == 'auto':
        return torch.device('cuda' if cuda else 'cpu')
    try:
        device = torch.device(name)
    except RuntimeError:
        device = None
    if device is None or device.type not in ('cpu', 'cuda'):
        raise ValueError(f'device {name!r} is not auto, cpu, cuda or cuda:n')
    if device.type == 'cuda' and (device.index or 0) >= torch.cuda.device_count():
        raise ValueError(f'device {name!r} does not exist: torch sees '
                         f'{torch.cuda.device_count()} CUDA devices; use device:=cpu or auto')
    return device
