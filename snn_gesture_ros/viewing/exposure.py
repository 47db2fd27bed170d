# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The exposure: events counted on the sensor's pixels until a picture is made of them."""
import numpy as np


class Exposure:
    """Counts of the events since the last picture."""

    def __init__(self):
        """Begin without events and without a size."""
        self._counts = None

    def add(self, events: np.ndarray, width: int, height: int) -> None:
        """Count EVENT[n] of a sensor; those outside it are left out."""
        events = events[(events['x'] < width) & (events['y'] < height)]
        rows = (events['p'] != 0) * np.int64(height) + events['y']
        self.add_pixels(rows * width + events['x'], width, height)

    def add_pixels(self, pixels: np.ndarray, width: int, height: int) -> None:
        """Count events by their places in flat counts [2, height, width], as in EventPacket."""
        if self._counts is None or self._counts.shape[1:] != (height, width):
            self._counts = np.zeros((2, height, width), np.int32)
        counts = self._counts.reshape(-1)
        np.add.at(counts, pixels[pixels < counts.size], 1)

    def take(self):
        """Give the counts, int32 [2, H, W], and begin anew; None before any size is known."""
        counts = self._counts
        if counts is not None:
            self._counts = np.zeros_like(counts)
        return counts
