# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The worker beside the executor, and pacing."""
import threading

from snn_gesture_ros.ros.threads import Paced
from snn_gesture_ros.ros.threads import Worker


def processed_after_a_wait(capacity, queues, waiting):
    """Let pairs of item and queue wait while a first item is in work; give batches and worker."""
    begun, go_on, done = threading.Event(), threading.Event(), threading.Event()
    batches = []

    def process(batch):
        begun.set()
        go_on.wait()
        batches.append(batch)
        if waiting[-1][0] in batch:
            done.set()

    worker = Worker(process, capacity, queues)
    worker.submit('first')
    begun.wait()
    for item, queue in waiting:
        worker.submit(item, queue)
    go_on.set()
    done.wait()
    worker.stop()
    return batches, worker


def test_oldest_items_are_dropped_and_counted():
    batches, worker = processed_after_a_wait(2, 1, [(item, 0) for item in range(1, 10)])
    assert batches == [['first'], [8], [9]]
    assert worker.dropped == 7


def test_a_batch_is_the_oldest_item_of_each_lane():
    batches, worker = processed_after_a_wait(2, 3, [('a1', 0), ('a2', 0), ('c1', 2), ('a3', 0)])
    assert batches == [['first'], ['a2', 'c1'], ['a3']]
    assert worker.dropped == 1


def test_stop_leaves_what_is_waiting():
    processed = []
    worker = Worker(processed.append, capacity=5)
    worker.stop()
    worker.submit(1)
    assert processed == []


def test_steps_are_done_in_order_and_the_end_is_told():
    done, ended = [], threading.Event()

    def steps():
        for number in range(5):
            yield number * 0.001
            done.append(number)

    paced = Paced(steps(), ended.set)
    assert ended.wait(60)
    paced.stop()
    assert done == [0, 1, 2, 3, 4]


def test_stop_does_not_wait_for_a_far_step():
    def steps():
        yield 1e6

    ended = threading.Event()
    Paced(steps(), ended.set).stop()
    assert not ended.is_set()
