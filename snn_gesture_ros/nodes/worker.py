# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A worker beside the executor, so that the node answers while the network runs."""
from collections import deque
import threading
import time


class Worker:
    """
    One thread that processes items in their order.

    When it falls behind, the oldest waiting item is dropped and counted, so that no item waits
    longer than `capacity` items take.
    """

    def __init__(self, process, capacity: int):
        """Start the thread; `process` takes one item."""
        self.dropped = 0
        self._process = process
        self._items = deque()
        self._capacity = capacity
        self._changed = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name='classifier', daemon=True)
        self._thread.start()

    def submit(self, item) -> None:
        """Hand over an item and return at once."""
        with self._changed:
            if len(self._items) == self._capacity:
                self._items.popleft()
                self.dropped += 1
            self._items.append((item, time.monotonic()))
            self._changed.notify()

    def age_s(self) -> float:
        """Give for how long the oldest item has waited; 0 if none waits."""
        with self._changed:
            return time.monotonic() - self._items[0][1] if self._items else 0.0

    def stop(self) -> None:
        """Finish the item in work, drop the others, end the thread."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._items or self._stopping)
                if self._stopping:
                    return
                item, _ = self._items.popleft()
            self._process(item)
