# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The most memory that a process has had; ru_maxrss starts with that of the parent process."""
import inspect
from pathlib import Path


def peak_kb():
    """Return the most memory that this process has had, in kB."""
    return int(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])


def forget_peak():
    """Let `peak_kb` count from now on."""
    Path('/proc/self/clear_refs').write_text('5')


SOURCE = f'from pathlib import Path\n\n\n{inspect.getsource(peak_kb)}\n'
"""Defines `peak_kb` at the start of code for another process."""
