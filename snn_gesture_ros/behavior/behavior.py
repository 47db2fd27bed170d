# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The behavior: from scores and time to what a robot does now."""
from typing import NamedTuple

from snn_gesture_ros.behavior.safety import Ramp, Watchdog
from snn_gesture_ros.behavior.table import Arm, Disarm, Drive, Row, STANDSTILL, Stop, Table

ZERO_COMMANDS_NS = 500_000_000
"""Zero is commanded for this long after a stop, then nothing, so that other nodes may drive."""
MAX_STEP_NS = 100_000_000
"""A ramp goes no further in one step, in case the process was held up."""
DISARMED = 'disarmed'


class Debouncer:
    """Follow the gesture of one row, so that single scores neither start nor end it."""

    def __init__(self, row: Row):
        """Start without the gesture."""
        self.row = row
        self.active = False
        """Whether the row acts now."""
        self._since_ns = self._seen_ns = None

    def reset(self) -> None:
        """Forget what was seen."""
        self.active = False
        self._since_ns = None

    def update(self, stamp_ns: int, shown: bool) -> bool:
        """
        Update with whether the gesture is shown; return whether the row starts or ends by it.

        :param stamp_ns: time of the scores.
        """
        if shown:
            if self._since_ns is None:
                self._since_ns = stamp_ns
            self._seen_ns = stamp_ns
            if not self.active and stamp_ns - self._since_ns >= self.row.hold_ms * 1e6:
                self.active = True
                return True
        elif not self.active:
            self._since_ns = None
        elif stamp_ns - self._seen_ns >= self.row.release_ms * 1e6:
            self.reset()
            return True
        return False


class RowChange(NamedTuple):
    """A row that starts or ends."""

    row: Row
    started: bool


