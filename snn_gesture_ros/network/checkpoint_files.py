# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Checkpoint files: where they are, and how to tell one without torch."""
from pathlib import Path
import zipfile

MODELS_FOLDER = Path(__file__).resolve().parent.parent / 'models'
EXPORTED = '.onnx'
"""Suffix of what `snn-gesture export` writes."""
ZIP_START = b'PK\x03\x04'
PICKLE_START = b'\x80'
POINTER_START = b'version https://git-lfs'
LENGTH_BYTES = 8
"""A safetensors file begins with the length of its JSON header."""


class CheckpointError(ValueError):
    """A checkpoint cannot be used; the message says why and what to do."""


def first_line(error: Exception) -> str:
    """Return the first line of what an error of a library says, or its name."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def shipped_models() -> list:
    """Name the models that come with the package."""
    return sorted(path.stem for path in MODELS_FOLDER.glob('*.safetensors'))


def find_checkpoint(name: str, exported: bool = False) -> Path:
    """
    Find a checkpoint by the name of a shipped model or by its path.

    :param exported: whether of a shipped model the ONNX file is wanted, if there is one.
    :raises CheckpointError: if there is neither.
    """
    suffixes = (EXPORTED, '.safetensors') if exported else ('.safetensors',)
    shipped = [MODELS_FOLDER / f'{name}{suffix}' for suffix in suffixes]
    for path in (*shipped, Path(name).expanduser()):
        if path.is_file():
            return path
    raise CheckpointError(
        f'no checkpoint {name}: give the path of a file or one of the shipped models: '
        f'{", ".join(shipped_models())}')


def check_is_fetched(path: Path) -> None:
    """
    Refuse a pointer that Git LFS leaves in the place of a file.

    :raises CheckpointError: says how to get the file.
    """
    with path.open('rb') as file:
        if file.read(len(POINTER_START)) == POINTER_START:
            raise CheckpointError(f'{path} is a pointer of Git LFS, not the checkpoint: '
                                  'git lfs pull fetches it')


def is_checkpoint(path) -> bool:
    """
    Tell by its contents whether a file was written by safetensors or torch, or is an export.

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
