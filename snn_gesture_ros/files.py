# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Files: whether they are any, and which one an error is of."""
from contextlib import contextmanager
import errno
import os
from pathlib import Path
import stat

SPECIAL = {stat.S_IFIFO: 'a FIFO', stat.S_IFSOCK: 'a socket', stat.S_IFCHR: 'a device',
           stat.S_IFBLK: 'a device'}


def check_regular(path) -> None:
    """
    Refuse what is there and neither a file nor a folder: to open a FIFO may take for ever.

    :raises OSError: says what it is.
    """
    try:
        kind = stat.S_IFMT(os.stat(path).st_mode)
    except FileNotFoundError:
        return
    if kind in SPECIAL:
        raise OSError(errno.EINVAL, f'{SPECIAL[kind]}, not a file', str(path))


def read_regular(path: Path) -> bytes:
    """
    Return the bytes of a file.

    :raises OSError: if it cannot be read, or is none.
    """
    check_regular(path)
    return path.read_bytes()


def explain(error: OSError) -> str:
    """Return the name of a file and what is wrong with it."""
    return f'{error.filename}: {error.strerror}' if error.filename else str(error)


@contextmanager
def naming(path):
    """
    Let errors of writing name the file; what is raised where a disk is full does not.

    :raises OSError: with the name.
    """
    try:
        yield
    except OSError as error:
        if error.filename is not None:
            raise
        raise OSError(error.errno or errno.EIO, error.strerror or str(error), str(path)) from None
