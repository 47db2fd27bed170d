# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
A dynamic vision sensor: pixels that fire when their log luminance has changed enough.

Follows the usual model of the DVS pixel: a photoreceptor that is a low-pass, slower in the dark,
ON and OFF thresholds that differ from pixel to pixel, a refractory time, noise events at a rate of
each pixel's own (leak and shot noise, a few hot pixels), and a read-out in bursts.
"""

from numba import njit
import numpy as np
from snn_gesture_ros.events.event import EVENT

NOISE_BLOCK_US = 100_000
_MOST_CROSSINGS = 30        # of one pixel in one frame
_DARKEST = -5.0             # log luminance; white is 0
_SHADES = 16                # steps in the table of bandwidths for each unit of log luminance


class Sensor:
    """The pixels' state of one sensor; turns pictures into events."""

    def __init__(self, preset, rng):
        """Draw a sensor of a SensorPreset."""
        width, height = preset.width, preset.height
        shape = (height, width)
        contrast_threshold = _log_uniform(rng, preset.contrast_threshold)
        mismatch = rng.uniform(0.03, 0.12)
        # A static scene's ON and OFF steps cancel, so the counts go as 1 / threshold.
        on_to_off = rng.uniform(1.13, 1.27)
        self._on = contrast_threshold * np.sqrt(on_to_off) * rng.normal(1, mismatch, shape)
        self._off = contrast_threshold / np.sqrt(on_to_off) * rng.normal(1, mismatch, shape)
        self._on = np.maximum(self._on, 0.05).astype(np.float32)
        self._off = np.maximum(self._off, 0.05).astype(np.float32)
        shades = np.arange(_DARKEST, 1.0, 1.0 / _SHADES)
        self._bandwidth_hz = _log_uniform(rng, preset.bandwidth_hz) * np.exp(shades)
        self._refractory_us = int(_log_uniform(rng, preset.refractory_us))
        self._readout_us = int(_log_uniform(rng, preset.readout_us))
        self._level = np.zeros(shape, np.float32)
        self._memory = np.zeros(shape, np.float32)
        self._last_us = np.full(shape, -10 ** 9, np.int64)
        self._count = 0
        self._room = np.empty(4 * width * _MOST_CROSSINGS, EVENT)

        noise_hz = _log_uniform(rng, preset.noise_hz)
        rates = noise_hz * rng.lognormal(-0.125, 0.5, width * height)
        hot = rng.choice(width * height, rng.integers(0, 6), replace=False)
        rates[hot] = _log_uniform(rng, (3, 60), len(hot))
        self._noise_rates = np.cumsum(rates)
        self._noise_on_share = rng.uniform(0.35, 0.75)
        self._noise_rng = rng.spawn(1)[0]
        self._width = width

    def start(self, light):
        """Settle on a first picture of log luminance [H, W]."""
        self._level[:] = light
        self._memory[:] = light

    def expose(self, light, start_us, end_us):
        """Go on to a picture of log luminance [H, W]; take() has the events of the way to it."""
        shares = 1.0 - np.exp(-2e-6 * np.pi * self._bandwidth_hz * (end_us - start_us))
        shares = shares.astype(np.float32)
        first = self._count
        row = 0
        while row < len(light):
            if self._count + light.shape[1] * _MOST_CROSSINGS > len(self._room):
                self._room = np.concatenate([self._room, self._room])
            self._count, row = _fire(
                light, row, start_us, end_us, shares, self._refractory_us, self._readout_us,
                self._on, self._off, self._level, self._memory, self._last_us, self._room,
                self._count)
        _sort_by_time(self._room[first:self._count], start_us, end_us)

    def take(self):
        """Return the events [n] since the last call, in time order."""
        events = self._room[:self._count].copy()
        self._count = 0
        return events

    def noise(self, block):
        """Return the noise events of a block of NOISE_BLOCK_US, in time order."""
        rng = self._noise_rng
        count = rng.poisson(self._noise_rates[-1] * NOISE_BLOCK_US * 1e-6)
        events = np.empty(count, EVENT)
        start_us = block * NOISE_BLOCK_US
        times_us = np.sort(rng.integers(0, NOISE_BLOCK_US, count)) + start_us
        events['t'] = np.maximum(times_us - times_us % self._readout_us, start_us)
        pixels = np.searchsorted(self._noise_rates, rng.random(count) * self._noise_rates[-1])
        events['y'], events['x'] = np.divmod(pixels, self._width)
        events['p'] = rng.random(count) < self._noise_on_share
        return events


def _log_uniform(rng, ends, count=None):
    return np.exp(rng.uniform(*np.log(ends), count))


@njit(cache=True)
def _fire(light, first_row, start_us, end_us, shares, refractory_us, readout_us, on, off, level,
          memory, last_us, room, count):
    """
    Move the pixels on to a new picture and append their events to room[:count].

    Goes from first_row as far as the room is sure to suffice; returns the new count and the
    row that comes next.
    """
    height, width = light.shape
    duration_us = end_us - start_us
    for row in range(first_row, height):
        if count + width * _MOST_CROSSINGS > len(room):
            return count, row
        for column in range(width):
            old = level[row, column]
            shade = int((light[row, column] - _DARKEST) * _SHADES)
            share = shares[min(max(shade, 0), len(shares) - 1)]
            new = old + share * (light[row, column] - old)
            level[row, column] = new
            change = new - memory[row, column]
            if change >= on[row, column]:
                polarity, step = 1, on[row, column]
            elif change <= -off[row, column]:
                polarity, step = 0, -off[row, column]
            else:
                continue
            crossings = int(change / step)
            for k in range(1, min(crossings, _MOST_CROSSINGS) + 1):
                passed = (memory[row, column] + k * step - old) / (new - old)
                t = start_us + int(min(max(passed, 0.0), 0.999) * duration_us)
                if t - last_us[row, column] >= refractory_us:
                    last_us[row, column] = t
                    room[count].t = max(t - t % readout_us, start_us)
                    room[count].x = column
                    room[count].y = row
                    room[count].p = polarity
                    count += 1
            memory[row, column] += crossings * step
    return count, height


@njit(cache=True)
def _sort_by_time(events, start_us, end_us):
    """Sort the events of one frame by time, in place (a stable counting sort)."""
    places = np.zeros(end_us - start_us + 1, np.int64)
    for k in range(len(events)):
        places[events[k].t - start_us + 1] += 1
    for k in range(1, len(places)):
        places[k] += places[k - 1]
    unsorted = events.copy()
    for k in range(len(events)):
        place = unsorted[k].t - start_us
        events[places[place]] = unsorted[k]
        places[place] += 1
