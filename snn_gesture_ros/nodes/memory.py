# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Memory that a process holds, on this machine and on its GPUs."""
from contextlib import suppress
import ctypes
import gc
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
    cuda = _cuda_in_use()
    if cuda is None:
        return 0
    return round(sum(map(cuda.memory_reserved, range(cuda.device_count()))) / 1e6)


def _cuda_in_use():
    """Give torch's module of CUDA if this process uses it, else None."""
    cuda = sys.modules.get('torch.cuda')
    in_use = getattr(cuda, 'is_initialized', None)  # not there yet while torch is imported
    return cuda if in_use is not None and in_use() else None


def give_back_memory() -> None:
    """Give what was freed back to the system, and to the GPUs, which torch and C keep it from."""
    gc.collect()
    cuda = _cuda_in_use()
    if cuda is not None:
        cuda.empty_cache()
    trim = getattr(ctypes.CDLL(None), 'malloc_trim', None)  # glibc alone has it
    if trim is not None:
        trim(0)


def memory_in_use() -> dict:
    """Give the memory of this process by name, as far as it is known."""
    memory = {}
    with suppress(OSError):
        memory['memory_mb'] = resident_mb()
    reserved_mb = gpu_mb()
    if reserved_mb:
        memory['gpu_memory_mb'] = reserved_mb
    return memory
