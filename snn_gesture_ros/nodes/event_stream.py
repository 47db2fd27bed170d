# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The event_stream node: read a camera's events and publish the compact stream."""
from dataclasses import asdict, dataclass
import time

from snn_gesture_ros.doctor.findings import SILENCE_S
from snn_gesture_ros.events.geometry import Geometry
from snn_gesture_ros.events.noise_settings import NoiseSettings
from snn_gesture_ros.events.packet import encode_packet
from snn_gesture_ros.events.stream import EventStream, FLUSH_PERIOD_NS, StreamCounters, warm_up
from snn_gesture_ros.parameters import EVENT_STREAM
from snn_gesture_ros.ros.diagnostics import (
    ALL_FILTERED, explain_camera, INACTIVE, NodeDiagnostics, RUNNING, Silence, STALE, WARN)
from snn_gesture_ros.ros.followed_topic import FollowedTopic, publisher_setting, source_values
from snn_gesture_ros.ros.lifecycle import ManagedNode, ManagedSettings
from snn_gesture_ros.ros.parameters import declare, on_change
from snn_gesture_ros.ros.running import every, run_node
from snn_gesture_ros.ros.topics import (
    CAMERA_QOS, message_class, SEARCH_PERIOD_S, STREAM_QOS, TypeSearch)
from snn_gesture_ros.settings import make_settings, settings_of
from std_msgs.msg import UInt8MultiArray

READING_S = 0.05
"""Messages are read for at most this long before timers and services can run."""
MIN_PAUSE_US = 1000
"""Messages rarely follow each other more closely."""


@dataclass(frozen=True)
class SourceSettings:
    """Whose events are read."""

    events_from: str = publisher_setting('events')


PARAMETERS = (*settings_of(ManagedSettings, SourceSettings), *EVENT_STREAM)


def settings_from(values: dict) -> tuple:
    """
    Return the Geometry and the NoiseSettings that parameters choose.

    :raises ValueError: if one is wrong.
    """
    return make_settings(Geometry, values), make_settings(NoiseSettings, values)


