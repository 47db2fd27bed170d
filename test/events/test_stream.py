# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The event stream without ROS: messages in, packets out."""
from collections import deque
import subprocess
import sys

from hypothesis import given, settings, strategies as st
import numpy as np
import pytest
from snn_gesture_ros.events.cdr import encode_event_array, encode_event_packet, EventPacketMessage
from snn_gesture_ros.events.codecs import ENCODINGS
from snn_gesture_ros.events.encoders import encode_mono
from snn_gesture_ros.events.event import EVENT
from snn_gesture_ros.events.geometry import Geometry
from snn_gesture_ros.events.noise_settings import NoiseSettings
from snn_gesture_ros.events.packet import decode_packet, encode_packet
from snn_gesture_ros.events.stream import EventStream

ARRAY = 'dv_ros2_msgs/msg/EventArray'
BASE_US = 1_700_000_000_000_000


WARMED = """
import sys
from numba.core.dispatcher import Dispatcher
from snn_gesture_ros.events import cdr, codecs, mapping, noise
from snn_gesture_ros.events.encoders import ENCODERS
from snn_gesture_ros.events.stream import *

def compiled():
    return {name: len(function.signatures) for module in (cdr, codecs, mapping, noise)
            for name, function in vars(module).items() if isinstance(function, Dispatcher)}

message_type, encoding = sys.argv[1:]
warm_up(message_type)
before = compiled()
stream = EventStream(message_type, Geometry(), NoiseSettings(), 10_000)
for step in range(60):
    events = np.zeros(20, EVENT)
    events['t'] = 1_000_000 + 50_000 * step + 1000 * np.arange(20)
    events['x'] = events['y'] = step
    parts = np.split(events, 2)
    if encoding:
        sent = [encode_event_packet(EventPacketMessage(
            0, '', 128, 128, 2 * step + place, 0, encoding, False, ENCODERS[encoding](part, 0)))
            for place, part in enumerate(parts)]
    else:
        sent = [encode_event_array(part, 0, '', 128, 128) for part in parts]
    now_ns = 10**9 + 50_000_000 * step
    stream.process_messages([(data, now_ns) for data in sent], now_ns)
assert stream.counters.events_in > 1000 and stream._cleaner._hot._start_us > 1_000_000
print({name: count for name, count in compiled().items() if count > before[name]})
"""


def messages(count):
    """Serialize messages of 1 ms; give their events too."""
    rng = np.random.default_rng(6)
    events = np.zeros(count * 20, EVENT)
    events['t'] = BASE_US + np.sort(rng.integers(0, count * 1000, count * 20))
    events['x'], events['y'] = rng.integers(0, 128, (2, count * 20))
    bounds = np.searchsorted(events['t'], BASE_US + 1000 * np.arange(count + 1))
    return events, [encode_event_array(events[start:stop], 0, 'camera', 128, 128)
                    for start, stop in zip(bounds, bounds[1:])]


def test_gathered_packets_hold_the_same_events():
    events, sent = messages(103)
    stream = EventStream(ARRAY, Geometry(), NoiseSettings(False, 0, 0), batch_us=5000)
    packets = [stream.process_message(data, 0) for data in sent] + [stream.flush()]
    packets = [packet for packet in packets if packet is not None]
    assert 20 <= len(packets) <= 22
    assert [packet.sequence for packet in packets] == list(range(len(packets)))
    t_us = np.concatenate([packet.t_base_us + packet.events['dt_us'].astype(int)
                           for packet in packets])
    pixels = np.concatenate([packet.events['pixel'] for packet in packets])
    assert (t_us == events['t']).all()
    assert (pixels == events['y'].astype(int) * 128 + events['x']).all()
    assert packets[-1].t_newest_us == events['t'][-1]
    assert stream.flush() is None


@pytest.mark.parametrize('height, width, scale', [
    (128, 128, 1), (480, 640, 3.75), (720, 1280, 5.625)])
def test_packets_tell_how_many_pixels_share_one(height, width, scale):
    stream = EventStream(ARRAY, Geometry(), NoiseSettings(False, 0, 0))
    event = encode_event_array(np.zeros(1, EVENT), 0, 'camera', height, width)
    assert stream.process_message(event, 0).scale == scale


