# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The ramp: no velocity changes faster than the robot's limits, but to zero at once in need."""
import math

from snn_gesture_ros.behavior.table import Limit, STANDSTILL


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
