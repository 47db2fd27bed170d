# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The film of a live topic, for `snn-gesture view --live`."""
from math import inf
import time

import rclpy
from rclpy.executors import SingleThreadedExecutor
from snn_gesture_ros.ros.live_events import LiveEvents
from snn_gesture_ros.viewing.film import Shot


def film_live(topic: str, shot_us: int, start_s: float = 0.0, end_s=None, rotation: int = 0):
    """
    Yield a Shot of the events that arrived, each time its duration has passed.

    :param topic: events of a camera, or those of event_stream.
    :param shot_us: duration of a shot; if drawing takes longer, there are fewer.
    :param start_s: start, in seconds after the first message; until then None is yielded.
    :param end_s: end, likewise; None for no end.
    :param rotation: degrees by which the events of a camera are rotated clockwise.
    """
    rclpy.init()
    node = rclpy.create_node('snn_gesture_view')
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    try:
        live = LiveEvents(node, topic, rotation)
        first_s, due_s = None, time.monotonic()
        while True:
            live.try_to_subscribe()
            due_s = max(due_s + shot_us / 1e6, time.monotonic())
            executor.spin_once(timeout_sec=0)
            while (left_s := due_s - time.monotonic()) > 0:
                executor.spin_once(timeout_sec=left_s)
            counts = live.take_counts()
            if counts is not None and first_s is None:
                first_s = due_s
            t_s = -inf if first_s is None else due_s - first_s
            if end_s is not None and t_s >= end_s:
                return
            yield Shot(t_s - start_s, counts, live.gesture) if t_s >= start_s else None
    finally:
        executor.shutdown()
        node.destroy_node()
        rclpy.try_shutdown()
