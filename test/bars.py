# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Bars that flicker at a place, which the network of the fixture `bars` knows."""
import numpy as np
from snn_gesture_ros.events.packet import PACKED_EVENT

BAR_COLUMNS = {'left': (16, 48), 'right': (80, 112), 'middle': (56, 72)}
"""Where a bar flickers, on a picture of 128 columns."""
BAR_US = 1_200_000


def bar(label, rng):
    """Give the events of a bar; of `none`, a few anywhere."""
    events = np.empty(120 if label == 'none' else 4800, PACKED_EVENT)
    events['dt_us'] = np.sort(rng.integers(0, BAR_US, len(events)))
    x = rng.integers(*BAR_COLUMNS.get(label, (0, 128)), len(events))
    events['pixel'] = rng.integers(0, 256, len(events)) * 128 + x
    return events


def record_bar(path, label, duration_us=BAR_US, seed=0):
    """Write a recording of a bar, dense enough for the noise filters; of `none`, all over."""
    rng = np.random.default_rng(seed)
    left, right = BAR_COLUMNS.get(label, (0, 128))
    count = duration_us // 1000 * 2 * (right - left)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, t=np.sort(rng.integers(0, duration_us, count)), x=rng.integers(
        left, right, count), y=rng.integers(0, 128, count), p=rng.integers(0, 2, count))
    return path
