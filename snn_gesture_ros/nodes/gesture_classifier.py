# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The gesture_classifier node: the compact stream in, gestures out."""
from collections import deque
from dataclasses import replace
from statistics import median
import time

from rclpy.node import Node
from snn_gesture_ros.decision.decider import DecisionSettings
from snn_gesture_ros.decision.recogniser import Recogniser
from snn_gesture_ros.events.packet import decode_packet
from snn_gesture_ros.frames.silence import PERIOD_NS, TimedFrames
from snn_gesture_ros.frames.slicing import Slicing
from snn_gesture_ros.network.classifier import SpikingClassifier
from snn_gesture_ros.nodes.health import Health
from snn_gesture_ros.nodes.messages import classification, header, label_info
from snn_gesture_ros.nodes.parameters import declare, on_change
from snn_gesture_ros.nodes.running import publish_while_running, run_node
from snn_gesture_ros.nodes.timers import every
from snn_gesture_ros.nodes.topics import GESTURE_QOS, LATCHED_QOS, STREAM_QOS
from snn_gesture_ros.nodes.worker import Worker
from snn_gesture_ros.parameters import (
    DECISION, GESTURE_CLASSIFIER as PARAMETERS, NETWORK, SLICING)
from std_msgs.msg import UInt8MultiArray
from vision_msgs.msg import Classification, LabelInfo


class GestureClassifierNode(Node):
    """Cut the stream into frames, run the network, publish what the decider says."""

    def __init__(self, subscribe: bool = True):
        """
        Declare parameters and load the network.

        :param subscribe: whether packets come by topic; otherwise `take` is called with them.
        :raises ValueError: if a parameter is wrong or the checkpoint cannot be used.
        """
        super().__init__('gesture_classifier')
        values = declare(self, PARAMETERS)
        classifier = SpikingClassifier(**{name: values[name] for name in NETWORK})
        card = classifier.card
        self._frames = TimedFrames(
            Slicing(**{name: values[name] for name in SLICING}).frames(card))
        self._recogniser = Recogniser(
            classifier, DecisionSettings(**{name: values[name] for name in DECISION}),
            values['min_events'])
        self._decider = self._recogniser.decider
        self._packet = None
        """The newest packet."""
        self._restarts = self._malformed = self._lost = self._decisions = 0
        self._inference_ms = deque([0.0], maxlen=100)
        self._scores = self.create_publisher(Classification, 'gesture_scores', GESTURE_QOS)
        self._gesture = self.create_publisher(Classification, 'gesture', GESTURE_QOS)
        self._labels = self.create_publisher(LabelInfo, 'gesture_labels', LATCHED_QOS)
        self._publish_labels()
        self._worker = Worker(self._decide, values['queue_size'])
        on_change(self, PARAMETERS, self._change)
        if subscribe:
            self.create_subscription(
                UInt8MultiArray, 'event_stream', self._on_packet, STREAM_QOS, raw=True)
        every(self, PERIOD_NS / 1e9, self._watch_silence)
        self._health = Health(self, values['checkpoint'], self._counters,
                              ('malformed', 'lost', 'frames_dropped'))
        self.get_logger().info(
            f'{values["checkpoint"]} with {classifier.runtime.description}: '
            f'{self._frames.stream.description}, {card.size}x{card.size}, '
            f'{len(card.labels)} labels')

    def destroy_node(self) -> None:
        """Let the frame in work be finished, then stop."""
        self._worker.stop()
        super().destroy_node()

    def _on_packet(self, data: bytes) -> None:
        try:
            packet = decode_packet(data)
        except ValueError as error:
            self._skip(error)
        else:
            self.take(packet)

    def _skip(self, error: ValueError) -> None:
        self._malformed += 1
        self.get_logger().warning(f'packet skipped: {error}', throttle_duration_sec=1.0)

    def take(self, packet) -> None:
        """Take in the next EventPacket."""
        now_ns = self.get_clock().now().nanoseconds
        try:
            frames = self._frames.push(packet, now_ns)
        except ValueError as error:
            self._skip(error)
            return
        if self._packet is not None:
            if packet.sequence <= self._packet.sequence:
                self._restarts += 1
            else:
                self._lost += packet.sequence - self._packet.sequence - 1
        self._packet = packet
        self._submit(frames)

    def _watch_silence(self) -> None:
        """Let time pass for the frames while no packets come, so that a gesture ends."""
        self._submit(self._frames.advance(self.get_clock().now().nanoseconds))

    def _submit(self, frames: list) -> None:
        for frame in frames:
            stamp_ns = frame.t_newest_us * 1000 + self._packet.ros_offset_ns
            self._worker.submit((frame, stamp_ns, self._packet.frame_id))

    def _decide(self, work) -> None:
        """Run a time step and publish; this runs in the worker's thread."""
        frame, stamp_ns, frame_id = work
        start = time.perf_counter()
        recognised = self._recogniser.recognise(frame)
        self._inference_ms.append(1000 * (time.perf_counter() - start))
        if recognised is None:
            return
        self._decisions += 1
        stamp = header(stamp_ns, frame_id)
        publish_while_running(self._scores, classification(
            stamp, dict(zip(self._decider.labels, recognised.scores))))
        for change in recognised.changes:
            started = {} if change.label is None else {change.label: change.score}
            publish_while_running(self._gesture, classification(stamp, started))

    def _publish_labels(self) -> None:
        stamp = header(self.get_clock().now().nanoseconds, '')
        self._labels.publish(label_info(
            stamp, self._decider.labels, self._decider.settings.start_threshold))

    def _change(self, values: dict) -> None:
        settings = {name: value for name, value in values.items() if name in DECISION}
        if settings:
            self._decider.settings = replace(self._decider.settings, **settings)
            self._publish_labels()
        self._recogniser.min_events = values.get('min_events', self._recogniser.min_events)

    def _counters(self) -> dict:
        return {
            'decisions': self._decisions,
            'gesture': self._decider.gesture or '',
            'inference_ms': round(median(self._inference_ms), 2),
            'frames_dropped': self._worker.dropped,
            'late_events': self._frames.stream.late,
            'lost': self._lost,
            'malformed': self._malformed,
            'restarts': self._restarts,
        }


def main(arguments=None) -> None:
    """Run the node."""
    run_node(GestureClassifierNode, arguments)
