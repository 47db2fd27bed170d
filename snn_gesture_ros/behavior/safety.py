# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Safety: whether scores are fresh enough to move, and how fast a velocity may change."""
import math

from snn_gesture_ros.behavior.table import Limit, STANDSTILL


class Watchdog:
    """
    A timer that stops the robot unless fresh scores come.

    It expires when the newest scores are `max_age_ms` old; their age on arrival is subtracted.
    So it expires in time whether scores stop, come late, or cannot be used.
    """

    def __init__(self, max_age_ms: float, gestures):
        """
        Start expired.

        :param gestures: labels that scores must have; others do not count.
        """
        self._max_age_ns = round(max_age_ms * 1e6)
        self._gestures = frozenset(gestures)
        self._until_ns = None
        self._silent = f'no gesture scores for {max_age_ms:g} ms'
        self._trouble = 'no gesture scores have come yet'
        self._age = f'than max_age_ms ({max_age_ms:g} ms)'

    def feed(self, now_ns: int, age_ns: int, scores: dict) -> bool:
        """
        Restart the timer with scores by label; return whether they count.

        :param now_ns: time of a monotonic clock.
        :param age_ns: age of the scores by their stamp.
        """
        self._trouble = self._find_fault(age_ns, scores)
        if self._trouble:
            return False
        self._until_ns = now_ns + self._max_age_ns - max(age_ns, 0)
        self._trouble = self._silent
        return True

    def stop_reason(self, now_ns: int) -> str:
        """Return why the robot must not move; empty if it may."""
        if self._until_ns is not None and now_ns >= self._until_ns:
            self._until_ns = None
        return self._trouble if self._until_ns is None else ''

    def _find_fault(self, age_ns: int, scores: dict) -> str:
        missing = sorted(self._gestures - scores.keys())
        if missing:
            return f'the classifier does not know {", ".join(missing)}: change the table'
        if not all(0 <= score <= 1 for score in scores.values()):
            return 'gesture scores are not numbers from 0 to 1'
        if age_ns >= self._max_age_ns:
            return f'the stamps of gesture scores are older {self._age}'
        if age_ns <= -self._max_age_ns:
            return (f'the stamps of gesture scores are further ahead {self._age}: '
                    'set the clocks of both machines')
        return ''


class Ramp:
    """A velocity that follows a wanted one within limits of acceleration, axis by axis."""

    def __init__(self, linear: Limit, angular: Limit):
        """Start at a standstill."""
        self.velocity = STANDSTILL
        """Six numbers, in the order of AXES."""
        self._limits = (linear,) * 3 + (angular,) * 3

    def step(self, elapsed_s: float, wanted: tuple) -> None:
        """Change the velocity towards the wanted one, as far as the elapsed time allows."""
        self.velocity = tuple(
            _approach(now, target, limit.acceleration * elapsed_s, limit.deceleration * elapsed_s)
            for now, target, limit in zip(self.velocity, wanted, self._limits))

    def halt(self) -> None:
        """Set the velocity to zero, without a ramp."""
        self.velocity = STANDSTILL


def _approach(now: float, target: float, gain: float, loss: float) -> float:
    """Return the next speed of an axis; a change of direction leads through zero."""
    if now * target < 0:
        target = 0.0
    step = loss if abs(target) < abs(now) else gain
    return target if abs(target - now) <= step else now + math.copysign(step, target - now)
