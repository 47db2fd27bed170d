# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pacing: things that happen at their time, without drift, in a thread of their own."""
import threading
import time


class Paced:
    """Run a generator of due times in a thread."""

    def __init__(self, steps, on_end=None):
        """
        Start the thread.

        :param steps: yields, before each thing it does, the time that it is due at, in seconds
            since the start; it goes on at once where it is late.
        :param on_end: called when the generator ends by itself.
        """
        self._steps = steps
        self._on_end = on_end
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name='pacing', daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread at its next step."""
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
