# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Trials of running nodes as on a robot: commands, hot-swaps, activations, kills."""
import os
from pathlib import Path
import shutil
import time

from geometry_msgs.msg import Twist
import numpy as np
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import SetParameters
import rclpy
from rclpy.node import Node
from snn_gesture_ros.labels import DVS128_GESTURES
from snn_gesture_ros.network.checkpoint_files import find_checkpoint
from snn_gesture_ros.ros.diagnostics import resident_mb
from snn_gesture_ros.ros.running import avoid_shared_memory
from snn_gesture_ros.ros.state import NodeStates
from snn_gesture_ros.ros.topics import classification, GESTURE_QOS, header
from std_srvs.srv import SetBool
from vision_msgs.msg import Classification

CLASSIFIER = 'gesture_classifier'
SHOWN, TRIED = 'right_hand_wave', 'arm_roll'
"""The gesture that the simulated person repeats, and the one whose scores the trial sends."""
CRUISE_M_S, FAST_M_S = 0.1, 0.3
"""Speed that gestures command, and speed of the gesture that is tried."""
LIMIT = '{max: 1, acceleration: 1000, deceleration: 1000}'
TABLE = f"""
velocity: {{linear: {LIMIT}, angular: {LIMIT}}}
rows:
- {{gesture: hand_clapping, do: stop, min_score: 1, hold_ms: 600000}}
"""
ROW = ('- {{gesture: {}, do: drive, linear_x: {}, min_score: 0.01, hold_ms: 0, '
       'release_ms: 0}}\n')
MAX_STOP_S = 0.5
TIMEOUT_S = 60.0
TRIED_SCORES = 'tried_scores'