def test_restart_of_the_camera_begins_a_new_packet():
    events, sent = messages(3)
    stream = EventStream(ARRAY, Geometry(), NoiseSettings(False, 0, 0), batch_us=5000)
    stream.process_message(sent[0], 0)
    early = encode_event_array(np.zeros(1, EVENT), 0, 'camera', 128, 128)
    packets = [stream.process_message(early, number * 1_000_000) for number in range(1, 4)]
    assert stream.counters.restarts == 1
    assert stream.counters.late == 2
    assert 'behind the other events' in stream.late_cause
    before, = filter(None, packets)
    assert len(before.events) == (events['t'] < BASE_US + 1000).sum(), 'none is lost'
    after = stream.flush()
    assert after.sequence == 0
    assert 0 < after.t_base_us - before.t_newest_us < 5000, 'time goes on'


@pytest.mark.parametrize('leaps_us', [(), (-10**9, 10**10), (-10**9, 60_000, -60_000)])
def test_messages_that_arrive_together_make_the_same_packets(leaps_us):
    rng = np.random.default_rng(10)
    _, sent = messages(300)
    groups = []
    for number in range(0, 300, 5):
        group = sent[number:number + 5]
        if leaps_us and rng.random() < 0.5:
            t_us = BASE_US + 1000 * number + rng.choice(leaps_us)
            group.insert(rng.integers(0, 6), encode_event_array(
                np.array([(t_us, 1, 1, 1)], EVENT), 0, 'camera', 128, 128))
        if rng.random() < 0.2:
            group.insert(rng.integers(0, 6), encode_event_array(
                np.zeros(0, EVENT), 0, 'camera', 128, 128))
        groups.append(group)
    together, one_by_one = (
        EventStream(ARRAY, Geometry(), NoiseSettings(False, 0, 0), 5000) for _ in range(2))
    packets, others = [], []
    for number, group in enumerate(groups):
        packets += together.process_messages([(data, 0) for data in group], number * 5_000_000)
        others += [one_by_one.process_message(data, number * 5_000_000) for data in group]
    packets, others = [*packets, together.flush()], [*filter(None, others), one_by_one.flush()]
    assert together.counters == one_by_one.counters
    assert bool(together.counters.late) == bool(leaps_us)

    def events(packets):
        return [(packet.t_base_us + int(event['dt_us']), int(event['pixel']))
                for packet in packets for event in packet.events]
    assert events(packets) == events(others)
    assert packets[-1].t_newest_us == others[-1].t_newest_us


class Backlog:
    """A camera, and the messages that wait for a reader: of too many, the oldest are lost."""

    def __init__(self, spacings_ms, waiting=50):
        """Send at these distances, again and again."""
        self.now_ms = self.due_ms = 0
        self.read = 0
        self._spacings_ms = deque(spacings_ms)
        self._waiting = deque(maxlen=waiting)

    def pass_ms(self, duration_ms):
        """Let the camera send meanwhile."""
        self.now_ms += duration_ms
        while self.due_ms <= self.now_ms:
            t_us = BASE_US + 1000 * self.due_ms
            event = np.array([(t_us, 1, 1, 1)], EVENT)
            self._waiting.append((encode_event_array(event, 0, 'camera', 128, 128), 1000 * t_us))
            self.due_ms += self._spacings_ms[0]
            self._spacings_ms.rotate(-1)

    def drain(self, most, cost_ms):
        """Yield what waits, as slowly as it is read, with the time it was sent."""
        for _ in range(most):
            self.pass_ms(cost_ms)
            if not self._waiting:
                return
            self.read += 1
            yield self._waiting.popleft()


@settings(max_examples=100, derandomize=True, deadline=None)
@given(spacings_ms=st.lists(st.sampled_from([1, 1, 1, 5, 100]), min_size=1, max_size=200),
       turns=st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 60), st.integers(0, 40)),
                      max_size=20))
def test_messages_that_wait_and_are_lost_are_no_jump_of_the_clock(spacings_ms, turns):
    backlog = Backlog(spacings_ms)
    stream = EventStream(ARRAY, Geometry(), NoiseSettings(False, 0, 0), 5000)
    for pause_ms, most, cost_ms in turns:
        backlog.pass_ms(pause_ms)
        stream.process_messages(backlog.drain(most, cost_ms), 10**9 + backlog.now_ms * 10**6)
    assert (stream.counters.late, stream.counters.restarts) == (0, 0), stream.late_cause
    assert stream.counters.events_out == backlog.read


