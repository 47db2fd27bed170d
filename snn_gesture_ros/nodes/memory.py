# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Memory that a process holds, on this machine and on its GPUs."""
from contextlib import suppress
import os
from pathlib import Path
import sys


def resident_mb(pid='self') -> int:
    """
    Give the resident memory of a process in MB.

    :raises OSError: if there is no such process, or no Linux.
    """
    pages = int(Path(f'/proc/{pid}/statm').read_text().split()[1])
    return round(pages * os.sysconf('SC_PAGE_SIZE') / 1e6)


def gpu_mb() -> int:
    """
    Give the GPU memory in MB that torch has reserved in this process.

    Nothing is imported to find that out, so it is 0 where torch does not use CUDA.
    """
    cuda = sys.modules.get('torch.cuda')
    in_use = getattr(cuda, 'is_initialized', None)  # not there yet while torch is imported
    if in_use is None or not in_use():
        return 0
    return round(sum(map(cuda.memory_reserved, range(cuda.device_count()))) / 1e6)


def memory_in_use() -> dict:
    """Give the memory of this process by name, as far as it is known."""
    memory = {}
    with suppress(OSError):
        memory['memory_mb'] = resident_mb()
    reserved_mb = gpu_mb()
    if reserved_mb:
        memory['gpu_memory_mb'] = reserved_mb
    return memory
