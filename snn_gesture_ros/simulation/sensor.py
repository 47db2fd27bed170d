# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A dynamic vision sensor, and the sensors as they are sold."""
from dataclasses import dataclass, replace

import numpy as np
from snn_gesture_ros.compiled import njit
from snn_gesture_ros.events.event import EVENT

_NOISE_BLOCK_US = 100_000   # shot noise is drawn ahead in blocks of this length
_REBOUND_US = 1200          # median time from an OFF event to the ON event that rebounds from it
_REBOUNDS = 65_521          # drawn ahead
_NEVER_US = 1 << 62
_MAX_CROSSINGS = 30         # of one pixel in one frame
_DARKEST = -5.0             # log luminance; white is 0
_SHADES = 16                # steps in the table of bandwidths for each unit of log luminance
_QUIET_OF_WHITE = 0.75      # share of the shot noise in the dark that a white pixel lacks


@dataclass(frozen=True)
class SensorPreset:
    """
    A kind of event camera; each pair is the range that one camera and its bias are drawn from.

    The ranges are what users of such cameras report, not a maker's promise.
    """

    width: int
    height: int
    contrast_threshold: tuple
    """Change of log luminance that makes an event."""
    bandwidth_hz: tuple
    """Cut-off of a pixel that sees white in a lit room; a darker pixel is slower."""
    refractory_us: tuple
    rebound: tuple
    """Chance that an ON event follows an OFF event within milliseconds, as the pixel's memory
    swings back too far; 0.2 to 0.7 in most recordings of a DVS128."""
    leak_hz: tuple
    """ON events of a pixel whose memory leaks."""
    shot_hz: tuple
    """Noise of either polarity of a pixel in the dark, from a well lit to a dim room."""
    readout_us: tuple = (1, 1)
    """Events are read out, and stamped, in bursts that start this far apart."""

    def resized(self, width, height):
        """Return the same sensor with another number of pixels."""
        return replace(self, width=width, height=height)


SENSORS = {
    'dvs128': SensorPreset(128, 128, (0.125, 0.175), (200, 600), (1000, 8000), (0.0, 0.7),
                           (0.03, 0.08), (0.03, 0.15)),
    'davis346': SensorPreset(346, 260, (0.14, 0.30), (150, 600), (100, 1000), (0.0, 0.03),
                             (0.03, 0.15), (0.03, 0.3)),
    'dvxplorer': SensorPreset(320, 240, (0.14, 0.30), (200, 800), (100, 1000), (0.0, 0.03),
                              (0.02, 0.1), (0.03, 0.5), (100, 300)),
    'dvxplorer_vga': SensorPreset(640, 480, (0.14, 0.30), (200, 800), (100, 1000), (0.0, 0.03),
                                  (0.02, 0.1), (0.03, 0.5), (100, 400)),
    'genx320': SensorPreset(320, 320, (0.10, 0.25), (200, 1000), (50, 500), (0.0, 0.3),
                            (0.02, 0.1), (0.03, 1.0), (20, 200)),
    'evk4': SensorPreset(1280, 720, (0.12, 0.28), (200, 1000), (50, 500), (0.0, 0.3),
                         (0.01, 0.1), (0.02, 0.5), (20, 200)),
    # For training: what all of them may do, on the frame that the network sees.
    'any': SensorPreset(128, 128, (0.06, 0.38), (60, 800), (100, 10_000), (0.0, 0.7),
                        (0.02, 0.4), (0.04, 2.5), (1, 400)),
}


