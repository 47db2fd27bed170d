# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From packets to windows of frames."""
from itertools import pairwise

import numpy as np
import pytest
from snn_gesture_ros.events.packet import EventPacket, PACKED_EVENT
from snn_gesture_ros.frames.slicing import Slicing
from snn_gesture_ros.frames.windows import WindowsByCount, WindowsByTime

BASE_US = 1_700_000_000_000_000


def packets(t_us, pixel, cuts, size=8):
    """Cut a stream of events into packets."""
    bounds = [0, *cuts, len(t_us)]
    made = []
    for sequence, (start, stop) in enumerate(zip(bounds, bounds[1:])):
        if start == stop:
            continue
        events = np.zeros(stop - start, PACKED_EVENT)
        events['dt_us'] = t_us[start:stop] - t_us[start]
        events['pixel'] = pixel[start:stop]
        made.append(EventPacket(size, size, sequence, int(t_us[start]), int(t_us[stop - 1]), 0,
                                '', events))
    return made


@pytest.fixture
def stream():
    """Give 20 000 random events over 2 s on 8x8 pixels."""
    rng = np.random.default_rng(3)
    return BASE_US + np.sort(rng.integers(0, 2_000_000, 20_000)), rng.integers(0, 128, 20_000)


def histogram(t_us, pixel, first_us, frame_us, steps):
    """Count events the obvious way, [T, 2, 8, 8]."""
    frames = np.zeros((steps, 128), int)
    for step in range(steps):
        inside = (t_us >= first_us + step * frame_us) & (t_us < first_us + (step + 1) * frame_us)
        np.add.at(frames[step], pixel[inside], 1)
    return frames.reshape(steps, 2, 8, 8)


