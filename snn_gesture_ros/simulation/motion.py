# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Motions on the camera's clock: rhythms of people, and the blend from one to the next."""
import numpy as np
from snn_gesture_ros.simulation.person import blend, smooth_step

TURN = 2.0 * np.pi


class Started:
    """A motion that began at some time of the camera's clock."""

    def __init__(self, motion, start_s):
        """
        Start a motion.

        :param motion: function that returns the Poses at times in seconds since its start.
        :param start_s: time of the start.
        """
        self._motion, self._start_s = motion, start_s

    def __call__(self, t):
        """Return the Poses at the times t [n] in seconds."""
        return self._motion(t - self._start_s)

    def without_the_past(self, now_s):
        """Return the motion as it is needed from now on: itself."""
        return self


class Blended:
    """A motion that is blended into another."""

    def __init__(self, before, after, start_s, duration_s):
        """Blend one motion into the other, within duration_s from start_s on."""
        self._before, self._after = before, after
        self._start_s, self._duration_s = start_s, duration_s

    def __call__(self, t):
        """Return the Poses at the times t [n] in seconds."""
        weight = smooth_step((t - self._start_s) / self._duration_s)
        return blend(self._before(t), self._after(t), weight)

    def without_the_past(self, now_s):
        """Return the motion as it is needed from now on: the second alone after the blend."""
        return self if now_s < self._start_s + self._duration_s else self._after


class Rhythm:
    """A repeated movement whose speed and size vary a little."""

    def __init__(self, rng, slowest_hz, fastest_hz):
        """Draw a rhythm whose frequency is between the two."""
        self.frequency_hz = np.exp(rng.uniform(np.log(slowest_hz), np.log(fastest_hz)))
        self._start = rng.uniform(0, TURN)
        self._speed_wander = Wander(rng, 0.1, 0.6)
        self._size_wander = Wander(rng, 0.1, 0.6)
        self._speed_depth = rng.uniform(0.0, 0.7)
        self._size_depth = rng.uniform(0.0, 0.2)
        self._sharpness = rng.uniform(0.2, 1.6)

    def phase(self, t):
        """Return the phase in radians at the times t (s)."""
        wander = self._speed_depth * self._speed_wander(t)
        return self._start + TURN * self.frequency_hz * t + wander

    def size(self, t):
        """Return a factor around 1 for the size of the movement."""
        return 1.0 + self._size_depth * self._size_wander(t)

    def swing(self, t, lag=0.0):
        """
        Return the place of the movement at the times t (s), between about -1 and 1.

        Its course is anything from nearly a sine to nearly a square.

        :param lag: how far it is behind, in radians.
        """
        wave = np.sin(self.phase(t) - lag)
        return self.size(t) * np.tanh(self._sharpness * wave) / np.tanh(self._sharpness)


class Wander:
    """A smooth random course around 0 with a standard deviation of about 1: a sum of sines."""

    def __init__(self, rng, slowest_hz, fastest_hz, parts=4):
        """Draw a course of so many parts, whose frequencies are between the two."""
        self._turns_s = TURN * np.exp(
            rng.uniform(np.log(slowest_hz), np.log(fastest_hz), parts))
        self._starts = rng.uniform(0, TURN, parts)
        sizes = rng.uniform(0.3, 1.0, parts)
        self._sizes = sizes * np.sqrt(2.0 / np.sum(sizes ** 2))

    def __call__(self, t):
        """Return the course at the times t (s), [n]."""
        waves = np.sin(np.multiply.outer(t, self._turns_s) + self._starts)
        return (waves * self._sizes).sum(axis=-1)


class Steps:
    """Values that are held for a while and then changed smoothly, again and again."""

    def __init__(self, rng, values, hold_s, move_s):
        """
        Draw the times of the steps.

        :param values: [k, ...], which are repeated.
        :param hold_s: shortest and longest time for which a value is held.
        :param move_s: shortest and longest time from one value to the next.
        """
        self._values = np.asarray(values, float)
        count = len(self._values)
        moves = rng.uniform(*move_s, count)
        ends = np.cumsum(moves + rng.uniform(*hold_s, count))
        self._moves, self._ends = moves, ends
        self._offset_s = rng.uniform(0, ends[-1])

    def __call__(self, t):
        """Return the values at the times t (s), [n, ...]."""
        t = (t + self._offset_s) % self._ends[-1]
        step = np.searchsorted(self._ends, t, side='right')
        starts = np.concatenate([[0.0], self._ends[:-1]])
        share = np.clip((t - starts[step]) / self._moves[step], 0.0, 1.0)
        share = share * share * (3.0 - 2.0 * share)
        share = share.reshape(share.shape + (1,) * (self._values.ndim - 1))
        before = self._values[step - 1]
        return before + (self._values[step] - before) * share
