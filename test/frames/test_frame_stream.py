# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From packets to frames."""
import numpy as np
import pytest
from snn_gesture_ros.events.packet import PACKED_EVENT, StreamPacket
from snn_gesture_ros.frames.accumulation import frames_by_count, frames_by_time
from snn_gesture_ros.frames.frame_stream import (
    FramesByCount, FramesByTime, Slicing, TimedFrames)

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
        made.append(StreamPacket(size, size, sequence, int(t_us[start]), int(t_us[stop - 1]), 0,
                                 '', events))
    return made


@pytest.fixture
def stream():
    """Give 20 000 random events over 2 s on 8x8 pixels."""
    rng = np.random.default_rng(3)
    return BASE_US + np.sort(rng.integers(0, 2_000_000, 20_000)), rng.integers(0, 128, 20_000)


@pytest.mark.parametrize('cuts', [[], [1, 2, 3, 9000], list(range(37, 20_000, 37))])
def test_frames_by_time_do_not_depend_on_the_packets(stream, cuts):
    t_us, pixel = stream
    frames = FramesByTime(size=8, frame_us=100_000, time_steps=4)
    found = [frame for packet in packets(t_us, pixel, cuts)
             for frame in frames.slice_packet(packet)]
    assert len(found) == 19
    for number, frame in enumerate(found):
        first_us = BASE_US + number * 100_000
        inside = (t_us >= first_us) & (t_us < first_us + 100_000)
        assert (frame.counts.ravel() == np.bincount(pixel[inside], minlength=128)).all()
        assert frame.events == inside.sum()
        assert frame.t_newest_us == t_us[inside].max()
    assert frames.late == 0


def test_frames_by_count(stream):
    t_us, pixel = stream
    frames = FramesByCount(size=8, frame_events=500)
    found = [frame for packet in packets(t_us, pixel, range(37, 20_000, 37))
             for frame in frames.slice_packet(packet)]
    assert len(found) == 20_000 // 500
    for number, frame in enumerate(found):
        inside = slice(500 * number, 500 * number + 500)
        assert frame.events == 500
        assert (frame.counts.ravel() == np.bincount(pixel[inside], minlength=128)).all()
        assert frame.t_newest_us == t_us[inside.stop - 1]
    assert frames.advance(BASE_US + 10_000_000) == []


@pytest.mark.parametrize('sensor_width, least', [(128, 1), (260, 1), (320, 2), (480, 2), (720, 4)])
def test_large_sensors_need_more_events_for_a_pixel_of_a_frame(sensor_width, least):
    counts = np.arange(6)
    pixel = np.repeat(2 * counts, counts)       # of a picture with four pixels for one of a frame
    events = np.zeros(len(pixel), PACKED_EVENT)
    events['pixel'] = pixel
    seen = np.where(counts < least, 0, counts)
    packet = StreamPacket(16, 16, 0, 0, 1000, 0, '', events, sensor_width / 16)
    frame, = FramesByTime(8, 1000, 4).slice_packet(packet)
    assert (frame.counts[0, 0, :6] == seen).all() and frame.counts.sum() == seen.sum()
    assert frame.events == len(events)
    cut = frames_by_time(events, 16, 1, 8, 1000, sensor_width / 16)
    assert (cut[0] == frame.counts).all()
    assert (frames_by_count(events, 16, 1, 8, sensor_width / 16) == cut).all()


def test_many_events_on_one_pixel_are_all_counted():
    frames = FramesByTime(8, 1000, 4)
    frames.slice_packet(packets(np.full(5000, BASE_US), np.full(5000, 7), [])[0])
    frame, = frames.advance(BASE_US + 1000)
    assert frame.counts.ravel()[7] == 5000


def test_picture_is_pooled_to_the_frame():
    frames = FramesByTime(8, 1000, 4)
    pixel = np.array([0, 1, 32, 33, 34, 32 * 32 + 31 * 32 + 31])
    frames.slice_packet(packets(np.full(6, BASE_US), pixel, [], size=32)[0])
    frame, = frames.advance(BASE_US + 1000)
    assert frame.counts[0, 0, 0] == 5
    assert frame.counts[1, 7, 7] == 1


