# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether something grows: the slope of measurements over time, with its confidence interval."""
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

CONFIDENCE = 0.95
MIN_FREEDOM = 6
"""With fewer degrees of freedom there is no interval that says anything."""


class Slope(NamedTuple):
    """A slope by the hour, and the interval that holds the true one with CONFIDENCE."""

    by_hour: float
    low: float
    high: float


def slope_by_hour(hours, values, lives):
    """
    Fit one slope to the measurements of a process that is started again from time to time.

    Each life of the process has its own level, since memory after a start varies, and all have
    one slope.

    :param hours: time of each measurement, [n].
    :param values: [n]; not a number where there was none, which is left out.
    :param lives: in which life it was measured, [n].
    :returns: Slope; None if there are too few measurements.
    """
    hours, values, lives = (np.asarray(each, float) for each in (hours, values, lives))
    known = np.isfinite(values)
    hours, values, lives = hours[known], values[known], lives[known]
    x, y = np.empty(len(hours)), np.empty(len(hours))
    for life in np.unique(lives):
        here = lives == life
        x[here] = hours[here] - hours[here].mean()
        y[here] = values[here] - values[here].mean()
    freedom = len(x) - len(np.unique(lives)) - 1
    spread = float(x @ x)
    if freedom < MIN_FREEDOM or not spread:
        return None
    by_hour = float(x @ y) / spread
    rest = y - by_hour * x
    error = float(rest @ rest / freedom / spread) ** 0.5
    margin = error * student_quantile(0.5 + CONFIDENCE / 2, freedom)
    return Slope(by_hour, by_hour - margin, by_hour + margin)


def student_quantile(part: float, freedom: int) -> float:
    """
    Return a quantile of Student's t distribution, to 1 % from MIN_FREEDOM on.

    The expansion of Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.5.
    """
    z = NormalDist().inv_cdf(part)
    return (z + (z**3 + z) / (4 * freedom)
            + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
            + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * freedom**3))
