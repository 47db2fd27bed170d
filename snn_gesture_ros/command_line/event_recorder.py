# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The node of `snn-gesture record`: write the messages of a camera and labels to a journal."""
from contextlib import suppress
import time

from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.utilities import try_shutdown
from snn_gesture_ros.events.stream import warm_up
from snn_gesture_ros.events.timeline import Timeline
from snn_gesture_ros.recordings.stored_messages import EventReader
from snn_gesture_ros.ros.followed_topic import FollowedTopic
from snn_gesture_ros.ros.running import every
from snn_gesture_ros.ros.threads import Paced
from snn_gesture_ros.ros.topics import message_class
from std_msgs.msg import String

SEARCH_PERIOD_S = 0.2
QUEUE_DEPTH = 10_000
"""Messages; the reliability is that of the publisher."""
FLUSH_PERIOD_S = 0.2
"""A process that is killed loses at most this much."""


class EventRecorderNode(Node):
    """Find the topic of the camera and write its messages unchanged."""

    def __init__(self, topic: str, open_journal, add_label, label_topic=None, script=None):
        """
        Search for the camera.

        :param open_journal: called with full name and type of the topic, returns a Journal.
        :param add_label: called with start and end in microseconds since the first event, and a
            label.
        :param label_topic: of std_msgs/String: a label lasts until the next one; an empty one ends
            it.
        :param script: called with the node, returns a generator as `Paced` runs them, which sets
            labels. The node ends with it.
        """
        super().__init__('event_recorder')
        self.journal = None
        self.messages = self.events = 0
        self.followed = None
        """The FollowedTopic, which counts messages of other publishers."""
        self.reader = None
        """An EventReader, which counts lost and malformed messages."""
        self._topic = self.resolve_topic_name(topic)
        self._open_journal, self._add_label = open_journal, add_label
        self._timeline = Timeline()
        self._first_us = None
        self._newest = None
        """Time of the newest event, and the steady time of its arrival."""
        self._label, self._label_start_us = '', 0
        self._refused = set()
        self._searching = every(self, SEARCH_PERIOD_S, self._search)
        every(self, FLUSH_PERIOD_S, self._flush)
        if label_topic is not None:
            self.create_subscription(String, label_topic, lambda message: self.set_label(
                message.data.strip()), 10)
        self._pacing = Paced(script(self), try_shutdown) if script else None
        self.get_logger().info(f'waiting for a publisher of {self._topic}')

    def destroy_node(self) -> None:
        """Finish the journal; an unfinished label of the script is dropped."""
        if self._pacing is not None:
            self._pacing.stop()
        else:
            self.set_label('')
        if self.journal is not None:
            self.journal.close()
        super().destroy_node()

    @property
    def is_recording(self) -> bool:
        """Whether an event has arrived."""
        return self._newest is not None

    def set_label(self, label: str) -> None:
        """
        End the current label, if any, and write it; start another one, if it is not empty.

        The same label again continues.
        """
        if label == self._label:
            return
        now_us = self._now_us()
        if self._label and now_us > self._label_start_us:
            self.journal.flush()  # so that no label exists without its events
            self._add_label(self._label_start_us, now_us, self._label)
        self._label, self._label_start_us = label, now_us

    def _now_us(self) -> int:
        """Return the camera time since the first event; it advances also without events."""
        if self._newest is None:
            return 0
        newest_us, arrived_s = self._newest
        passed_us = round((time.monotonic() - arrived_s) * 1e6)
        return max(newest_us - self._first_us + passed_us, 0)

    def _search(self) -> None:
        for info in self.get_publishers_info_by_topic(self._topic):
            if info.topic_type in self._refused:
                continue
            try:
                message = message_class(info.topic_type)
            except ValueError as error:
                self._refused.add(info.topic_type)
                self.get_logger().error(f'{self._topic}: {error}')
                continue
            warm_up(info.topic_type)
            self.reader = EventReader(info.topic_type)
            self.journal = self._open_journal(self._topic, info.topic_type)
            qos = QoSProfile(depth=QUEUE_DEPTH, reliability=info.qos_profile.reliability)
            self.followed = FollowedTopic(self, message, self._topic, self._on_message, qos)
            self._searching.cancel()
            self.get_logger().info(f'{self._topic}: recording {info.topic_type}')
            return

    def _flush(self) -> None:
        if self.journal is not None:
            self.journal.flush()
            self.followed.contest()

    def _on_message(self, data: bytes) -> None:
        now_ns = self.get_clock().now().nanoseconds
        self.journal.write(now_ns, data)
        self.messages += 1
        with suppress(ValueError):  # an unknown encoding has no events
            events = self.reader.read(data)
            self.events += len(events)
            placed = self._timeline.place(events['t'], now_ns) if len(events) else None
            if placed is not None:
                if self._first_us is None:
                    self._first_us = placed.first_us
                self._newest = placed.reached_us, time.monotonic()
