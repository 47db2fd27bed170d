# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From scores and time to what the robot does, with a clock of the test's own."""
import math

import pytest
from snn_gesture_ros.behavior.behavior import Behavior
from snn_gesture_ros.behavior.safety import Ramp
from snn_gesture_ros.behavior.table import (
    Arm, Disarm, Drive, Limit, Publish, Row, Stop, Table, Velocity)

FRAME_MS = 50
MS = 1_000_000
AFTER_TICK_NS = 200_000
"""Scores come so long after the time was last looked at."""
BASE_NS = 1_700_000_000_000_000_000
"""Of stamps, which are of another clock than the one that is never set."""
AHEAD = (0.5, 0, 0, 0, 0, 0)
TURN = (0, 0, 0, 0, 0, 1.0)
LIMITS = Velocity('cmd_vel', False, 'base', Limit(1, 1, 2), Limit(2, 2, 4))


def row(gesture, does, min_score=0.7, hold_ms=100.0, release_ms=100.0):
    return Row(gesture, gesture, does, min_score, hold_ms, release_ms)


ROWS = (row('stop', Stop(), 0.4, 0), row('arm', Arm(), 0.8, 500), row('disarm', Disarm()),
        row('ahead', Drive(AHEAD, 0)), row('turn', Drive(TURN, 0)),
        row('nudge', Drive(AHEAD, 400)), row('say', Publish('t', 'std_msgs/msg/Empty', {})))
LABELS = (*(each.gesture for each in ROWS), 'none')


class Scene:
    """A behaviour, and the time."""

    def __init__(self, rows=ROWS, armed=True, max_age_ms=350):
        self.behavior = Behavior(Table(tuple(rows), LIMITS, max_age_ms), armed)
        self.now_ms = 0
        self.changes = []

    def show(self, gesture, for_ms, score=0.95, age_ms=5, **others):
        """Let scores of a gesture come after every frame; give the velocities after each."""
        velocities = []
        for _ in range(round(for_ms / FRAME_MS)):
            self.pass_time(FRAME_MS)
            self.take(gesture, score, age_ms, **others)
            velocities.append(self.behavior.velocity)
        return velocities

    def take(self, gesture, score=0.95, age_ms=5, **others):
        """Let scores of a gesture come now."""
        rest = (1 - score) / (len(LABELS) - 1)
        scores = {**dict.fromkeys(LABELS, rest), gesture: score, **others}
        now_ns = self.now_ms * MS + AFTER_TICK_NS
        self._note(self.behavior.update_scores(
            now_ns, BASE_NS + now_ns - age_ms * MS, age_ms * MS, scores))

    def pass_time(self, for_ms):
        """Let time pass without scores."""
        for _ in range(round(for_ms / 10)):
            self.now_ms += 10
            self._note(self.behavior.advance(self.now_ms * MS))

    def arm(self, armed):
        self._note(self.behavior.set_armed(self.now_ms * MS, armed))

    def _note(self, changes):
        self.changes += [f'{"+" if change.started else "-"}{change.row.gesture}'
                         for change in changes]

    @property
    def speed(self):
        return self.behavior.velocity and self.behavior.velocity[0]


@pytest.fixture
def scene():
    """Give an armed robot before which nobody moves."""
    scene = Scene()
    scene.show('none', 200)
    assert scene.behavior.stopped == ''
    return scene


def test_nothing_is_commanded_before_a_gesture(scene):
    assert set(scene.show('none', 1000)) == {None}


def test_a_gesture_drives_as_long_as_it_is_shown(scene):
    velocities = scene.show('ahead', 1500)
    assert velocities[:2] == [None, None] and velocities[2][0] > 0, 'held for 100 ms'
    assert velocities[-1] == AHEAD
    assert scene.show('none', 1000)[-1] is None, 'zero for a while, then silence for others'
    assert scene.changes == ['+ahead', '-ahead']


def test_first_command_comes_with_the_scores_that_start_the_row(scene):
    scene.show('ahead', 100)
    scene.pass_time(40)
    assert scene.speed is None
    scene.show('ahead', 50)
    assert scene.speed > 0