class EventStreamNode(ManagedNode):
    """Find the camera's topic, filter its events and pass them to the classifier."""

    def __init__(self):
        """
        Declare parameters and search the camera.

        :raises ValueError: if a parameter is wrong or a forced message type is not installed.
        """
        super().__init__('event_stream')
        values = declare(self, PARAMETERS)
        self._values = values
        self._geometry, self._noise = settings_from(values)
        self._batch_us = values['batch_us']
        self._deliver = None
        self._stream = None
        self._subscription = None
        self._silence = Silence()
        self._publisher = self.create_publisher(UInt8MultiArray, 'event_stream', STREAM_QOS)
        on_change(self, PARAMETERS, self._change)
        self._topic = self.resolve_topic_name('events')
        self._diagnostics = NodeDiagnostics(
            self, self._topic, self._counters, ('malformed', 'lost', 'late', 'restarts'),
            ('messages', 'events_in', 'events_out'), self._state,
            {'late': lambda: self._stream.late_cause})
        self._types = TypeSearch(self, self._topic, self._subscribe, values['message_type'])
        every(self, SEARCH_PERIOD_S, self._search)
        self._flushing = every(self, FLUSH_PERIOD_NS / 1e9, self._flush)
        self.begin(values['autostart'])

    def deliver_to(self, receive) -> None:
        """
        Pass packets on in this process, and publish them only if there is a subscriber.

        :param receive: called with each packet.
        """
        self._deliver = receive

    def configure(self) -> None:
        """
        Check the message type.

        :raises ValueError: if a forced message type is not installed.
        """
        if self._values['message_type']:
            self._read(self._values['message_type'])

    def activate(self) -> None:
        """Start to search the camera."""
        self.get_logger().info(f'waiting for a publisher of {self._topic}')

    def deactivate(self) -> None:
        """Unsubscribe from the camera."""
        if self._subscription is not None:
            self._subscription.destroy()
        self._subscription = self._stream = None
        self._types.reset()

    def _search(self) -> None:
        """Subscribe to the camera when it is there and the packets are used."""
        if self._wanted():
            self._types.search()

    def _wanted(self) -> bool:
        """Return whether the node is active and its packets are used."""
        return self.is_active and (
            self._deliver is not None or self._publisher.get_subscription_count() > 0)

    def _read(self, message_type: str):
        """Return an EventStream for a message type, and the class of the message."""
        message = message_class(message_type)
        warm_up(message_type)
        stream = EventStream(message_type, self._geometry, self._noise, self._batch_us)
        return stream, message

    def _subscribe(self, message_type: str) -> None:
        stream, message = self._read(message_type)
        if self._subscription is not None:
            self._subscription.destroy()
        self._stream, self._silence = stream, Silence()
        self._subscription = FollowedTopic(
            self, message, 'events', self._on_message, CAMERA_QOS, 'events_from')

    def _on_message(self, data: bytes) -> None:
        """
        Process a message and those that follow, until timers and services must run.

        It costs the executor more to wake up for a message than to process it. Therefore the node
        pauses until a packet can be complete, and then processes all that has arrived.
        """
        self._process([data])
        until_s = time.monotonic() + READING_S
        counters, before = self._stream.counters, 0
        while self._batch_us and counters.messages > before and time.monotonic() < until_s:
            before = counters.messages
            time.sleep(max(self._stream.remaining_us(), MIN_PAUSE_US) / 1e6)
            self.drain()
        self._flushing.reset()

    def drain(self) -> None:
        """Process the messages that wait."""
        if self._subscription is not None:
            self._process(self._subscription.drain())

    def _process(self, messages) -> None:
        malformed = self._stream.counters.malformed
        size = self._stream.sensor_size
        now_ns = self.get_clock().now().nanoseconds
        sent = ((data, self._subscription.sent_ns) for data in messages)
        for packet in self._stream.process_messages(sent, now_ns):
            self._send(packet)
        if self._stream.counters.malformed > malformed:
            self.get_logger().warning(f'message skipped: {self._stream.last_error}',
                                      throttle_duration_sec=1.0)
        if self._stream.sensor_size != size:
            part = self._geometry.part(*self._stream.sensor_size)
            self.get_logger().info(
                '{}x{} sensor: region {} at {},{} is mapped to {}x{}'.format(
                    *self._stream.sensor_size, f'{part[2]}x{part[3]}', part[0], part[1],
                    self._geometry.width, self._geometry.height), throttle_duration_sec=1.0)

    def _flush(self) -> None:
        """Send the waiting events; if there are none, stop the timer until the next message."""
        packet = self._stream.flush() if self._stream is not None else None
        if packet is not None:
            self._send(packet)
        else:
            self._flushing.cancel()

    def _send(self, packet) -> None:
        """Pass a packet on in memory, and publish it if there is a subscriber."""
        if self._deliver is not None:
            self._deliver(packet)
            if not self._publisher.get_subscription_count():
                return
        self._publisher.publish(encode_packet(packet))

    def _change(self, changed: dict) -> None:
        """
        Use changed parameters.

        :raises ValueError: if they cannot be used; then nothing is changed.
        """
        values = {**self._values, **changed}
        geometry, noise = settings_from(values)
        if self._stream is not None:
            self._stream.change(geometry, noise)
        self._values, self._geometry, self._noise = values, geometry, noise

    def _counters(self) -> dict:
        counters = StreamCounters() if self._stream is None else self._stream.counters
        followed = [] if self._subscription is None else [self._subscription]
        return {'message_type': self._types.type, 'rotation': self._geometry.rotation,
                **asdict(counters),
                **source_values(followed, contest=self._types.contest),
                'listeners': self._publisher.get_subscription_count(),
                'silence_s': self._silence.update(counters.events_in)}

    def _state(self, values: dict) -> tuple:
        if not self.is_active:
            self._silence = Silence()
            return INACTIVE
        if self._subscription is None and not self._wanted():
            self._silence = Silence()
            return STALE, ('the camera is not read: no node subscribes to '
                           f'{self._publisher.topic_name}')
        if self._subscription is not None and (unread := self._subscription.unread()):
            return WARN, unread
        if values['silence_s'] < SILENCE_S:
            filtered = values['events_in_per_s'] and not values['events_out_per_s']
            return ALL_FILTERED if filtered else RUNNING
        return explain_camera(self, self._topic, values['message_type'],
                              values['messages_per_s'] > 0, self._types.refused)


def main(arguments=None) -> None:
    """Run the node."""
    run_node(EventStreamNode, arguments)
