# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The watchdog and the ramp at their limits, to the nanosecond."""
import pytest
from snn_gesture_ros.behavior.safety import Ramp, Watchdog
from snn_gesture_ros.behavior.table import AXES, Limit

MAX_AGE_NS = 350_000_000
SCORES = {'stop': 0.1, 'none': 0.9}


@pytest.fixture
def watchdog():
    """Give a watchdog of 350 ms."""
    return Watchdog(350, ['stop'])


@pytest.mark.parametrize('age_ns', [0, 1000, MAX_AGE_NS - 1])
def test_watchdog_expires_when_scores_have_their_maximum_age(watchdog, age_ns):
    assert watchdog.feed(10**9, age_ns, SCORES)
    assert watchdog.stop_reason(10**9 + MAX_AGE_NS - age_ns - 1) == ''
    assert watchdog.stop_reason(10**9 + MAX_AGE_NS - age_ns) == 'no gesture scores for 350 ms'


def test_scores_from_the_future_last_no_longer(watchdog):
    assert watchdog.feed(0, 1 - MAX_AGE_NS, SCORES)
    assert watchdog.stop_reason(MAX_AGE_NS - 1) == ''
    assert watchdog.stop_reason(MAX_AGE_NS) != ''


@pytest.mark.parametrize('age_ns', [MAX_AGE_NS, -MAX_AGE_NS])
def test_scores_as_old_or_as_far_ahead_as_the_maximum_do_not_count(watchdog, age_ns):
    assert not watchdog.feed(0, age_ns, SCORES)
    assert 'max_age_ms (350 ms)' in watchdog.stop_reason(0)


def test_each_axis_has_the_limits_of_its_kind():
    ramp = Ramp(Limit(9, 1, 2), Limit(9, 3, 4))
    ramp.step(1, (9,) * len(AXES))
    assert ramp.velocity == (1, 1, 1, 3, 3, 3)
    ramp.step(0.5, (0,) * len(AXES))
    assert ramp.velocity == (0, 0, 0, 1, 1, 1)
