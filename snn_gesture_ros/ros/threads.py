# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Threads: work in the background, so that a node answers meanwhile, and steps at their times."""
from collections import deque
from concurrent.futures import ThreadPoolExecutor, wait
import threading
import time

PERIOD_S = 0.005


class Worker:
    """
    One thread that processes the items of several queues, each queue in its order.

    A batch is the oldest item of every queue that has one. If the thread is too slow, the oldest
    item of a full queue is dropped and counted, so that no item waits for longer than `capacity`
    batches take.
    """

    def __init__(self, process, capacity: int, queues: int = 1, on_error=None):
        """
        Start the thread.

        :param process: called with a list of items, a batch.
        :param capacity: maximum number of items that wait in a queue.
        :param queues: number of queues.
        :param on_error: called with an exception of `process`, whose items are dropped and
            counted.
        """
        self.dropped = 0
        self._process = process
        self._on_error = on_error
        self._queues = [deque() for _ in range(queues)]
        self._capacity = capacity
        self._changed = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name='classifier', daemon=True)
        self._thread.start()

    def submit(self, item, queue: int = 0) -> None:
        """Add an item to a queue and return at once."""
        items = self._queues[queue]
        with self._changed:
            if len(items) == self._capacity:
                items.popleft()
                self.dropped += 1
            items.append((item, time.monotonic()))
            self._changed.notify()

    def age_s(self) -> float:
        """Return for how long the oldest item has waited; 0 if none waits."""
        with self._changed:
            return max((time.monotonic() - items[0][1] for items in self._queues if items),
                       default=0.0)

    def stop(self) -> None:
        """Finish the current batch, drop the waiting items and end the thread."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: any(self._queues) or self._stopping)
                if self._stopping:
                    return
                batch = [items.popleft()[0] for items in self._queues if items]
            try:
                self._process(batch)
            except Exception as error:  # without its thread the node would decide nothing more
                if self._on_error is None:
                    raise
                self.dropped += len(batch)
                self._on_error(error)


def run_in_background(work, meanwhile):
    """
    Run long work in a thread, and call something else in this thread until it is done.

    :param work: called without arguments, in the background.
    :param meanwhile: called without arguments, every PERIOD_S.
    :returns: what `work` returns; its exceptions are raised here.
    """
    with ThreadPoolExecutor(1) as thread:
        result = thread.submit(work)
        while not wait([result], PERIOD_S).done:
            meanwhile()
        return result.result()


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
