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


@pytest.mark.parametrize('sent_too_s, is_used', [(0.5, True), (0.05, False), (-1, False)])
def test_a_loss_among_messages_that_wait_is_no_jump(sent_too_s, is_used):
    """All arrive at once: only when they were sent says how much time has passed."""
    timeline = Timeline()
    timeline.place(message(0), 10**9, 5 * 10**9)
    placed = timeline.place(message(400_000), 10**9, round((5 + sent_too_s) * 1e9))
    assert (placed is not None) == is_used and timeline.late == 20 * (not is_used)


def test_messages_after_a_jump_continue_each_other_where_some_were_lost():
    timeline = Timeline()
    timeline.place(message(0), 0, 0)
    for number in range(3):
        placed = timeline.place(message(HOUR_US + number * 300_000), 0, number * 300_000_000)
    assert placed.restarted and timeline.late == 40


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


def test_the_rate_is_measured_from_a_fifth_of_a_second_on_also_where_messages_come_together():
    clock = ClockRate()
    for step in range(100):
        for part_us in (0, 5000):
            clock.observe(step * 40_000 + part_us, step * 10_000_000)
        assert clock.rate == (1 if step < 20 else pytest.approx(4, rel=0.05))


@pytest.mark.parametrize('leap_us, late', [
    (150_000, 1), (5_000_000, 1), (-150_000, 1), (90_000, 0), (-95_000, 0)])
def test_single_events_far_from_the_stream_are_late(leap_us, late):
    timeline = Timeline()
    play(timeline, range(0, 100_000, 1000))
    times_us = message(100_000)
    times_us[4] += leap_us
    placed = timeline.place(times_us, 100_000_000)
    assert timeline.late == late
    assert placed.kept is None if not late else np.flatnonzero(~placed.kept).tolist() == [4]


def test_events_from_before_a_pause_are_late_after_it():
    timeline = Timeline()
    play(timeline, range(0, 1_000_000, 1000))
    times_us = message(6_000_000)
    times_us[4] = START_US + 500_000
    assert (~timeline.place(times_us, 6 * 10**9).kept).sum() == timeline.late == 1


def test_late_messages_that_do_not_continue_each_other_restart_nothing():
    timeline = Timeline()
    play(timeline, range(0, 100_000, 1000))
    for number in range(9):
        jump_us = HOUR_US * (1, 3, 2)[number % 3]
        assert timeline.place(message(100_000 + jump_us), (100 + number) * 10**6) is None
    assert not timeline.place(message(110_000), 110 * 10**6).restarted


@pytest.mark.parametrize('ahead_us, is_used', [(14_900_000, True), (17_000_000, False)])
def test_after_a_pause_a_camera_is_believed_to_be_half_as_fast_again(ahead_us, is_used):
    timeline = Timeline()
    play(timeline, range(0, 1_000_000, 1000))
    placed = timeline.place(message(1_000_000 + ahead_us), 11_000_000_000)
    assert (placed is not None) == is_used


@pytest.mark.parametrize('jump_us', [HOUR_US, -HOUR_US])
def test_after_a_restart_the_stream_goes_on_by_the_time_of_the_host(jump_us):
    timeline = Timeline()
    play(timeline, range(0, 100_000, 1000))
    for number in range(3):
        placed = timeline.place(message(jump_us + number * 1000), (1099 + number) * 10**6)
    assert placed.restarted
    assert placed.first_us - START_US == 99_999 + 1_002_000
    assert placed.reached_us - placed.first_us == 999
    play(timeline, range(jump_us + 3000, jump_us + 403_000, 1000), first_ms=1102)
    ahead = timeline.place(message(jump_us + 403_000 + 1_000_000), 1502 * 10**6)
    assert ahead is None, 'a jump is no rate'


def test_long_messages_may_come_at_once():
    timeline = Timeline()
    for number in range(5):
        times_us = START_US + number * 10**6 + np.arange(0, 10**6, 1000)
        assert timeline.place(times_us, 0).kept is None
    assert timeline.late == 0


def test_an_older_message_does_not_move_the_stream_back():
    timeline = Timeline()
    timeline.place(message(100_000), 0)
    placed = timeline.place(message(50_000), 10**6)
    assert placed.reached_us - START_US == 100_999 and placed.first_us - START_US == 50_000


@pytest.mark.parametrize('after_us, confirmed', [(5000, True), (5001, False)])
def test_the_newest_event_counts_if_another_is_close(after_us, confirmed):
    times_us = np.array([START_US, START_US + 10, START_US + 10 + after_us])
    placed = Timeline().place(times_us, 0)
    assert placed.reached_us - START_US == 10 + after_us * confirmed


def test_a_leap_among_three_is_smoothed():
    assert steady_times(np.array([0, HOUR_US, 10])).max() <= 10
    assert steady_times(np.array([0, HOUR_US])).tolist() == [0, HOUR_US]


def test_single_leaps_are_smoothed_and_restarts_are_not():
    times_us = np.arange(0, 1000, 10)
    for place in (0, 50, 99):
        for jump_us in (HOUR_US, -HOUR_US):
            leaping = times_us.copy()
            leaping[place] += jump_us
            assert np.abs(steady_times(leaping) - times_us).max() <= 20
    restarted = np.concatenate([times_us + HOUR_US, times_us])
    assert (np.diff(steady_times(restarted)) < -SLACK_US).sum() == 1
