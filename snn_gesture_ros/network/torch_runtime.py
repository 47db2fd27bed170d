# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The reference runtime: SpikingJelly's network in torch, a time step at a time."""
import numpy as np
from snn_gesture_ros.network.checkpoint import load_checkpoint
from snn_gesture_ros.network.device import choose_device
from snn_gesture_ros.network.static_step import StaticStep
from spikingjelly.activation_based import functional
import torch


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
