# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Clips that are cut from events whose times lie."""
import numpy as np
import pytest
from snn_gesture_ros.datasets.cutting import Cleaning, cut_clips, RAW
from snn_gesture_ros.events.event import EVENT

SENSOR = (128, 128)
UNFILTERED = Cleaning(noise=RAW)
HOUR_US = 3_600_000_000


def half_second(start_us, x):
    """Give 5000 events on one column."""
    events = np.zeros(5000, EVENT)
    events['t'] = start_us + np.arange(5000) * 100
    events['x'], events['y'] = x, np.arange(5000) % 128
    return events


def columns(packed):
    return set((packed['pixel'] % 128).tolist())


@pytest.mark.parametrize('place, jump_us', [
    (0, HOUR_US), (2500, HOUR_US), (2500, 2 * HOUR_US), (2500, -HOUR_US), (-1, -HOUR_US)])
def test_one_event_that_lies_moves_no_clip(place, jump_us):
    events = half_second(10**15, 7)
    events['t'][place] += jump_us
    for batches in ([events], np.split(events, 50), [events[:2501], events[2501:]]):
        (duration_us, cut), = cut_clips(batches, SENSOR, [(0, None)], None, UNFILTERED)
        assert duration_us == pytest.approx(500_000, abs=200)
        assert len(cut) == pytest.approx(5000, abs=100)


@pytest.mark.parametrize('start_us', [0, 10**15 - 200_000])
def test_what_follows_a_restart_has_its_own_clip(start_us):
    events = np.concatenate([half_second(10**15, 7), half_second(start_us, 9)])
    (_, first), (_, second) = cut_clips(
        [events], SENSOR, [(0, 499_901), (499_901, 1_000_000)], None, UNFILTERED)
    assert columns(first) == {7} and len(first) == 5000
    assert columns(second) == {9} and len(second) >= 4500