class RobotTrials(Node):
    """Subscribe to scores and velocities, and call the services of the nodes."""

    def __init__(self):
        super().__init__('robot_trials')
        self._states = NodeStates(self, [CLASSIFIER])
        self.scores = []
        """Pairs of stamp in nanoseconds and steady time of arrival in seconds."""
        self.speed_m_s = None
        self.create_subscription(Classification, 'gesture_scores', self._on_scores, GESTURE_QOS)
        self.create_subscription(Twist, 'cmd_vel', self._on_velocity, 10)
        self._sender = self.create_publisher(Classification, TRIED_SCORES, GESTURE_QOS)
        """Sends the scores of classifier and trial: gesture_behavior reads only one publisher."""
        self._enable = self.create_client(SetBool, f'{CLASSIFIER}/enable')
        self._set = self.create_client(SetParameters, f'{CLASSIFIER}/set_parameters')

    def _on_scores(self, message: Classification) -> None:
        self._sender.publish(message)
        stamp = message.header.stamp
        self.scores.append((stamp.sec * 1_000_000_000 + stamp.nanosec, time.monotonic()))

    def _on_velocity(self, message: Twist) -> None:
        self.speed_m_s = message.linear.x

    def wait_for(self, condition, what: str) -> None:
        """
        Spin until a condition is true.

        :raises ValueError: if that takes more than TIMEOUT_S.
        """
        deadline = time.monotonic() + TIMEOUT_S
        while not condition():
            if time.monotonic() > deadline:
                raise ValueError(f'no sign of {what} within {TIMEOUT_S:g} s')
            rclpy.spin_once(self, timeout_sec=0.05)

    def _call(self, client, request):
        self.wait_for(client.service_is_ready, client.srv_name)
        future = client.call_async(request)
        self.wait_for(future.done, client.srv_name)
        return future.result()

    def commands(self, times: int) -> dict:
        """Measure the time from scores to the first velocity that they change, in ms."""
        delays_ms = []
        self.wait_for(self._sender.get_subscription_count, 'gesture_behavior')
        scores = {**dict.fromkeys(DVS128_GESTURES, 0.0), TRIED: 1.0, 'none': 0.0}
        while len(delays_ms) < times:
            known = len(self.scores)
            self.wait_for(lambda: len(self.scores) > known and self.speed_m_s == CRUISE_M_S,
                          'the gesture of the simulated person')
            sent_s = time.monotonic()
            self._sender.publish(classification(header(self.scores[-1][0] + 1, ''), scores))
            self.wait_for(lambda: self.speed_m_s > CRUISE_M_S, 'a faster velocity')
            delays_ms.append(1000 * (time.monotonic() - sent_s))
        return {f'command_ms_p{part}': float(np.percentile(delays_ms, part)) for part in (50, 99)}

    def hot_swaps(self, times: int, networks: tuple) -> dict:
        """Exchange two networks at work in turn; return the longest time between scores in ms."""
        before = self._dropped()
        self.scores.clear()
        for number in range(times):
            answer = self._call(self._set, SetParameters.Request(parameters=[Parameter(
                name='checkpoint', value=ParameterValue(
                    type=ParameterType.PARAMETER_STRING, string_value=networks[number % 2]))]))
            if not answer.results[0].successful:
                raise ValueError(answer.results[0].reason)
        known = len(self.scores)
        self.wait_for(lambda: len(self.scores) > known + 1, 'scores of the last network')
        gaps_s = np.diff([arrival_s for _, arrival_s in self.scores])
        return {'hot_swaps': times, 'hot_swap_frames_dropped': self._dropped() - before,
                'hot_swap_longest_gap_ms': float(1000 * gaps_s.max())}

    def _dropped(self) -> int:
        before = self._states.state_of(CLASSIFIER)
        self.wait_for(lambda: self._states.state_of(CLASSIFIER) is not before,
                      'the state of gesture_classifier')
        return self._states.state_of(CLASSIFIER)['frames_dropped']

    def activations(self, times: int, pid: int) -> dict:
        """Deactivate and activate the classifier; return its memory early and late, in MB."""
        memory = []
        for _ in range(times):
            for wanted in (False, True):
                answer = self._call(self._enable, SetBool.Request(data=wanted))
                if not answer.success:
                    raise ValueError(answer.message)
                memory.append(resident_mb(pid))
        early = min(20, len(memory) - 2)
        return {'activations': times, 'mb_inactive_early': memory[early],
                'mb_inactive_late': memory[-2], 'mb_active_early': memory[early + 1],
                'mb_active_late': memory[-1]}

    def kills(self, times: int, nodes, classifier) -> dict:
        """Kill the classifier while the robot moves; return the times until it stands, in ms."""
        delays_ms = []
        for _ in range(times):
            known = len(self.scores)
            self.wait_for(lambda: len(self.scores) > known and self.speed_m_s, 'a moving robot')
            classifier.kill()
            killed_s = time.monotonic()
            classifier.wait()
            self.wait_for(lambda: self.speed_m_s == 0, 'a standstill')
            delays_ms.append(1000 * (time.monotonic() - killed_s))
            classifier = nodes.start(CLASSIFIER)
        return {'kills': times, 'stop_ms_p50': float(np.median(delays_ms)),
                'stop_ms_longest': max(delays_ms),
                'stops_later_than_500_ms': sum(each > 1000 * MAX_STOP_S for each in delays_ms)}


def run_trials(nodes, folder: Path, times: int) -> dict:
    """
    Start the nodes, a simulated camera and gesture_behavior, and run all trials.

    :param nodes: where processes are started.
    :param folder: for the table of the behavior and a copy of the network.
    :param times: number of hot-swaps and kills; commands and activations are twice as many.
    :returns: figures by name.
    :raises ValueError: if a node does not react at all.
    """
    table = folder / 'trials.yaml'
    table.write_text(TABLE + ''.join(
        ROW.format(label, FAST_M_S if label == TRIED else CRUISE_M_S)
        for label in DVS128_GESTURES))
    environment = dict(os.environ)
    avoid_shared_memory()       # a process that is killed there can block its subscribers
    try:
        rclpy.init()
        trials = RobotTrials()
    finally:
        os.environ.clear()
        os.environ.update(environment)
    try:
        nodes.start('gesture_behavior', {'gesture_scores': TRIED_SCORES}, table=table, armed=True,
                    scores_from=trials.get_name())
        nodes.start('event_stream')
        classifier = nodes.start(CLASSIFIER)
        nodes.start('simulated_camera', gestures=[SHOWN], gesture_s=3600.0, pause_s=0.0)
        trials.wait_for(lambda: trials.speed_m_s, 'a moving robot')
        copy = shutil.copy(find_checkpoint('fast', exported=True), folder)
        return {**trials.commands(2 * times), **trials.hot_swaps(times, (str(copy), 'fast')),
                **trials.activations(2 * times, classifier.pid),
                **trials.kills(times, nodes, classifier)}
    finally:
        trials.destroy_node()
        rclpy.try_shutdown()
