# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One event stream of a classifier: from packets to frames, and from decisions to topics."""
from collections import deque
from math import inf
import time
from typing import NamedTuple, Optional

from rclpy.exceptions import InvalidTopicNameException
from snn_gesture_ros.decision.gesture_filter import Transition
from snn_gesture_ros.decision.recognition import Decision, Recognition
from snn_gesture_ros.events.packet import StreamPacket
from snn_gesture_ros.frames.frame_stream import Frame
from snn_gesture_ros.ros.diagnostics import Arrivals, Durations, Silence
from snn_gesture_ros.ros.running import publish_while_running
from snn_gesture_ros.ros.topics import classification, GESTURE_QOS, header, label_info, LATCHED_QOS
from vision_msgs.msg import Classification, LabelInfo

SILENT_S = 0.25
"""A stream without events for longer is silent: the camera or event_stream may have failed."""
RECENT_FRAMES = 16
"""A network that is hot-swapped runs this many of the latest frames, if they are sliced alike."""
MAX_JITTER_NS = 200_000_000
"""Stamps that would go back by less stay as they are; by more, a clock was set."""


class Work(NamedTuple):
    """A frame on which the network is to decide."""

    stream: 'ClassifiedStream'
    recognition: Recognition
    frame: Frame
    stamp_ns: int
    frame_id: str
    arrival_s: Optional[float]
    """Steady time at which its newest event arrived; None if it has no events."""


