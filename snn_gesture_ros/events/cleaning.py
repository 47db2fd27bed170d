# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Cleaning: from the events of a sensor to those of the picture, without its noise."""
import numpy as np
from snn_gesture_ros.events.geometry import Geometry, map_events, NO_HOT_PIXELS
from snn_gesture_ros.events.hot_pixels import HotPixels
from snn_gesture_ros.events.noise import NoiseFilter, NoiseSettings
from snn_gesture_ros.events.packet import PACKED_EVENT


class Cleaner:
    """Silence hot pixels, map to the picture and filter noise, batch after batch of a sensor."""

    def __init__(self, geometry: Geometry, noise: NoiseSettings, sensor_width: int,
                 sensor_height: int):
        """
        Begin with no hot pixel and a picture on which nothing has happened.

        :raises ValueError: if the geometry's region is not on the sensor.
        """
        self.out_of_range = 0
        """Events outside the sensor so far, dropped."""
        self.out_of_order = 0
        """Events so far that were older than the one before them, kept."""
        self.hot_pixels = 0
        """Pixels of the sensor that are silenced now."""
        self._tables = geometry.tables(sensor_width, sensor_height)
        self._picture_pixels = geometry.width * geometry.height
        self._hot = HotPixels(sensor_width, sensor_height) if noise.hot_pixels else None
        self._silenced = NO_HOT_PIXELS
        scale = geometry.scale(sensor_width, sensor_height)
        self._filter = NoiseFilter(geometry.width, geometry.height, noise.for_scale(scale))

    def clean(self, events: np.ndarray, base_us=None) -> np.ndarray:
        """
        Map the next events to the picture and drop the noise among them.

        :param events: EVENT[n], in the order they were sent.
        :param base_us: camera time that times are counted from; None for that of the first event.
        :returns: PACKED_EVENT[m].
        """
        if not len(events):
            return np.empty(0, PACKED_EVENT)
        base_us = int(events['t'][0]) if base_us is None else base_us
        if self._hot is not None and self._hot.observe(events):
            self.hot_pixels = int(self._hot.mask.sum())
            self._silenced = (np.packbits(self._hot.mask, bitorder='little') if self.hot_pixels
                              else NO_HOT_PIXELS)
        mapped = map_events(events, self._tables, self._picture_pixels, base_us,
                            self._silenced)
        self.out_of_range += mapped.out_of_range
        self.out_of_order += mapped.out_of_order
        return self._filter.filter(mapped.packed, base_us)

    def restart(self) -> None:
        """Forget all times, as after a jump of the camera's clock; hot pixels stay known."""
        self._filter.restart()
