# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Files: check that they are regular, replace them as a whole, and name them in errors."""
from contextlib import contextmanager
import errno
import os
from pathlib import Path
from reprlib import Repr
import stat

SPECIAL = {stat.S_IFIFO: 'a FIFO', stat.S_IFSOCK: 'a socket', stat.S_IFCHR: 'a device',
           stat.S_IFBLK: 'a device'}
UNFINISHED = '.tmp'
"""Suffix of a file that is being written; a process that was killed leaves such files."""
SHORT = Repr()
SHORT.maxlevel = 2


def check_regular(path) -> None:
    """
    Raise OSError for what is neither a file nor a folder: to open a FIFO may block for ever.

    :raises OSError: with what it is.
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

    :raises OSError: if it cannot be read or is not a file.
    """
    check_regular(path)
    return path.read_bytes()


def printable(text: str) -> str:
    """Return a text as one line that a terminal shows and does not obey."""
    return ''.join(each if each.isprintable() else '\ufffd' for each in text)


def brief_repr(value) -> str:
    """Return a value from a file as text that is short, however large the value is."""
    return SHORT.repr(value)


def explain(error: OSError) -> str:
    """Return one line with the name of a file and what is wrong with it."""
    return f'{error.filename}: {error.strerror}' if error.filename else str(error)


@contextmanager
def naming(path):
    """
    Add the name of the file to errors of writing; without it those of a full disk have none.

    :raises OSError: with the name.
    """
    try:
        yield
    except OSError as error:
        if error.filename is not None:
            raise
        raise OSError(error.errno or errno.EIO, error.strerror or str(error), str(path)) from None


@contextmanager
def written(path, mode: str = 'wb', **options):
    """
    Yield a file to write, which gets its name when it is whole and on the disk.

    Whatever stops the writing, a signal, a full disk or a power cut, what was there before stays.

    :param mode: with the options, as for `open`.
    :raises OSError: if it cannot be written, with the name.
    """
    path = Path(path)
    check_regular(path)
    temporary = path.with_name(f'{path.name}{UNFINISHED}')
    with naming(path):
        try:
            with temporary.open(mode, **options) as file:
                yield file
            put(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def put(made: Path, path: Path) -> None:
    """
    Give a file or folder its name, after its contents are on the disk.

    Otherwise a power cut could leave the name with a file that is empty. A folder that has the
    name is moved beside `made`, since it cannot be replaced at once.

    :raises OSError: if that fails; it may be without a name.
    """
    for each in [made, *made.rglob('*')]:
        _sync(each)
    if path.is_dir():
        os.replace(path, made.with_name(f'{path.name}.old'))
    os.replace(made, path)
    _sync(path.parent)


def _sync(path: Path) -> None:
    """Write the contents of a file, or the names in a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
