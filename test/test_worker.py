# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The worker beside the executor, and pacing."""
import threading

from snn_gesture_ros.nodes.pacing import Paced
from snn_gesture_ros.nodes.worker import Worker


def test_oldest_items_are_dropped_and_counted():
    begun, go_on, done = threading.Event(), threading.Event(), threading.Event()
    processed = []

    def process(batch):
        begun.set()
        go_on.wait()
        processed.append(batch)
        if batch == [9]:
            done.set()

    worker = Worker(process, capacity=2)
    worker.submit(0)
    begun.wait()
    for item in range(1, 10):
        worker.submit(item)
    go_on.set()
    done.wait()
    worker.stop()
    assert processed == [[0], [8], [9]]
    assert worker.dropped == 7


def test_a_batch_is_the_oldest_item_of_each_lane():
    begun, go_on, done = threading.Event(), threading.Event(), threading.Event()
    processed = []

    def process(batch):
        begun.set()
        go_on.wait()
        processed.append(batch)
        if 'a3' in batch:
            done.set()

    worker = Worker(process, capacity=2, lanes=3)
    worker.submit('a0')
    begun.wait()
    for item, lane in [('a1', 0), ('a2', 0), ('c1', 2), ('a3', 0)]:
        worker.submit(item, lane)
    go_on.set()
    done.wait()
    worker.stop()
    assert processed == [['a0'], ['a2', 'c1'], ['a3']]
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
