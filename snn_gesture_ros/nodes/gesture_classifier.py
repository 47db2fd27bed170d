# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The gesture_classifier node: the compact stream in, gestures out."""
from collections import deque
import time
from typing import NamedTuple

from snn_gesture_ros.decision.decider import Change, DecisionSettings
from snn_gesture_ros.decision.recogniser import Recogniser
from snn_gesture_ros.doctor.findings import SILENCE_S
from snn_gesture_ros.events.packet import decode_packet
from snn_gesture_ros.frames.silence import PERIOD_NS, TimedFrames
from snn_gesture_ros.frames.slicing import Slicing
from snn_gesture_ros.network.classifier import SpikingClassifier
from snn_gesture_ros.nodes.beside import run_beside
from snn_gesture_ros.nodes.gauges import Arrivals, Durations, Silence
from snn_gesture_ros.nodes.health import Health, INACTIVE, RUNNING
from snn_gesture_ros.nodes.managed import AUTOSTART, ManagedNode
from snn_gesture_ros.nodes.messages import classification, header, label_info
from snn_gesture_ros.nodes.parameters import declare, on_change
from snn_gesture_ros.nodes.running import publish_while_running, run_node
from snn_gesture_ros.nodes.silence import explain_stream
from snn_gesture_ros.nodes.timers import every
from snn_gesture_ros.nodes.topics import GESTURE_QOS, LATCHED_QOS, STREAM_QOS
from snn_gesture_ros.nodes.waiting import take_waiting
from snn_gesture_ros.nodes.worker import Worker
from snn_gesture_ros.parameters import DECISION, GESTURE_CLASSIFIER, NETWORK, SLICING
from std_msgs.msg import UInt8MultiArray
from vision_msgs.msg import Classification, LabelInfo

PARAMETERS = (AUTOSTART, *GESTURE_CLASSIFIER)
PAUSE = 0.75
"""Part of the time to a frame's end in which packets are left to wait."""
LONGEST_PAUSE_US = 50_000
MOST_AT_ONCE = 200
"""Packets that are read before timers and services have their turn."""
RECENT_FRAMES = 16
"""A network that takes over sees so many of the latest frames, if they are cut alike."""


class Recognition(NamedTuple):
    """What parameters choose: how frames are cut, and what decides on them."""

    frames: TimedFrames
    recogniser: Recogniser
    description: str


def open_recognition(values: dict) -> Recognition:
    """
    Load the network that parameters choose, and run it once.

    :param values: of PARAMETERS.
    :raises ValueError: if a parameter is wrong or the checkpoint cannot be used.
    """
    classifier = SpikingClassifier(**{name: values[name] for name in NETWORK})
    card = classifier.card
    frames = Slicing(**{name: values[name] for name in SLICING}).frames(card)
    recogniser = Recogniser(
        classifier, DecisionSettings(**{name: values[name] for name in DECISION}),
        values['min_events'])
    return Recognition(TimedFrames(frames), recogniser, (
        f'{values["checkpoint"]} with {classifier.runtime.description}: {frames.description}, '
        f'{card.size}x{card.size}, {len(card.labels)} labels'))


