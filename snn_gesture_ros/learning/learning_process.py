# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Learning in a process of its own, `snn-gesture learn`, so that the node does not need torch."""
import json
import os
from pathlib import Path
import signal
import subprocess
import sys
from typing import Optional

COMMAND = ('nice', '-n', '10', sys.executable, '-m', 'snn_gesture_ros.command_line.main', 'learn',
           '--json')
"""At low priority, so that the nodes keep up."""


class LearningProcess:
    """At most one process at a time; the first one may prepare the rehearsal set."""

    def __init__(self, folder: Path):
        """
        Start without a process.

        :param folder: with the examples; the output of the process is stored there.
        """
        self._folder = folder
        self._process = self._preparing = None

    def prepare(self) -> None:
        """Start simulating the rehearsal set ahead of time."""
        self._preparing = subprocess.Popen(
            [*COMMAND, str(self._folder), '--prepare'], stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True)

    def start(self, checkpoint: str, values: dict) -> None:
        """
        Start learning.

        :param checkpoint: the one that the classifier runs.
        :param values: parameters of gesture_trainer, by name.
        """
        _end(self._preparing)       # the learning process continues its simulation
        with self._path('json').open('w') as out, self._path('log').open('w') as log:
            self._process = subprocess.Popen(
                [*COMMAND, str(self._folder), '--checkpoint', checkpoint,
                 '--rehearsal', values['rehearsal'],
                 '--least-recall', str(values['least_recall']),
                 '--most-forgotten', str(values['most_forgotten'])],
                stdin=subprocess.DEVNULL, stdout=out, stderr=log, start_new_session=True)

    def result(self) -> Optional[dict]:
        """
        Return the result of `learn` once, when it has ended; None otherwise.

        If the process failed, `refused` is the reason.
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
        """End the processes."""
        _end(self._preparing)
        _end(self._process)

    def _path(self, suffix: str) -> Path:
        return self._folder / f'learning.{suffix}'


def _end(process) -> None:
    """End a process and its children, if it is running."""
    if process is not None and process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()
