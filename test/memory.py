# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Where the memory of gesture_classifier grows: `cd test && python memory.py` prints a table.

In each row one thing happens again and again, all else as in the first: packets and frames come
five times as fast as from a camera. The status is always 0: the rows are to be judged.
"""
import argparse
from itertools import cycle
from pathlib import Path
import shutil
import signal
import sys
from tempfile import TemporaryDirectory
import time

import numpy as np
from rcl_interfaces.srv import SetParameters
from rclpy.parameter import Parameter
from ros_domain import Ros
from snn_gesture_ros.events.packet import encode_packet, PACKED_EVENT, StreamPacket
from snn_gesture_ros.network.checkpoint_files import MODELS_FOLDER
from snn_gesture_ros.ros.topics import GESTURE_QOS, STREAM_QOS
from soak import usage
from std_msgs.msg import UInt8MultiArray
from vision_msgs.msg import Classification

PACKET_US = 10_000
FASTER = 5
SIDE = 128
FEW, MANY = 200, 10_000
"""Events of a packet: of 20 000 and of 1 000 000 events/s of camera time."""
STOPPED_S = 3.0


class Memory:
    """A classifier, what is sent to it, and what it has used."""

    def __init__(self, ros, folder: Path):
        """Start the classifier."""
        self.ros = ros
        for suffix in ('onnx', 'safetensors'):
            shutil.copy(MODELS_FOLDER / f'fast.{suffix}', folder / f'copy.{suffix}')
        self.exported = 'fast', str(folder / 'copy.onnx')
        self.both = 'fast', str(folder / 'copy.safetensors')
        self.process = ros.start('gesture_classifier')
        self._publisher = ros.node.create_publisher(UInt8MultiArray, 'event_stream', STREAM_QOS)
        ros.wait_for(self._publisher.get_subscription_count, 'the classifier to subscribe')
        rng = np.random.default_rng(1)
        self._events = {}
        for count in (FEW, MANY):
            events = self._events[count] = np.zeros(count, PACKED_EVENT)
            events['dt_us'] = np.sort(rng.integers(0, PACKET_US, count))
            events['pixel'] = rng.integers(0, 2 * SIDE * SIDE, count)
        self.count, self._sequence, self._due_s = FEW, 0, time.monotonic()
        ros.node.create_timer(0.002, self._send)

    def _send(self) -> None:
        """Send the packets that are due; after a pause, only new ones."""
        now_s = time.monotonic()
        self._due_s = max(self._due_s, now_s - 0.1)
        while self._due_s < now_s:
            self._due_s += PACKET_US / FASTER / 1e6
            t_us = 10**15 + self._sequence * PACKET_US
            self._publisher.publish(encode_packet(StreamPacket(
                SIDE, SIDE, self._sequence, t_us, t_us + PACKET_US - 1, 0, 'camera',
                self._events[self.count], 1.0)))
            self._sequence += 1

    def wait(self, seconds: float) -> None:
        """Send for a time."""
        until_s = time.monotonic() + seconds
        self.ros.wait_for(lambda: time.monotonic() > until_s, 'the end of a step')

    def set(self, name: str, value) -> None:
        """Set a parameter of the classifier."""
        client = self.ros.client(SetParameters, '/gesture_classifier/set_parameters')
        future = client.call_async(SetParameters.Request(
            parameters=[Parameter(name, value=value).to_parameter_msg()]))
        self.ros.wait_for(future.done, f'{name} to be set')

    def private_mb(self) -> float:
        """Return what the classifier uses now."""
        return usage(self.process.pid).private_mb


def few(memory: Memory):
    """Send few events."""
    while True:
        yield memory.wait(0.5)


def parameters(memory: Memory):
    """Change a parameter."""
    for number in cycle(range(100, 200)):
        yield memory.set('min_events', number)


def subscribers(memory: Memory):
    """Subscribe to the scores and leave again."""
    while True:
        subscription = memory.ros.node.create_subscription(
            Classification, 'gesture_scores', lambda _: None, GESTURE_QOS)
        memory.wait(0.1)
        yield memory.ros.node.destroy_subscription(subscription)


def rates(memory: Memory):
    """Change the rate of events."""
    for memory.count in cycle((MANY, FEW)):
        yield memory.wait(0.5)


def stops(memory: Memory):
    """Stop the classifier while many events are sent."""
    memory.count = MANY
    while True:
        memory.process.send_signal(signal.SIGSTOP)
        memory.wait(STOPPED_S)
        memory.process.send_signal(signal.SIGCONT)
        yield memory.wait(STOPPED_S)


def swaps(memory: Memory):
    """Swap the network for its copy, both in ONNX Runtime."""
    for checkpoint in cycle(memory.exported):
        memory.set('checkpoint', checkpoint)
        yield memory.wait(0.5)


def swaps_of_runtime(memory: Memory):
    """Swap the network for its copy, in ONNX Runtime and in torch by turns."""
    for checkpoint in cycle(memory.both):
        memory.set('checkpoint', checkpoint)
        yield memory.wait(0.5)


def swaps_among_many(memory: Memory):
    """Do the same while many events are sent."""
    memory.count = MANY
    yield from swaps_of_runtime(memory)


STEPS = (few, few, parameters, subscribers, rates, rates, stops, stops, few, swaps, swaps,
         swaps_of_runtime, swaps_of_runtime, swaps_among_many, few)


def main(arguments=None) -> int:
    """Run the command; return its status."""
    parser = argparse.ArgumentParser(prog='memory.py', description=__doc__.split('\n\n')[0])
    parser.add_argument('--seconds', type=float, default=20, help='of each row (default: 20)')
    options = parser.parse_args(arguments)
    with TemporaryDirectory() as folder:
        ros = Ros(Path(folder))
        try:
            memory = Memory(ros, Path(folder))
            print('| again and again | times | private MB before | at half | after |\n'
                  '| --- | --- | --- | --- | --- |')
            for step in STEPS:
                memory.count, times = FEW, 0
                before_mb, start_s = memory.private_mb(), time.monotonic()
                half_mb = None
                for _ in step(memory):
                    times += 1
                    passed = (time.monotonic() - start_s) / options.seconds
                    if half_mb is None and passed >= 0.5:
                        half_mb = memory.private_mb()
                    if passed >= 1:
                        break
                print(f'| {step.__doc__[:-1]} | {times} | {before_mb:.1f} | {half_mb:.1f} | '
                      f'{memory.private_mb():.1f} |', flush=True)
        finally:
            ros.stop()
    return 0


if __name__ == '__main__':
    sys.exit(main())
