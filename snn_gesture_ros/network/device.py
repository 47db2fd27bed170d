# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Choose the device that torch runs on."""
import torch


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
