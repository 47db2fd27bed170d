# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The event stream without ROS: messages in, packets out."""
import numpy as np
import pytest
from snn_gesture_ros.events.cdr import encode_event_array
from snn_gesture_ros.events.event import EVENT
from snn_gesture_ros.events.geometry import Geometry
from snn_gesture_ros.events.noise import NoiseSettings
from snn_gesture_ros.events.stream import EventStream

ARRAY = 'dv_ros2_msgs/msg/EventArray'
BASE_US = 1_700_000_000_000_000


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
    packets = [stream.feed(data, 0) for data in sent] + [stream.flush()]
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
    assert stream.feed(event, 0).scale == scale


def test_restart_of_the_camera_begins_a_new_packet():
    _, sent = messages(3)
    stream = EventStream(ARRAY, Geometry(), NoiseSettings(False, 0, 0), batch_us=5000)
    stream.feed(sent[0], 0)
    early = np.zeros(1, EVENT)
    stream.feed(encode_event_array(early, 0, 'camera', 128, 128), 0)
    assert stream.counters.restarts == 1
    assert stream.flush().t_base_us == 0


def test_impossible_sensor_is_malformed():
    stream = EventStream(ARRAY, Geometry(), NoiseSettings())
    for size in ((0, 128), (2**31, 2**31)):
        assert stream.feed(encode_event_array(np.zeros(1, EVENT), 0, '', *size), 0) is None
    assert stream.counters.malformed == 2
    assert 'the sensor is' in stream.last_error


def test_what_is_looked_at_changes_between_two_messages():
    _, sent = messages(3)
    stream = EventStream(ARRAY, Geometry(), NoiseSettings(False, 0, 0))
    as_it_was = stream.feed(sent[0], 0).events['pixel']
    with pytest.raises(ValueError, match='does not fit on the sensor'):
        stream.change(Geometry('region', (100, 0, 40, 40)), stream.noise)
    stream.feed(sent[1], 0)
    stream.change(Geometry(flip_x=True), stream.noise)
    flipped = stream.feed(sent[0], 0).events['pixel']
    assert (flipped % 128 == 127 - as_it_was % 128).all()
    assert (flipped // 128 == as_it_was // 128).all()