class Sensor:
    """The pixels of one sensor, which turn images into events."""

    def __init__(self, preset, rng):
        """Draw a sensor from the ranges of a SensorPreset."""
        width, height = preset.width, preset.height
        shape = (height, width)
        contrast_threshold = _log_uniform(rng, preset.contrast_threshold)
        mismatch = rng.uniform(0.03, 0.12)
        rebound = rng.uniform(*preset.rebound)
        # A static scene's ON and OFF steps cancel, so the counts go as 1 / threshold. With the
        # rebounds there are still about as many ON as OFF events, as in recordings.
        on_to_off = rng.uniform(1.2, 1.34) * (1.0 + 3.0 * rebound)
        self._on = contrast_threshold * np.sqrt(on_to_off) * rng.normal(1, mismatch, shape)
        self._off = contrast_threshold / np.sqrt(on_to_off) * rng.normal(1, mismatch, shape)
        self._on = np.maximum(self._on, 0.05).astype(np.float32)
        self._off = np.maximum(self._off, 0.05).astype(np.float32)
        # A dim room makes all pixels slow, and noisy.
        room_light = rng.uniform()
        shades = np.arange(_DARKEST, 1.0, 1.0 / _SHADES)
        self._bandwidth_hz = _between(preset.bandwidth_hz, room_light) * np.exp(shades)
        self._refractory_us = int(_log_uniform(rng, preset.refractory_us))
        self._readout_us = int(_log_uniform(rng, preset.readout_us))
        self._level = np.zeros(shape, np.float32)
        self._memory = np.zeros(shape, np.float32)
        self._last_us = np.full(shape, -10 ** 9, np.int64)
        rebounds = rng.random(_REBOUNDS) < rebound
        self._rebounds_us = np.where(
            rebounds, _REBOUND_US * rng.lognormal(0, 0.6, _REBOUNDS), _NEVER_US).astype(np.int64)
        self._rebound_us = np.full(shape, _NEVER_US, np.int64)
        self._count = 0
        self._room = np.zeros(8 * width * _MAX_CROSSINGS, EVENT)

        leak_hz = _log_uniform(rng, preset.leak_hz) * rng.lognormal(-0.125, 0.5, width * height)
        hot = rng.choice(width * height, rng.integers(0, 6), replace=False)
        leak_hz[hot] = _log_uniform(rng, (3, 60), len(hot))
        self._leak = (leak_hz.reshape(shape) * self._on).astype(np.float32)
        self._leaked = rng.random(shape)
        shot_hz = _between(preset.shot_hz, 0.7 * (1.0 - room_light) + 0.3 * rng.uniform())
        self._shot_rates = np.cumsum(shot_hz * rng.lognormal(-0.125, 0.5, width * height))
        self._shot_on_share = rng.uniform(0.35, 0.6)
        self._shot_rng = rng.spawn(1)[0]
        self._shots, self._shot_chances = np.zeros(0, EVENT), np.empty(0)
        self._shot_blocks = self._next_shot = 0

    def start(self, light):
        """Let all pixels adapt to a first image of log luminance [H, W]."""
        self._level[:] = light
        self._memory[:] = light - self._leaked * self._on

    def expose(self, light, start_us, end_us):
        """Show the next image of log luminance [H, W]; `take` returns the events it causes."""
        shares = 1.0 - np.exp(-2e-6 * np.pi * self._bandwidth_hz * (end_us - start_us))
        shares = shares.astype(np.float32)
        first = self._count
        row = 0
        while row < len(light):
            if self._count + light.shape[1] * 2 * _MAX_CROSSINGS > len(self._room):
                self._room = np.concatenate([self._room, self._room])
            self._count, row = _fire(
                light, row, start_us, end_us, shares, self._refractory_us, self._readout_us,
                self._on, self._off, self._rebounds_us, self._leak, self._level, self._memory,
                self._last_us, self._rebound_us, self._room, self._count)
        self._add_shots(start_us, end_us)
        _sort_by_time(self._room[first:self._count], start_us, end_us)

    def take(self):
        """Return the events [n] since the last call, in time order."""
        events = self._room[:self._count].copy()
        self._count = 0
        return events

    def _add_shots(self, start_us, end_us):
        while True:
            most = self._count + len(self._shots)
            if most > len(self._room):
                self._room = np.concatenate([self._room, np.zeros(most, EVENT)])
            self._count, self._next_shot = _shoot(
                self._shots, self._shot_chances, self._next_shot, start_us, end_us,
                self._readout_us, self._level, self._room, self._count)
            if self._shot_blocks * _NOISE_BLOCK_US >= end_us:
                return
            self._draw_shots()

    def _draw_shots(self):
        """Draw a block of shot noise, as it is in the dark."""
        rng = self._shot_rng
        count = rng.poisson(self._shot_rates[-1] * _NOISE_BLOCK_US * 1e-6)
        shots = self._shots = np.zeros(count, EVENT)
        shots['t'] = np.sort(rng.integers(0, _NOISE_BLOCK_US, count))
        shots['t'] += self._shot_blocks * _NOISE_BLOCK_US
        pixels = np.searchsorted(self._shot_rates, rng.random(count) * self._shot_rates[-1])
        shots['y'], shots['x'] = np.divmod(pixels, self._level.shape[1])
        shots['p'] = rng.random(count) < self._shot_on_share
        self._shot_chances = rng.random(count)
        self._shot_blocks += 1
        self._next_shot = 0


