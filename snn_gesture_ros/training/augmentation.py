# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Augmentation: random changes of the events of a training window, and added disturbances."""
from typing import NamedTuple

import numpy as np
from snn_gesture_ros.compiled import njit
from snn_gesture_ros.datasets.clip_set import ClipSet
from snn_gesture_ros.events.packet import PACKED_EVENT

HOT_HZ = (2.0, 100.0)
"""Rate of a hot pixel."""
LAMP_SIDE = (0.05, 0.25)
"""Width and height of a lamp or a screen that flickers, as parts of the image."""
LAMP_HZ = (5.0, 60.0)
"""Rate at which it flickers."""
LAMP_SPREAD_US = 2_000
"""Within this time, the pixels that see it fire."""
LAMP_SHARE = 0.7
"""Share of these pixels that fire each time."""
SIZE = ClipSet.SIZE
"""Width and height of the image in pixels; a constant makes its arithmetic fast."""


class Disturbance(NamedTuple):
    """Events of a window that come from the sensor and from lamps; by default none."""

    noise_hz: float = 0.0
    """Random events of a pixel a second, of either polarity."""
    hot_pixels: int = 0
    """Pixels anywhere that fire by themselves."""
    flicker: bool = False
    """Whether a lamp or a screen flickers somewhere in the image."""

    @classmethod
    def drawn(cls, settings, rng):
        """
        Return a random disturbance; a weak one is likelier than a strong one.

        :param settings: Settings, with the maximums.
        :param rng: numpy Generator.
        """
        return cls(noise_hz=rng.random() ** 3 * settings.noise_hz,
                   hot_pixels=int(rng.random() ** 3 * (settings.hot_pixels + 1)),
                   flicker=bool(rng.random() < settings.flicker))

    def events(self, duration_us: float, rng) -> np.ndarray:
        """Return its events: PACKED_EVENT[n], sorted by time, from 0 to the duration."""
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
    """Return the events of a rectangle that becomes bright and dark in turn."""
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
    """Return a random number between two ends whose logarithm is uniformly distributed."""
    return float(np.exp(rng.uniform(*np.log(ends))))


class Augmentation(NamedTuple):
    """Changes of the events of one window; by default none."""

    mirrored: bool = False
    """Whether left and right are exchanged."""
    scale: float = 1.0
    """Factor of size, about the center of the image."""
    rotation: float = 0.0
    """Angle from the x axis to the y axis about the center of the image, radians."""
    shift: tuple = (0.0, 0.0)
    """Shift to the right and down, pixels."""
    stretch: float = 1.0
    """Factor of duration."""
    density: float = 1.0
    """Factor of the number of events: some are dropped, or repeated on neighboring pixels."""
    emptied: tuple = (0.0, 0.0, 0.0, 0.0)
    """Rectangle whose events are dropped: left, top, right, bottom, pixels."""
    kept: tuple = (1.0, 1.0)
    """Share of the OFF and of the ON events that is kept."""
    polarity_swapped: bool = False
    disturbance: Disturbance = Disturbance()

    @classmethod
    def drawn(cls, settings, mirrorable: bool, rng):
        """
        Return a random augmentation.

        :param settings: Settings, with the ranges and probabilities.
        :param mirrorable: whether the mirrored gesture has a label.
        :param rng: numpy Generator.
        """
        sides = rng.uniform(0.1, 0.5, 2) * SIZE
        corner = rng.uniform(0, 1, 2) * (SIZE - sides)
        emptied = rng.random() < settings.event_drop
        kept = rng.permutation([1.0, rng.random()])
        uneven = rng.random() < settings.polarity_drop
        return cls(
            mirrored=bool(rng.random() < settings.mirror and mirrorable),
            scale=log_uniform(rng, settings.scale),
            rotation=np.radians(rng.uniform(-1, 1) * settings.rotation_deg),
            shift=tuple(rng.uniform(-1, 1, 2) * settings.shift * SIZE),
            stretch=log_uniform(rng, settings.time_stretch),
            density=log_uniform(rng, settings.density),
            emptied=(*corner, *(corner + sides)) if emptied else (0.0, 0.0, 0.0, 0.0),
            kept=tuple(kept) if uneven else (1.0, 1.0),
            polarity_swapped=bool(rng.random() < settings.polarity_swap),
            disturbance=Disturbance.drawn(settings, rng))


