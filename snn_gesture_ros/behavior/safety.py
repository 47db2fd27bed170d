# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Safety: whether scores are fresh enough to move, and how fast a velocity may change."""
import math

from snn_gesture_ros.behavior.table import Limit, STANDSTILL


class DeadMan:
    """
    A switch that falls open unless fresh scores come.

    Scores keep it closed until they are `max_age_ms` old: what they were old on arrival is
    taken off. So it opens in time whether scores stop, come late, or cannot be used.
    """

    def __init__(self, max_age_ms: float, gestures):
        """
        Begin open.

        :param gestures: labels that scores must have, or they do not count.
        """
        self._max_age_ns = round(max_age_ms * 1e6)
        self._gestures = frozenset(gestures)
        self._until_ns = None
        self._silent = f'no gesture scores for {max_age_ms:g} ms'
        self._trouble = 'no gesture scores have come yet'
        self._age = f'than max_age_ms ({max_age_ms:g} ms)'

    def feed(self, now_ns: int, age_ns: int, scores: dict) -> bool:
        """
        Take in scores by label; tell whether they count.

        :param now_ns: a clock that is never set.
        :param age_ns: how old they are by their stamp.
        """
        self._trouble = self._what_is_wrong(age_ns, scores)
        if self._trouble:
            return False
        self._until_ns = now_ns + self._max_age_ns - max(age_ns, 0)
        self._trouble = self._silent
        return True

    def open(self, now_ns: int) -> str:
        """Say why the robot must not move, nothing if it may."""
        if self._until_ns is not None and now_ns >= self._until_ns:
            self._until_ns = None
        return self._trouble if self._until_ns is None else ''

    def _what_is_wrong(self, age_ns: int, scores: dict) -> str:
        missing = sorted(self._gestures - scores.keys())
        if missing:
            return f'the classifier does not know {", ".join(missing)}: change the table'
        if not all(math.isfinite(score) for score in scores.values()):
            return 'gesture scores are not numbers'
        if age_ns >= self._max_age_ns:
            return f'the stamps of gesture scores are older {self._age}'
        if age_ns <= -self._max_age_ns:
            return (f'the stamps of gesture scores are further ahead {self._age}: '
                    'set the clocks of both machines')
        return ''


class Ramp:
    """A velocity that follows a wanted one, each axis by itself."""

    def __init__(self, linear: Limit, angular: Limit):
        """Begin at a standstill."""
        self.velocity = STANDSTILL
        """Six numbers, in the order of AXES."""
        self._limits = (linear,) * 3 + (angular,) * 3

    def step(self, elapsed_s: float, wanted: tuple) -> None:
        """Come as much closer to the wanted velocity as the time allows."""
        self.velocity = tuple(
            _approach(now, target, limit.acceleration * elapsed_s, limit.deceleration * elapsed_s)
            for now, target, limit in zip(self.velocity, wanted, self._limits))

    def halt(self) -> None:
        """Stand at once."""
        self.velocity = STANDSTILL


def _approach(now: float, target: float, gain: float, loss: float) -> float:
    """Give the next speed of an axis; a change of direction leads through zero."""
    if now * target < 0:
        target = 0.0
    most = loss if abs(target) < abs(now) else gain
    return target if abs(target - now) <= most else now + math.copysign(most, target - now)
