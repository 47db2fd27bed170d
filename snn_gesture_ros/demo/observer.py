# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The observer of the demo: a node that records what all nodes publish."""
from contextlib import contextmanager, suppress
import threading

import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from snn_gesture_ros.demo.score import Announced, Shown
from snn_gesture_ros.events.packet import decode_packet
from snn_gesture_ros.frames.frame_stream import MARGIN_NS
from snn_gesture_ros.ros.state import NodeStates
from snn_gesture_ros.ros.topics import GESTURE_QOS, LATCHED_QOS, STREAM_QOS, TRUTH_QOS
from snn_gesture_ros.viewing.film import Exposure
from std_msgs.msg import UInt8MultiArray
from vision_msgs.msg import Classification, LabelInfo

NODES = 'simulated_camera', 'event_player', 'event_stream', 'gesture_classifier'
SNAPSHOT_NS = 60_000_000
"""Duration of a snapshot."""


@contextmanager
def observing():
    """Yield an Observer that spins in a thread, and shut ROS down afterwards."""
    rclpy.init()
    observer = Observer()
    listening = threading.Thread(target=_spin, args=(observer,), daemon=True)
    listening.start()
    try:
        yield observer
    finally:
        rclpy.shutdown()
        listening.join()
        observer.destroy_node()


def _spin(node) -> None:
    with suppress(ExternalShutdownException):
        rclpy.spin(node)


class Observer(Node):
    """Record events, the gestures that were shown and announced, and the latency."""

    def __init__(self):
        """Subscribe to all topics of the nodes."""
        super().__init__('demo_observer')
        self.ready = False
        """Whether the classifier has announced its labels."""
        self.shown, self.announced = [], []
        self.decisions = 0
        self.latencies_ms = []
        """From the newest event of each decision to its arrival here, while events arrive."""
        self.best = ('', 0.0)
        self.gesture = ''
        self.truth = ''
        self.events = 0
        """Number of events that passed the filters."""
        self.first_ns = self.last_ns = None
        self.snapshots = []
        """ROS time and event counts [2, H, W] of each slice of SNAPSHOT_NS."""
        self._states = NodeStates(self, NODES)
        self._truth_start_ns = 0
        self._exposure = Exposure()
        self._snapshot_ns = 0
        """ROS time at which the snapshot that is counted now starts."""
        for message, topic, callback, qos in (
                (LabelInfo, 'gesture_labels', self._on_labels, LATCHED_QOS),
                (Classification, 'gesture_scores', self._on_scores, GESTURE_QOS),
                (Classification, 'gesture', self._on_gesture, GESTURE_QOS),
                (Classification, 'gesture_truth', self._on_truth, TRUTH_QOS)):
            self.create_subscription(message, topic, callback, qos)
        self.create_subscription(
            UInt8MultiArray, 'event_stream', self._on_packet, STREAM_QOS, raw=True)

    def counter(self, node: str, name: str) -> int:
        """Return a counter of a node; 0 until the node has published its state."""
        return self._states.state_of(node).get(name, 0)

    def _on_labels(self, _) -> None:
        self.ready = True

    def _on_scores(self, message: Classification) -> None:
        now_ns = self.get_clock().now().nanoseconds
        self.decisions += 1
        if self.last_ns is not None and now_ns - self.last_ns < MARGIN_NS:
            self.latencies_ms.append((now_ns - _nanoseconds(message)) / 1e6)
        self.best = (message.results[0].class_id, message.results[0].score)

    def _on_gesture(self, message: Classification) -> None:
        self.gesture = message.results[0].class_id if message.results else ''
        if message.results:
            self.announced.append(Announced(
                self.gesture, _nanoseconds(message), message.results[0].score))

    def _on_truth(self, message: Classification) -> None:
        now_ns = _nanoseconds(message)
        if self.truth:
            self.shown.append(Shown(self.truth, self._truth_start_ns, now_ns))
        self.truth = message.results[0].class_id if message.results else ''
        self._truth_start_ns = now_ns

    def _on_packet(self, data: bytes) -> None:
        packet = decode_packet(data)
        self.events += len(packet.events)
        if self.first_ns is None:
            self.first_ns = self._snapshot_ns = packet.stamp_ns
        self.last_ns = packet.stamp_ns
        if packet.stamp_ns - self._snapshot_ns > SNAPSHOT_NS:
            self.snapshots.append((self._snapshot_ns, self._exposure.take()))
            self._snapshot_ns = packet.stamp_ns
        self._exposure.add_pixels(packet.events['pixel'], packet.width, packet.height)


def _nanoseconds(message) -> int:
    stamp = message.header.stamp
    return stamp.sec * 1_000_000_000 + stamp.nanosec
