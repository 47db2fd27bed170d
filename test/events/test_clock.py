# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From the camera's time to ROS time."""
from snn_gesture_ros.events.timeline import RosClock

NOW_NS = 1_700_000_000 * 10**9
MS = 10**6


def test_camera_that_runs_on_ros_time_is_believed():
    clock = RosClock()
    assert clock.observe(NOW_NS - 5 * MS, None, NOW_NS) == 0
    assert clock.observe(NOW_NS + 20 * MS, None, NOW_NS + 90 * MS) == 0


def test_camera_with_its_own_clock_is_compared_with_the_arrival():
    clock = RosClock()
    assert clock.observe(7 * MS, None, NOW_NS) == NOW_NS - 7 * MS
    late = clock.observe(17 * MS, None, NOW_NS + 60 * MS)
    assert NOW_NS - 7 * MS <= late < NOW_NS - 6 * MS
    assert clock.observe(27 * MS, None, NOW_NS + 15 * MS) == NOW_NS - 12 * MS


def test_drivers_stamp_is_better_than_the_arrival():
    clock = RosClock()
    assert clock.observe(7 * MS, NOW_NS - 3 * MS, NOW_NS) == NOW_NS - 10 * MS


def test_stamp_of_an_old_bag_is_not_used():
    clock = RosClock()
    year_ago_ns = NOW_NS - 365 * 24 * 3600 * 10**9
    assert clock.observe(7 * MS, year_ago_ns, NOW_NS) == NOW_NS - 7 * MS


def test_old_bag_with_simulated_time_keeps_its_stamps():
    clock = RosClock()
    assert clock.observe(7 * MS, NOW_NS, NOW_NS + 2 * MS) == NOW_NS - 7 * MS


def test_camera_that_restarts_is_followed():
    clock = RosClock()
    clock.observe(60_000 * MS, None, NOW_NS)
    assert clock.observe(1 * MS, None, NOW_NS + 100 * MS) == NOW_NS + 99 * MS


def test_drift_is_followed_slowly():
    clock = RosClock()
    clock.observe(0, NOW_NS, NOW_NS)
    drifted = 0
    for second in range(1, 101):
        host_ns = NOW_NS + second * 10**9
        drifted = clock.observe(second * (10**9 - 50_000), host_ns, host_ns)
    assert drifted == NOW_NS + 100 * 50_000
