# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Disturbances: events of a window that come from the sensor and from lamps, not from a person."""
from typing import NamedTuple

import numpy as np
from snn_gesture_ros.datasets.clip_set import ClipSet
from snn_gesture_ros.events.packet import PACKED_EVENT

SIZE = ClipSet.SIZE
HOT_HZ = (2.0, 100.0)
"""How often a hot pixel fires."""
LAMP_SIDE = (0.05, 0.25)
"""Width and height of a lamp or a screen that flickers, parts of the picture."""
LAMP_HZ = (5.0, 60.0)
"""How often it does."""
LAMP_SPREAD_US = 2_000
"""Within this time fire the pixels that see it."""
LAMP_SHARE = 0.7
"""Of these pixels so many fire each time."""


class Disturbance(NamedTuple):
    """What disturbs a window; by default nothing."""

    noise_hz: float = 0.0
    """Events a pixel and second of either polarity, at random."""
    hot_pixels: int = 0
    """Pixels anywhere that fire by themselves."""
    flicker: bool = False
    """Whether a lamp or a screen flickers somewhere in the picture."""

    @classmethod
    def drawn(cls, settings, rng):
        """
        Draw a disturbance; less is likelier.

        :param settings: Settings, with the most that there may be.
        :param rng: numpy Generator.
        """
        return cls(noise_hz=rng.random() ** 3 * settings.noise_hz,
                   hot_pixels=int(rng.random() ** 3 * (settings.hot_pixels + 1)),
                   flicker=bool(rng.random() < settings.flicker))

    def events(self, duration_us: float, rng) -> np.ndarray:
        """Return PACKED_EVENT[n] in the order of time, from 0 to the duration."""
        parts = [_noise(self.noise_hz, duration_us, rng)]
        parts += [_hot_pixel(duration_us, rng) for _ in range(self.hot_pixels)]
        if self.flicker:
            parts.append(_lamp(duration_us, rng))
        events = np.concatenate(parts)
        return events[np.argsort(events['dt_us'])]


def _noise(noise_hz, duration_us, rng):
    events = np.empty(rng.poisson(noise_hz * SIZE * SIZE * duration_us / 1e6), PACKED_EVENT)
    events['dt_us'] = rng.random(len(events)) * duration_us
    events['pixel'] = rng.integers(0, 2 * SIZE * SIZE, len(events))
    return events


def _hot_pixel(duration_us, rng):
    rate_hz = log_uniform(rng, HOT_HZ)
    events = np.empty(rng.poisson(rate_hz * duration_us / 1e6), PACKED_EVENT)
    events['dt_us'] = rng.random(len(events)) * duration_us
    events['pixel'] = rng.integers(SIZE * SIZE) + SIZE * SIZE * rng.integers(0, 2, len(events))
    return events


def _lamp(duration_us, rng):
    """Return the events of a rectangle that grows bright and dark in turn."""
    width, height = (rng.uniform(*LAMP_SIDE, 2) * SIZE).astype(int)
    left, top = rng.integers(0, (SIZE - width, SIZE - height))
    turns_us = np.arange(0, duration_us, 0.5e6 / log_uniform(rng, LAMP_HZ))
    turn, y, x = np.nonzero(rng.random((len(turns_us), height, width)) < LAMP_SHARE)
    events = np.empty(len(turn), PACKED_EVENT)
    events['dt_us'] = np.minimum(turns_us[turn] + rng.random(len(turn)) * LAMP_SPREAD_US,
                                 duration_us)
    events['pixel'] = np.ravel_multi_index((turn % 2, top + y, left + x), (2, SIZE, SIZE))
    return events


def log_uniform(rng, ends):
    """Draw from between the ends, each factor of the same size as likely."""
    return float(np.exp(rng.uniform(*np.log(ends))))