class GestureClassifierNode(ManagedNode):
    """Cut the stream into frames, run the network, publish what the decider says."""

    def __init__(self, subscribe: bool = True):
        """
        Declare parameters and, unless it is to wait, load the network.

        :param subscribe: whether packets come by topic; otherwise `take` is called with them,
            and `read_waiting` must be set to what reads those that wait.
        :raises ValueError: if a parameter is wrong or the checkpoint cannot be used.
        """
        super().__init__('gesture_classifier')
        self._values = values = declare(self, PARAMETERS)
        self._subscribe = subscribe
        self._subscription = self._worker = None
        self._active = self._deciding = None
        """What frames are cut for, and what the worker decides with: soon the same."""
        self._recent = deque(maxlen=RECENT_FRAMES)
        """Frames that were decided on; the worker's own, like `_deciding`."""
        self._packet = None
        """The newest packet."""
        self._past_late = self._restarts = self._malformed = self._lost = self._decisions = 0
        self._past_dropped = self._events = 0
        self._arrivals, self._silence = Arrivals(), Silence()
        self._inference, self._latency = Durations(), Durations()
        self._scores = self.create_publisher(Classification, 'gesture_scores', GESTURE_QOS)
        self._gesture = self.create_publisher(Classification, 'gesture', GESTURE_QOS)
        self._labels = self.create_publisher(LabelInfo, 'gesture_labels', LATCHED_QOS)
        on_change(self, PARAMETERS, self._change)
        self.read_waiting = self._read_waiting
        """Reads what waits while the executor's thread is kept from it."""
        every(self, PERIOD_NS / 1e9, self._watch_silence)
        self._health = Health(self, values['checkpoint'], self._counters,
                              ('malformed', 'lost', 'frames_dropped'),
                              ('events_in', 'events_used', 'decisions'), self._state)
        self.begin(values['autostart'])

    def activate(self) -> None:
        """
        Load the network and listen.

        :raises ValueError: if the checkpoint or a parameter that goes with it cannot be used.
        """
        self._active = self._deciding = open_recognition(self._values)
        self._packet = None
        self._worker = Worker(self._decide, self._values['queue_size'])
        self._publish_labels()
        if self._subscribe:
            self._subscription = self.create_subscription(
                UInt8MultiArray, 'event_stream', self._on_packet, STREAM_QOS, raw=True)
        self.get_logger().info(self._active.description)

    def deactivate(self) -> None:
        """Let the frame in work be finished, end the gesture, give the network's memory back."""
        if self._subscription is not None:
            self.destroy_subscription(self._subscription)
            self._subscription = None
        if self._worker is not None:
            self._worker.stop()
            self._past_dropped += self._worker.dropped
        if self._deciding is not None:
            if self._deciding.recogniser.decider.gesture is not None:
                self._announce(header(self.get_clock().now().nanoseconds, ''), [Change(None, 0.0)])
            self._past_late += self._active.frames.stream.late
        self._active = self._deciding = self._worker = None
        self._recent.clear()

    def _on_packet(self, data: bytes) -> None:
        """
        Read a packet, pause while no frame can be complete, read those that came meanwhile.

        To wake up for a packet costs the executor more than to read it.
        """
        self._read(data)
        if self._packet is not None:
            remaining_us = self._active.frames.stream.remaining_us(self._packet.t_newest_us)
            time.sleep(PAUSE * min(remaining_us, LONGEST_PAUSE_US) / 1e6)
            self._read_waiting()

    def _read_waiting(self) -> None:
        for waiting in take_waiting(self._subscription, MOST_AT_ONCE):
            self._read(waiting)

    def _read(self, data: bytes) -> None:
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
        """Take in the next EventPacket; an inactive node lets it pass."""
        if not self.is_active:
            return
        now_ns = self.get_clock().now().nanoseconds
        try:
            frames = self._active.frames.push(packet, now_ns)
        except ValueError as error:
            self._skip(error)
            return
        if self._packet is not None:
            if packet.sequence <= self._packet.sequence:
                self._restarts += 1
            else:
                self._lost += packet.sequence - self._packet.sequence - 1
        self._packet = packet
        self._events += len(packet.events)
        self._arrivals.add(packet.t_newest_us)
        self._submit(frames)

    def _watch_silence(self) -> None:
        """Let time pass for the frames while no packets come, so that a gesture ends."""
        if self.is_active:
            now_ns = self._read_until_now()
            self._submit(self._active.frames.advance(now_ns))

    def _read_until_now(self) -> int:
        """Read what waits, which is no silence; give the ROS time by which nothing else came."""
        now_ns = self.get_clock().now().nanoseconds
        self.read_waiting()
        return now_ns

    def _submit(self, frames: list) -> None:
        for frame in frames:
            stamp_ns = frame.t_newest_us * 1000 + self._packet.ros_offset_ns
            arrival_s = self._arrivals.of(frame.t_newest_us) if frame.events else None
            self._worker.submit((self._active, frame, stamp_ns, self._packet.frame_id, arrival_s))

    def _decide(self, work) -> None:
        """Run a time step and publish; this runs in the worker's thread."""
        active, frame, stamp_ns, frame_id, arrival_s = work
        stamp = header(stamp_ns, frame_id)
        recogniser = active.recogniser
        if active is not self._deciding:
            if active.frames is not self._deciding.frames:
                self._recent.clear()
            self._announce(stamp, recogniser.take_over(self._deciding.recogniser, self._recent))
            self._deciding = active
        start_s = time.monotonic()
        recognised = recogniser.recognise(frame)
        self._inference.add(time.monotonic() - start_s)
        self._recent.append(frame)
        if recognised is None:
            return
        self._decisions += 1
        publish_while_running(self._scores, classification(
            stamp, dict(zip(recogniser.decider.labels, recognised.scores))))
        self._announce(stamp, recognised.changes)
        if arrival_s is not None:
            self._latency.add(time.monotonic() - arrival_s)

    def _announce(self, stamp, changes: list) -> None:
        for change in changes:
            started = {} if change.label is None else {change.label: change.score}
            publish_while_running(self._gesture, classification(stamp, started))

    def _publish_labels(self) -> None:
        stamp = header(self.get_clock().now().nanoseconds, '')
        decider = self._active.recogniser.decider
        self._labels.publish(label_info(
            stamp, decider.labels, decider.settings.start_threshold))

    def _change(self, changed: dict) -> None:
        """
        Take over parameters that change; a network is loaded and tried beside the one that runs.

        :raises ValueError: if they cannot be used; all stays as it was then.
        """
        values = {**self._values, **changed}
        settings = DecisionSettings(**{name: values[name] for name in DECISION})
        if self.is_active:
            if changed.keys() & {*NETWORK, *SLICING}:
                self._exchange(values)
            self._active.recogniser.decider.settings = settings
            self._active.recogniser.min_events = values['min_events']
            self._publish_labels()
        self._values = values
        self._health.hardware_id = values['checkpoint']

    def _exchange(self, values: dict) -> None:
        opened = run_beside(lambda: open_recognition(values), self._watch_silence)
        if opened.frames.stream.settings == self._active.frames.stream.settings:
            opened = opened._replace(frames=self._active.frames)
        else:
            if self._packet is not None:
                self._begin(opened.frames)
            self._past_late += self._active.frames.stream.late
        self._active = opened
        self.get_logger().info(opened.description)

    def _begin(self, frames: TimedFrames) -> None:
        """
        Let other frames go on at the time that the present ones have reached.

        :raises ValueError: if the stream's picture does not fit them.
        """
        now_ns = self._read_until_now()
        t_us = self._active.frames.time_us(now_ns)
        frames.push(self._packet._replace(
            t_base_us=t_us, t_newest_us=t_us, events=self._packet.events[:0]), now_ns)

    def _counters(self) -> dict:
        late, dropped, gesture, queue_age_s = self._past_late, self._past_dropped, None, 0.0
        if self.is_active:
            late += self._active.frames.stream.late
            dropped += self._worker.dropped
            gesture = self._deciding.recogniser.decider.gesture
            queue_age_s = self._worker.age_s()
        return {
            'model': self._values['checkpoint'],
            'decisions': self._decisions,
            'listeners': self._scores.get_subscription_count(),
            'gesture': gesture or '',
            'inference_ms': self._inference.percentile_ms(50),
            'latency_p50_ms': self._latency.percentile_ms(50),
            'latency_p99_ms': self._latency.percentile_ms(99),
            'queue_age_ms': round(1000 * queue_age_s, 1),
            'frames_dropped': dropped,
            'events_in': self._events,
            'events_used': self._events - late,
            'late_events': late,
            'lost': self._lost,
            'malformed': self._malformed,
            'restarts': self._restarts,
            'silence_s': self._silence.update(self._events),
        }

    def _state(self, values: dict) -> tuple:
        if not self.is_active:
            self._silence = Silence()
            return INACTIVE
        if values['silence_s'] < SILENCE_S:
            return RUNNING
        return explain_stream(self, self.resolve_topic_name('event_stream'))


def main(arguments=None) -> None:
    """Run the node."""
    run_node(GestureClassifierNode, arguments)
