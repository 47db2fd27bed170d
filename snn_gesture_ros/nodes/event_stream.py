# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The event_stream node: a camera's event topic in, the compact stream out."""
from dataclasses import asdict
import time

from rclpy.node import Node
from snn_gesture_ros.events.geometry import Geometry
from snn_gesture_ros.events.noise import NoiseSettings
from snn_gesture_ros.events.packet import encode_packet
from snn_gesture_ros.events.stream import EventStream, rehearse, StreamCounters
from snn_gesture_ros.nodes.gauges import Silence
from snn_gesture_ros.nodes.health import Health, RUNNING, STALE
from snn_gesture_ros.nodes.parameters import declare, on_change, Spec
from snn_gesture_ros.nodes.running import run_node
from snn_gesture_ros.nodes.silence import explain_camera, SILENCE_S
from snn_gesture_ros.nodes.timers import every
from snn_gesture_ros.nodes.topics import CAMERA_QOS, message_class, STREAM_QOS
from snn_gesture_ros.nodes.waiting import take_waiting
from std_msgs.msg import UInt8MultiArray

PARAMETERS = (
    Spec('message_type', '', 'Type of the events topic, such as '
         'event_camera_msgs/msg/EventPacket; empty to find it from the publisher'),
    Spec('geometry', 'square', 'Part of the sensor that is used: square (the largest centred '
         'one), whole, or region', read_only=False),
    Spec('region', [0, 0, 0, 0], 'x, y, width and height in sensor pixels, for geometry region',
         read_only=False),
    Spec('flip_x', False, 'Mirror the picture left to right', read_only=False),
    Spec('flip_y', False, 'Turn the picture upside down', read_only=False),
    Spec('width', 128, 'Width of the mapped picture in pixels, a multiple of the frames of the '
         'network', 8, 1024),
    Spec('height', 128, 'Height of the mapped picture in pixels', 8, 1024),
    Spec('batch_us', 5000, 'Camera time of a packet: messages are gathered to fewer, which costs '
         'this much latency and saves CPU; messages that follow closely are read together, twice '
         'in this time; 0 reads and sends each on', 0, 100_000),
    Spec('hot_pixels', True, 'Learn and silence pixels that fire without cause', read_only=False),
    Spec('refractory_us', 1000, 'Drop events of one polarity on one pixel of the picture that '
         'follow sooner; 0 switches this off', 0, 1_000_000, read_only=False),
    Spec('background_us', 20000, 'Drop events with no other on the pixels around within this '
         'time, shortened for sensors larger than the picture; 0 switches this off',
         0, 1_000_000, read_only=False),
)
NOISE = ('hot_pixels', 'refractory_us', 'background_us')
SEARCH_PERIOD_S = 0.2
MOST_AT_ONCE = 200
"""Messages that are read before timers and services have their turn."""
FLUSH_PERIOD_S = 0.02
"""What was gathered waits no longer than this, also if no message follows."""


def settings_from(values: dict) -> tuple:
    """
    Return the Geometry and the NoiseSettings that parameters choose.

    :raises ValueError: if one is wrong.
    """
    geometry = Geometry(values['geometry'], tuple(values['region']),
                        *(values[name] for name in ('flip_x', 'flip_y', 'width', 'height')))
    return geometry, NoiseSettings(**{name: values[name] for name in NOISE})