def _between(ends, share):
    """Return the place at a share of the way from end to end, in logarithms."""
    return ends[0] * (ends[1] / ends[0]) ** share


def _log_uniform(rng, ends, count=None):
    return np.exp(rng.uniform(*np.log(ends), count))


@njit()
def _fire(light, first_row, start_us, end_us, shares, refractory_us, readout_us, on, off,
          rebounds_us, leak, level, memory, last_us, rebound_us, room, count):
    """
    Show a new image to the pixels and append their events to room[:count].

    It starts at first_row and stops where the room may not suffice.

    :returns: the new count, and the row that comes next.
    """
    height, width = light.shape
    duration_us = end_us - start_us
    duration_s = np.float32(duration_us * 1e-6)
    befores, changes = np.empty(width, np.float32), np.empty(width, np.float32)
    for row in range(first_row, height):
        if count + width * 2 * _MAX_CROSSINGS > len(room):
            return count, row
        # Without a branch, so that it is done for several pixels at a time.
        for column in range(width):
            seen, old = light[row, column], level[row, column]
            shade = int((seen - _DARKEST) * _SHADES)
            share = shares[min(max(shade, 0), len(shares) - 1)]
            new = old + share * (seen - old)
            level[row, column] = new
            befores[column] = old - memory[row, column]
            leaked = memory[row, column] - leak[row, column] * duration_s
            memory[row, column] = leaked
            changes[column] = new - leaked
        for column in range(width):
            if rebound_us[row, column] < end_us:
                count = _append(room, count, rebound_us[row, column], row, column, 1, start_us,
                                readout_us)
                rebound_us[row, column] = _NEVER_US
            before, change = befores[column], changes[column]
            if change >= on[row, column]:
                polarity, step = 1, on[row, column]
            elif change <= -off[row, column]:
                polarity, step = 0, -off[row, column]
            else:
                continue
            crossings = int(change / step)
            for k in range(1, min(crossings, _MAX_CROSSINGS) + 1):
                passed = (k * step - before) / (change - before)
                t = start_us + int(min(max(passed, 0.0), 0.999) * duration_us)
                if t - last_us[row, column] >= refractory_us:
                    last_us[row, column] = t
                    count = _append(room, count, t, row, column, polarity, start_us, readout_us)
                    if polarity == 0:
                        # Drawn by time and place: no other way to slice time changes it.
                        drawn = (977 * t + 8191 * row + 131 * column) % _REBOUNDS
                        due_us = t + min(rebounds_us[drawn], _NEVER_US - t)
                        if due_us >= end_us:
                            rebound_us[row, column] = due_us
                        else:
                            count = _append(room, count, due_us, row, column, 1, start_us,
                                            readout_us)
            memory[row, column] += crossings * step
    return count, height


@njit()
def _append(room, count, t, row, column, polarity, start_us, readout_us):
    """Append an event to room[:count], stamped when it is read out; return the new count."""
    room[count].t = max(t - t % readout_us, start_us)
    room[count].x = column
    room[count].y = row
    room[count].p = polarity
    return count + 1


@njit()
def _shoot(shots, chances, first, start_us, end_us, readout_us, level, room, count):
    """
    Append the shot noise before end_us to room[:count]: the brighter a pixel, the less of it.

    :returns: the new count, and the first shot that is later.
    """
    while first < len(shots) and shots[first].t < end_us:
        shot = shots[first]
        if chances[first] > _QUIET_OF_WHITE * min(np.exp(level[shot.y, shot.x]), 1.0):
            room[count] = shot
            room[count].t = max(shot.t - shot.t % readout_us, start_us)
            count += 1
        first += 1
    return count, first


@njit()
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
