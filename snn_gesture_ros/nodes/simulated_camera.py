# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The simulated_camera node: a simulated person who makes gestures before a camera."""
from dataclasses import dataclass
from itertools import cycle
import queue
import threading
import time

import numpy as np
from rclpy.node import Node
from rclpy.utilities import try_shutdown
from snn_gesture_ros.events.cdr import encode_event_array
from snn_gesture_ros.labels import DVS128_GESTURES, NONE
from snn_gesture_ros.ros.diagnostics import NodeDiagnostics
from snn_gesture_ros.ros.parameters import declare
from snn_gesture_ros.ros.running import publish_while_running, run_node
from snn_gesture_ros.ros.threads import Paced
from snn_gesture_ros.ros.topics import classification, header, message_class, TRUTH_QOS
from snn_gesture_ros.settings import setting, settings_of
from snn_gesture_ros.simulation import FRAMINGS, SENSORS, SimulatedCamera
from snn_gesture_ros.simulation.activities import ACTIVITIES
from vision_msgs.msg import Classification

MESSAGE_TYPE = 'dv_ros2_msgs/msg/EventArray'
BATCH_US = 1000
"""Camera time of one message, as dv_ros2_capture sends them."""
BLOCK_US = 20_000
"""Camera time that is simulated at once."""
BLOCKS_AHEAD = 10
SUBSCRIBER_PERIOD_S = 0.02


@dataclass(frozen=True)
class CameraSettings:
    """The camera, and what it sees."""

    sensor: str = setting('dvs128', 'Kind of camera', choices=tuple(SENSORS))
    width: int = setting(
        0, 'Width of the sensor; 0: that of its kind', unit='pixels', minimum=0, maximum=1280)
    height: int = setting(
        0, 'Height of the sensor; 0: that of its kind', unit='pixels', minimum=0, maximum=1280)
    framing: str = setting('upper_body', 'How much of the person is seen', choices={
        **dict.fromkeys(FRAMINGS, ''), 'near': 'a hand fills the image',
        'arm': 'nothing else moves',
        'data_set': 'as in DVS128 Gesture'})
    seed: int = setting(
        1, 'Chooses the person, the room and the noise', minimum=0, maximum=2**31 - 1)
    gestures: tuple = setting(
        tuple(DVS128_GESTURES), 'What the person does, in this order; what is not a gesture is '
        'learned as none', choices=tuple(ACTIVITIES))
    loop: bool = setting(True, 'Repeat the gestures; false: the node ends after the last one')
    gesture_s: float = setting(2.5, 'Duration of a gesture', unit='s', minimum=0.1, maximum=3600.0)
    pause_s: float = setting(
        1.5, 'Pause before each gesture', unit='s', minimum=0.0, maximum=3600.0)
    wait_for_subscriber: bool = setting(False, 'Start when a node subscribes to the events')
    frame_id: str = setting('camera', 'Frame of the header')


PARAMETERS = settings_of(CameraSettings)


class SimulatedCameraNode(Node):
    """Publish events like a driver, and on `gesture_truth` what the person does."""

    def __init__(self):
        """
        Declare parameters and start the camera.

        :raises ValueError: if a parameter is wrong or dv_ros2_msgs is not installed.
        """
        super().__init__('simulated_camera')
        values = declare(self, PARAMETERS)
        preset = SENSORS[values['sensor']]
        self._width = values['width'] or preset.width
        self._height = values['height'] or preset.height
        self._frame_id = values['frame_id']
        self._script = (values['gestures'], round(values['pause_s'] * 1e6),
                        round(values['gesture_s'] * 1e6), values['loop'])
        self._waits = values['wait_for_subscriber']
        self._sent = {'messages': 0, 'events': 0}
        self._camera = SimulatedCamera(
            preset.resized(self._width, self._height), values['seed'], framing=values['framing'],
            near_to=values['gestures'][0])
        self._camera.advance(BLOCK_US)
        self._events = self.create_publisher(message_class(MESSAGE_TYPE), 'events', 10)
        self._truth = self.create_publisher(Classification, 'gesture_truth', TRUTH_QOS)
        self._blocks = queue.Queue(BLOCKS_AHEAD)
        self._running = True
        self._simulation = threading.Thread(target=self._simulate, daemon=True)
        self._simulation.start()
        self._diagnostics = NodeDiagnostics(self, 'simulation', lambda: dict(self._sent), ())
        self._pacing = Paced(self._publish(), try_shutdown)
        self.get_logger().info(f'{values["sensor"]} camera of {self._width}x{self._height} '
                               f'pixels, seed {values["seed"]}')

    def destroy_node(self) -> None:
        """Stop the camera."""
        self._running = False
        self._pacing.stop()
        while not self._blocks.empty():
            self._blocks.get()
        self._simulation.join()
        super().destroy_node()

    def _scenes(self):
        """Yield what the person does and for how long, in microseconds."""
        gestures, pause_us, gesture_us, loop = self._script
        for gesture in cycle(gestures) if loop else gestures:
            yield NONE, pause_us
            yield gesture, gesture_us
        yield NONE, pause_us

    def _simulate(self) -> None:
        """Simulate blocks of events ahead of time; where a label starts, it is with its block."""
        for label, duration_us in self._scenes():
            self._camera.perform(label)
            truth = label if label in DVS128_GESTURES else NONE
            for start_us in range(0, duration_us, BLOCK_US):
                if not self._running:
                    self._blocks.put(None)
                    return
                self._blocks.put((self._camera.advance(BLOCK_US), None if start_us else truth))
        self._blocks.put(None)

    def _publish(self):
        """Publish each batch at its time; yield the times in seconds."""
        start_s = time.monotonic()
        waited_s = 0.0
        while self._waits and not self._events.get_subscription_count():
            waited_s += SUBSCRIBER_PERIOD_S
            yield waited_s
        # Steps may have been late: without that, all stamps would be ahead by as much.
        waited_s = time.monotonic() - start_s
        first_us = BLOCK_US
        ros_offset_us = self.get_clock().now().nanoseconds // 1000 - first_us
        start_us = first_us
        for events, label in iter(self._blocks.get, None):
            if label is not None:
                stamp = header((start_us + ros_offset_us) * 1000, self._frame_id)
                publish_while_running(
                    self._truth, classification(stamp, {} if label == NONE else {label: 1.0}))
            ends_us = np.arange(start_us + BATCH_US, start_us + BLOCK_US + 1, BATCH_US)
            stops = np.searchsorted(events['t'], ends_us)
            events['t'] += ros_offset_us
            first = 0
            for end_us, stop in zip(ends_us, stops):
                yield waited_s + (end_us - first_us) / 1e6
                stamp_ns = (int(end_us) + ros_offset_us) * 1000
                publish_while_running(self._events, encode_event_array(
                    events[first:stop], stamp_ns, self._frame_id, self._height, self._width))
                self._sent['messages'] += 1
                self._sent['events'] += int(stop - first)
                first = stop
            start_us += BLOCK_US
        self._diagnostics.publish()
        self._events.wait_for_all_acked()
        self._diagnostics.wait_for_all_acked()


def main(arguments=None) -> None:
    """Run the node."""
    run_node(SimulatedCameraNode, arguments)
