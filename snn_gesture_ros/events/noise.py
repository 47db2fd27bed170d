# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Noise on the picture: the refractory period and background activity.

- The **refractory period** drops an event that follows one of the same polarity on the same
  pixel of the picture too soon. It also evens out sensors with many pixels to one of ours.
- **Background activity** is an event with no other on the eight pixels around it shortly before.
  Where k sensor pixels share one of the picture's, k times as much noise meets k times as much
  other noise by chance, while the events of a moving edge come k times as close. `shortly` is
  divided by k ** CROWDING, which on simulated sensors of up to 1280x720 pixels served best.
"""
from dataclasses import dataclass, replace

import numpy as np
from snn_gesture_ros.compiled import njit

CROWDING = 1.5
LONG_AGO_US = -(1 << 62)
ONE = np.uint32(1)
"""Keeps places unsigned, which need no test for a negative index."""


@dataclass(frozen=True)
class NoiseSettings:
    """Which noise is removed; zero or False switches a filter off."""

    hot_pixels: bool = True
    refractory_us: int = 1000
    background_us: int = 20_000

    def __post_init__(self):
        """Refuse negative times with a ValueError."""
        if self.refractory_us < 0 or self.background_us < 0:
            raise ValueError('refractory_us and background_us must not be negative')

    def for_scale(self, scale: float) -> 'NoiseSettings':
        """
        Give the settings for a picture whose pixels gather those of a larger sensor.

        :param scale: width of a pixel of the picture in pixels of the sensor.
        """
        if scale <= 1 or not self.background_us:
            return self
        background_us = round(self.background_us / scale ** (2 * CROWDING))
        return replace(self, background_us=max(background_us, 1))


class NoiseFilter:
    """Drop noise from one stream of mapped events."""

    def __init__(self, width: int, height: int, settings: NoiseSettings):
        """Begin with a picture on which nothing has happened."""
        self.settings = settings
        self._stride = np.uint32(width + 2)
        y, x = np.indices((height, width), np.uint32).reshape(2, -1)
        self._padded = np.tile((y + 1) * self._stride + x + 1, 2)
        self._last_us = np.empty(2 * height * width, np.int64)
        self._around_us = np.empty((height + 2) * self._stride, np.int64)
        self.restart()

    def restart(self) -> None:
        """Forget all times, as after a jump of the camera's clock."""
        self._last_us.fill(LONG_AGO_US)
        self._around_us.fill(LONG_AGO_US)

    def filter(self, packed: np.ndarray, base_us: int) -> np.ndarray:
        """
        Drop the noise among events.

        :param packed: PACKED_EVENT[n], which is overwritten.
        :param base_us: camera time that their times are counted from.
        :returns: the start of `packed`, with the events that are kept.
        """
        if self.settings.refractory_us:
            packed = packed[:_drop_refractory(packed, base_us, self._last_us,
                                              self.settings.refractory_us)]
        if self.settings.background_us:
            packed = packed[:_drop_background(packed, base_us, self._around_us, self._padded,
                                              self._stride, self.settings.background_us)]
        return packed


# Both move the good events to the start of `packed` and return how many there are. They write
# every event and count the good ones: a branch that cannot be foreseen costs more.

@njit(nogil=True)
def _drop_refractory(packed, base_us, last_us, refractory_us):
    kept = 0
    for i in range(packed.shape[0]):
        dt_us, pixel = packed[i].dt_us, packed[i].pixel
        t_us, before_us = base_us + np.int64(dt_us), last_us[pixel]
        good = t_us - before_us >= refractory_us
        last_us[pixel] = t_us if good else before_us
        packed[kept] = packed[i]
        kept += good
    return kept


@njit(nogil=True)
def _drop_background(packed, base_us, around_us, padded, stride, background_us):
    kept = 0
    for i in range(packed.shape[0]):
        dt_us, pixel = packed[i].dt_us, packed[i].pixel
        t_us = base_us + np.int64(dt_us)
        here = padded[pixel]
        above, below = here - stride, here + stride
        recent_us = max(
            max(max(around_us[above - ONE], around_us[above]),
                max(around_us[above + ONE], around_us[here - ONE])),
            max(max(around_us[here + ONE], around_us[below - ONE]),
                max(around_us[below], around_us[below + ONE])))
        around_us[here] = t_us
        packed[kept] = packed[i]
        kept += t_us - recent_us <= background_us
    return kept
