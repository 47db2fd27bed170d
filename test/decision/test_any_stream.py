# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Any stream and any clock: what hypothesis sends, the chain survives, accounts for, and is right.

`EXAMPLES=2000 make test PYTEST_ARGS=decision/test_any_stream.py` tries other sequences than the
few that are always the same.
"""
import os

from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import (
    initialize, invariant, rule, RuleBasedStateMachine, run_state_machine_as_test)
import numpy as np
import onnx
import pytest
from snn_gesture_ros.decision.pipeline import NodeSettings, Pipeline
from snn_gesture_ros.events.cdr import encode_event_array, encode_event_packet, EventPacketMessage
from snn_gesture_ros.events.encoders import encode_mono
from snn_gesture_ros.events.event import EVENT, EVENT_ARRAY_TYPES, EVENT_PACKET_TYPE
from snn_gesture_ros.events.geometry import Geometry
from snn_gesture_ros.network.checkpoint import load_checkpoint
from snn_gesture_ros.network.classifier import SpikingClassifier
from snn_gesture_ros.network.onnx_graph import to_onnx

EXAMPLES = int(os.environ.get('EXAMPLES', 0))
SIZE = 16
MESSAGE_US = 5000
EVENTS_PER_MESSAGE = 32
WINDOW_US = 80_000
"""Of the network `halves`."""
GOOD = 2 * WINDOW_US // MESSAGE_US
"""Messages of two windows."""
DAY_US = 86_400_000_000
END_US = 2**31 * 1_000_000
"""Of ROS time, and of the times in an EventArray."""
START_US = 1_700_000_000_000_000
COLUMNS = {'left': 3, 'right': 12}
SIDES = st.sampled_from(sorted(COLUMNS))
SHORT_US = st.integers(-200_000, 200_000)
JUMP_US = st.one_of(SHORT_US, st.integers(-3_000_000, 3_000_000), st.integers(-DAY_US, DAY_US),
                    st.integers(-END_US, END_US))


def events_on(side, t_us, size=SIZE):
    """Give the events of a message of 5 ms."""
    events = np.zeros(EVENTS_PER_MESSAGE, EVENT)
    events['t'] = t_us + np.arange(EVENTS_PER_MESSAGE) * MESSAGE_US // EVENTS_PER_MESSAGE
    events['x'] = COLUMNS[side] * size // SIZE
    events['y'] = np.arange(EVENTS_PER_MESSAGE) % SIZE
    return events


class AnyStream(RuleBasedStateMachine):
    """A camera, a clock, and the chain that follows them."""

    classifier = None

    @initialize(as_packets=st.booleans(), by_time=st.booleans(),
                batch_us=st.sampled_from([0, 5000, 20_000]), noise=st.booleans(),
                now_us=st.integers(0, END_US - 10 * DAY_US))
    def start(self, as_packets, by_time, batch_us, noise, now_us):
        """Begin with any settings and any difference between the clocks."""
        self.as_packets = as_packets
        given = {'geometry': 'whole', 'width': SIZE, 'height': SIZE, 'batch_us': batch_us,
                 'min_events': 1, 'smoothing_ms': 0.0, 'slicing': 'time' if by_time else 'count',
                 'window_events': WINDOW_US // MESSAGE_US * EVENTS_PER_MESSAGE}
        if not noise:
            given |= {'hot_pixels': False, 'refractory_us': 0, 'background_us': 0}
        self.is_filtered = noise
        self.pipeline = Pipeline(
            EVENT_PACKET_TYPE if as_packets else EVENT_ARRAY_TYPES[0], self.classifier,
            NodeSettings.of(given), self.take_packet)
        self.t_us, self.now_us, self.rate = START_US, now_us, 1.0
        self.seq = self.sent = self.malformed = self.messages = self.lost = 0
        self.passed = self.in_frames = 0
        self.last = b''
        self.newest_us = None

    def take_packet(self, packet):
        """Count the events between the stages, and check the time of the packet."""
        self.passed += len(packet.events)
        assert 0 <= packet.t_newest_us - packet.t_base_us < 1 << 32

    def take(self, decided):
        """Check the frames and decisions."""
        for frame, decision in decided:
            self.in_frames += frame.events
            if decision is not None:
                assert np.isfinite(decision.scores).all()
            assert (self.newest_us is None or frame.restart
                    or frame.t_newest_us >= self.newest_us)
            self.newest_us = frame.t_newest_us

    def send(self, data):
        """Send bytes."""
        self.messages += 1
        self.take(self.pipeline.process_message(data, self.now_us * 1000))

    def send_events(self, events, size=SIZE):
        """Send a message; its events are counted."""
        if self.as_packets:
            first_us = max(int(events['t'].min(initial=END_US)), 0)
            data = encode_event_packet(EventPacketMessage(
                self.now_us * 1000, 'camera', size, size, self.seq, first_us * 1000, 'mono',
                False, encode_mono(events, first_us * 1000)))
        else:
            data = encode_event_array(events, self.now_us * 1000, 'camera', size, size)
        self.seq += 1
        self.last = data, len(events)
        self.sent += len(events)
        self.send(data)

    def pass_us(self, duration_us):
        """Let both clocks go on."""
        self.t_us = min(self.t_us + duration_us, END_US - DAY_US)
        self.now_us = min(self.now_us + round(self.rate * duration_us), END_US - DAY_US)

    def show(self, side):
        """Send a message of one side."""
        self.send_events(events_on(side, self.t_us))
        self.pass_us(MESSAGE_US)

    @rule(side=SIDES, count=st.integers(1, 40))
    def good(self, side, count):
        """Send good messages."""
        for _ in range(count):
            self.show(side)

    @rule(duration_us=st.one_of(st.integers(0, 300_000), st.integers(0, 5_000_000)))
    def gap(self, duration_us):
        """Lose messages."""
        self.pass_us(duration_us)

    @rule(steps=st.integers(1, 30), step_us=st.sampled_from([1000, 20_000, 100_000, 2_000_000]))
    def silence(self, steps, step_us):
        """Send nothing, while timers run."""
        for _ in range(steps):
            self.pass_us(step_us)
            self.take(self.pipeline.pass_time(self.now_us * 1000))

    @rule(jump_us=JUMP_US)
    def camera_jumps(self, jump_us):
        """Set the camera's clock."""
        self.t_us = min(max(self.t_us + jump_us, 0), END_US - DAY_US)

    @rule()
    def camera_restarts(self):
        """Start the camera's clock and its sequence numbers again."""
        self.t_us = self.seq = 0

    @rule(jump_us=JUMP_US, rate=st.sampled_from([0.0, 0.1, 1.0, 10.0]))
    def clock_jumps(self, jump_us, rate):
        """Set the host's clock, and how fast it is."""
        self.now_us = min(max(self.now_us + jump_us, 0), END_US - DAY_US)
        self.rate = rate

    @rule(count=st.integers(1, 5))
    def duplicate(self, count):
        """Send the last message again."""
        if self.last:
            data, events = self.last
            for _ in range(count):
                self.sent += events
                self.send(data)

    @rule(late_us=JUMP_US, side=SIDES, count=st.integers(1, 4))
    def other_times(self, late_us, side, count):
        """Send messages of another time in between."""
        for number in range(count):
            t_us = self.t_us + late_us + number * MESSAGE_US
            self.send_events(events_on(side, min(max(t_us, 0), END_US - DAY_US)))

    @rule(jumps_us=st.lists(JUMP_US, min_size=1, max_size=8), places=st.randoms())
    def lying(self, jumps_us, places):
        """Send a message in which single events have other times."""
        events = events_on('left', self.t_us)
        for jump_us in jumps_us:
            t_us = self.t_us + max(jump_us, -DAY_US)
            if self.as_packets:     # mono counts 32 bits of nanoseconds
                t_us = self.t_us + jump_us % 4_000_000
            events['t'][places.randrange(len(events))] = min(max(t_us, 0), END_US - DAY_US)
        self.send_events(events)
        self.pass_us(MESSAGE_US)

    @rule(count=st.integers(0, 3))
    def few_events(self, count):
        """Send a message with hardly any events."""
        self.send_events(events_on('right', self.t_us)[:count])
        self.pass_us(MESSAGE_US)

    @rule(x=st.integers(0, 40), size=st.sampled_from([16, 32, 48]))
    def other_sensor(self, x, size):
        """Send a message of a sensor of another resolution, also with events outside."""
        events = events_on('left', self.t_us, size)
        events['x'][::3] = x
        self.send_events(events, size)
        self.pass_us(MESSAGE_US)

    @rule(cut=st.integers(0, 20), noise=st.binary(max_size=40))
    def damaged(self, cut, noise):
        """Send what is not a message."""
        self.malformed += 1
        self.send((self.last[0] if self.last else b'')[:cut] + b'\xff' * 40 + noise)

    @rule(flip_y=st.booleans())
    def settings_change(self, flip_y):
        """Change how events are mapped, as a parameter does."""
        stream = self.pipeline.stream
        stream.change(Geometry('whole', flip_y=flip_y, width=SIZE, height=SIZE), stream.noise)

    @rule(side=SIDES)
    def is_right_again(self, side):
        """Send good data for two windows; then the gesture is the right one."""
        for _ in range(GOOD):
            self.show(side)
        assert self.pipeline.recognition.gesture_filter.gesture == side

    @invariant()
    def events_are_accounted_for(self):
        """Each event that was sent has been used, filtered, or counted with a reason."""
        if not hasattr(self, 'pipeline'):
            return
        counters = self.pipeline.stream.counters
        assert counters.messages == self.messages
        assert counters.malformed == self.malformed
        filtered = (self.sent - counters.events_out - counters.late - counters.out_of_range)
        assert filtered >= 0 if self.is_filtered else filtered == 0

    def teardown(self):
        """All events that went on are in a frame, or were late for it."""
        if not hasattr(self, 'pipeline'):
            return
        self.is_right_again('left')
        self.is_right_again('right')
        assert self.passed <= self.pipeline.stream.counters.events_out
        stream = self.pipeline.recognition.frames.stream
        assert self.in_frames + stream.late + stream._events == self.passed


@pytest.fixture
def exported(halves):
    """Give the network of the tests, in the runtime that is fast for it."""
    path = halves.with_suffix('.onnx')
    onnx.save(to_onnx(*load_checkpoint(str(halves))), path)
    return SpikingClassifier(str(path))


def test_any_stream_is_survived_accounted_for_and_followed(exported):
    class Machine(AnyStream):
        classifier = exported

    run_state_machine_as_test(Machine, settings=settings(
        max_examples=EXAMPLES or 20, stateful_step_count=20, derandomize=not EXAMPLES,
        deadline=None, print_blob=True, suppress_health_check=list(HealthCheck)))
