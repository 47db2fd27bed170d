# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Live events: those of a topic, counted until they are shown, and the current gesture."""
from functools import partial
from math import inf
import time

import rclpy
from rclpy.executors import SingleThreadedExecutor
from snn_gesture_ros.events.geometry import turn_counts
from snn_gesture_ros.events.messages import MessageDecoder
from snn_gesture_ros.events.packet import decode_packet
from snn_gesture_ros.ros.followed_topic import FollowedTopic, source_values
from snn_gesture_ros.ros.topics import (
    CAMERA_QOS, GESTURE_QOS, message_class, read_message, STREAM_TYPE, TypeSearch)
from snn_gesture_ros.viewing.film import Exposure, Shot
from snn_gesture_ros.viewing.image import Gesture
from std_msgs.msg import UInt8MultiArray
from vision_msgs.msg import Classification

DRAIN_S = 0.01
"""Messages that follow within this time are read together, which needs less CPU time."""


class LiveEvents:
    """The events of a camera or of event_stream, and the gestures of gesture_classifier."""

    def __init__(self, node, topic: str, rotation: int = 0):
        """
        Subscribe to the gestures; `try_to_subscribe` subscribes to the events.

        :param topic: events of a camera, or those of event_stream; its type decides.
        :param rotation: degrees by which the events of a camera are rotated clockwise; those of
            event_stream are rotated already.
        """
        self.rotation = rotation
        self.frame_id = ''
        """Of the newest message."""
        self.malformed = 0
        """Number of messages that were skipped, since they could not be read."""
        self._node = node
        self._topic = node.resolve_topic_name(topic)
        self._types = TypeSearch(node, self._topic, self._subscribe)
        self._subscription = None
        self._exposure = Exposure()
        self._scores_topic = node.resolve_topic_name('gesture_scores')
        self._started, self._scores = '', {}
        self._listening = [
            FollowedTopic(node, Classification, name, partial(self._try_to_read, read),
                          GESTURE_QOS)
            for name, read in (('gesture', self._read_gesture),
                               ('gesture_scores', self._read_scores))]

    @property
    def message_type(self) -> str:
        """Type of the topic; empty while it is not read."""
        return self._types.type

    def source_values(self) -> dict:
        """Return whose messages are read, for diagnostics and state."""
        events = [] if self._subscription is None else [self._subscription]
        return source_values([*events, *self._listening], contest=self._types.contest)

    def try_to_subscribe(self) -> None:
        """Subscribe once there is a publisher; call it periodically."""
        self._types.search()
        if self._subscription is not None:
            self._subscription.contest()
        if not self._node.count_publishers(self._scores_topic):
            self._started, self._scores = '', {}

    def unsubscribe(self) -> None:
        """Destroy the subscription to events, and forget them."""
        if self._subscription is not None:
            self._subscription.destroy()
            self._subscription = None
            self._types.reset()
            self._exposure = Exposure()

    def take_counts(self):
        """Return the counts since the last call, int32 [2, H, W]; None before any message."""
        counts = self._exposure.take()
        if counts is None or self.message_type == STREAM_TYPE:
            return counts
        return turn_counts(counts, self.rotation)

    @property
    def gesture(self):
        """The current Gesture; None if no network runs, or several do."""
        if not self._scores or any(topic.contest() for topic in self._listening):
            return None
        label = self._started or next(iter(self._scores))
        return Gesture(label, self._scores.get(label, 0.0), bool(self._started))

    def _subscribe(self, message_type: str) -> None:
        if message_type == STREAM_TYPE:
            message, self._read = UInt8MultiArray, self._read_packet
        else:
            message, self._read = message_class(message_type), self._read_camera
            self._decoder = MessageDecoder(message_type)
        self.unsubscribe()
        self._subscription = FollowedTopic(
            self._node, message, self._topic, self._on_message, CAMERA_QOS)

    def _on_message(self, data: bytes) -> None:
        self._try_to_read(self._read, data)
        time.sleep(DRAIN_S)
        for waiting in self._subscription.drain():
            self._try_to_read(self._read, waiting)

    def _try_to_read(self, read, data: bytes) -> None:
        try:
            read(data)
        except ValueError as error:
            self.malformed += 1
            self._node.get_logger().warning(f'message skipped: {error}',
                                            throttle_duration_sec=1.0)

    def _read_camera(self, data: bytes) -> None:
        events, _, self.frame_id, width, height = self._decoder.decode(data)
        self._exposure.add(events, width, height)

    def _read_packet(self, data: bytes) -> None:
        packet = decode_packet(data)
        self.frame_id = packet.frame_id
        self._exposure.add_pixels(packet.events['pixel'], packet.width, packet.height)

    def _read_gesture(self, data: bytes) -> None:
        message = read_message(data, Classification)
        self._started = message.results[0].class_id if message.results else ''

    def _read_scores(self, data: bytes) -> None:
        message = read_message(data, Classification)
        self._scores = {result.class_id: result.score for result in message.results}


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
