# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Runtimes: choose and load the library that runs a network's time steps.

Each has `card` (ModelCard), `description` and `step(frames, states)`, like TorchRuntime. A runtime
is imported only when it is opened, so that ONNX Runtime works without torch.
"""
from importlib.util import find_spec
import os
from pathlib import Path

from snn_gesture_ros.network.checkpoint_files import EXPORTED, find_checkpoint

RUNTIMES = {'auto': 'onnx where it can', 'torch': 'PyTorch',
            'onnx': 'ONNX Runtime, for an exported checkpoint'}


def choose_runtime(checkpoint: str, runtime: str, device: str) -> str:
    """
    Return `onnx` or `torch`; the arguments are those of `open_runtime`.

    :raises ValueError: if there is no such runtime or checkpoint.
    """
    if runtime not in RUNTIMES:
        raise ValueError(f'runtime {runtime!r} is not one of {", ".join(RUNTIMES)}')
    if runtime == 'auto':
        exported = find_checkpoint(checkpoint, exported=True).suffix == EXPORTED
        alone = Path(checkpoint).suffix == EXPORTED     # torch cannot load it
        on_cpu = device in ('auto', 'cpu')
        runtime = 'onnx' if exported and on_cpu and (
            alone or find_spec('onnxruntime')) else 'torch'
    return runtime


def open_runtime(checkpoint: str, runtime: str, device: str, threads: int, streams: int = 1):
    """
    Load a checkpoint into a runtime.

    :param checkpoint: a path, or the name of a shipped model, which works with both runtimes.
    :param runtime: one of RUNTIMES; `auto` chooses ONNX Runtime if it is installed, the device
        is not CUDA and the checkpoint is exported, and else torch.
    :param device: `auto`, `cpu`, `cuda` or `cuda:n`.
    :param threads: threads on the CPU.
    :param streams: maximum number of streams in a batch.
    :raises ValueError: if an argument is wrong, the checkpoint cannot be used, or a library is
        not installed.
    """
    runtime = choose_runtime(checkpoint, runtime, device)
    if runtime == 'onnx':
        if device not in ('auto', 'cpu'):
            raise ValueError(f'runtime onnx is for the CPU: device {device!r} needs runtime torch')
        try:
            from snn_gesture_ros.network.onnx_runtime import OnnxRuntime
        except ModuleNotFoundError as error:
            raise ValueError(f'runtime onnx needs {error.name}, which is not installed: '
                             'pip install onnxruntime, or choose runtime torch') from None
        return OnnxRuntime(checkpoint, threads, streams)
    # Threads that spin while they wait slow down everything else on the machine.
    os.environ.setdefault('OMP_WAIT_POLICY', 'passive')     # read when torch is imported
    try:
        from snn_gesture_ros.network.torch_runtime import TorchRuntime
    except ModuleNotFoundError as error:
        raise ValueError(f'{checkpoint} needs torch, but {error.name} is not installed: see "On a '
                         'robot" in the README, or export it where torch is') from None
    return TorchRuntime(checkpoint, device, threads, streams)
