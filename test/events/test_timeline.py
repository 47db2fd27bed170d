# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Times of a camera that lie: what is believed of them, and that all else goes on."""
import numpy as np
import pytest
from snn_gesture_ros.events.timeline import (
    ClockRate, MAX_TIME_US, SLACK_US, steady_times, Timeline)

START_US = 1_700_000_000_000_000
HOUR_US = 3_600_000_000
JUMPS_US = [-START_US, -HOUR_US, -200_000, 300_000, HOUR_US, 2 * HOUR_US, 10**14]


def message(t_us, count=20):
    """Give the times of the events of 1 ms."""
    return START_US + t_us + np.linspace(0, 999, count).astype(np.int64)


def play(timeline, times_us, first_ms=0, count=20):
    """Let messages come, one a millisecond; give what is believed of each."""
    return [timeline.place(message(t_us, count), (first_ms + number) * 1_000_000)
            for number, t_us in enumerate(times_us)]


def reached(placed):
    return [None if each is None else each.reached_us - START_US for each in placed]


def test_time_that_goes_on_is_the_cameras():
    timeline = Timeline()
    placed = play(timeline, range(0, 5000, 1000))
    assert reached(placed) == [999, 1999, 2999, 3999, 4999]
    assert [each.first_us - START_US for each in placed] == [0, 1000, 2000, 3000, 4000]
    assert all(each.kept is None and not each.restarted for each in placed)
    assert timeline.late == 0


@pytest.mark.parametrize('jump_us', [*JUMPS_US, -99_000, 90_000])
@pytest.mark.parametrize('place', [0, 10, 19])
def test_one_event_moves_nothing(jump_us, place):
    timeline = Timeline()
    play(timeline, range(0, 100_000, 1000))
    times_us = message(100_000)
    times_us[place] += jump_us
    placed = timeline.place(times_us, 100_000_000)
    after = timeline.place(message(101_000), 101_000_000)
    if placed is not None:      # else the event in the middle has spoken for its message
        assert placed.reached_us - START_US == pytest.approx(100_999, abs=200)
    assert reached([after]) == [101_999]
    assert timeline.late == (20 if placed is None else (placed.kept is not None))


@pytest.mark.parametrize('jump_us', JUMPS_US)
@pytest.mark.parametrize('count', [1, 20])
def test_one_message_moves_nothing(jump_us, count):
    timeline = Timeline()
    play(timeline, range(0, 100_000, 1000), count=count)
    assert timeline.place(message(100_000 + jump_us, count), 100_000_000) is None
    placed = timeline.place(message(101_000, count), 101_000_000)
    assert placed.first_us == START_US + 101_000 and not placed.restarted
    assert timeline.late == count
    told_s = float(timeline.cause.split()[0])
    assert told_s == pytest.approx(abs(jump_us) / 1e6, abs=0.01)
    assert ('ahead of' if jump_us > 0 else 'behind') in timeline.cause


@pytest.mark.parametrize('jump_us', JUMPS_US)
def test_a_clock_that_jumps_is_followed_and_time_goes_on(jump_us):
    timeline = Timeline()
    play(timeline, range(0, 100_000, 1000))
    placed = play(timeline, range(100_000 + jump_us, 200_000 + jump_us, 1000), first_ms=100)
    assert placed[:2] == [None, None]
    assert [each.restarted for each in placed[2:]] == [True] + [False] * 97
    assert timeline.late == 40
    # The stream goes on by the time that passed on the host.
    times_us = reached(placed[2:])
    assert times_us[0] == pytest.approx(102_999, abs=1500)
    assert np.diff(times_us).tolist() == [1000] * 97


def test_two_cameras_a_day_apart_that_take_turns_do_not_restart_each_other():
    timeline = Timeline()
    placed = play(timeline, [number * 1000 + 24 * HOUR_US * (number % 2)
                             for number in range(200)])
    assert [each is None for each in placed] == [False, True] * 100
    assert not any(each.restarted for each in placed if each)


def test_a_still_scene_of_hours_is_a_pause_and_no_restart():
    timeline = Timeline()
    play(timeline, range(0, 10_000, 1000), count=1)
    placed = timeline.place(message(2 * HOUR_US, 1), 2 * HOUR_US * 1000)
    assert placed.first_us == START_US + 2 * HOUR_US and not placed.restarted