def test_while_scores_are_contested_the_robot_stands_and_no_row_starts(scene):
    scene.show('ahead', 1500)
    scene.behavior.contest = 'a and b send'
    assert {velocity[0] for velocity in scene.show('ahead', 400)} == {0}
    assert scene.behavior.stopped == 'a and b send'
    scene.show('say', 1000)
    scene.arm(False)
    scene.show('arm', 1000)
    assert not scene.behavior.armed and scene.changes == ['+ahead', '-ahead']
    assert scene.behavior.watchdog_stops == 0
    scene.arm(True)
    scene.behavior.contest = ''
    assert scene.show('ahead', 100)[-1] is None, 'a gesture is to be held anew'
    assert scene.show('ahead', 1000)[-1] == AHEAD


def test_while_no_events_come_the_robot_stands_at_once_and_no_row_starts(scene):
    scene.show('ahead', 1500)
    scene.behavior.silence = 'no events come'
    assert {velocity[0] for velocity in scene.show('ahead', 400)} == {0}, 'without a ramp'
    assert scene.behavior.stopped == 'no events come' and scene.behavior.watchdog_stops == 1
    assert scene.show('ahead', 500)[-1] is None, 'other nodes may drive'
    scene.behavior.silence = ''
    assert scene.show('ahead', 100)[-1] is None, 'a gesture is to be held anew'
    assert scene.show('ahead', 1000)[-1] == AHEAD


def test_velocity_follows_the_ramps(scene):
    scene.show('ahead', 300)
    before = scene.speed
    scene.pass_time(100)
    assert scene.speed == pytest.approx(before + 0.1, abs=1e-3)
    scene.show('ahead', 1000)
    speeds = [velocity and velocity[0] for velocity in scene.show('none', 500)]
    assert speeds[:2] == pytest.approx([0.5, 0.5], abs=1e-3), 'shown until it is gone for 100 ms'
    assert speeds[4] == pytest.approx(speeds[3] - 0.1, abs=1e-3), '2 m/s² in 50 ms'
    assert 0.0 in speeds and min(speed or 0 for speed in speeds) == 0


def test_ramp_changes_direction_through_zero():
    ramp = Ramp(LIMITS.linear, LIMITS.angular)
    ramp.step(1.0, (1, 0, 0, 0, 0, -1))
    assert ramp.velocity == (1, 0, 0, 0, 0, -1)
    ramp.step(0.25, (-1, 0, 0, 0, 0, -1))
    assert ramp.velocity[0] == 0.5
    ramp.step(1.0, (-1, 0, 0, 0, 0, -1))
    assert ramp.velocity == (0, 0, 0, 0, 0, -1)
    ramp.step(0.25, (-1, 0, 0, 0, 0, -1))
    assert ramp.velocity[0] == -0.25


def test_weak_or_short_gestures_do_nothing(scene):
    scene.show('ahead', 1000, score=0.65)
    for _ in range(5):
        scene.show('ahead', 100)
        scene.show('none', 50)
    assert scene.changes == [] and scene.speed is None


def test_single_missing_scores_do_not_end_a_gesture(scene):
    scene.show('ahead', 500)
    scene.show('none', 50)
    scene.show('ahead', 500)
    assert scene.changes == ['+ahead']


def test_a_gesture_gives_way_to_another(scene):
    scene.show('ahead', 1000)
    scene.show('turn', 1000)
    assert scene.changes == ['+ahead', '-ahead', '+turn']
    assert scene.behavior.velocity == TURN


def test_a_gesture_that_starts_ends_others_before_their_release():
    scene = Scene([ROWS[0], row('ahead', Drive(AHEAD, 0), release_ms=5000), ROWS[4]])
    scene.show('none', 50)
    scene.show('ahead', 500)
    scene.show('turn', 150)
    assert scene.changes == ['+ahead', '-ahead', '+turn']
    assert [each.gesture for each in scene.behavior.acting] == ['turn']


