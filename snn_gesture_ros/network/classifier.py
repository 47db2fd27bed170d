# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The classifier: a window of frames in, a score for each label out."""
import numpy as np
from snn_gesture_ros.frames.accumulation import network_input
from snn_gesture_ros.network.checkpoint import load_checkpoint
from spikingjelly.activation_based import functional
import torch


def choose_device(name: str) -> torch.device:
    """
    Turn `auto`, `cpu`, `cuda` or `cuda:n` into a device.

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


def averaged(outputs: torch.Tensor, readout_steps: float) -> torch.Tensor:
    """
    Average the outputs of the time steps.

    :param outputs: of a network, [T, N, labels].
    :param readout_steps: as in its ModelCard; 0 for the plain mean.
    :returns: [N, labels].
    """
    if not readout_steps:
        return outputs.mean(dim=0)
    age = torch.arange(len(outputs) - 1, -1, -1, dtype=outputs.dtype, device=outputs.device)
    return torch.einsum('t,tnl->nl', torch.softmax(-age / readout_steps, dim=0), outputs)


def scores_of(output: torch.Tensor, readout: str) -> torch.Tensor:
    """
    Turn a network's output into scores that sum to one.

    :param output: [..., labels], averaged over the time steps.
    :param readout: as in its ModelCard: `softmax` or `firing_rate`.
    """
    if readout == 'softmax':
        return output.softmax(dim=-1)
    return (output + 1e-6) / (output + 1e-6).sum(dim=-1, keepdim=True)


class SpikingClassifier:
    """A network that is loaded and ready; each window is judged on its own."""

    def __init__(self, checkpoint: str, device: str = 'auto', threads: int = 1):
        """
        Load a checkpoint and run it once, so that the first window is not slow.

        :param checkpoint: a path or the name of a shipped model.
        :param device: `auto`, `cpu`, `cuda` or `cuda:n`.
        :param threads: intra-op threads of torch on the CPU, for the whole process.
        :raises ValueError: if the checkpoint or the device cannot be used.
        """
        torch.set_num_threads(threads)
        self.device = choose_device(device)
        self.net, self.card = load_checkpoint(checkpoint)
        self.net.to(self.device)
        self.shape = (self.card.time_steps, 2, self.card.size, self.card.size)
        self.classify(np.zeros(self.shape, np.uint16))

    def classify(self, frames: np.ndarray) -> np.ndarray:
        """
        Judge one window from a state at rest.

        :param frames: event counts, [T, 2, H, W], channel 0 OFF and 1 ON.
        :returns: scores that sum to one, [labels].
        :raises ValueError: if the shape is not the network's.
        """
        if frames.shape != self.shape:
            raise ValueError(f'frames have shape {frames.shape}, the network wants {self.shape}')
        frames = network_input(frames, self.card.frame_value)
        batch = torch.from_numpy(frames).to(self.device)[:, None]
        with torch.inference_mode():
            functional.reset_net(self.net)
            output = averaged(self.net(batch), self.card.readout_steps)[0]
            scores = scores_of(output, self.card.readout)
        return scores.cpu().numpy()
