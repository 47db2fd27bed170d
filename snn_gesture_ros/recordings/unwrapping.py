# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Times of 32 bits that roll over, as times that go on."""
import numpy as np


class Unwrapped:
    """Follow the times of a file, batch by batch; steps are the shorter way round, also back."""

    def __init__(self):
        """Begin with no time."""
        self._last_us = None

    def go_on(self, times: np.ndarray) -> np.ndarray:
        """Return the times of the next events, int64[n]; they may be of any type of 32 bits."""
        low = times.astype(np.uint32).view(np.int32)
        if not len(low):
            return np.zeros(0, np.int64)
        if self._last_us is None:
            self._last_us = int(times[0])
        last = np.array(self._last_us & 0xffffffff, np.uint32).view(np.int32)
        steps = np.diff(low, prepend=last)
        times_us = self._last_us + np.cumsum(steps, dtype=np.int64)
        self._last_us = int(times_us[-1])
        return times_us