def test_rows_of_one_gesture_act_together(scene):
    scene = Scene([*ROWS, row('ahead', Publish('t', 'std_msgs/msg/Empty', {}), hold_ms=300)])
    scene.show('none', 50)
    scene.show('ahead', 1000)
    assert scene.changes == ['+ahead', '+ahead'] and scene.speed == 0.5
    scene.show('none', 500)
    assert scene.changes == ['+ahead', '+ahead', '-ahead', '-ahead']


def test_drive_with_a_duration_outlasts_its_gesture_and_no_more(scene):
    scene.show('nudge', 150)
    start_ms = scene.now_ms
    scene.show('none', 350)
    assert scene.changes == ['+nudge', '-nudge'] and scene.speed > 0.3
    while scene.speed:
        scene.show('none', 50)
    assert 400 < scene.now_ms - start_ms <= 400 + 400 / 2 + FRAME_MS


def test_duration_ends_while_the_gesture_is_still_shown(scene):
    scene.show('nudge', 1500)
    assert scene.speed is None or scene.speed == 0
    assert scene.changes == ['+nudge']


def test_message_does_not_end_a_timed_drive_but_another_drive_does(scene):
    scene.show('nudge', 150)
    scene.show('say', 200)
    assert scene.changes[:3] == ['+nudge', '-nudge', '+say'] and scene.speed > 0.2
    scene.show('turn', 400)
    assert scene.behavior.velocity[5] > 0 and scene.speed < 0.2


@pytest.mark.parametrize('gesture, score, others', [
    ('stop', 0.95, {}), ('ahead', 0.55, {'stop': 0.42}), ('turn', 0.58, {'stop': 0.4})])
def test_a_stop_gesture_always_wins_at_once(scene, gesture, score, others):
    scene.show('ahead', 1000)
    assert scene.speed == 0.5
    assert scene.show(gesture, 50, score, **others) == [(0,) * 6]
    assert scene.behavior.stopped == 'stop stops'
    assert set(scene.show(gesture, 1000, score, **others)) == {(0,) * 6}, 'zero while it is shown'
    assert scene.changes == ['+ahead', '-ahead']


def test_after_a_stop_a_gesture_must_be_held_anew(scene):
    scene.show('ahead', 1000)
    scene.show('stop', 50)
    velocities = scene.show('ahead', 500)
    started = next(number for number, velocity in enumerate(velocities) if any(velocity))
    assert started * FRAME_MS >= 100 + 100 - FRAME_MS, 'release of the stop, then hold'
    assert scene.changes == ['+ahead', '-ahead', '+ahead']


def test_watchdog_stops_at_once_when_scores_stop(scene):
    scene.show('ahead', 1000)
    scene.pass_time(340)
    assert scene.speed == 0.5, 'scores are 345 ms old'
    scene.pass_time(10)
    assert scene.behavior.velocity == (0,) * 6
    assert 'no gesture scores for 350 ms' in scene.behavior.stopped
    assert scene.behavior.watchdog_stops == 1
    scene.pass_time(1000)
    assert scene.behavior.velocity is None and scene.behavior.watchdog_stops == 1
    assert scene.changes == ['+ahead', '-ahead']


@pytest.mark.parametrize('gesture', ['ahead', 'stop', 'none'])
def test_scores_after_a_gap_without_ticks_stop_as_a_tick_does(scene, gesture):
    scene.show('ahead', 1000)
    scene.now_ms += 400
    scene.take(gesture)
    assert scene.behavior.velocity == (0,) * 6
    assert 'no gesture scores for 350 ms' in scene.behavior.stopped
    assert scene.behavior.watchdog_stops == 1
    assert scene.changes == ['+ahead', '-ahead']
    scene.show('ahead', 50)
    assert scene.behavior.stopped == '', 'the next scores count'
    assert scene.behavior.velocity == (0,) * 6 and scene.changes == ['+ahead', '-ahead']
    assert any(scene.show('ahead', 150)[-1]), 'held anew'


