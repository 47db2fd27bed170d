# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Motions on the camera's clock, and the passage from one to the next."""

from snn_gesture_ros.simulation.pose import blend, smooth_step


class Started:
    """A motion that began at some time of the camera's clock."""

    def __init__(self, motion, start_s):
        """Take a motion, which counts its time from start_s on."""
        self._motion, self._start_s = motion, start_s

    def __call__(self, t):
        """Return the Poses at the times t [n] in seconds."""
        return self._motion(t - self._start_s)

    def without_the_past(self, now_s):
        """Return the motion as it is needed from now on: itself."""
        return self


class Blended:
    """A motion that goes over to another."""

    def __init__(self, before, after, start_s, duration_s):
        """Go from one motion to the other within duration_s from start_s on."""
        self._before, self._after = before, after
        self._start_s, self._duration_s = start_s, duration_s

    def __call__(self, t):
        """Return the Poses at the times t [n] in seconds."""
        weight = smooth_step((t - self._start_s) / self._duration_s)
        return blend(self._before(t), self._after(t), weight)

    def without_the_past(self, now_s):
        """Return the motion as it is needed from now on: the second alone after the passage."""
        return self if now_s < self._start_s + self._duration_s else self._after
