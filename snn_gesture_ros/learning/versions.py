# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Versions: the networks that were learned, what they came from, and which of them were undone.

A version is `NNNN.safetensors`, the same for ONNX Runtime as `NNNN.onnx`, and `NNNN.json` with
its record, which is written last: without it a version does not count. `NNNN.undone` says that it
is not wanted any more; deleting that file brings it back.
"""
import json
import os
from pathlib import Path
from typing import Optional

from snn_gesture_ros.files import naming
from snn_gesture_ros.network.checkpoint_files import EXPORTED

WEIGHTS = '.safetensors'


class Versions:
    """The versions in a folder."""

    def __init__(self, folder):
        """Begin with what is in the folder, which need not be there."""
        self.folder = Path(folder).resolve()

    def next_path(self) -> Path:
        """Give the path of the next version's weights."""
        self.folder.mkdir(parents=True, exist_ok=True)
        last = max((int(path.stem) for path in self.folder.glob('[0-9]*.*')), default=0)
        return self.folder / f'{last + 1:04d}{WEIGHTS}'

    @staticmethod
    def finish(path: Path, record: dict) -> None:
        """
        Let a version count, when its weights are there.

        :param record: of it, as JSON can hold it, with `parent`, the checkpoint that ran before,
            and `base`, the one that learning began with.
        """
        temporary = path.with_suffix('.tmp')
        with naming(path):
            temporary.write_text(json.dumps(record, indent=1))
        os.replace(temporary, path.with_suffix('.json'))

    def record(self, checkpoint: str) -> Optional[dict]:
        """Return the record of a version by the path of one of its files; None of other files."""
        path = Path(checkpoint).expanduser().resolve()
        if path.parent != self.folder or not path.with_suffix('.json').exists():
            return None
        return json.loads(path.with_suffix('.json').read_text())

    def undo(self, checkpoint: str) -> None:
        """Mark a version as undone."""
        Path(checkpoint).resolve().with_suffix('.undone').touch()

    def newest_after(self, checkpoint: str) -> Optional[Path]:
        """Return the weights of the newest version that came from a checkpoint, if any is left."""
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
    """Tell whether two checkpoints are the same version or the same file or name."""
    return Path(one).with_suffix('') == Path(other).with_suffix('')