def test_watchdog_stops_a_timed_drive(scene):
    scene.show('nudge', 150)
    scene.pass_time(360)
    assert scene.behavior.velocity == (0,) * 6
    assert scene.show('none', 200)[-1] == (0,) * 6


def test_scores_that_age_count_less(scene):
    scene.show('ahead', 1000, age_ms=290)
    assert scene.speed == 0.5
    scene.pass_time(70)
    assert scene.behavior.velocity == (0,) * 6


@pytest.mark.parametrize('age_ms, reason', [
    (400, 'stamps of gesture scores are older'), (350, 'older'), (-400, 'ahead')])
def test_scores_with_wrong_stamps_do_not_count(scene, age_ms, reason):
    scene.show('ahead', 1000)
    scene.show('ahead', 400, age_ms=age_ms)
    assert scene.behavior.velocity == (0,) * 6
    assert reason in scene.behavior.stopped


@pytest.mark.parametrize('scores, reason', [
    (dict.fromkeys(LABELS[1:], 0.1), 'does not know stop'), ({}, 'does not know'),
    ({**dict.fromkeys(LABELS, 0.1), 'none': math.nan}, 'not numbers')])
def test_scores_that_cannot_be_used_do_not_count(scene, scores, reason):
    scene.show('ahead', 1000)
    for _ in range(8):
        scene.pass_time(50)
        now_ns = scene.now_ms * MS
        scene.behavior.update_scores(now_ns, BASE_NS + now_ns, 0, scores)
    assert scene.behavior.velocity == (0,) * 6
    assert reason in scene.behavior.stopped


def test_after_the_watchdog_expired_a_gesture_must_be_held_anew(scene):
    scene.show('ahead', 1000)
    scene.pass_time(1000)
    velocities = scene.show('ahead', 150)
    assert velocities[:2] == [None, None] and velocities[2][0] > 0
    assert scene.behavior.armed


def test_holding_is_not_counted_over_a_gap():
    scene = Scene(armed=False)
    scene.show('arm', 300)
    scene.pass_time(1000)
    scene.show('arm', 300)
    assert not scene.behavior.armed


def test_disarmed_robot_does_nothing():
    scene = Scene(armed=False)
    for each in ROWS:
        if not isinstance(each.does, Arm):
            scene.show(each.gesture, 500)
    assert scene.changes == [] and scene.behavior.velocity is None
    assert scene.behavior.stopped == 'disarmed'


def test_gesture_arms_and_disarms():
    scene = Scene(armed=False)
    scene.show('arm', 500)
    assert not scene.behavior.armed, 'shown for 450 ms'
    scene.show('arm', 50)
    assert scene.behavior.armed and scene.behavior.stopped == ''
    scene.show('ahead', 1000)
    assert scene.speed == 0.5
    assert (0,) * 6 in scene.show('disarm', 200)
    assert not scene.behavior.armed and scene.changes == ['+ahead', '-ahead']
    scene.show('ahead', 1000)
    assert scene.speed is None


def test_disarm_by_service_is_immediate_and_a_held_gesture_does_not_undo_it():
    scene = Scene(armed=False)
    scene.show('arm', 600)
    scene.arm(False)
    scene.show('arm', 2000)
    assert not scene.behavior.armed
    scene.arm(True)
    scene.show('ahead', 1000)
    scene.arm(False)
    assert scene.behavior.velocity == (0,) * 6
    assert scene.behavior.stopped == 'disarmed'


def test_disarm_wins_over_arm_in_the_same_scores():
    scene = Scene([row('disarm', Disarm(), 0.3, 0), row('arm', Arm(), 0.5, 0), ROWS[3]], False)
    scene.show('arm', 50, 0.6, disarm=0.35)
    assert not scene.behavior.armed


def test_stamps_that_fall_back_begin_anew(scene):
    scene.show('ahead', 1000)
    now_ns = scene.now_ms * MS
    changes = scene.behavior.update_scores(
        now_ns, BASE_NS - 10**12, 0, {**dict.fromkeys(LABELS, 0.0), 'ahead': 1.0})
    assert [(change.row.gesture, change.started) for change in changes] == [('ahead', False)]
    scene.pass_time(100)
    assert scene.speed < 0.5


