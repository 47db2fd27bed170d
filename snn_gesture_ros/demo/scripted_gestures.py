# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Gesture scores from a script instead of a camera, and the commands that follow."""
from contextlib import contextmanager
import threading
import time

from geometry_msgs.msg import Twist, TwistStamped
import rclpy
from rclpy.node import Node
from snn_gesture_ros.demo.robot_path import Command
from snn_gesture_ros.labels import NONE
from snn_gesture_ros.ros.threads import Paced
from snn_gesture_ros.ros.topics import classification, GESTURE_QOS, header
from vision_msgs.msg import Classification

FRAME_S = 0.05
SCORE = 0.92
"""Of the gesture that is shown; the other labels share the rest."""
SILENCE = 'silence'
"""In a script: no scores are sent, as if the classifier was killed."""
DRAIN_S = 0.6
"""Commands are recorded for this long after the end of the script."""
START_TIMEOUT_S = 30


class ScriptedGestures(Node):
    """Publish the scores of a script and record the velocities that follow."""

    def __init__(self, labels, velocity):
        """
        Create the topics.

        :param labels: of all scores.
        :param velocity: Velocity of the table.
        """
        super().__init__('scripted_gestures')
        self.commands = []
        """List of Command; times of arrival are since the start of the script."""
        self._labels = labels
        self._stamped = velocity.stamped
        self._start_s = time.monotonic()
        self._done = threading.Event()
        self._scores = self.create_publisher(Classification, 'gesture_scores', GESTURE_QOS)
        self._topic = velocity.topic
        self.create_subscription(
            TwistStamped if velocity.stamped else Twist, self._topic, self._on_command, 10)

    def run(self, script: list, failed) -> bool:
        """
        Publish a script and record, once gesture_behavior is connected.

        :param script: gestures and when they end in seconds, sorted by time.
        :param failed: called without arguments, returns whether gesture_behavior has failed.
        :returns: whether it was connected and did not fail.
        """
        deadline_s = time.monotonic() + START_TIMEOUT_S
        while not (self._scores.get_subscription_count()
                   and self.count_publishers(self._topic)):
            if failed() or time.monotonic() > deadline_s:
                return False
            rclpy.spin_once(self, timeout_sec=0.05)
        self._start_s = time.monotonic()
        pacing = Paced(self._show(script), self._done.set)
        while not self._done.is_set():
            rclpy.spin_once(self, timeout_sec=0.05)
        pacing.stop()
        return not failed()

    def _show(self, script: list):
        due_s = 0.0
        for gesture, end_s in script:
            while due_s < end_s:
                yield due_s
                if gesture != SILENCE:
                    self._publish(gesture)
                due_s += FRAME_S
        yield due_s + DRAIN_S

    def _publish(self, gesture: str) -> None:
        rest = (1 - SCORE) / (len(self._labels) - 1)
        scores = {**dict.fromkeys(self._labels, rest), gesture: SCORE}
        now_ns = self.get_clock().now().nanoseconds
        self._scores.publish(classification(header(now_ns, 'camera'), scores))

    def _on_command(self, message) -> None:
        twist = message.twist if self._stamped else message
        self.commands.append(Command(
            time.monotonic() - self._start_s, twist.linear.x, twist.angular.z))


@contextmanager
def scripting(table):
    """Yield a ScriptedGestures for a table, and shut ROS down afterwards."""
    rclpy.init()
    labels = list(dict.fromkeys([*(row.gesture for row in table.rows), NONE]))
    node = ScriptedGestures(labels, table.velocity)
    try:
        yield node
    finally:
        node.destroy_node()
        rclpy.try_shutdown()
