# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The gesture_classifier node: read the compact stream and publish gestures."""
from collections import defaultdict
from dataclasses import dataclass
from functools import partial
import time

import rclpy
from snn_gesture_ros.decision.gesture_filter import DecisionSettings
from snn_gesture_ros.decision.recognition import decide_batch, Recognition
from snn_gesture_ros.doctor.findings import SILENCE_S
from snn_gesture_ros.events.packet import decode_packet
from snn_gesture_ros.frames.frame_stream import PERIOD_NS, Slicing
from snn_gesture_ros.network.classifier import SpikingClassifier
from snn_gesture_ros.parameters import GESTURE_CLASSIFIER, NETWORK, SLICING
from snn_gesture_ros.ros.classified_stream import ClassifiedStream
from snn_gesture_ros.ros.diagnostics import (
    Durations, explain_stream, INACTIVE, NodeDiagnostics, release_memory, RUNNING, SEVERITY, WARN)
from snn_gesture_ros.ros.followed_topic import FollowedTopic, publisher_setting, source_values
from snn_gesture_ros.ros.lifecycle import ManagedNode, ManagedSettings
from snn_gesture_ros.ros.parameters import declare, on_change
from snn_gesture_ros.ros.running import every, run_node
from snn_gesture_ros.ros.threads import run_in_background, Worker
from snn_gesture_ros.ros.topics import STREAM_QOS
from snn_gesture_ros.settings import make_settings, setting, settings_of
from std_msgs.msg import UInt8MultiArray

PAUSE_FRACTION = 0.9
"""The node pauses for this fraction of the time to the end of a frame, while packets wait."""
MAX_PAUSE_US = 50_000


@dataclass(frozen=True)
class SourceSettings:
    """Which event streams are read."""

    streams: tuple = setting(
        ('',), "Namespaces of the event streams, within the node's own, that one network decides "
        "on in one batch; '': the node's own")
    stream_from: str = publisher_setting('event_stream')


PARAMETERS = (*settings_of(ManagedSettings, SourceSettings), *GESTURE_CLASSIFIER)


def open_recognitions(values: dict) -> tuple:
    """
    Load the network that parameters choose, and warm it up.

    :param values: of PARAMETERS, by name.
    :returns: a Recognition for each of the streams, and a text for logs.
    :raises ValueError: if a parameter is wrong or the checkpoint cannot be used.
    """
    count = len(values['streams'])
    classifier = SpikingClassifier(**{name: values[name] for name in NETWORK}, streams=count)
    card = classifier.card
    settings = make_settings(DecisionSettings, values)
    slicing = make_settings(Slicing, values)
    recognitions = [Recognition(classifier, slicing, settings, values['min_events'])
                    for _ in range(count)]
    return recognitions, (
        f'{values["checkpoint"]} with {classifier.runtime.description}: '
        f'{recognitions[0].frames.stream.description}, {card.size}x{card.size}, '
        f'{len(card.labels)} labels' + (f', {count} streams' if count > 1 else ''))


