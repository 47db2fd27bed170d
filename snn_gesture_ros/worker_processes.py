# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Run tasks in several processes."""
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
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})   # as each process begins
        try:
            futures = [pool.submit(function, *task) for task in tasks]
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        try:
            for future in as_completed(futures):
                yield future.result()
        except BrokenProcessPool:
            raise ValueError('a worker process was killed, perhaps for lack of memory: '
                             'run it again with fewer workers') from None


@contextmanager
def _pool(workers: int):
    """Yield a pool whose processes end at once when the user interrupts it."""
    pool = ProcessPoolExecutor(workers, get_context('spawn'), _end_at_interrupt)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _end_at_interrupt() -> None:
    """Let SIGINT end this process, also one that came since it started."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
