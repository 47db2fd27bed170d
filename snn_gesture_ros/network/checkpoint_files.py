# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Checkpoint files: find and recognize them without torch."""
from pathlib import Path
import zipfile

from snn_gesture_ros.files import printable

MODELS_FOLDER = Path(__file__).resolve().parent.parent / 'models'
EXPORTED = '.onnx'
"""Suffix of the files that `snn-gesture export` writes."""
ZIP_START = b'PK\x03\x04'
PICKLE_START = b'\x80'
POINTER_START = b'version https://git-lfs'
LENGTH_BYTES = 8
"""A safetensors file starts with the length of its JSON header, in this many bytes."""


class CheckpointError(ValueError):
    """A checkpoint cannot be used; the message is one line that says why and what to do."""

    def __init__(self, message):
        """Replace what cannot be printed: names in a file may contain anything."""
        super().__init__(printable(str(message)))


def first_line(error: Exception) -> str:
    """Return the first line of the message of an error, or the name of its class."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def shipped_models() -> list:
    """Return the names of the shipped models."""
    return sorted(path.stem for path in MODELS_FOLDER.glob('*.safetensors'))


def find_checkpoint(name: str, exported: bool = False) -> Path:
    """
    Find a checkpoint by the name of a shipped model or by its path.

    :param exported: whether to prefer the ONNX file of a shipped model.
    :raises CheckpointError: if there is no such model or file.
    """
    suffixes = (EXPORTED, '.safetensors') if exported else ('.safetensors',)
    shipped = [MODELS_FOLDER / f'{name}{suffix}' for suffix in suffixes]
    for path in (*shipped, Path(name).expanduser()):
        if path.is_file():
            return path
    raise CheckpointError(
        f'there is no checkpoint {name}: use the path of a file or one of the shipped models: '
        f'{", ".join(shipped_models())}')


def check_is_fetched(path: Path) -> None:
    """
    Check that a file is not only a pointer of Git LFS.

    :raises CheckpointError: if it is one; the message says how to get the file.
    """
    with path.open('rb') as file:
        if file.read(len(POINTER_START)) == POINTER_START:
            raise CheckpointError(f'{path} is a pointer of Git LFS, not the checkpoint: run '
                                  'git lfs pull')


def is_checkpoint(path) -> bool:
    """
    Return whether a file is from safetensors or torch, by its contents, or is an ONNX file.

    :raises OSError: if it cannot be read.
    """
    if Path(path).suffix == EXPORTED:
        return True
    with Path(path).open('rb') as file:
        start = file.read(LENGTH_BYTES + 1)
    if start.startswith(ZIP_START):
        try:
            with zipfile.ZipFile(path) as archive:
                return any(name.endswith('data.pkl') for name in archive.namelist())
        except (zipfile.BadZipFile, NotImplementedError):
            return False
    return start.startswith(PICKLE_START) or start[LENGTH_BYTES:] == b'{'
