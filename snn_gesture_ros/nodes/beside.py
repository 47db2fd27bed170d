# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Long work beside the executor's own."""
from concurrent.futures import ThreadPoolExecutor, wait

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
