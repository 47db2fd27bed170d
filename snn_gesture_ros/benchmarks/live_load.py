# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A camera with a chosen event rate, to measure whether the nodes can process it."""
import os
from pathlib import Path
import threading

import numpy as np
import rclpy
from rclpy.node import Node
from snn_gesture_ros.events.cdr import encode_event_packet, EventPacketMessage
from snn_gesture_ros.events.encoders import encode_mono
from snn_gesture_ros.events.event import EVENT, EVENT_PACKET_TYPE
from snn_gesture_ros.ros.diagnostics import resident_mb
from snn_gesture_ros.ros.state import NodeStates
from snn_gesture_ros.ros.threads import Paced
from snn_gesture_ros.ros.topics import CAMERA_QOS, GESTURE_QOS, message_class
from vision_msgs.msg import Classification

MESSAGE_US = 1000
WIDTH, HEIGHT = 346, 260
PAYLOADS = 16
"""Number of different messages, which are repeated with new times."""
SETTLE_S = 2.5
"""Time after the last message in which the nodes report all that they have received."""


class LiveLoad(Node):
    """Send 1000 numbered messages per second and read what the nodes report."""

    def __init__(self, events_per_s: int, seconds: float):
        """Prepare the messages; they are sent when there is a subscriber."""
        super().__init__('live_load')
        rng = np.random.default_rng(1)
        count = events_per_s * MESSAGE_US // 1_000_000
        self._payloads = [self._random_payload(rng, count) for _ in range(PAYLOADS)]
        self._messages = round(seconds * 1e6 / MESSAGE_US)
        self.sent = 0
        self.states = NodeStates(self, ['event_stream', 'gesture_classifier'])
        self.done = threading.Event()
        self._publisher = self.create_publisher(
            message_class(EVENT_PACKET_TYPE), 'events', CAMERA_QOS)
        self.delays_ms = []
        """Times from the end of a frame to the arrival of its scores."""
        self.create_subscription(Classification, 'gesture_scores', self._on_scores, GESTURE_QOS)

    def _on_scores(self, scores) -> None:
        if not self.done.is_set():  # later ones are of silence
            stamp = scores.header.stamp
            end_ns = stamp.sec * 1_000_000_000 + stamp.nanosec
            self.delays_ms.append((self.get_clock().now().nanoseconds - end_ns) / 1e6)

    @staticmethod
    def _random_payload(rng, count: int) -> np.ndarray:
        events = np.zeros(count, EVENT)
        events['t'] = np.sort(rng.integers(0, MESSAGE_US, count))
        events['x'], events['y'] = rng.integers(0, WIDTH, count), rng.integers(0, HEIGHT, count)
        events['p'] = rng.integers(0, 2, count)
        return encode_mono(events, 0)

    def run(self, pids: dict) -> dict:
        """
        Send all messages when there is a subscriber, and wait for the reports of the nodes.

        :param pids: ids of the processes whose CPU time is measured, by name.
        :returns: seconds of CPU per second of the run, by name.
        """
        while not (self._publisher.get_subscription_count()
                   and self.count_publishers('gesture_scores')):
            rclpy.spin_once(self, timeout_sec=0.1)
        before = {name: cpu_seconds(pid) for name, pid in pids.items()}
        pacing = Paced(self.messages(), self.done.set)
        while not self.done.is_set():
            rclpy.spin_once(self, timeout_sec=0.1)
        run_s = self._messages * MESSAGE_US / 1e6
        pacing.stop()
        end_ns = self.get_clock().now().nanoseconds + round(SETTLE_S * 1e9)
        while self.get_clock().now().nanoseconds < end_ns:
            rclpy.spin_once(self, timeout_sec=0.1)
        # Slow nodes have finished their work only now.
        return {name: (cpu_seconds(pid) - before[name]) / run_s for name, pid in pids.items()}

    def messages(self):
        """Send the messages; yield before each when it is due, in seconds after the first."""
        start_ns = self.get_clock().now().nanoseconds
        for number in range(self._messages):
            yield number * MESSAGE_US / 1e6
            stamp_ns = start_ns + number * MESSAGE_US * 1000
            self._publisher.publish(encode_event_packet(EventPacketMessage(
                stamp_ns, 'camera', HEIGHT, WIDTH, number, stamp_ns, 'mono', False,
                self._payloads[number % PAYLOADS])))
            self.sent += 1


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that a process has used, in seconds (Linux only)."""
    fields = Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def measure(pids: dict, events_per_s: int, seconds: float) -> dict:
    """
    Send events to running nodes and return what they did with them.

    :param pids: process ids of the nodes, by the name of the executable.
    :param events_per_s: event rate.
    :param seconds: duration.
    :returns: by name: numbers of messages sent, received and lost, delays of decisions in ms,
        memory in MB and cores used.
    """
    rclpy.init()
    load = LiveLoad(events_per_s, seconds)
    try:
        cores = load.run(pids)
        memory = {name: resident_mb(pid) for name, pid in pids.items()}
    finally:
        load.destroy_node()
        rclpy.try_shutdown()
    stream, classifier = map(load.states.state_of, ('event_stream', 'gesture_classifier'))
    return {
        'events_per_s': events_per_s, 'messages_sent': load.sent,
        'messages_received': stream['messages'],
        'messages_lost': load.sent - stream['messages'],
        'packets_lost': classifier['lost'],
        'frames_dropped': classifier['frames_dropped'],
        'decisions': len(load.delays_ms),
        **{f'delay_ms_p{part}': round(float(np.percentile(load.delays_ms, part)), 1)
           for part in (50, 99) if load.delays_ms},
        **{f'mb_{name}': value for name, value in memory.items()},
        **{f'cores_{name}': round(value, 2) for name, value in cores.items()}}
