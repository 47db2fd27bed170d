# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Work beside the executor, so that the node answers while the network runs or loads."""
from collections import deque
from concurrent.futures import ThreadPoolExecutor, wait
import threading
import time


class Worker:
    """
    One thread that processes items of several lanes, of each in their order.

    It takes the oldest of every lane that has one, all of them together. When it falls behind, the
    oldest waiting item of a lane is dropped and counted, so that none waits for longer than
    `capacity` times what such a batch takes.
    """

    def __init__(self, process, capacity: int, lanes: int = 1, on_error=None):
        """
        Start the thread.

        :param process: takes a list of items.
        :param on_error: takes what `process` raises; its items are dropped and counted.
        """
        self.dropped = 0
        self._process = process
        self._on_error = on_error
        self._lanes = [deque() for _ in range(lanes)]
        self._capacity = capacity
        self._changed = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name='classifier', daemon=True)
        self._thread.start()

    def submit(self, item, lane: int = 0) -> None:
        """Hand over an item and return at once."""
        items = self._lanes[lane]
        with self._changed:
            if len(items) == self._capacity:
                items.popleft()
                self.dropped += 1
            items.append((item, time.monotonic()))
            self._changed.notify()

    def age_s(self) -> float:
        """Give for how long the oldest item has waited; 0 if none waits."""
        with self._changed:
            return max((time.monotonic() - items[0][1] for items in self._lanes if items),
                       default=0.0)

    def stop(self) -> None:
        """Finish the batch in work, drop the others, end the thread."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: any(self._lanes) or self._stopping)
                if self._stopping:
                    return
                batch = [items.popleft()[0] for items in self._lanes if items]
            try:
                self._process(batch)
            except Exception as error:  # a thread that ended would leave the node deaf
                if self._on_error is None:
                    raise
                self.dropped += len(batch)
                self._on_error(error)


PERIOD_S = 0.005


def run_beside(work, meanwhile):
    """
    Do long work in a thread, while the executor's thread, which waits for it, does something else.

    :param work: called without arguments.
    :param meanwhile: called without arguments, again and again until the work is done.
    :returns: what the work returns; raises what it raises.
    """
    with ThreadPoolExecutor(1) as thread:
        result = thread.submit(work)
        while not wait([result], PERIOD_S).done:
            meanwhile()
        return result.result()
