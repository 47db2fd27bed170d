# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A random sequence of good and bad messages through DDS; SEED=n repeats one."""
import os
from random import Random
import time

import numpy as np
from snn_gesture_ros.events.cdr import encode_event_array
from test_clock_faults import COLUMNS, DAY_US, events_on, Run, START_US

STEPS = 30


class AnySequence:
    """What the camera sends, and how much that is."""

    def __init__(self, run, random):
        """Begin with a good camera."""
        self.run, self.random = run, random
        self.sent = self.malformed = self.messages = 0
        self.last = None
        self.due_s = time.monotonic()

    def pass_us(self, duration_us):
        """Let the time of the host and of the camera go on, which does not outrun it."""
        self.run.camera.t_us += duration_us
        self.due_s = max(self.due_s + duration_us / 1e6, time.monotonic() - 0.1)
        while (left_s := self.due_s - time.monotonic()) > 0:
            self.run.ros.executor.spin_once(timeout_sec=left_s)

    def send(self, events):
        """Send a message and count it."""
        self.last = events
        self.sent += len(events)
        self.messages += 1
        self.run.camera.send(events)

    def good(self):
        """Send good messages."""
        for _ in range(self.random.randint(1, 30)):
            self.send(events_on(COLUMNS[self.random.choice(('left', 'right'))],
                                self.run.camera.t_us))
            self.pass_us(5000)

    def gap(self):
        """Lose messages."""
        self.pass_us(self.random.randint(0, 500_000))

    def jump(self):
        """Set the camera's clock."""
        self.run.camera.t_us += self.random.randint(-DAY_US, DAY_US)

    def restart(self):
        """Start the camera's clock again."""
        self.run.camera.t_us = 0

    def duplicate(self):
        """Send the last message again."""
        if self.last is not None:
            self.send(self.last)

    def late(self):
        """Send a message of another time."""
        self.send(events_on(3, max(self.run.camera.t_us - self.random.randint(0, DAY_US), 0)))

    def lying(self):
        """Send a message in which one event has another time."""
        events = events_on(3, self.run.camera.t_us)
        events['t'][self.random.randrange(32)] += self.random.randint(0, DAY_US)
        self.send(events)

    def outside(self):
        """Send events that are not on the sensor."""
        events = events_on(3, self.run.camera.t_us)
        events['x'][::2] = 99
        self.send(events)

    def damaged(self):
        """Send a message that is cut off."""
        data = encode_event_array(events_on(3, self.run.camera.t_us), 0, 'camera', 16, 16)
        self.malformed += 1
        self.messages += 1
        self.run.camera.publisher.publish(data[:self.random.randint(4, len(data) - 16)])

    def silence(self):
        """Send nothing until the nodes have decided on that."""
        scores = len(self.run.scores)
        if scores:
            self.run.ros.wait_for(lambda: len(self.run.scores) > scores, 'silence')

    def show(self, side):
        """Send good data for two windows; then the gesture is the right one."""
        for _ in range(32):
            self.send(events_on(COLUMNS[side], self.run.camera.t_us))
            self.pass_us(5000)
        self.run.ros.wait_for(lambda: self.run.gestures and self.run.gestures[-1].results and (
            self.run.gestures[-1].results[0].class_id == side), f'the gesture {side}')


def test_any_sequence_is_survived_and_accounted_for(ros, halves):
    seed = os.environ.get('SEED') or str(int.from_bytes(os.urandom(4), 'little'))
    print(f'SEED={seed}')
    run = Run(ros, halves)
    sequence = AnySequence(run, Random(seed))
    steps = (sequence.good, sequence.gap, sequence.jump, sequence.restart, sequence.duplicate,
             sequence.late, sequence.lying, sequence.outside, sequence.damaged, sequence.silence)
    run.camera.t_us = START_US
    for number in range(STEPS):
        sequence.random.choice(steps)()
        if number % 5 == 4:
            sequence.show('left')
            sequence.show('right')
    run.is_well()
    ros.wait_for(lambda: run.newest('event_stream').get('messages') == str(sequence.messages),
                 'the counts of all messages')
    stream = {name: int(run.counters('event_stream')[name]) for name in (
        'events_in', 'events_out', 'late', 'out_of_range', 'malformed')}
    assert stream['malformed'] == sequence.malformed
    assert stream['events_in'] == sequence.sent
    assert stream['events_in'] == stream['events_out'] + stream['late'] + stream['out_of_range']
    ros.wait_for(lambda: run.newest('gesture_classifier').get('events_in') == str(
        stream['events_out']), 'the counts of all events')
    used = run.newest('gesture_classifier')
    assert int(used['events_used']) + int(used['late_events']) == stream['events_out']
    stamps_ns = np.array([each.header.stamp.sec * 10**9 + each.header.stamp.nanosec
                          for each in run.scores])
    steps_ns = np.diff(stamps_ns)
    assert (steps_ns >= 0).all(), steps_ns[steps_ns < 0]
