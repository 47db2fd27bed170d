# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Noise on the picture: the refractory period and background activity.

- The **refractory period** drops an event that follows one of the same polarity on the same
  pixel of the picture too soon. It also evens out sensors with many pixels to one of ours.
- **Background activity** is an event with no other on the eight pixels around it shortly before.
"""
from dataclasses import dataclass

import numba
import numpy as np

LONG_AGO_US = -(1 << 62)


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


class NoiseFilter:
    """Drop noise from one stream of mapped events."""

    def __init__(self, width: int, height: int, settings: NoiseSettings):
        """Begin with a picture on which nothing has happened."""
        self.settings = settings
        self._stride = width + 2
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
        refractory_us, background_us = self.settings.refractory_us, self.settings.background_us
        if not refractory_us and not background_us:
            return packed
        kept = _filter(packed, base_us, self._padded, self._stride, self._last_us,
                       self._around_us, refractory_us, background_us)
        return packed[:kept]


@numba.njit(cache=True, nogil=True)
def _filter(packed, base_us, padded, stride, last_us, around_us, refractory_us, background_us):
    """Move the good events to the start of `packed`; return how many there are."""
    kept = 0
    for i in range(packed.shape[0]):
        dt_us, pixel = packed[i].dt_us, packed[i].pixel
        t_us = base_us + np.int64(dt_us)
        if refractory_us > 0:
            if t_us - last_us[pixel] < refractory_us:
                continue
            last_us[pixel] = t_us
        if background_us > 0:
            here = padded[pixel]
            above, below = here - stride, here + stride
            recent_us = max(
                max(max(around_us[above - 1], around_us[above]),
                    max(around_us[above + 1], around_us[here - 1])),
                max(max(around_us[here + 1], around_us[below - 1]),
                    max(around_us[below], around_us[below + 1])))
            around_us[here] = t_us
            if t_us - recent_us > background_us:
                continue
        packed[kept].dt_us = dt_us
        packed[kept].pixel = pixel
        kept += 1
    return kept
