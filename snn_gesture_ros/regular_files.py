# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Files that are files: whoever opens a FIFO or a device may wait for ever, or read for ever."""
import errno
import os
from pathlib import Path
import stat

SPECIAL = {stat.S_IFIFO: 'a FIFO', stat.S_IFSOCK: 'a socket', stat.S_IFCHR: 'a device',
           stat.S_IFBLK: 'a device'}


def check_regular(path) -> None:
    """
    Refuse what is there and neither a file nor a folder; do not open it.

    :raises OSError: says what it is.
    """
    try:
        kind = stat.S_IFMT(os.stat(path).st_mode)
    except FileNotFoundError:
        return
    if kind in SPECIAL:
        raise OSError(errno.EINVAL, f'{SPECIAL[kind]}, not a file', str(path))


def check_all_regular(folder: Path) -> None:
    """
    Refuse a folder in which something is neither a file nor a folder.

    :raises OSError: says what it is.
    """
    for path in folder.iterdir():
        check_regular(path)