@pytest.mark.parametrize('cuts', [[], [1, 2, 3, 9000], list(range(37, 20_000, 37))])
def test_windows_by_time_do_not_depend_on_the_packets(stream, cuts):
    t_us, pixel = stream
    windows = WindowsByTime(time_steps=4, size=8, frame_us=100_000, hop_frames=3)
    found = [w for packet in packets(t_us, pixel, cuts) for w in windows.push(packet)]
    assert len(found) == 7
    for window in found[1:]:
        end_us = (window.t_newest_us // 100_000 + 1) * 100_000
        expected = histogram(t_us, pixel, end_us - 400_000, 100_000, 4)
        assert (window.frames == expected).all()
        assert window.events == expected.sum()
        assert window.t_newest_us == t_us[t_us < end_us].max()
    assert all(b.t_newest_us // 100_000 - a.t_newest_us // 100_000 == 3
               for a, b in pairwise(found))
    assert windows.late == 0


def test_windows_by_count(stream):
    t_us, pixel = stream
    windows = WindowsByCount(time_steps=4, size=8, frame_events=500, hop_frames=2)
    found = [w for packet in packets(t_us, pixel, range(37, 20_000, 37))
             for w in windows.push(packet)]
    assert len(found) == 20_000 // 1000
    for number, window in enumerate(found[1:], 2):
        inside = slice(1000 * number - 2000, 1000 * number)
        assert (window.frames.sum(axis=(1, 2, 3)) == 500).all()
        assert (window.frames.sum(axis=0).ravel()
                == np.bincount(pixel[inside], minlength=128)).all()
        assert window.t_newest_us == t_us[inside.stop - 1]


def test_many_events_on_one_pixel_are_all_counted():
    windows = WindowsByTime(1, 8, 1000, 1)
    t_us = np.full(5000, BASE_US)
    windows.push(packets(t_us, np.full(5000, 7), [])[0])
    window, = windows.advance(BASE_US + 1000)
    assert window.frames.ravel()[7] == 5000


def test_picture_is_pooled_to_the_frame():
    windows = WindowsByTime(1, 8, 1000, 1)
    pixel = np.array([0, 1, 32, 33, 34, 32 * 32 + 31 * 32 + 31])
    windows.push(packets(np.full(6, BASE_US), pixel, [], size=32)[0])
    window, = windows.advance(BASE_US + 1000)
    assert window.frames[0, 0, 0, 0] == 5
    assert window.frames[0, 1, 7, 7] == 1


@pytest.mark.parametrize('scale', [1, 2, 3])
def test_pooled_picture_counts_all_events(scale):
    rng = np.random.default_rng(scale)
    size = 8 * scale
    t_us = BASE_US + np.sort(rng.integers(0, 3000, 9000))
    p, y, x = rng.integers(0, 2, 9000), *rng.integers(0, size, (2, 9000))
    windows = WindowsByTime(3, 8, 1000, 1)
    for packet in packets(t_us, (p * size + y) * size + x, range(100, 9000, 100), size):
        windows.push(packet)
    window = windows.advance(BASE_US + 3000)[-1]
    expected = np.zeros((3, 2, 8, 8), int)
    np.add.at(expected, ((t_us - BASE_US) // 1000, p, y // scale, x // scale), 1)
    assert (window.frames == expected).all()


def test_picture_of_another_size_begins_anew():
    windows = WindowsByTime(1, 8, 1000, 1)
    small, = packets(np.array([BASE_US]), np.array([1]), [])
    large, = packets(np.array([BASE_US]), np.array([2 * 16 + 5]), [], size=16)
    windows.push(small)
    windows.push(large)
    window, = windows.advance(BASE_US + 1000)
    assert np.argwhere(window.frames).tolist() == [[0, 0, 1, 2]]


def test_picture_that_does_not_fit_is_refused():
    windows = WindowsByTime(1, 8, 1000, 1)
    with pytest.raises(ValueError, match='12x12 pixels, the network needs a multiple of 8x8'):
        windows.push(packets(np.full(1, BASE_US), np.zeros(1, int), [], size=12)[0])
    with pytest.raises(ValueError, match='4x4 pixels, the network needs a multiple of 8x8'):
        windows.push(packets(np.full(1, BASE_US), np.zeros(1, int), [], size=4)[0])


def test_silence_empties_the_window_and_costs_little():
    windows = WindowsByTime(4, 8, 1000, 1)
    windows.push(packets(np.full(3, BASE_US), np.arange(3), [])[0])
    found = windows.advance(BASE_US + 3_600_000_000)
    assert [w.events for w in found] == [3, 3, 3, 3, 0]
    assert len(windows.advance(BASE_US + 3_600_001_000)) == 1


def test_gap_in_the_stream_is_no_reason_to_wait():
    windows = WindowsByTime(4, 8, 1000, 1)
    t_us = np.array([BASE_US, BASE_US + 3_600_000_000])
    first, second = packets(t_us, np.array([1, 2]), [1])
    windows.push(first)
    windows.push(second)
    window, = windows.advance(BASE_US + 3_600_001_000)
    assert window.events == 1


def test_late_events_are_counted_and_dropped():
    windows = WindowsByTime(1, 8, 1000, 1)
    late, now = packets(np.array([BASE_US + 900, BASE_US + 2000]), np.array([1, 2]), [1])
    windows.push(now)
    assert windows.push(late) == []
    assert windows.late == 1


def test_camera_that_restarts_begins_anew():
    windows = WindowsByTime(2, 8, 1000, 1)
    windows.push(packets(np.array([BASE_US]), np.array([1]), [])[0])
    windows.push(packets(np.array([5000]), np.array([2]), [])[0])
    window, = windows.advance(6000)
    assert window.events == 1
    assert window.t_newest_us == 5000


class Card:
    """What slicing needs of a ModelCard."""

    time_steps, size, window_ms, window_events, slicing = 16, 32, 1000.0, 0, 'time'


def test_slicing_rounds_the_hop_to_whole_frames():
    assert Slicing(hop_ms=125).windows(Card).description == \
        'window 1000 ms, a decision every 125 ms'
    assert Slicing(hop_ms=10, window_ms=800).windows(Card).description == \
        'window 800 ms, a decision every 50 ms'
    assert Slicing('count', window_events=3200).windows(Card).description == \
        'window 3200 events, a decision every 200'


def test_slicing_that_cannot_work_is_refused():
    with pytest.raises(ValueError, match='needs window_events'):
        Slicing('count').windows(Card)
    with pytest.raises(ValueError, match='neither time nor count'):
        Slicing('frames').windows(Card)
