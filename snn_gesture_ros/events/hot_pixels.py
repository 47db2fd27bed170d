# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Hot pixels: pixels of the sensor that fire far more often than those around them."""
import numpy as np
from snn_gesture_ros.compiled import njit

PERIOD_US = 1_000_000
"""Camera time after which the hot pixels are chosen anew."""
MINIMUM_HZ = 50
"""A slower pixel is never called hot."""
FACTOR = 8
"""A hot pixel fires this many times as often as the mean of the eight pixels around it."""
SAMPLING = 4
"""One batch of events in so many is counted, which is enough to tell."""


class HotPixels:
    """Learn on line which pixels are hot; those that calm down are freed again."""

    def __init__(self, sensor_width: int, sensor_height: int):
        """Begin with no pixel called hot."""
        self.mask = np.zeros((sensor_height, sensor_width), bool)
        """Which pixels are hot now."""
        self._counts = np.zeros(self.mask.shape, np.uint32)
        self._batches = 0
        self._start_us = None

    def observe(self, events: np.ndarray) -> bool:
        """
        Take in a batch of events.

        :param events: EVENT[n], n > 0.
        :returns: whether the mask was renewed.
        """
        self._batches += 1
        if self._batches % SAMPLING == 0:
            _count(events, self._counts)
        t_us = int(events['t'][-1])
        if self._start_us is None or t_us < self._start_us:
            self._start_us = t_us
        if t_us - self._start_us < PERIOD_US or self._batches < 10 * SAMPLING:
            return False
        observed_s = (t_us - self._start_us) / 1e6 / SAMPLING
        self.mask = _choose(self._counts, MINIMUM_HZ * observed_s)
        self._counts.fill(0)
        self._batches = 0
        self._start_us = t_us
        return True


@njit(nogil=True)
def _count(events, counts):
    height, width = counts.shape
    for i in range(events.shape[0]):
        x, y = events[i].x, events[i].y
        if x < width and y < height:
            counts[y, x] += np.uint32(1)


@njit(nogil=True)
def _choose(counts, minimum):
    """Mask the pixels with more events than `minimum` and many more than those around them."""
    height, width = counts.shape
    mask = np.zeros(counts.shape, np.bool_)
    for y in range(height):
        for x in range(width):
            count = np.int64(counts[y, x])
            if count > minimum:
                around = -count
                for row in range(max(y - 1, 0), min(y + 2, height)):
                    for column in range(max(x - 1, 0), min(x + 2, width)):
                        around += counts[row, column]
                mask[y, x] = count > FACTOR * around / 8
    return mask