@pytest.mark.parametrize('scale', [1, 2, 3])
def test_pooled_picture_counts_all_events(scale):
    rng = np.random.default_rng(scale)
    size = 8 * scale
    t_us = BASE_US + np.sort(rng.integers(0, 3000, 9000))
    p, y, x = rng.integers(0, 2, 9000), *rng.integers(0, size, (2, 9000))
    frames = FramesByTime(8, 1000, 4)
    found = [frame for packet in packets(t_us, (p * size + y) * size + x,
                                         range(100, 9000, 100), size)
             for frame in frames.slice_packet(packet)] + frames.advance(BASE_US + 3000)
    expected = np.zeros((3, 2, 8, 8), int)
    np.add.at(expected, ((t_us - BASE_US) // 1000, p, y // scale, x // scale), 1)
    assert (np.array([frame.counts for frame in found]) == expected).all()


def test_picture_of_another_size_begins_anew():
    frames = FramesByTime(8, 1000, 4)
    small, = packets(np.array([BASE_US]), np.array([1]), [])
    large, = packets(np.array([BASE_US]), np.array([2 * 16 + 5]), [], size=16)
    frames.slice_packet(small)
    frames.slice_packet(large)
    frame, = frames.advance(BASE_US + 1000)
    assert np.argwhere(frame.counts).tolist() == [[0, 1, 2]]


def test_picture_that_does_not_fit_is_refused():
    frames = FramesByTime(8, 1000, 4)
    with pytest.raises(ValueError, match='12x12 pixels, the network needs a multiple of 8x8'):
        frames.slice_packet(packets(np.full(1, BASE_US), np.zeros(1, int), [], size=12)[0])
    with pytest.raises(ValueError, match='4x4 pixels, the network needs a multiple of 8x8'):
        frames.slice_packet(packets(np.full(1, BASE_US), np.zeros(1, int), [], size=4)[0])


def test_long_silence_is_cut_short():
    frames = FramesByTime(8, 1000, 4)
    frames.slice_packet(packets(np.full(3, BASE_US), np.arange(3), [])[0])
    found = frames.advance(BASE_US + 3_600_000_000)
    assert [(frame.events, frame.restart) for frame in found] == [(3, False), (0, True)]
    assert found[-1].t_newest_us == BASE_US + 3_600_000_000
    after, = frames.advance(BASE_US + 3_600_001_000)
    assert after.t_newest_us == BASE_US + 3_600_001_000 and not after.counts.any()
    assert not after.restart


@pytest.mark.parametrize('time_steps, filled', [(4, 8), (16, 8), (40, 20)])
def test_silence_of_half_a_window_is_gone_through_and_more_is_not(time_steps, filled):
    for silent in (filled, filled + 1):
        frames = FramesByTime(8, 1000, time_steps)
        frames.slice_packet(packets(np.full(3, BASE_US), np.arange(3), [])[0])
        found = frames.advance(BASE_US + 1000 * silent)
        assert [(frame.events, frame.restart) for frame in found] == (
            [(3, False), (0, True)] if silent > filled
            else [(3, False)] + (silent - 1) * [(0, False)])


def test_an_empty_frame_ends_where_a_long_silence_begins():
    frames = FramesByTime(8, 1000, 4)
    frames.slice_packet(packets(np.full(3, BASE_US), np.arange(3), [])[0])
    frames.advance(BASE_US + 1000)
    found = frames.advance(BASE_US + 3_600_000_000)
    assert [frame.t_newest_us - BASE_US for frame in found] == [2000, 3_600_000_000]


def test_frames_of_other_windows_have_other_settings():
    assert FramesByTime(8, 1000, 4).settings != FramesByTime(8, 1000, 40).settings


def test_silence_that_was_taken_for_too_long_makes_no_event_late():
    frames = FramesByTime(8, 1000, 4)
    first, second = packets(np.array([BASE_US, BASE_US + 5500, BASE_US + 6100]), np.arange(3), [1])
    frames.slice_packet(first)
    frames.advance(BASE_US + 3_600_000_000)
    frame, = frames.slice_packet(second)
    assert (frame.events, frame.t_newest_us) == (1, BASE_US + 5500)
    assert frames.late == 0


@pytest.mark.parametrize('ahead_us, restart', [(3000, False), (8000, False), (30_000, True)])
def test_time_never_goes_back_unless_the_frames_start_again(ahead_us, restart):
    frames = FramesByTime(8, 1000, 4)
    t_us = BASE_US + np.array([0, 500, 2500])
    first, second = packets(t_us, np.arange(3), [1])
    frames.slice_packet(first)
    decided = frames.advance(BASE_US + ahead_us)
    found = frames.slice_packet(second) + frames.advance(BASE_US + ahead_us + 1000)
    assert found[0].restart == restart and sum(frame.events for frame in found) == 2
    times_us = [frame.t_newest_us for frame in (*decided, *found)]
    assert (min(np.diff(times_us)) < 0) == restart
    assert times_us[-1] == BASE_US + ahead_us + 1000
    assert frames.late == 0


def test_events_beyond_what_the_packet_has_reached_do_not_move_the_grid():
    frames = FramesByTime(8, 1000, 4)
    packet, = packets(np.array([BASE_US, BASE_US + 90_000, BASE_US + 300]), np.arange(3), [])
    frames.slice_packet(packet._replace(t_newest_us=BASE_US + 300))
    frame, = frames.advance(BASE_US + 1000)
    assert (frame.events, frame.t_newest_us) == (3, BASE_US + 300)
    assert frames.late == 0


def test_an_event_ahead_of_the_others_makes_none_of_them_late():
    frames = FramesByTime(8, 1000, 4)
    t_us = np.array([BASE_US, BASE_US + 90_000, BASE_US + 300, BASE_US + 1200, BASE_US + 900])
    packet, = packets(t_us, np.arange(5), [])
    first, = frames.slice_packet(packet._replace(t_newest_us=BASE_US + 1200))
    assert (first.events, first.t_newest_us) == (3, BASE_US + 900)
    second, = frames.advance(BASE_US + 2000)
    assert second.events == 2
    assert frames.late == 0


def test_a_clock_that_jumps_by_years_is_not_followed_through_them():
    timed = TimedFrames(FramesByTime(8, 1_000_000, 4))
    assert list(timed.advance_periodically(10**18)) == [], 'before the first packet'
    timed.slice_packet(packets(np.full(3, BASE_US), np.arange(3), [])[0], 10**18)
    frames = list(timed.advance_periodically(10**18 + 10**17))
    assert [frame.events for frame in frames[:3]] == [3, 0, 0]
    assert len(frames) == pytest.approx(3600, abs=2), 'an hour of them'
    assert list(timed.advance_periodically(10**18 + 10**17)) == []


@pytest.mark.parametrize('until_us, frames', [(250_000, 2), (390_000, 3), (1_000_000, 4)])
def test_silence_is_gone_through_to_its_end_and_no_further(until_us, frames):
    timed = TimedFrames(FramesByTime(8, 100_000, 20))
    base_us = BASE_US // 100_000 * 100_000
    timed.slice_packet(packets(np.array([base_us]), np.array([1]), [])[0], 10**9)
    found = list(timed.advance_periodically(10**9 + 500_000_000, base_us + until_us))
    assert len(found) == frames


def test_an_older_packet_does_not_move_back_what_was_reached():
    frames = FramesByTime(8, 1000, 4)
    t_us = BASE_US + np.array([5500, 4600, 4700])
    newest, older, oldest = packets(t_us, np.arange(3), [1, 2])
    for packet in (newest, older):
        frames.slice_packet(packet)
    frames.advance(BASE_US + 9000)
    frames.slice_packet(oldest)
    assert frames.late == 2


def test_gap_in_the_stream_is_no_reason_to_wait():
    frames = FramesByTime(8, 1000, 4)
    t_us = np.array([BASE_US, BASE_US + 3_600_000_000])
    first, second = packets(t_us, np.array([1, 2]), [1])
    frames.slice_packet(first)
    assert [(frame.events, frame.restart) for frame in frames.slice_packet(second)] == [
        (1, False), (0, True)]
    frame, = frames.advance(BASE_US + 3_600_001_000)
    assert frame.events == 1


def test_late_events_are_counted_and_dropped():
    frames = FramesByTime(8, 1000, 4)
    now, late = packets(np.array([BASE_US + 2000, BASE_US + 900]), np.array([2, 1]), [1])
    frames.slice_packet(now)
    assert frames.slice_packet(late) == []
    assert frames.late == 1


def test_camera_that_restarts_begins_anew():
    frames = FramesByTime(8, 1000, 4)
    frames.slice_packet(packets(np.array([BASE_US]), np.array([1]), [])[0])
    before, = frames.slice_packet(packets(np.array([5000]), np.array([2]), [])[0])
    assert before.events == 1 and not before.restart
    frame, = frames.advance(6000)
    assert frame.events == 1
    assert frame.t_newest_us == 5000
    assert frame.restart
    assert frames.late == 0


def test_silence_begins_a_tenth_of_a_second_after_the_last_packet():
    timed = TimedFrames(FramesByTime(8, 10_000, 4))
    timed.slice_packet(packets(np.array([BASE_US]), np.array([1]), [])[0], 10**9)
    assert [len(timed.advance(10**9 + ms * 10**6)) for ms in (50, 100, 105, 115, 125)] == [
        0, 0, 0, 1, 1]


def test_the_time_to_the_end_of_a_frame_is_known_where_it_has_one():
    frames = FramesByTime(8, 1000, 4)
    assert frames.remaining_us(BASE_US) == 0
    packet, = packets(np.array([BASE_US]), np.array([1]), [])
    frames.slice_packet(packet)
    assert [frames.remaining_us(BASE_US + us) for us in (300, 999, 1500)] == [700, 1, 0]
    by_count = FramesByCount(8, 5)
    by_count.slice_packet(packet)
    assert by_count.remaining_us(BASE_US) == 0


def test_a_restart_drops_what_a_frame_of_a_count_has_so_far():
    frames = FramesByCount(8, 5)
    before, = packets(BASE_US + np.arange(3), np.arange(3), [])
    after, = packets(np.arange(5), np.arange(10, 15), [])
    assert frames.slice_packet(before) == []
    frame, = frames.slice_packet(after)
    assert np.flatnonzero(frame.counts).tolist() == [10, 11, 12, 13, 14]
    assert frame.restart and frame.t_newest_us == 4 and frames.late == 3


class Card:
    """What slicing needs of a ModelCard."""

    time_steps, size, window_ms, window_events, slicing = 16, 32, 1000.0, 0, 'time'


def test_slicing_says_how_long_a_frame_is():
    assert Slicing().frames(Card).frame_us == 62_500
    assert Slicing(window_ms=80).frames(Card).frame_us == 5000, 'the shortest'
    assert Slicing(window_ms=800).frames(Card).description == 'frames of 50 ms'
    assert Slicing('count', window_events=3200).frames(Card).description == 'frames of 200 events'


def test_slicing_that_cannot_work_is_refused():
    with pytest.raises(ValueError, match='window_ms must be at least 80: it is sliced into 16'):
        Slicing(window_ms=79).frames(Card)
    with pytest.raises(ValueError, match='needs window_events'):
        Slicing('count').frames(Card)
    with pytest.raises(ValueError, match='neither time nor count'):
        Slicing('frames').frames(Card)
