# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Recordings of one half of the sensor after the other, for the network `halves`."""
import numpy as np
from snn_gesture_ros.events.event import EVENT

SENSOR = 128
EVENTS_A_MS = 20


def events_of(scenes, start_us=5_000_000, seed=0):
    """Show one half of the sensor after the other: (side or None, seconds)."""
    rng = np.random.default_rng(seed)
    parts = []
    for side, seconds in scenes:
        count = 0 if side is None else round(1000 * EVENTS_A_MS * seconds)
        events = np.zeros(count, EVENT)
        events['t'] = start_us + np.sort(rng.integers(0, round(1e6 * seconds), count))
        events['x'] = rng.integers(16, 32, count) + 80 * (side == 'right')
        events['y'] = rng.integers(0, SENSOR, count)
        events['p'] = rng.integers(0, 2, count)
        parts.append(events)
        start_us += round(1e6 * seconds)
    return np.concatenate(parts)


def save(path, scenes, **options):
    """Save scenes as an npz."""
    path.parent.mkdir(exist_ok=True, parents=True)
    events = events_of(scenes, **options)
    np.savez(path, **{name: events[name] for name in 'txyp'})
    return path
