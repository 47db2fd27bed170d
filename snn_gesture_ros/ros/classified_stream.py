# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One event stream of a classifier: packets come in, frames are cut, decisions go out."""
from collections import deque
import time
from typing import NamedTuple, Optional

from rclpy.exceptions import InvalidTopicNameException
from snn_gesture_ros.decision.decider import Change
from snn_gesture_ros.decision.recogniser import Recognised, Recogniser
from snn_gesture_ros.events.packet import EventPacket
from snn_gesture_ros.frames.frame_stream import Frame, TimedFrames
from snn_gesture_ros.ros.diagnostics import Arrivals, Durations, Silence
from snn_gesture_ros.ros.running import publish_while_running
from snn_gesture_ros.ros.topics import classification, GESTURE_QOS, header, label_info, LATCHED_QOS
from vision_msgs.msg import Classification, LabelInfo

RECENT_FRAMES = 16
"""A network that takes over sees so many of the latest frames, if they are cut alike."""


class Recognition(NamedTuple):
    """What parameters choose for a stream: how frames are cut, and what decides on them."""

    frames: TimedFrames
    recogniser: Recogniser


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
    An event stream, the topics of what is recognised in it, and its counters.

    `decided` and `take_over` are called in the worker's thread, all else in the executor's.
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
        """The Recognition that frames are cut for; None while the node is inactive."""
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

    def exchanged(self, opened: Recognition, now_ns: int) -> Recognition:
        """
        Give the Recognition by which another one follows the active one.

        It keeps the frames if they are cut alike, otherwise others go on at the time that they
        have reached.

        :param now_ns: ROS time up to which all packets were taken.
        :raises ValueError: if the stream's picture does not fit.
        """
        frames = self.active.frames
        if opened.frames.stream.settings == frames.stream.settings:
            return opened._replace(frames=frames)
        if self._packet is not None:
            t_us = frames.time_us()
            opened.frames.push(self._packet._replace(
                t_base_us=t_us, t_newest_us=t_us, events=self._packet.events[:0]), now_ns)
        return opened

    def exchange(self, recognition: Recognition) -> None:
        """Cut the next frames for what `exchanged` gave."""
        if recognition.frames is not self.active.frames:
            self._past_late += self.active.frames.stream.late
        self.active = recognition

    def take(self, packet: EventPacket, now_ns: int) -> list:
        """
        Take in the next packet.

        :returns: Work that it makes.
        :raises ValueError: if its picture does not fit the network.
        """
        frames = self.active.frames.push(packet, now_ns)
        if self._packet is not None:
            if packet.sequence <= self._packet.sequence:
                self.restarts += 1
            else:
                self.lost += packet.sequence - self._packet.sequence - 1
        self._packet = packet
        self.events += len(packet.events)
        self._arrivals.add(packet.t_newest_us)
        return self._work(frames)

    def advance(self, now_ns: int) -> list:
        """Let time pass without packets; give Work that it makes."""
        return self._work(self.active.frames.advance(now_ns))

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

    def take_over(self, work: Work) -> None:
        """Let what decides on a frame go on where another was until now."""
        before, after = self._deciding, work.recognition
        if after is before:
            return
        if after.frames is not before.frames:
            self._recent.clear()
        self._announce(header(work.stamp_ns, work.frame_id),
                       after.recogniser.take_over(before.recogniser, self._recent))
        self._deciding = after

    def decided(self, work: Work, recognised: Optional[Recognised]) -> None:
        """Publish what was recognised when a frame ended."""
        self._recent.append(work.frame)
        if recognised is None:
            return
        stamp = header(work.stamp_ns, work.frame_id)
        self.decisions += 1
        publish_while_running(self._scores, classification(
            stamp, dict(zip(self._decider.labels, recognised.scores))))
        self._announce(stamp, recognised.changes)
        if work.arrival_s is not None:
            self._latency.add(time.monotonic() - work.arrival_s)

    def publish_labels(self) -> None:
        """Publish the labels of the active network."""
        stamp = header(self._node.get_clock().now().nanoseconds, '')
        decider = self.active.recogniser.decider
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
        return self._deciding.recogniser.decider

    def _announce(self, stamp, changes: list) -> None:
        for change in changes:
            started = {} if change.label is None else {change.label: change.score}
            publish_while_running(self._gesture, classification(stamp, started))
