# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Learning in a process of its own, `snn-gesture learn`, so that the node needs no torch."""
import json
import os
from pathlib import Path
import signal
import subprocess
import sys
from typing import Optional

COMMAND = ('nice', '-n', '10', sys.executable, '-m', 'snn_gesture_ros.command_line.main', 'learn',
           '--json')
"""The nodes go first."""


class LearningProcess:
    """At most one process at a time; at first one that prepares."""

    def __init__(self, folder: Path):
        """
        Begin with none.

        :param folder: with the examples; what the process prints is kept there.
        """
        self._folder = folder
        self._process = self._preparing = None

    def prepare(self) -> None:
        """Simulate the old gestures ahead of time."""
        self._preparing = subprocess.Popen(
            [*COMMAND, str(self._folder), '--prepare'], stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True)

    def start(self, checkpoint: str, values: dict) -> None:
        """
        Begin to learn.

        :param checkpoint: what the classifier runs now.
        :param values: parameters of the node.
        """
        _end(self._preparing)       # learning goes on where it was
        with self._path('json').open('w') as out, self._path('log').open('w') as log:
            self._process = subprocess.Popen(
                [*COMMAND, str(self._folder), '--checkpoint', checkpoint,
                 '--rehearsal', values['rehearsal'],
                 '--least-recall', str(values['least_recall']),
                 '--most-forgotten', str(values['most_forgotten'])],
                stdin=subprocess.DEVNULL, stdout=out, stderr=log, start_new_session=True)

    def result(self) -> Optional[dict]:
        """
        Give what `learn` has returned, once; None before.

        Of a process that failed, `refused` is why.
        """
        if self._process is None or self._process.poll() is None:
            return None
        self._process = None
        try:
            return json.loads(self._path('json').read_text())
        except ValueError:
            lines = self._path('log').read_text().strip().splitlines()
            return {'version': None, 'refused': lines[-1] if lines else 'the process was ended'}

    def stop(self) -> None:
        """End what runs."""
        _end(self._preparing)
        _end(self._process)

    def _path(self, suffix: str) -> Path:
        return self._folder / f'learning.{suffix}'


def _end(process) -> None:
    """End a process and those that it has started, if there is one."""
    if process is not None and process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()