def test_all_events_are_accounted_for():
    rng = np.random.default_rng(8)
    stream = EventStream(ARRAY, Geometry(), NoiseSettings(False, 0, 0), batch_us=5000)
    _, sent = messages(200)
    leaps = [encode_event_array(np.array([(t_us, 1, 1, 1)], EVENT), 0, '', 128, 128)
             for t_us in (0, BASE_US + 10**10, BASE_US - 10**9, 2**31 * 10**6 - 1)]
    packets = []
    for number, data in enumerate(sent):
        for leap in rng.integers(0, 4, rng.integers(0, 4)):
            packets.append(stream.process_message(leaps[leap], number * 1_000_000))
        packets.append(stream.process_message(data, number * 1_000_000))
    packets.append(stream.flush())
    counters = stream.counters
    assert counters.late > 0 and counters.malformed == 0
    assert counters.events_in == counters.late + counters.events_out
    assert counters.events_out == sum(len(packet.events) for packet in packets if packet)
    reached_us = [packet.t_newest_us for packet in packets if packet]
    assert reached_us == sorted(reached_us)


def test_events_outside_the_sensor_count_at_once_where_the_others_are_late():
    stream = EventStream('event_camera_msgs/msg/EventPacket', Geometry(), NoiseSettings())
    events = np.zeros(3, EVENT)
    events['x'][0] = 200
    for seq, base_us in enumerate((BASE_US, BASE_US + 10**9)):
        stream.process_message(encode_event_packet(EventPacketMessage(
            0, 'camera', 128, 128, seq, base_us * 1000, 'mono', False,
            encode_mono(events, 0))), 0)
    assert (stream.counters.late, stream.counters.out_of_range) == (2, 2)


@pytest.mark.parametrize('encoding', ENCODINGS)
@pytest.mark.parametrize('time_base', [2**64 - 1, 2**63, 2**63 - 1, 10**18, 0])
def test_no_time_base_ends_the_stream(encoding, time_base):
    rng = np.random.default_rng(9)
    stream = EventStream('event_camera_msgs/msg/EventPacket', Geometry(), NoiseSettings(), 5000)
    for seq in range(50):
        packet = stream.process_message(encode_event_packet(EventPacketMessage(
            0, 'camera', 128, 128, seq, time_base if seq % 3 else 10**18 + seq, encoding, False,
            rng.bytes(800))), seq * 1_000_000)
        if packet is not None:
            decode_packet(encode_packet(packet))
    packet = stream.flush()
    assert packet is None or decode_packet(encode_packet(packet))
    assert stream.counters.messages == 50


def test_a_frame_id_that_is_too_long_is_malformed():
    stream = EventStream(ARRAY, Geometry(), NoiseSettings())
    message = encode_event_array(np.zeros(1, EVENT), 0, 'x' * 65_536, 128, 128)
    assert stream.process_message(message, 0) is None
    assert stream.counters.malformed == 1
    assert 'frame_id' in stream.last_error


def test_impossible_sensor_is_malformed():
    stream = EventStream(ARRAY, Geometry(), NoiseSettings())
    for size in ((0, 128), (2**31, 2**31), (1, 2**16 + 1), (2**16 + 1, 1)):
        message = encode_event_array(np.zeros(1, EVENT), 0, '', *size)
        assert stream.process_message(message, 0) is None
    assert stream.counters.malformed == 4
    assert 'the sensor is' in stream.last_error


def test_what_is_looked_at_changes_between_two_messages():
    _, sent = messages(3)
    stream = EventStream(ARRAY, Geometry(), NoiseSettings(False, 0, 0))
    as_it_was = stream.process_message(sent[0], 0).events['pixel']
    with pytest.raises(ValueError, match='does not fit on the sensor'):
        stream.change(Geometry('region', (100, 0, 40, 40)), stream.noise)
    stream.process_message(sent[1], 0)
    stream.change(Geometry(flip_x=True), stream.noise)
    flipped = stream.process_message(sent[0], 0).events['pixel']
    assert (flipped % 128 == 127 - as_it_was % 128).all()
    assert (flipped // 128 == as_it_was // 128).all()


@pytest.mark.slow
@pytest.mark.parametrize('message_type, encoding', [(ARRAY, ''), *(
    ('event_camera_msgs/msg/EventPacket', encoding) for encoding in ('evt3', 'mono', 'libcaer'))])
def test_after_the_warm_up_nothing_is_compiled(message_type, encoding):
    result = subprocess.run([sys.executable, '-c', WARMED, message_type, encoding],
                            capture_output=True, text=True)
    assert result.stdout == '{}\n', result.stderr
