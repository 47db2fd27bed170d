# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Versions: the networks that were learned, their parents, and which of them were undone.

A version is `NNNN.safetensors`, `NNNN.onnx` for ONNX Runtime, and `NNNN.json` with its record,
which is written last: without it a version does not count. `NNNN.undone` marks a version as
undone; deleting that file restores the version.
"""
import json
from pathlib import Path
from typing import Optional

from snn_gesture_ros.files import written
from snn_gesture_ros.network.checkpoint_files import EXPORTED

WEIGHTS = '.safetensors'


class Versions:
    """The versions in a folder."""

    def __init__(self, folder):
        """Open a folder, which need not exist."""
        self.folder = Path(folder).resolve()

    def next_path(self) -> Path:
        """Return the path of the weights of the next version."""
        self.folder.mkdir(parents=True, exist_ok=True)
        last = max((int(path.name.partition('.')[0])
                    for path in self.folder.glob('[0-9]*.*')), default=0)
        return self.folder / f'{last + 1:04d}{WEIGHTS}'

    @staticmethod
    def finish(path: Path, record: dict) -> None:
        """
        Write the record of a version, once its weights are written.

        :param record: JSON object with `parent`, the checkpoint that ran before, and `base`, the
            one that learning started with.
        """
        with written(path.with_suffix('.json'), 'w') as file:
            json.dump(record, file, indent=1)

    def record(self, checkpoint: str) -> Optional[dict]:
        """Return the record of a version by the path of one of its files; None for other files."""
        path = Path(checkpoint).expanduser().resolve()
        if path.parent != self.folder or not path.with_suffix('.json').exists():
            return None
        return json.loads(path.with_suffix('.json').read_text())

    def undo(self, checkpoint: str) -> None:
        """Mark a version as undone."""
        Path(checkpoint).resolve().with_suffix('.undone').touch()

    def newest_after(self, checkpoint: str) -> Optional[Path]:
        """Return the weights of the newest version learned from a checkpoint, or None."""
        newest, line = None, [checkpoint]
        for path in sorted(self.folder.glob('[0-9]*.json')):
            parent = json.loads(path.read_text())['parent']
            wanted = not path.with_suffix('.undone').exists()
            if wanted and any(_same(parent, each) for each in line):
                newest = path.with_suffix(WEIGHTS)
                line.append(str(newest))
        return newest


def exported(path: Path) -> Path:
    """Return the path of a version for ONNX Runtime."""
    return path.with_suffix(EXPORTED)


def _same(one: str, other: str) -> bool:
    """Return whether two checkpoints are the same version, file or name."""
    return Path(one).with_suffix('') == Path(other).with_suffix('')