class ClassifiedStream:
    """
    An event stream, the topics with its scores and gestures, and its counters.

    `follow_swap` and `publish` are called in the worker's thread, all others in the executor's.
    """

    def __init__(self, node, name: str, place: int, latency: Durations):
        """
        Create the publishers of a stream.

        :param name: namespace of its topics within the node's; empty: the node's.
        :param place: index among the streams of the node.
        :param latency: collects the time from the arrival of the newest event to the decision.
        :raises ValueError: if the name cannot be a namespace.
        """
        self.name = name
        self.place = place
        self.topic = f'{name}/event_stream' if name else 'event_stream'
        self.active = None
        """The Recognition that slices the packets; None while the node is inactive."""
        self.lost = self.restarts = self.decisions = self.events = 0
        self._silence = Silence()
        self._node = node
        self._latency = latency
        self._deciding = None
        """The Recognition of the worker; after a hot-swap soon the active one."""
        self._recent = deque(maxlen=RECENT_FRAMES)
        """Latest frames with a decision; only the worker uses it and `_deciding`."""
        self._packet = None
        """The newest packet; None before the first."""
        self._packet_s = -inf
        """Steady time of its arrival."""
        self._newest_ns = 0
        """Stamp of the newest frame."""
        self._past_late = 0
        self._arrivals = Arrivals()
        try:
            self._scores, self._gesture, self._labels = (
                node.create_publisher(kind, f'{name}/{topic}' if name else topic, qos)
                for kind, topic, qos in (
                    (Classification, 'gesture_scores', GESTURE_QOS),
                    (Classification, 'gesture', GESTURE_QOS),
                    (LabelInfo, 'gesture_labels', LATCHED_QOS)))
        except InvalidTopicNameException:
            raise ValueError(f'streams: {name!r} cannot be a namespace of topics') from None

    def begin(self, recognition: Recognition) -> None:
        """Start to decide, with a Recognition in its initial state."""
        self.active = self._deciding = recognition
        self._packet = None
        self._silence = Silence()

    def end(self) -> None:
        """Stop deciding, and end the gesture if there is one."""
        if self.active is not None:
            if self._gesture_filter.gesture is not None:
                now = self._node.get_clock().now()
                self._announce(header(now.nanoseconds, ''), [Transition(None, 0.0)])
            self._past_late += self.active.frames.stream.late
        self.active = self._deciding = None
        self._recent.clear()

    def prepare(self, opened: Recognition, now_ns: int) -> None:
        """
        Prepare another Recognition for a hot-swap, so that it continues where the active one is.

        If both slice alike, it shares the frame stream; otherwise its frames start at the current
        camera time.

        :param now_ns: ROS time up to which all packets were read.
        :raises ValueError: if the stream's resolution does not fit the network.
        """
        frames = self.active.frames
        if opened.frames.stream.settings == frames.stream.settings:
            opened.frames = frames
        elif self._packet is not None:
            t_us = frames.time_us()
            opened.slice_packet(self._packet._replace(
                t_base_us=t_us, t_newest_us=t_us, events=self._packet.events[:0]), now_ns)

    def swap(self, recognition: Recognition) -> None:
        """Slice the next packets with a Recognition that was prepared."""
        if recognition.frames is not self.active.frames:
            self._past_late += self.active.frames.stream.late
        self.active = recognition

    def slice_packet(self, packet: StreamPacket, now_ns: int) -> list:
        """
        Return the list of Work for the frames that a packet completes.

        :param now_ns: ROS time of its arrival.
        :raises ValueError: if its resolution does not fit the network.
        """
        frames = self.active.slice_packet(packet, now_ns)
        if self._packet is not None:
            if packet.sequence <= self._packet.sequence:
                self.restarts += 1
            else:
                self.lost += packet.sequence - self._packet.sequence - 1
        self._packet, self._packet_s = packet, time.monotonic()
        self.events += len(packet.events)
        self._arrivals.add(packet.t_newest_us)
        return self._work(frames)

    def slice_silence(self, now_ns: int) -> list:
        """Return the list of Work for the frames that end by now although no packet came."""
        return self._work(self.active.slice_silence(now_ns))

    @property
    def has_begun(self) -> bool:
        """Whether a packet has come."""
        return self._packet is not None

    @property
    def is_silent(self) -> bool:
        """Whether no packet has come for SILENT_S, not even with events that were filtered."""
        return self.active is not None and time.monotonic() - self._packet_s >= SILENT_S

    def remaining_us(self) -> int:
        """Return the camera time until a frame can be complete, once a packet has come."""
        return self.active.frames.stream.remaining_us(self._packet.t_newest_us)

    def _work(self, frames: list) -> list:
        return [Work(
            self, self.active, frame, self._stamp_ns(frame), self._packet.frame_id,
            self._arrivals.of(frame.t_newest_us) if frame.events else None) for frame in frames]

    def _stamp_ns(self, frame) -> int:
        """Return the ROS time of a frame, which a better measured offset does not move back."""
        stamp_ns = frame.t_newest_us * 1000 + self._packet.ros_offset_ns
        if 0 < self._newest_ns - stamp_ns < MAX_JITTER_NS:
            stamp_ns = self._newest_ns
        self._newest_ns = stamp_ns
        return stamp_ns

    def follow_swap(self, work: Work) -> None:
        """Let the Recognition of a frame continue where another one stopped, after a hot-swap."""
        before, after = self._deciding, work.recognition
        if after is before:
            return
        if after.frames is not before.frames:
            self._recent.clear()
        self._announce(header(work.stamp_ns, work.frame_id), after.follow(before, self._recent))
        self._deciding = after

    def publish(self, work: Work, decision: Optional[Decision]) -> None:
        """Publish the decision on a frame; None is not published."""
        self._recent.append(work.frame)
        if decision is None:
            return
        stamp = header(work.stamp_ns, work.frame_id)
        self.decisions += 1
        publish_while_running(self._scores, classification(
            stamp, dict(zip(self._gesture_filter.labels, decision.scores))))
        self._announce(stamp, decision.transitions)
        if work.arrival_s is not None:
            self._latency.add(time.monotonic() - work.arrival_s)

    def publish_labels(self) -> None:
        """Publish the labels of the active network."""
        stamp = header(self._node.get_clock().now().nanoseconds, '')
        gesture_filter = self.active.gesture_filter
        self._labels.publish(label_info(
            stamp, gesture_filter.labels, gesture_filter.settings.start_threshold))

    @property
    def gesture(self) -> str:
        """The gesture that is being made; empty if there is none."""
        return '' if self._deciding is None else self._gesture_filter.gesture or ''

    def silence_s(self) -> float:
        """Return for how long no events have come; 0 while the node is inactive."""
        return 0.0 if self.active is None else self._silence.update(self.events)

    @property
    def late(self) -> int:
        """Number of events that came too late for their frame."""
        return self._past_late + (self.active.frames.stream.late if self.active else 0)

    @property
    def scores_topic(self) -> str:
        """Resolved name of the topic of its scores."""
        return self._scores.topic_name

    @property
    def listeners(self) -> int:
        """Number of connected subscribers of the scores."""
        return self._scores.get_subscription_count()

    @property
    def _gesture_filter(self):
        return self._deciding.gesture_filter

    def _announce(self, stamp, transitions: list) -> None:
        for transition in transitions:
            started = {} if transition.label is None else {transition.label: transition.score}
            publish_while_running(self._gesture, classification(stamp, started))
