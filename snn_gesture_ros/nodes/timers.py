# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Things that a node does regularly, whatever ROS time does."""
from rclpy.clock import Clock, ClockType


def every(node, period_s: float, callback):
    """
    Call back regularly in steady time.

    Simulated time stands still until somebody publishes it, and event_player does not before
    its events have a subscriber.

    :returns: the timer.
    """
    return node.create_timer(period_s, callback, clock=Clock(clock_type=ClockType.STEADY_TIME))
