# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The behavior: from scores and time to what a robot does now."""
from typing import NamedTuple

from snn_gesture_ros.behavior.safety import DeadMan, Ramp
from snn_gesture_ros.behavior.table import Arm, Disarm, Drive, Row, STANDSTILL, Stop, Table


class Watch:
    """Follow the gesture of one row, so that single scores neither start nor end it."""

    def __init__(self, row: Row):
        """Begin without the gesture."""
        self.row = row
        self.active = False
        """Whether the row acts now."""
        self._since_ns = self._seen_ns = None

    def reset(self) -> None:
        """Forget what was seen."""
        self.active = False
        self._since_ns = None

    def see(self, stamp_ns: int, shown: bool) -> bool:
        """
        Take in whether the gesture is shown; tell whether the row starts or ends with it.

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


ZEROS_NS = 500_000_000
"""Zero is commanded so long after a stop, then nothing, so that others may drive."""
LONGEST_STEP_NS = 100_000_000
"""A ramp goes no further at once, should time have been lost."""
DISARMED = 'disarmed'


class Change(NamedTuple):
    """A row that starts or ends."""

    row: Row
    started: bool


class Behavior:
    """
    What the robot does.

    `now_ns` of all methods is a clock that is never set. They give the rows that start or end,
    in their order: ends come before starts.
    """

    def __init__(self, table: Table, armed: bool = False):
        """Begin at a standstill, with no scores."""
        self.armed = armed
        self.contest = ''
        """Who sends at the same time as another, so that scores do not count; empty if nobody."""
        self.velocity = None
        """What to command now, in the order of AXES; None: command nothing."""
        self._max_age_ns = 1_000_000 * table.max_age_ms
        self._dead_man = DeadMan(table.max_age_ms, (row.gesture for row in table.rows))
        self.stopped = self._dead_man.open(0)
        """Why the robot must stand; empty if it need not."""
        self.dead_man_stops = 0
        """How often scores that were not fresh have stopped a robot that could move."""
        self._guards = [Watch(row) for row in table.rows
                        if isinstance(row.does, (Stop, Disarm, Arm))]
        self._watches = [Watch(row) for row in table.rows
                         if not isinstance(row.does, (Stop, Disarm, Arm))]
        self._ramp = None
        if table.velocity is not None:
            self._ramp = Ramp(table.velocity.linear, table.velocity.angular)
        self._drive = self._drive_until_ns = None
        self._zeros_until_ns = self._now_ns = 0
        self._stamp_ns = 0

    def tick(self, now_ns: int) -> list:
        """Let time pass."""
        changes = self._judge(now_ns)
        self._move(now_ns)
        return changes

    def arm(self, now_ns: int, armed: bool) -> list:
        """Arm or disarm the robot."""
        self.armed = armed
        return self.tick(now_ns)

    def take_scores(self, now_ns: int, stamp_ns: int, age_ns: int, scores: dict) -> list:
        """
        Take in scores by label; where the dead man has fallen open before, only stop.

        Scores that are no newer than the last are no news: a clock may have stopped.

        :param stamp_ns: their stamp.
        :param age_ns: how old they are by that.
        """
        behind_ns = self._stamp_ns - stamp_ns
        is_old_news = age_ns < self._max_age_ns and 0 <= behind_ns < self._max_age_ns
        if self.contest or is_old_news or not self.stopped and self._dead_man.open(now_ns):
            return self.tick(now_ns)
        changes = self._judge(now_ns)
        if self._dead_man.feed(now_ns, age_ns, scores):
            if stamp_ns < self._stamp_ns:
                changes += self._end_all()
                self._forget_guards()
            self._stamp_ns = stamp_ns
            self._see_guards(stamp_ns, scores)
            changes += self._judge(now_ns)
            if not self.stopped:
                changes += self._see(now_ns, stamp_ns, scores)
        self._move(now_ns)
        return changes

    def _see_guards(self, stamp_ns: int, scores: dict) -> None:
        best = max(scores, key=scores.get)
        started = set()
        for watch in self._guards:
            row = watch.row
            stops = not isinstance(row.does, Arm)
            shown = scores[row.gesture] >= row.min_score and (stops or row.gesture == best)
            if watch.see(stamp_ns, shown) and watch.active:
                started.add(type(row.does))
        if Arm in started:
            self.armed = True
        if Disarm in started:
            self.armed = False

    def _see(self, now_ns: int, stamp_ns: int, scores: dict) -> list:
        best = max(scores, key=scores.get)
        starts, ends = [], []
        for watch in self._watches:
            row = watch.row
            shown = row.gesture == best and scores[best] >= row.min_score
            if watch.see(stamp_ns, shown):
                (starts if watch.active else ends).append(row)
        if starts:
            for watch in self._watches:
                if watch.active and watch.row.gesture != best:
                    watch.reset()
                    ends.append(watch.row)
        for row in ends:
            if row is self._drive and self._drive_until_ns is None:
                self._drive = None
        for row in starts:
            if isinstance(row.does, Drive):
                duration_ms = row.does.duration_ms
                self._drive = row
                self._drive_until_ns = now_ns + duration_ms * 1e6 if duration_ms else None
        return [Change(row, False) for row in ends] + [Change(row, True) for row in starts]

    @property
    def acting(self) -> list:
        """The rows that act now."""
        return [watch.row for watch in self._watches + self._guards if watch.active]

    def _judge(self, now_ns: int) -> list:
        """Find out whether the robot must stand, and let it if so."""
        dead = self.contest or self._dead_man.open(now_ns)
        shown = [watch.row.gesture for watch in self._guards
                 if watch.active and isinstance(watch.row.does, (Stop, Disarm))]
        stopped = dead or (DISARMED if not self.armed else f'{shown[0]} stops' if shown else '')
        changes = []
        if stopped:
            changes = self._end_all()
            if dead:
                self._forget_guards()
                self.dead_man_stops += not (self.stopped or self.contest)
            if not self.stopped or stopped not in (dead, DISARMED):
                self._zeros_until_ns = now_ns + ZEROS_NS
        self.stopped = stopped
        return changes

    def _end_all(self) -> list:
        ended = [watch.row for watch in self._watches if watch.active]
        for watch in self._watches:
            watch.reset()
        self._drive = self._drive_until_ns = None
        return [Change(row, False) for row in ended]

    def _forget_guards(self) -> None:
        for watch in self._guards:
            watch.reset()

    def _move(self, now_ns: int) -> None:
        elapsed_ns = min(now_ns - self._now_ns, LONGEST_STEP_NS)
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
            self._zeros_until_ns = now_ns + ZEROS_NS
        elif now_ns >= self._zeros_until_ns:
            self.velocity = None
