# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The pace of a recording: its longest pause, and how many events come at most."""
import numpy as np
from snn_gesture_ros.events.timeline import SLACK_US

PEAK_US = 10_000
"""The highest rate is that of such a time, on a fixed grid."""


class Pace:
    """Follow the times of events, batch by batch."""

    def __init__(self):
        """Begin with no event."""
        self.longest_gap_us = 0
        """Longest time without an event, between two."""
        self.longest_gap_at_us = None
        """When it begins."""
        self.peak = 0
        """Most events within PEAK_US."""
        self.restarts = 0
        """Times that the camera's clock fell back."""
        self._newest_us = self._last_us = None
        self._bin, self._in_bin = None, 0

    def add(self, times_us: np.ndarray) -> None:
        """Take in the times of one event or more, int64[n]; older ones make no gap."""
        before_us = times_us[0] if self._last_us is None else self._last_us
        self.restarts += int(np.count_nonzero(
            np.diff(times_us, prepend=before_us) < -SLACK_US))
        self._last_us = times_us[-1]
        newest_us = np.maximum.accumulate(times_us)
        if self._newest_us is not None:
            newest_us = np.maximum(newest_us, self._newest_us)
        before_us = newest_us[0] if self._newest_us is None else self._newest_us
        gaps_us = np.diff(newest_us, prepend=before_us)
        place = int(gaps_us.argmax())
        if gaps_us[place] > self.longest_gap_us:
            self.longest_gap_us = int(gaps_us[place])
            self.longest_gap_at_us = int(newest_us[place]) - self.longest_gap_us
        self._newest_us = int(newest_us[-1])
        bins, counts = np.unique(times_us // PEAK_US, return_counts=True)
        if bins[0] == self._bin:
            counts[0] += self._in_bin
        self.peak = max(self.peak, int(counts.max()))
        self._bin, self._in_bin = int(bins[-1]), int(counts[-1])
