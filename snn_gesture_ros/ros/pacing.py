# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pacing: run steps at their times, without drift, in a thread."""
import threading
import time


class Paced:
    """Run the steps of a generator in a thread, each when it is due."""

    def __init__(self, steps, on_end=None):
        """
        Start the thread.

        :param steps: generator that yields before each step when it is due, in seconds since the
            start; a step that is late runs at once.
        :param on_end: called without arguments when the generator ends by itself.
        """
        self._steps = steps
        self._on_end = on_end
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name='pacing', daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread before its next step."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        start = time.monotonic()
        for due_s in self._steps:
            wait_s = start + due_s - time.monotonic()
            if self._stopping.wait(wait_s) if wait_s > 0 else self._stopping.is_set():
                return
        if self._on_end is not None:
            self._on_end()