class GestureClassifierNode(ManagedNode):
    """Slice streams into frames, run the network, publish scores and gestures."""

    def __init__(self, subscribe: bool = True):
        """
        Declare parameters and, unless it is to wait, load the network.

        :param subscribe: whether packets come by topic; otherwise there is one stream, that of
            `read_from`.
        :raises ValueError: if a parameter is wrong or the checkpoint cannot be used.
        """
        super().__init__('gesture_classifier')
        self._values = values = declare(self, PARAMETERS)
        self._subscribe = subscribe
        self._event_stream = None
        self._listening = []
        self._worker = None
        self._malformed = self._past_dropped = 0
        self._reported_silent = []
        self._inference, self._latency = Durations(), Durations()
        self._streams = self._make_streams(values['streams'])
        on_change(self, PARAMETERS, self._change)
        self._silence_timer = every(self, PERIOD_NS / 1e9, self._watch_silence)
        self._diagnostics = NodeDiagnostics(
            self, values['checkpoint'], self._counters,
            ('malformed', 'lost', 'frames_dropped', 'late_events'),
            ('events_in', 'events_used', 'decisions'), self._state,
            {'late_events': lambda: 'their frame was complete when they came'})
        self.begin(values['autostart'])

    def _make_streams(self, names: tuple) -> list:
        if not names or len(set(names)) < len(names):
            raise ValueError('streams must be one or more names, none of them twice')
        if not self._subscribe and names != SourceSettings.streams:
            raise ValueError('streams needs event_stream and gesture_classifier in separate '
                             'processes: leave out composed')
        return [ClassifiedStream(self, name, place, self._latency)
                for place, name in enumerate(names)]

    def read_from(self, event_stream) -> None:
        """
        Read the packets of an event_stream node of this process, in memory.

        :param event_stream: EventStreamNode.
        """
        self._event_stream = event_stream
        event_stream.deliver_to(self._receive)

    def configure(self) -> None:
        """
        Check the network and the parameters.

        :raises ValueError: if the checkpoint or a parameter that belongs to it cannot be used.
        """
        open_recognitions(self._values)

    def activate(self) -> None:
        """
        Load the network and subscribe to the streams.

        :raises ValueError: if the checkpoint or a parameter that belongs to it cannot be used.
        """
        recognitions, description = open_recognitions(self._values)
        for stream, recognition in zip(self._streams, recognitions):
            stream.begin(recognition)
        self._worker = Worker(self._decide, self._values['queue_size'], len(self._streams),
                              self._on_error)
        self._publish_labels()
        if self._subscribe:
            self._listening = [FollowedTopic(
                self, UInt8MultiArray, stream.topic, partial(self._on_packet, stream), STREAM_QOS,
                'stream_from') for stream in self._streams]
        self.get_logger().info(description)

    def deactivate(self) -> None:
        """Finish the current batch, end gestures and release the memory of the network."""
        for topic in self._listening:
            topic.destroy()
        self._listening = []
        if self._worker is not None:
            self._worker.stop()
            self._past_dropped += self._worker.dropped
            self._worker = None
        for stream in self._streams:
            stream.end()

    def _on_packet(self, stream: ClassifiedStream, data: bytes) -> None:
        """
        Read a packet, pause while no frame can be complete, and read the waiting packets.

        It costs the executor more to wake up for a packet than to read it.
        """
        self._read(stream, data)
        remaining_us = min((each.remaining_us() for each in self._streams if each.has_begun),
                           default=0)
        time.sleep(PAUSE_FRACTION * min(remaining_us, MAX_PAUSE_US) / 1e6)
        self._watch_silence()       # of the other streams too
        self._silence_timer.reset()

    def _drain(self) -> None:
        """Read the packets that wait."""
        if self._event_stream is not None:
            self._event_stream.drain()
        for stream, topic in zip(self._streams, self._listening):
            for waiting in topic.drain():
                self._read(stream, waiting)

    def _read(self, stream: ClassifiedStream, data: bytes) -> None:
        try:
            packet = decode_packet(data)
        except ValueError as error:
            self._skip(error)
        else:
            self._take(stream, packet)

    def _skip(self, error: ValueError) -> None:
        self._malformed += 1
        self.get_logger().warning(f'packet skipped: {error}', throttle_duration_sec=1.0)

    def _receive(self, packet) -> None:
        """Process a packet from this process; an inactive node drops it."""
        if self.is_active:
            self._take(self._streams[0], packet)

    def _take(self, stream: ClassifiedStream, packet) -> None:
        try:
            self._submit(stream.slice_packet(packet, self.get_clock().now().nanoseconds))
        except ValueError as error:
            self._skip(error)

    def _watch_silence(self) -> None:
        """Complete frames while no packets come, so that a gesture ends."""
        if self.is_active:
            now_ns = self._read_until_now()
            for stream in self._streams:
                self._submit(stream.slice_silence(now_ns))
        silent = self._silent()
        if silent != self._reported_silent:
            self._reported_silent = silent
            self._diagnostics.publish_state()

    def _silent(self) -> list:
        """Return the topics of the scores of streams without events: a robot must not move."""
        return [stream.scores_topic for stream in self._streams if stream.is_silent]

    def _read_until_now(self) -> int:
        """Read the waiting packets; return the ROS time up to which no others have come."""
        now_ns = self.get_clock().now().nanoseconds
        self._drain()
        return now_ns

    def _submit(self, works: list) -> None:
        for work in works:
            self._worker.submit(work, work.stream.place)

    def _decide(self, batch: list) -> None:
        """Run a time step of each network for its frames, and publish; in the worker's thread."""
        by_network = defaultdict(list)
        for work in batch:
            work.stream.follow_swap(work)
            by_network[work.recognition.classifier].append(work)
        for works in by_network.values():
            start_s = time.monotonic()
            decisions = decide_batch(
                [work.recognition for work in works], [work.frame for work in works])
            self._inference.add(time.monotonic() - start_s)
            for work, decision in zip(works, decisions):
                work.stream.publish(work, decision)

    def _on_error(self, error: Exception) -> None:
        """Log why the network could not decide; in the worker's thread."""
        if rclpy.ok(context=self.context):
            self.get_logger().error(f'frame dropped: {error!r}', throttle_duration_sec=1.0)

    def _publish_labels(self) -> None:
        for stream in self._streams:
            stream.publish_labels()

    def _change(self, changed: dict) -> None:
        """
        Use changed parameters; another network is loaded in the background and hot-swapped.

        :raises ValueError: if they cannot be used; then nothing is changed.
        """
        values = {**self._values, **changed}
        settings = make_settings(DecisionSettings, values)
        if changed.keys() & {*NETWORK, *SLICING}:
            if self.is_active:
                self._swap(values)
            elif self.is_configured:
                open_recognitions(values)
                release_memory()
        if self.is_active:
            for stream in self._streams:
                stream.active.gesture_filter.settings = settings
                stream.active.min_events = values['min_events']
            self._publish_labels()
        self._values = values
        self._diagnostics.hardware_id = values['checkpoint']

    def _swap(self, values: dict) -> None:
        opened, description = run_in_background(
            lambda: open_recognitions(values), self._watch_silence)
        now_ns = self._read_until_now()
        for stream, recognition in zip(self._streams, opened):
            stream.prepare(recognition, now_ns)
        for stream, recognition in zip(self._streams, opened):
            stream.swap(recognition)
        self.get_logger().info(description)

    def _counters(self) -> dict:
        dropped, queue_age_s = self._past_dropped, 0.0
        if self.is_active:
            dropped += self._worker.dropped
            queue_age_s = self._worker.age_s()

        def total(name):
            return sum(getattr(stream, name) for stream in self._streams)

        return {
            'model': self._values['checkpoint'],
            'decisions': total('decisions'),
            'listeners': total('listeners'),
            'gesture': ', '.join(
                f'{stream.name}: {stream.gesture}' if stream.name else stream.gesture
                for stream in self._streams if stream.gesture),
            'inference_ms': self._inference.percentile_ms(50),
            'latency_p50_ms': self._latency.percentile_ms(50),
            'latency_p99_ms': self._latency.percentile_ms(99),
            'queue_age_ms': round(1000 * queue_age_s, 1),
            'frames_dropped': dropped,
            'events_in': total('events'),
            'events_used': total('events') - total('late'),
            'late_events': total('late'),
            'lost': total('lost'),
            'malformed': self._malformed,
            **source_values(self._listening, self._sources_in_process()),
            'restarts': total('restarts'),
            'silent': self._silent(),
            'silence_s': max(stream.silence_s() for stream in self._streams),
        }

    def _sources_in_process(self) -> list:
        return [] if self._event_stream is None else [
            self._event_stream.get_fully_qualified_name()]

    def _state(self, values: dict) -> tuple:
        if not self.is_active:
            return INACTIVE
        reasons = [(WARN, unread) for topic in self._listening if (unread := topic.unread())]
        reasons += [explain_stream(self, self.resolve_topic_name(stream.topic))
                    for stream in self._streams if stream.silence_s() >= SILENCE_S]
        if not reasons:
            return RUNNING
        level = max((level for level, _ in reasons), key=SEVERITY.index)
        return level, '; '.join(message for _, message in reasons)


def main(arguments=None) -> None:
    """Run the node."""
    run_node(GestureClassifierNode, arguments)