def test_a_robot_stands_where_the_clock_of_the_stamps_stops(scene):
    scene.show('ahead', 1000)
    stamp_ns = BASE_NS + scene.now_ms * MS
    scores = {**dict.fromkeys(LABELS, 0.0), 'ahead': 1.0}
    for jitter_ms in (0, 3, -2, 3, 1, 3, 0, 2, 3, 1):
        scene.pass_time(50)
        scene.behavior.update_scores(scene.now_ms * MS, stamp_ns + jitter_ms * MS, 0, scores)
    assert 'no gesture scores' in scene.behavior.stopped and scene.speed == 0
    scene.show('ahead', 1000)
    assert scene.speed == 0.5


def test_stamps_that_fall_back_let_a_guard_be_held_anew():
    scene = Scene(armed=False)
    scene.show('arm', 400)
    scores = {**dict.fromkeys(LABELS, 0.0), 'arm': 1.0}
    held_ms = 0
    while not scene.behavior.armed:
        scene.pass_time(50)
        scene.behavior.update_scores(
            scene.now_ms * MS, BASE_NS - 10**12 + held_ms * MS, 0, scores)
        held_ms += 50
    assert held_ms == 550, 'seen first, and 500 ms after that'


@pytest.mark.parametrize('behind_ms, begins_anew', [(0, False), (349, False), (350, True)])
def test_stamps_begin_anew_where_they_fall_back_by_the_maximum_age(behind_ms, begins_anew):
    behavior = Behavior(Table(ROWS, LIMITS, 350), True)
    scores = {**dict.fromkeys(LABELS, 0.0), 'ahead': 1.0}
    for number in range(5):
        behavior.update_scores(number * 50 * MS, BASE_NS + number * 50 * MS, 0, scores)
    changes = behavior.update_scores(250 * MS, BASE_NS + (200 - behind_ms) * MS, 0, scores)
    assert [change.started for change in changes] == [False] * begins_anew


def test_old_scores_with_an_old_stamp_are_named(scene):
    scene.show('ahead', 1000)
    stamp_ns = BASE_NS + scene.now_ms * MS + AFTER_TICK_NS - 5 * MS
    scene.pass_time(400)
    scene.behavior.update_scores(
        scene.now_ms * MS, stamp_ns, 350 * MS, dict.fromkeys(LABELS, 0.1))
    scene.pass_time(10)
    assert 'older than max_age_ms' in scene.behavior.stopped


def test_scores_count_from_the_minimum_on_and_hold_and_release_last_as_long_as_they_say(scene):
    least = row('turn', Drive(TURN, 0), 0.5, hold_ms=150, release_ms=200)
    scene = Scene([ROWS[0], least])
    scene.show('none', 50, stop=0.0)
    changes = []
    for turn in [0.5] * 5 + [0.49] * 6:
        scene.show('turn', 50, turn, none=0.0)
        changes.append(len(scene.changes))
    assert changes == [0] * 3 + [1] * 5 + [2] * 3


def test_a_held_up_process_does_not_speed_up_the_ramp(scene):
    scene.show('ahead', 150)
    before = scene.speed
    scene.now_ms += 300
    scene.behavior.advance(scene.now_ms * MS)
    assert scene.speed == pytest.approx(before + 0.1, abs=1e-3), '100 ms of 1 m/s²'


def test_robot_is_disarmed_by_default_and_a_table_without_drives_commands_nothing():
    assert not Behavior(Table(ROWS, LIMITS, 350)).armed
    behavior = Behavior(Table((ROWS[0], ROWS[6]), None, 350), True)
    assert behavior.velocity is None and 'no gesture scores' in behavior.stopped
    for number in range(10):
        behavior.update_scores(number * 50 * MS, BASE_NS + number * 50 * MS, 0,
                               {'stop': 0.0, 'say': 1.0})
    assert behavior.velocity is None and [each.gesture for each in behavior.acting] == ['say']