def augmented(events, augmentation: Augmentation, duration_us: float, rng):
    """
    Apply an augmentation to the events of a window.

    :param events: PACKED_EVENT[n], sorted by time, dt_us from the start of the window.
    :param duration_us: of the window before it is stretched.
    :param rng: numpy Generator.
    :returns: PACKED_EVENT[m] likewise; `events` itself if the augmentation changes nothing.
    """
    if augmentation == Augmentation():
        return events
    duration_us *= augmentation.stretch
    disturbing = augmentation.disturbance.events(duration_us, rng)
    max_count = len(disturbing) + len(events) * int(np.ceil(augmentation.density))
    out = np.empty(max_count, PACKED_EVENT)
    turn = augmentation.scale * np.exp(1j * augmentation.rotation)
    count = _augment(out, events, disturbing, augmentation.mirrored, turn.real, turn.imag,
                     *augmentation.shift, augmentation.stretch, augmentation.density,
                     *augmentation.emptied, *augmentation.kept, augmentation.polarity_swapped,
                     rng.integers(1 << 63))
    return out[:count]


@njit(nogil=True)
def _augment(out, events, others, mirrored, cosine, sine, shift_x, shift_y, stretch, density,
             left, top, right, bottom, kept_off, kept_on, polarity_swapped, seed):
    """Write the events and the others to `out`, sorted by time; return their number."""
    middle = SIZE / 2
    moved = cosine != 1.0 or sine != 0.0 or shift_x != 0.0 or shift_y != 0.0
    count, next_other = 0, 0
    whole, rest = int(density), density - int(density)
    state = np.uint64(seed)
    for i in range(events.shape[0]):
        copies = whole
        if rest > 0.0:
            state = _next(state)
            copies += _uniform(state) < rest
        pixel = np.int64(events[i].pixel)
        x, y, p = pixel % SIZE, pixel // SIZE % SIZE, pixel // (SIZE * SIZE)
        kept = kept_on if p else kept_off
        if kept < 1.0:
            state = _next(state)
            copies *= _uniform(state) < kept
        if copies == 0:
            continue
        dt_us = np.uint32(events[i].dt_us * stretch)
        while next_other < others.shape[0] and others[next_other].dt_us <= dt_us:
            out[count] = others[next_other]
            count += 1
            next_other += 1
        if mirrored:
            x = SIZE - 1 - x
        if moved:
            # Anywhere within the pixel, so that an enlarged image has no gaps.
            state = _next(state)
            across = x + _uniform(state) - middle
            state = _next(state)
            down = y + _uniform(state) - middle
            x = int(np.floor(cosine * across - sine * down + middle + shift_x))
            y = int(np.floor(sine * across + cosine * down + middle + shift_y))
        if polarity_swapped:
            p = 1 - p
        for copy in range(copies):
            at_x, at_y = x, y
            if copy > 0:
                state = _next(state)
                at_x += int(_uniform(state) * 3) - 1
                state = _next(state)
                at_y += int(_uniform(state) * 3) - 1
            if (at_x < 0 or at_x >= SIZE or at_y < 0 or at_y >= SIZE
                    or left <= at_x < right and top <= at_y < bottom):
                continue
            out[count].dt_us = dt_us
            out[count].pixel = (p * SIZE + at_y) * SIZE + at_x
            count += 1
    for i in range(next_other, others.shape[0]):
        out[count] = others[i]
        count += 1
    return count


@njit(inline='always')
def _next(state):
    """Return the next state of a 64-bit linear congruential generator; numpy's is slow."""
    return state * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)


@njit(inline='always')
def _uniform(state):
    """Return the random number in [0, 1) of a state, from its better bits."""
    return np.int64(state >> np.uint64(32)) * 2.0 ** -32
