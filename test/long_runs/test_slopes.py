# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What grows is found, what only differs from start to start is not."""
import numpy as np
import pytest
from slopes import slope_by_hour, student_quantile

HOURS = np.arange(48) / 24
LIVES = np.repeat([1, 2, 3], 16)


def measured(by_hour, seed=0):
    """Give memory of three lives of a process, each with its own level, and a growth."""
    rng = np.random.default_rng(seed)
    return 100 + 7 * LIVES + by_hour * HOURS + rng.normal(0, 0.3, len(HOURS))


def test_a_leak_is_found_whatever_the_level_after_a_start():
    slope = slope_by_hour(HOURS, measured(2.0), LIVES)
    assert slope.low < slope.by_hour < slope.high
    assert slope.low > 1 and slope.by_hour == pytest.approx(2, abs=0.8)


def test_another_level_after_each_start_is_no_growth():
    assert slope_by_hour(HOURS, measured(0.0), np.zeros(48)).low > 5, 'taken for one life'
    slope = slope_by_hour(HOURS, measured(0.0), LIVES)
    assert slope.low < 0 < slope.high


def test_the_interval_holds_the_true_slope_19_times_of_20():
    held = 0
    for seed in range(1000):
        slope = slope_by_hour(HOURS[:10], measured(1.5, seed)[:10], LIVES[:10])
        held += slope.low < 1.5 < slope.high
    assert 930 <= held <= 970


def test_what_was_not_measured_does_not_count():
    values = measured(0.0)
    values[::4] = np.nan
    known = np.isfinite(values)
    assert slope_by_hour(HOURS, values, LIVES) == (
        slope_by_hour(HOURS[known], values[known], LIVES[known]))


@pytest.mark.parametrize('measurements', [0, 1, 7])
def test_few_measurements_have_no_slope(measurements):
    assert slope_by_hour(HOURS[:measurements], HOURS[:measurements], LIVES[:measurements]) is None


def test_constant_values_have_an_exact_slope_of_zero():
    assert slope_by_hour(HOURS, np.full(48, 24), LIVES) == (0, 0, 0)


@pytest.mark.parametrize('freedom, quantile', [
    (6, 2.447), (10, 2.228), (30, 2.042), (1000, 1.962)])
def test_quantiles_are_those_of_the_tables(freedom, quantile):
    assert student_quantile(0.975, freedom) == pytest.approx(quantile, rel=0.01)
