# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Density: the same clip from a camera that sends more events, or fewer."""
import numpy as np

JITTER_US = 2_000
"""Standard deviation of the time by which a repeated event is moved."""
JITTER_PIXELS = 1
"""Furthest that it is moved across and down."""


def with_density(events: np.ndarray, factor: float, size: int, seed: int) -> np.ndarray:
    """
    Drop events at random, or repeat each at a moment and on a pixel nearby.

    :param events: PACKED_EVENT[n] in the order of time.
    :param factor: of the number of events; a whole number where it is above 1.
    :param size: width and height of their picture, pixels.
    :returns: PACKED_EVENT[m] in the order of time; `events` itself where the factor is 1.
    """
    if factor == 1 or not len(events):
        return events
    rng = np.random.default_rng([seed, 3])
    if factor < 1:
        return events[rng.random(len(events)) < factor]
    repeated = np.repeat(events, round(factor))
    moved = np.arange(len(repeated)) % round(factor) > 0
    polarity, y, x = np.unravel_index(repeated['pixel'], (2, size, size))
    shift = rng.integers(-JITTER_PIXELS, JITTER_PIXELS + 1, (2, len(repeated))) * moved
    y, x = np.clip([y + shift[0], x + shift[1]], 0, size - 1)
    later_us = rng.normal(0, JITTER_US, len(repeated)) * moved
    repeated['pixel'] = np.ravel_multi_index((polarity, y, x), (2, size, size))
    repeated['dt_us'] = np.clip(repeated['dt_us'] + later_us, 0, events['dt_us'][-1])
    return repeated[np.argsort(repeated['dt_us'], kind='stable')]