class EventStreamNode(Node):
    """Find the camera's topic, clean its events, hand them to the classifier."""

    def __init__(self, deliver=None):
        """
        Declare parameters and look for the camera.

        :param deliver: takes each EventPacket, in the same process; by default they are published
            alone.
        :raises ValueError: if a parameter is wrong or a forced message type is not installed.
        """
        super().__init__('event_stream')
        values = declare(self, PARAMETERS)
        self._forced_type = values['message_type']
        self._values = values
        self._geometry, self._noise = settings_from(values)
        self._batch_us = values['batch_us']
        self._deliver = deliver
        self._stream = None
        self._subscription = None
        self._type = ''
        self._refused = {}
        """Why types are not read."""
        self._silence = Silence()
        self._publisher = self.create_publisher(UInt8MultiArray, 'event_stream', STREAM_QOS)
        on_change(self, PARAMETERS, self._change)
        self._topic = self.resolve_topic_name('events')
        self._health = Health(self, self._topic, self._counters, ('malformed', 'lost'),
                              ('messages', 'events_in', 'events_out'), self._state)
        if self._forced_type:
            self._read(self._forced_type)
        every(self, SEARCH_PERIOD_S, self._search)
        self._flushing = every(self, FLUSH_PERIOD_S, self._flush)
        self.get_logger().info(f'waiting for a publisher of {self._topic}')

    def _search(self) -> None:
        """
        Subscribe once the camera is there and somebody listens to us.

        The type of the topic is the publisher's; a camera that changes it is followed.
        """
        if not self._wanted():
            return
        found = [self._forced_type] if self._forced_type else [
            info.topic_type for info in self.get_publishers_info_by_topic(self._topic)]
        if self._type in found:
            return
        for message_type in found:
            if message_type in self._refused:
                continue
            try:
                self._subscribe(message_type)
                return
            except ValueError as error:
                self._refused[message_type] = str(error)
                self.get_logger().error(f'{self._topic}: {error}')

    def _wanted(self) -> bool:
        """Tell whether somebody listens."""
        return self._deliver is not None or self._publisher.get_subscription_count() > 0

    def _read(self, message_type: str):
        """Make what reads a type: the stream and the message's class."""
        message = message_class(message_type)
        rehearse(message_type)
        stream = EventStream(message_type, self._geometry, self._noise, self._batch_us)
        return stream, message

    def _subscribe(self, message_type: str) -> None:
        stream, message = self._read(message_type)
        if self._subscription is not None:
            self.destroy_subscription(self._subscription)
        self._stream, self._type, self._silence = stream, message_type, Silence()
        self._subscription = self.create_subscription(
            message, 'events', self._on_message, CAMERA_QOS, raw=True)
        self.get_logger().info(f'{self._topic}: reading {message_type}')

    def _on_message(self, data: bytes) -> None:
        """
        Read a message, pause, and read those that came meanwhile.

        To wake up for a message costs the executor more than to read it.
        """
        self._take(data)
        if self._batch_us:
            time.sleep(self._batch_us / 2e6)
            self.read_waiting()
        if self._flushing.is_canceled():
            self._flushing.reset()

    def read_waiting(self) -> None:
        """Read the messages that came since the executor looked."""
        if self._subscription is not None:
            for waiting in take_waiting(self._subscription, MOST_AT_ONCE):
                self._take(waiting)

    def _take(self, data: bytes) -> None:
        malformed = self._stream.counters.malformed
        size = self._stream.sensor_size
        packet = self._stream.feed(data, self.get_clock().now().nanoseconds)
        if packet is not None:
            self._send(packet)
        if self._stream.counters.malformed > malformed:
            self.get_logger().warning(f'message skipped: {self._stream.last_error}',
                                      throttle_duration_sec=1.0)
        if self._stream.sensor_size != size:
            part = self._geometry.part(*self._stream.sensor_size)
            self.get_logger().info(
                '{}x{} sensor: {} at {},{} is mapped to {}x{}'.format(
                    *self._stream.sensor_size, f'{part[2]}x{part[3]}', part[0], part[1],
                    self._geometry.width, self._geometry.height))

    def _flush(self) -> None:
        """Send what waits; where nothing does, sleep until the next message."""
        packet = self._stream.flush() if self._stream is not None else None
        if packet is not None:
            self._send(packet)
        else:
            self._flushing.cancel()

    def _send(self, packet) -> None:
        """Hand a packet over in memory, and publish it if there is who listens."""
        if self._deliver is not None:
            self._deliver(packet)
            if not self._publisher.get_subscription_count():
                return
        self._publisher.publish(encode_packet(packet))

    def _change(self, changed: dict) -> None:
        """
        Take over parameters that change.

        :raises ValueError: if they cannot be used; all stays as it was then.
        """
        values = {**self._values, **changed}
        geometry, noise = settings_from(values)
        if self._stream is not None:
            self._stream.change(geometry, noise)
        self._values, self._geometry, self._noise = values, geometry, noise

    def _counters(self) -> dict:
        counters = StreamCounters() if self._stream is None else self._stream.counters
        return {'message_type': self._type, **asdict(counters),
                'silence_s': self._silence.update(counters.events_in)}

    def _state(self, values: dict) -> tuple:
        if self._subscription is None and not self._wanted():
            self._silence = Silence()
            return STALE, f'the camera is not read: nobody listens to {self._publisher.topic_name}'
        if values['silence_s'] < SILENCE_S:
            return RUNNING
        return explain_camera(self, self._topic, self._type, values['messages_per_s'] > 0,
                              self._refused)


def main(arguments=None) -> None:
    """Run the node."""
    run_node(EventStreamNode, arguments)
