# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The event_player node: play a recording as if it were a camera."""
from dataclasses import dataclass
import sys

from rclpy.node import Node
import rclpy.utilities
from rosgraph_msgs.msg import Clock
from snn_gesture_ros.recordings.opening import FORMATS, open_recording
from snn_gesture_ros.recordings.recording import UnreadableRecording
from snn_gesture_ros.recordings.stored_messages import StoredMessages
from snn_gesture_ros.ros.diagnostics import NodeDiagnostics
from snn_gesture_ros.ros.parameters import declare
from snn_gesture_ros.ros.running import publish_while_running, run_node
from snn_gesture_ros.ros.threads import Paced
from snn_gesture_ros.ros.topics import header, message_class, STREAM_QOS
from snn_gesture_ros.settings import setting, settings_of

CLOCK_PERIOD_NS = 5_000_000
SUBSCRIBER_PERIOD_S = 0.02


@dataclass(frozen=True)
class PlayerSettings:
    """Which recording is played, and how."""

    recording: str = setting('', f'The recording: {FORMATS}')
    topic: str = setting(
        '', 'Topic of a bag that has several with events, or stream of another file with several '
        'cameras, of which the first is played by default')
    encoding: str = setting(
        '', 'Encoding of a file without a header, as a Prophesee sensor has sent it: evt2, evt21 '
        'or evt3')
    rate: float = setting(
        1.0, 'Speed; 2 is twice as fast as recorded', minimum=0.001, maximum=1000.0)
    loop: bool = setting(
        False, 'Repeat the recording, which must last more than 0.1 s; false: the node ends')
    start: float = setting(
        0.0, 'Time of the recording to skip', unit='s', minimum=0.0, maximum=1e9)
    duration: float = setting(
        0.0, 'Time of the recording to play; 0: all', unit='s', minimum=0.0, maximum=1e9)
    width: int = setting(
        0, 'Width of the sensor, where it is not in the recording, as in an npz; 0: 128, or the '
        'smallest that holds all events', unit='pixels', minimum=0, maximum=65536)
    height: int = setting(
        0, 'Height of the sensor, likewise', unit='pixels', minimum=0, maximum=65536)
    clock: bool = setting(
        False, 'Publish the time of the recording on /clock, for nodes with use_sim_time')
    frame_id: str = setting('camera', 'Frame of the header; a bag has its own')


PARAMETERS = settings_of(PlayerSettings)


class EventPlayerNode(Node):
    """Publish the messages of a recording at their times, once somebody subscribes."""

    def __init__(self):
        """
        Declare parameters, open the recording and wait for a subscriber.

        :raises ValueError: if a parameter is wrong, the recording cannot be read, or its message
            package is not installed.
        """
        super().__init__('event_player')
        values = declare(self, PARAMETERS)
        if not values['recording']:
            raise ValueError('parameter recording must name a recording')
        self.error = ''
        """Why the recording could not be played to its end."""
        self._rate, self._loop = values['rate'], values['loop']
        self._start_ns = round(values['start'] * 1e9)
        self._duration_ns = round(values['duration'] * 1e9)
        try:
            self._recording = open_recording(
                values['recording'], values['encoding'] or None, self._given_size(values))
        except OSError as error:
            raise ValueError(f'{values["recording"]}: {error.strerror}') from None
        self._stored = self._find_messages(values)
        message_type = self._stored.message_type
        self._publisher = self.create_publisher(
            message_class(message_type), 'events', STREAM_QOS)
        self._clock_publisher = None
        if values['clock']:
            self._clock_publisher = self.create_publisher(Clock, '/clock', 10)
        self._clock_ns = None
        self._messages = 0
        self._diagnostics = NodeDiagnostics(
            self, values['recording'], lambda: {'messages': self._messages}, ())
        self._pacing = Paced(self._play(), rclpy.utilities.try_shutdown)
        self.get_logger().info(f'{values["recording"]}: {message_type}; waiting for a subscriber '
                               f'of {self._publisher.topic_name}')

    def destroy_node(self) -> None:
        """Stop playing."""
        self._pacing.stop()
        self._recording.close()
        super().destroy_node()

    def _find_messages(self, values: dict) -> StoredMessages:
        """Return the messages, for the given resolution, the recording's, or one that fits."""
        given = self._given_size(values)
        stored = StoredMessages(self._recording, values['topic'] or None, given,
                                values['frame_id'])
        if not self._recording.topics and not given and self._recording.width is None:
            self.get_logger().info('the recording does not contain the resolution of the sensor; '
                                   '{}x{} pixels are assumed'.format(*stored.sensor_size))
        for note in self._recording.notes:
            self.get_logger().warning(note)
        return stored

    @staticmethod
    def _given_size(values: dict):
        """Return the given resolution of the sensor, or None."""
        size = values['width'], values['height']
        return size if all(size) else None

    def _play(self):
        """Publish each message at its time; yield the times in seconds."""
        elapsed_s = 0.0
        while not self._publisher.get_subscription_count():
            elapsed_s += SUBSCRIBER_PERIOD_S
            yield elapsed_s
        again = True
        while again:
            played_ns = 0
            try:
                for played_ns, t_ns, data in self._stored.since(self._start_ns):
                    if self._duration_ns and played_ns > self._duration_ns:
                        break
                    yield elapsed_s + played_ns / 1e9 / self._rate
                    self._publish(t_ns, data)
            except UnreadableRecording as error:
                self.error = str(error)
                return
            again = self._loop and self._messages > 0
            elapsed_s += played_ns / 1e9 / self._rate
        self.get_logger().info(f'end of the recording: {self._messages} messages played')
        self._diagnostics.publish()
        self._publisher.wait_for_all_acked()
        self._diagnostics.wait_for_all_acked()

    def _publish(self, t_ns: int, data: bytes) -> None:
        if self._clock_publisher is not None and (
                self._clock_ns is None or not 0 <= t_ns - self._clock_ns < CLOCK_PERIOD_NS):
            publish_while_running(self._clock_publisher, Clock(clock=header(t_ns, '').stamp))
            self._clock_ns = t_ns
        publish_while_running(self._publisher, data)
        self._messages += 1


def main(arguments=None) -> None:
    """Run the node; the status is 1 if the recording cannot be played to its end."""
    node = run_node(EventPlayerNode, arguments)
    if node is not None and node.error:
        print(f'event_player: {node.error}', file=sys.stderr)
        sys.exit(1)
