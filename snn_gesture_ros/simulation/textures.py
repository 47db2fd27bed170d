# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Surfaces as pictures of log luminance, repeating at their borders."""

from math import cos, sin

import numpy as np
from snn_gesture_ros.compiled import njit
from snn_gesture_ros.simulation.person import DARK, HAIR, MATERIALS, SHIRT, SKIN, SLEEVE, TROUSERS

CLOTH_SIZE = 64     # texels, a power of two


def _smooth_noise(rng, size, coarseness):
    """Return noise [size, size] of unit spread whose features are some texels wide."""
    frequencies = np.fft.fftfreq(size)
    radius = np.hypot(*np.meshgrid(frequencies, frequencies)) * size
    weight = np.exp(-0.5 * (radius / (size / coarseness)) ** 2)
    noise = np.fft.ifft2(np.fft.fft2(rng.normal(size=(size, size))) * weight).real
    return noise / noise.std()


@njit()
def _magnified(picture, size):
    """Return a repeating square picture at another size [size, size]."""
    out = np.empty((size, size), np.float32)
    old = len(picture)
    for row in range(size):
        y = row * old / size
        top, fy = int(y), y - int(y)
        for column in range(size):
            x = column * old / size
            left, fx = int(x), x - int(x)
            right, bottom = (left + 1) % old, (top + 1) % old
            upper = picture[top, left] * (1 - fx) + picture[top, right] * fx
            lower = picture[bottom, left] * (1 - fx) + picture[bottom, right] * fx
            out[row, column] = upper * (1 - fy) + lower * fy
    return out


def _cloth(rng, brightness):
    """Return a texture [CLOTH_SIZE, CLOTH_SIZE]: folds, and perhaps stripes, checks, a print."""
    texture = brightness + rng.uniform(0.03, 0.2) * _smooth_noise(
        rng, CLOTH_SIZE, rng.uniform(8, 24))
    x = np.arange(CLOTH_SIZE)
    contrast = rng.uniform(0.2, 1.5) * (1 if brightness < -1.2 else -1)
    stripes = np.sign(np.sin(x * rng.integers(2, 9) * 2 * np.pi / CLOTH_SIZE)
                      - rng.uniform(-0.6, 0.6)) * 0.5
    pattern = rng.choice(['plain', 'along', 'across', 'checks', 'print'],
                         p=[0.5, 0.12, 0.14, 0.12, 0.12])
    if pattern == 'along':
        texture += contrast * stripes[:, None]
    elif pattern == 'across':
        texture += contrast * stripes[None, :]
    elif pattern == 'checks':
        texture += 0.6 * contrast * (stripes[:, None] + stripes[None, :])
    elif pattern == 'print':
        texture += contrast * (_smooth_noise(rng, CLOTH_SIZE, 12) > rng.uniform(0.3, 1.2))
    return texture


def draw_textures(rng):
    """Return the textures [MATERIALS, CLOTH_SIZE, CLOTH_SIZE] of a random person."""
    brightness = np.empty(MATERIALS)
    brightness[SKIN] = rng.uniform(-1.7, -0.5)
    brightness[HAIR] = rng.choice([rng.uniform(-3.0, -2.0), rng.uniform(-2.0, -0.6)])
    brightness[SHIRT] = rng.uniform(-2.8, -0.3)
    brightness[SLEEVE] = brightness[SHIRT]
    brightness[TROUSERS] = rng.uniform(-3.0, -0.6)
    brightness[DARK] = -2.8
    textures = np.empty((MATERIALS, CLOTH_SIZE, CLOTH_SIZE), np.float32)
    for material in (SHIRT, TROUSERS):
        textures[material] = _cloth(rng, brightness[material])
    textures[SLEEVE] = textures[SHIRT] if rng.random() < 0.8 else _cloth(rng, brightness[SHIRT])
    for material, roughness in ((SKIN, 0.05), (HAIR, 0.15), (DARK, 0.05)):
        textures[material] = (brightness[material]
                              + roughness * _smooth_noise(rng, CLOTH_SIZE, 10))
    return textures


@njit()
def _paint_shapes(texture, shapes):
    """Paint boxes, ellipses and gratings: x, y, half sizes, angle, value, kind, period."""
    size = texture.shape[0]
    for row in range(len(shapes)):
        x0, y0, half_x, half_y, angle, value, kind, period = shapes[row]
        c, s = cos(angle), sin(angle)
        reach = int(np.hypot(half_x, half_y)) + 2
        for dy in range(-reach, reach + 1):
            for dx in range(-reach, reach + 1):
                u, v = (dx * c + dy * s) / half_x, (-dx * s + dy * c) / half_y
                if kind == 1.0:
                    inside = u * u + v * v < 1.0
                else:
                    inside = abs(u) < 1.0 and abs(v) < 1.0
                if inside and kind == 2.0:
                    inside = (u * half_x / period) % 1.0 < 0.5
                if inside:
                    texture[(int(y0) + dy) % size, (int(x0) + dx) % size] = value


#: How often a room has nothing, a few things, many, or a shelf full of things.
_FULLNESS = {'any': [0.1, 0.4, 0.4, 0.1], 'full': [0, 0.1, 0.4, 0.5], 'laboratory': [0, 1, 0, 0]}


def draw_background(rng, size, room='any'):
    """
    Return a background [size, size] (a power of two): from a plain wall to a full shelf.

    room is 'any', 'full' (no plain wall) or 'laboratory' (rather bright, with little in it).
    """
    brightness = rng.uniform(-2.2, -0.5)
    contrasts = [rng.uniform(0.02, 0.2), rng.uniform(0.2, 0.5), rng.uniform(0.5, 1.0)]
    contrast = rng.choice(contrasts[1:] if room == 'full' else contrasts)
    if room == 'laboratory':
        brightness, contrast = rng.uniform(-1.5, -0.8), contrasts[1]
    texture = brightness + 0.5 * contrast * _magnified(_smooth_noise(rng, 16, 5.0), size)
    texture += rng.uniform(0.0, 0.15) * contrast * rng.standard_normal(
        (size, size), dtype=np.float32)
    counts = [0, rng.integers(3, 25), rng.integers(25, 200), rng.integers(200, 700)]
    count = int(rng.choice(counts, p=_FULLNESS[room]))
    unit = size / 512
    shapes = np.empty((count, 8))
    shapes[:, 0:2] = rng.uniform(0, size, (count, 2))
    largest = 70 if count < 200 else 25
    shapes[:, 2:4] = unit * np.exp(rng.uniform(np.log(2), np.log(largest), (count, 2)))
    upright = rng.random(count) < 0.75
    shapes[:, 4] = np.where(upright, rng.normal(0, 0.02, count), rng.uniform(0, np.pi, count))
    shapes[:, 5] = brightness + contrast * rng.normal(0, 1, count)
    shapes[:, 6] = rng.choice(3, count, p=[0.65, 0.2, 0.15])
    shapes[:, 7] = unit * rng.uniform(3, 16, count)
    _paint_shapes(texture, shapes)
    texture = texture + 0.5 * (np.roll(texture, 1, 0) + np.roll(texture, -1, 0))
    texture = texture + 0.5 * (np.roll(texture, 1, 1) + np.roll(texture, -1, 1))
    return np.clip(texture / 4.0, -4.5, 0.0).astype(np.float32)
