# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Settings of the noise filters, apart from their compiled code, which takes memory."""
from dataclasses import dataclass, replace

from snn_gesture_ros.settings import check_fields, setting

CROWDING = 1.5


@dataclass(frozen=True)
class NoiseSettings:
    """Which noise is removed; zero or False switches a filter off."""

    hot_pixels: bool = setting(
        True, 'Find hot pixels, which fire without a cause, and drop their events', live=True)
    refractory_us: int = setting(
        1000, 'Refractory period: drop events of the same polarity and pixel of the mapped image '
        'that follow sooner; 0 switches the filter off', unit='µs', minimum=0, maximum=1_000_000,
        live=True)
    background_us: int = setting(
        20_000, 'Background activity filter: drop events without another event on the '
        'neighboring pixels within this time, which is shortened for sensors larger than the '
        'mapped image, whose noise gathers on its pixels; 0 switches the filter off', unit='µs',
        minimum=0, maximum=1_000_000, live=True)

    def __post_init__(self):
        """Raise ValueError if a setting is wrong."""
        check_fields(self)

    def for_scale(self, scale: float) -> 'NoiseSettings':
        """
        Return the settings for a frame whose pixels are binned from those of a larger sensor.

        :param scale: width of a pixel of the frame in pixels of the sensor.
        """
        if scale <= 1 or not self.background_us:
            return self
        background_us = round(self.background_us / scale ** (2 * CROWDING))
        return replace(self, background_us=max(background_us, 1))