@pytest.mark.parametrize('step_ns', [3600 * 10**9, -3600 * 10**9, -10**18])
def test_a_host_whose_clock_is_set_changes_nothing(step_ns):
    timeline = Timeline()
    play(timeline, range(0, 1_000_000, 1000))
    placed = [timeline.place(message(t_us), t_us * 1000 + step_ns)
              for t_us in range(1_000_000, 1_100_000, 1000)]
    assert reached(placed)[-1] == 1_100_000 - 1
    assert timeline.late == 0 and not any(each.restarted for each in placed)


@pytest.mark.parametrize('rate', [0.25, 1, 4, 20])
def test_pauses_of_a_bag_that_is_played_at_any_rate_are_no_restarts(rate):
    timeline = Timeline()
    times_us = [*range(0, 12_000_000, 1000), *range(14_500_000, 15_000_000, 1000)]
    placed = [timeline.place(message(t_us), int(t_us * 1000 / rate)) for t_us in times_us]
    assert timeline.late == 0 and not any(each.restarted for each in placed)
    assert reached(placed)[-1] == 14_999_999


def test_a_bag_that_begins_again_restarts_once():
    timeline = Timeline()
    once = list(range(0, 500_000, 1000))
    placed = play(timeline, once * 3)
    assert sum(each.restarted for each in placed if each) == 2
    times_us = [each.reached_us for each in placed if each]
    assert times_us == sorted(times_us)


def test_times_that_no_clock_says_are_refused():
    timeline = Timeline()
    for t_us in (1 << 62, -(1 << 62)):
        with pytest.raises(ValueError, match='the time stamp .* is impossible'):
            timeline.place(np.full(3, t_us), 0)
    extreme = np.array([START_US, START_US + 1, (1 << 63) - 1, -(1 << 63), START_US + 2])
    extreme[2], extreme[4] = extreme[4], extreme[2]
    placed = timeline.place(extreme, 0)
    assert placed.kept.sum() == 3 and placed.reached_us == START_US + 2


@pytest.mark.parametrize('rate', [0.1, 0.5, 1, 2, 30])
def test_the_rate_of_a_bag_is_measured(rate):
    clock = ClockRate()
    for step in range(200):
        clock.observe(START_US + int(step * 10_000 * rate), step * 10_000_000)
    assert clock.rate == pytest.approx(rate, rel=0.02)
    clock.observe(0, 0)
    assert clock.rate == pytest.approx(rate, rel=0.02), 'a step of either clock measures nothing'


@pytest.mark.parametrize('rate, limited', [(0.001, 0.05), (0.97, 1), (5000, 1000)])
def test_the_rate_has_limits_and_is_1_where_it_is_close_to_that(rate, limited):
    clock = ClockRate()
    for step in range(100):
        clock.observe(int(step * 10_000 * rate), step * 10_000_000)
    assert clock.rate == limited


def test_the_rate_is_that_of_the_last_two_seconds():
    clock, t_us, rates = ClockRate(), 0, {}
    for step in range(600):
        t_us += 10_000 if step < 300 else 40_000
        clock.observe(t_us, step * 10_000_000)
        rates[step] = clock.rate
    assert rates[299] == 1 and rates[399] == pytest.approx(2.5, rel=0.05)
    assert rates[510] == pytest.approx(4, rel=0.02)


@pytest.mark.parametrize('camera_us, host_ns', [(-HOUR_US, 0), (0, -HOUR_US * 1000)])
def test_a_step_of_one_clock_does_not_change_the_rate(camera_us, host_ns):
    clock = ClockRate()
    for step in range(200):
        clock.observe(START_US + step * 40_000, START_US * 1000 + step * 10_000_000)
    for step in range(200, 300):
        clock.observe(START_US + step * 40_000 + camera_us,
                      START_US * 1000 + step * 10_000_000 + host_ns)
        assert clock.rate == pytest.approx(4)


def test_the_largest_time_is_accepted():
    for t_us, good in ((MAX_TIME_US, True), (MAX_TIME_US + 1, False)):
        for sign in (1, -1):
            try:
                Timeline().place(np.array([sign * t_us]), 0)
            except ValueError:
                assert not good
            else:
                assert good


def test_single_leaps_are_smoothed_and_restarts_are_not():
    times_us = np.arange(0, 1000, 10)
    for place in (0, 50, 99):
        for jump_us in (HOUR_US, -HOUR_US):
            leaping = times_us.copy()
            leaping[place] += jump_us
            assert np.abs(steady_times(leaping) - times_us).max() <= 20
    restarted = np.concatenate([times_us + HOUR_US, times_us])
    assert (np.diff(steady_times(restarted)) < -SLACK_US).sum() == 1
