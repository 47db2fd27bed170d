# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Files that have their name only when they are finished."""
from contextlib import contextmanager
import errno
from pathlib import Path
import sqlite3
import tempfile

from snn_gesture_ros.files import check_regular, naming, put
from snn_gesture_ros.recordings.rosbag import BAG_FILES


@contextmanager
def unfinished(path: Path, replace: bool = False):
    """
    Yield the path under which a new file or folder is written; at the end it is moved to its own.

    Where the writing fails or is interrupted, nothing is left and what was there stays.

    :param replace: whether a file, or a bag's folder, that is there may go.
    :raises ValueError: if something is there that may not.
    :raises OSError: if it cannot be written, with the name.
    """
    check_free(path, replace)
    with naming(path), tempfile.TemporaryDirectory(
            prefix=f'.{path.name}-', dir=path.parent) as folder:
        made = Path(folder) / path.name
        try:
            yield made
        except sqlite3.Error as error:      # of a bag's writer, as where the disk is full
            raise OSError(errno.EIO, str(error), str(path)) from None
        put(made, path)


def check_free(path: Path, replace: bool = False) -> None:
    """
    Refuse a place where something is that may not go.

    :raises ValueError: with what is there.
    :raises OSError: if it is a FIFO or a device.
    """
    check_regular(path)
    if not path.exists():
        return
    if not replace:
        raise ValueError(f'{path} is there already; --force replaces it')
    if path.is_dir() and any(file.suffix not in ('.yaml', *BAG_FILES) for file in path.iterdir()):
        raise ValueError(f'{path}: the folder has other files than those of a bag; choose another')
