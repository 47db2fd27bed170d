# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Work that is spread over processes."""
from concurrent.futures import as_completed, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
import signal


def in_processes(function, tasks: list, workers: int):
    """
    Call a function with each of the tasks; yield the results as they come.

    :raises ValueError: if a process ends by itself.
    """
    with _pool(min(workers, len(tasks)) or 1) as pool:
        futures = [pool.submit(function, *task) for task in tasks]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BrokenProcessPool:
            raise ValueError('a worker process was ended, perhaps for want of memory: '
                             'run it again with fewer workers') from None


@contextmanager
def _pool(workers: int):
    """Give processes that end at once when the user interrupts, and begin nothing more."""
    pool = ProcessPoolExecutor(workers, get_context('spawn'), signal.signal,
                               (signal.SIGINT, signal.SIG_DFL))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