class Behavior:
    """
    What the robot does.

    `now_ns` of all methods is the time of a monotonic clock. They return the RowChanges in order:
    ends come before starts.
    """

    def __init__(self, table: Table, armed: bool = False):
        """Start at a standstill, with no scores."""
        self.armed = armed
        self.contest = ''
        """Which nodes send at the same time, so that scores do not count; empty if one does."""
        self.silence = ''
        """Why nothing is seen, so that scores do not count; empty if events come."""
        self.velocity = None
        """What to command now, in the order of AXES; None: command nothing."""
        self._max_age_ns = 1_000_000 * table.max_age_ms
        self._watchdog = Watchdog(table.max_age_ms, (row.gesture for row in table.rows))
        self.stopped = self._watchdog.stop_reason(0)
        """Why the robot must not move; empty if it may."""
        self.watchdog_stops = 0
        """How often the lack of fresh scores, or of events, has stopped a robot that could
        move."""
        self._guards = [Debouncer(row) for row in table.rows
                        if isinstance(row.does, (Stop, Disarm, Arm))]
        """Of the rows that count also while the robot is stopped."""
        self._debouncers = [Debouncer(row) for row in table.rows
                            if not isinstance(row.does, (Stop, Disarm, Arm))]
        self._ramp = None
        if table.velocity is not None:
            self._ramp = Ramp(table.velocity.linear, table.velocity.angular)
        self._drive = self._drive_until_ns = None
        self._zeros_until_ns = self._now_ns = 0
        self._stamp_ns = 0

    def advance(self, now_ns: int) -> list:
        """Update without new scores."""
        changes = self._update_stop(now_ns)
        self._update_velocity(now_ns)
        return changes

    def set_armed(self, now_ns: int, armed: bool) -> list:
        """Arm or disarm the robot."""
        self.armed = armed
        return self.advance(now_ns)

    def update_scores(self, now_ns: int, stamp_ns: int, age_ns: int, scores: dict) -> list:
        """
        Update with scores by label; where the watchdog has expired before, only stop.

        Scores that are no newer than the last ones do not count: a clock may have stopped.

        :param stamp_ns: their stamp.
        :param age_ns: their age by that stamp.
        """
        behind_ns = self._stamp_ns - stamp_ns
        is_outdated = age_ns < self._max_age_ns and 0 <= behind_ns < self._max_age_ns
        if self.contest or self.silence or is_outdated or (
                not self.stopped and self._watchdog.stop_reason(now_ns)):
            return self.advance(now_ns)
        changes = self._update_stop(now_ns)
        if self._watchdog.feed(now_ns, age_ns, scores):
            if stamp_ns < self._stamp_ns:
                changes += self._end_all()
                self._reset_guards()
            self._stamp_ns = stamp_ns
            self._update_guards(stamp_ns, scores)
            changes += self._update_stop(now_ns)
            if not self.stopped:
                changes += self._update_rows(now_ns, stamp_ns, scores)
        self._update_velocity(now_ns)
        return changes

    def _update_guards(self, stamp_ns: int, scores: dict) -> None:
        best = max(scores, key=scores.get)
        started = set()
        for debouncer in self._guards:
            row = debouncer.row
            stops = not isinstance(row.does, Arm)
            shown = scores[row.gesture] >= row.min_score and (stops or row.gesture == best)
            if debouncer.update(stamp_ns, shown) and debouncer.active:
                started.add(type(row.does))
        if Arm in started:
            self.armed = True
        if Disarm in started:
            self.armed = False

    def _update_rows(self, now_ns: int, stamp_ns: int, scores: dict) -> list:
        best = max(scores, key=scores.get)
        starts, ends = [], []
        for debouncer in self._debouncers:
            row = debouncer.row
            shown = row.gesture == best and scores[best] >= row.min_score
            if debouncer.update(stamp_ns, shown):
                (starts if debouncer.active else ends).append(row)
        if starts:
            for debouncer in self._debouncers:
                if debouncer.active and debouncer.row.gesture != best:
                    debouncer.reset()
                    ends.append(debouncer.row)
        for row in ends:
            if row is self._drive and self._drive_until_ns is None:
                self._drive = None
        for row in starts:
            if isinstance(row.does, Drive):
                duration_ms = row.does.duration_ms
                self._drive = row
                self._drive_until_ns = now_ns + duration_ms * 1e6 if duration_ms else None
        return [RowChange(row, False) for row in ends] + [RowChange(row, True) for row in starts]

    @property
    def acting(self) -> list:
        """The rows that act now."""
        return [each.row for each in self._debouncers + self._guards if each.active]

    def _update_stop(self, now_ns: int) -> list:
        """Find out whether the robot must not move, and stop it if so."""
        unsafe = self.contest or self.silence or self._watchdog.stop_reason(now_ns)
        shown = [each.row.gesture for each in self._guards
                 if each.active and isinstance(each.row.does, (Stop, Disarm))]
        stopped = unsafe or (DISARMED if not self.armed else f'{shown[0]} stops' if shown else '')
        changes = []
        if stopped:
            changes = self._end_all()
            if unsafe:
                self._reset_guards()
                self.watchdog_stops += not (self.stopped or self.contest)
            if not self.stopped or stopped not in (unsafe, DISARMED):
                self._zeros_until_ns = now_ns + ZERO_COMMANDS_NS
        self.stopped = stopped
        return changes

    def _end_all(self) -> list:
        ended = [each.row for each in self._debouncers if each.active]
        for debouncer in self._debouncers:
            debouncer.reset()
        self._drive = self._drive_until_ns = None
        return [RowChange(row, False) for row in ended]

    def _reset_guards(self) -> None:
        for debouncer in self._guards:
            debouncer.reset()

    def _update_velocity(self, now_ns: int) -> None:
        elapsed_ns = min(now_ns - self._now_ns, MAX_STEP_NS)
        self._now_ns = now_ns
        if self._ramp is None:
            return
        if self._drive_until_ns is not None and now_ns >= self._drive_until_ns:
            self._drive = self._drive_until_ns = None
        if self.stopped:
            self._ramp.halt()
        else:
            wanted = STANDSTILL if self._drive is None else self._drive.does.velocity
            self._ramp.step(elapsed_ns / 1e9, wanted)
        self.velocity = self._ramp.velocity
        if self.velocity != STANDSTILL:
            self._zeros_until_ns = now_ns + ZERO_COMMANDS_NS
        elif now_ns >= self._zeros_until_ns:
            self.velocity = None
