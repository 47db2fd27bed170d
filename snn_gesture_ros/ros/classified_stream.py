# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One event stream of a classifier: packets in, frames to the network, decisions out."""
from collections import deque
import time
from typing import NamedTuple, Optional

from rclpy.exceptions import InvalidTopicNameException
from snn_gesture_ros.decision.decider import Change
from snn_gesture_ros.decision.recognition import Decision, Recognition
from snn_gesture_ros.events.packet import EventPacket
from snn_gesture_ros.frames.frame_stream import Frame
from snn_gesture_ros.ros.diagnostics import Arrivals, Durations, Silence
from snn_gesture_ros.ros.running import publish_while_running
from snn_gesture_ros.ros.topics import classification, GESTURE_QOS, header, label_info, LATCHED_QOS
from vision_msgs.msg import Classification, LabelInfo

RECENT_FRAMES = 16
"""A network that takes over sees so many of the latest frames, if they are cut alike."""


class Work(NamedTuple):
    """A frame that is to be decided on."""

    stream: 'ClassifiedStream'
    recognition: Recognition
    frame: Frame
    stamp_ns: int
    frame_id: str
    arrival_s: Optional[float]
    """When its newest event came; None where it has none."""


class ClassifiedStream:
    """
    An event stream, the topics of what is recognized in it, and its counters.

    `follow_swap` and `publish` are called in the worker's thread, all else in the executor's.
    """

    def __init__(self, node, name: str, place: int, latency: Durations):
        """
        Publish for a stream.

        :param name: namespace of its topics within the node's; empty: the node's own.
        :param place: among the streams of the node.
        :param latency: takes how long decisions take, from the arrival of their newest event.
        :raises ValueError: if the name cannot be one.
        """
        self.name = name
        self.place = place
        self.topic = f'{name}/event_stream' if name else 'event_stream'
        self.active = None
        """The Recognition that frames are sliced for; None while the node is inactive."""
        self.lost = self.restarts = self.decisions = self.events = 0
        self._silence = Silence()
        self._node = node
        self._latency = latency
        self._deciding = None
        """The Recognition that the worker decides with: soon the active one."""
        self._recent = deque(maxlen=RECENT_FRAMES)
        """Frames that were decided on; the worker's own, like `_deciding`."""
        self._packet = None
        """The newest packet."""
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
        """Decide with a Recognition, as if nothing had been before."""
        self.active = self._deciding = recognition
        self._packet = None
        self._silence = Silence()

    def end(self) -> None:
        """End the gesture, if there is one; forget what decided."""
        if self.active is not None:
            if self._decider.gesture is not None:
                now = self._node.get_clock().now()
                self._announce(header(now.nanoseconds, ''), [Change(None, 0.0)])
            self._past_late += self.active.frames.stream.late
        self.active = self._deciding = None
        self._recent.clear()

    def prepare(self, opened: Recognition, now_ns: int) -> None:
        """
        Let another Recognition slice on where the active one is, for a hot-swap.

        It shares the frames if they are sliced alike, otherwise its own start at the time that
        the others have reached.

        :param now_ns: ROS time up to which all packets were read.
        :raises ValueError: if the stream's picture does not fit.
        """
        frames = self.active.frames
        if opened.frames.stream.settings == frames.stream.settings:
            opened.frames = frames
        elif self._packet is not None:
            t_us = frames.time_us()
            opened.slice_packet(self._packet._replace(
                t_base_us=t_us, t_newest_us=t_us, events=self._packet.events[:0]), now_ns)

    def swap(self, recognition: Recognition) -> None:
        """Slice the next frames for a Recognition that was prepared."""
        if recognition.frames is not self.active.frames:
            self._past_late += self.active.frames.stream.late
        self.active = recognition

    def slice_packet(self, packet: EventPacket, now_ns: int) -> list:
        """
        Return the Work that the next packet makes.

        :raises ValueError: if its picture does not fit the network.
        """
        frames = self.active.slice_packet(packet, now_ns)
        if self._packet is not None:
            if packet.sequence <= self._packet.sequence:
                self.restarts += 1
            else:
                self.lost += packet.sequence - self._packet.sequence - 1
        self._packet = packet
        self.events += len(packet.events)
        self._arrivals.add(packet.t_newest_us)
        return self._work(frames)

    def slice_silence(self, now_ns: int) -> list:
        """Return the Work that time makes where no packets come."""
        return self._work(self.active.slice_silence(now_ns))

    @property
    def has_begun(self) -> bool:
        """Tell whether a packet has come."""
        return self._packet is not None

    def remaining_us(self) -> int:
        """Give the camera time until a frame can be complete, after the first packet."""
        return self.active.frames.stream.remaining_us(self._packet.t_newest_us)

    def _work(self, frames: list) -> list:
        return [Work(
            self, self.active, frame, frame.t_newest_us * 1000 + self._packet.ros_offset_ns,
            self._packet.frame_id,
            self._arrivals.of(frame.t_newest_us) if frame.events else None) for frame in frames]

    def follow_swap(self, work: Work) -> None:
        """Let what decides on a frame continue where another recognition was until now."""
        before, after = self._deciding, work.recognition
        if after is before:
            return
        if after.frames is not before.frames:
            self._recent.clear()
        self._announce(header(work.stamp_ns, work.frame_id), after.follow(before, self._recent))
        self._deciding = after

    def publish(self, work: Work, decision: Optional[Decision]) -> None:
        """Publish what was recognized when a frame ended."""
        self._recent.append(work.frame)
        if decision is None:
            return
        stamp = header(work.stamp_ns, work.frame_id)
        self.decisions += 1
        publish_while_running(self._scores, classification(
            stamp, dict(zip(self._decider.labels, decision.scores))))
        self._announce(stamp, decision.changes)
        if work.arrival_s is not None:
            self._latency.add(time.monotonic() - work.arrival_s)

    def publish_labels(self) -> None:
        """Publish the labels of the active network."""
        stamp = header(self._node.get_clock().now().nanoseconds, '')
        decider = self.active.decider
        self._labels.publish(label_info(
            stamp, decider.labels, decider.settings.start_threshold))

    @property
    def gesture(self) -> str:
        """Name the gesture that is being made; empty if there is none."""
        return '' if self._deciding is None else self._decider.gesture or ''

    def silence_s(self) -> float:
        """Give for how long no events have come; 0 while the node is inactive."""
        return 0.0 if self.active is None else self._silence.update(self.events)

    @property
    def late(self) -> int:
        """Count the events that came too late for their frame."""
        return self._past_late + (self.active.frames.stream.late if self.active else 0)

    @property
    def listeners(self) -> int:
        """Count the subscribers of the scores that are connected."""
        return self._scores.get_subscription_count()

    @property
    def _decider(self):
        return self._deciding.decider

    def _announce(self, stamp, changes: list) -> None:
        for change in changes:
            started = {} if change.label is None else {change.label: change.score}
            publish_while_running(self._gesture, classification(stamp, started))
