# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""All nodes from a camera to a robot that moves as long as events come."""
import time

from geometry_msgs.msg import Twist
from snn_gesture_ros.labels import DVS128_GESTURES
from snn_gesture_ros.ros.state import NodeStates
from snn_gesture_ros.ros.topics import GESTURE_QOS
from vision_msgs.msg import Classification

LIMIT = '{max: 1, acceleration: 1, deceleration: 1}'
TABLE = f"""
velocity: {{linear: {LIMIT}, angular: {LIMIT}}}
rows:
- {{gesture: hand_clapping, do: stop, min_score: 1, hold_ms: 600000}}
""" + ''.join(f'- {{gesture: {label}, do: drive, linear_x: 0.3, min_score: 0.01, hold_ms: 0}}\n'
              for label in DVS128_GESTURES)
"""Any gesture drives, so that it does not matter how well the network recognizes them."""
CAMERA, STREAM, CLASSIFIER, BEHAVIOR = NODES = (
    'simulated_camera', 'event_stream', 'gesture_classifier', 'gesture_behavior')


class Chain:
    """The nodes as processes, and the test that hears their scores and velocities."""

    def __init__(self, ros, folder, environments=None):
        """
        Subscribe; no node is started.

        :param environments: of nodes by name, where it is not that of `ros`.
        """
        self.ros = ros
        table = folder / 'table.yaml'
        table.write_text(TABLE)
        self._parameters = {
            CAMERA: {'gestures': '[right_hand_wave]', 'gesture_s': 3600.0, 'pause_s': 0.0},
            STREAM: {}, CLASSIFIER: {}, BEHAVIOR: {'table': table, 'armed': True}}
        self._environments = environments or {}
        self.within = {}
        """Command by which a node is started, by name."""
        self.processes = {}
        self.states = NodeStates(ros.node)
        self.speed, self.speed_s = None, 0.0
        """Newest velocity, and the steady time from which it is commanded."""
        self.decided_s = 0.0
        """Steady time of the newest scores of the network."""
        self.silent_s = 0.0
        """Steady time of the newest scores of silence."""
        self.age_s = 0.0
        """Their age by their stamp."""
        ros.node.create_subscription(Twist, 'cmd_vel', self._on_velocity, 10)
        ros.node.create_subscription(
            Classification, 'gesture_scores', self._on_scores, GESTURE_QOS)

    def start(self, *names) -> None:
        """Start nodes, one after the other."""
        for name in names:
            self.processes[name] = self.ros.start(
                name, self._environments.get(name), self.within.get(name, ()),
                **self._parameters[name])

    def wait_until_it_moves(self) -> None:
        """Wait until the robot drives at its full speed."""
        self.ros.wait_for(lambda: self.speed == 0.3, 'a robot that drives')

    def wait_until_it_stands(self) -> None:
        """Wait until the robot is told to stand."""
        self.ros.wait_for(lambda: self.speed == 0, 'a standstill')

    def wait_for_decision(self, since_s: float) -> float:
        """Return the seconds from a steady time to the first scores of the network after it."""
        self.ros.wait_for(lambda: self.decided_s > since_s, 'scores of the network')
        return self.decided_s - since_s

    def wait_for_silence(self, since_s: float) -> None:
        """Wait for scores of silence, so that none of events before a steady time follow."""
        self.ros.wait_for(lambda: self.silent_s > since_s, 'scores of silence')

    def wait_for_state(self, name: str, condition) -> dict:
        """Return the state of a node once a condition is true for it."""
        self.ros.wait_for(lambda: self.states.state_of(name)
                          and condition(self.states.state_of(name)), f'the state of {name}')
        return self.states.state_of(name)

    def output(self, name: str) -> str:
        """Return what the newest process of a node has printed."""
        return self.ros.output(self.processes[name])

    def _on_velocity(self, message: Twist) -> None:
        if message.linear.x != self.speed:
            self.speed, self.speed_s = message.linear.x, time.monotonic()

    def _on_scores(self, message: Classification) -> None:
        if message.results[0].class_id != 'none' or message.results[0].score < 1:
            self.decided_s = time.monotonic()
            stamp = message.header.stamp
            self.age_s = time.time() - stamp.sec - stamp.nanosec / 1e9
        else:
            self.silent_s = time.monotonic()
