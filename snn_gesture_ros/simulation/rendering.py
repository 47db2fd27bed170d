# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Images of the scene in log luminance: textured capsules in perspective."""
from math import cos, sin, sqrt, tan

import numpy as np
from snn_gesture_ros.compiled import njit
from snn_gesture_ros.simulation.person import (
    CAMERA_PITCH, CAMERA_ROLL, CAMERA_X, CAMERA_Y, CAMERA_YAW, CAMERA_Z, DARK, HAIR, MATERIALS,
    SHIRT, SKIN, SLEEVE, TROUSERS, turning)

CLOTH_SIZE = 64     # texels, a power of two
_FULLNESS = {'any': [0.1, 0.4, 0.4, 0.1], 'full': [0, 0.1, 0.4, 0.5], 'laboratory': [0, 1, 0, 0]}
"""How often a room has nothing, a few things, many, or a shelf full of things."""
NEAREST_M = 0.12
"""A capsule nearer to the camera is not drawn."""

# Fields of the lens and the light, which View of camera.py fills.
FOCAL_PX, BACKGROUND_M, LIGHT_X, LIGHT_Y, ROUNDNESS, TEXELS_PER_M = range(6)


def _smooth_noise(rng, size, coarseness):
    """Return noise [size, size] of unit spread whose features are some texels wide."""
    frequencies = np.fft.fftfreq(size)
    radius = np.hypot(*np.meshgrid(frequencies, frequencies)) * size
    weight = np.exp(-0.5 * (radius / (size / coarseness)) ** 2)
    noise = np.fft.ifft2(np.fft.fft2(rng.normal(size=(size, size))) * weight).real
    return noise / noise.std()


@njit()
def _magnified(texture, size):
    """Return a repeating square texture at another size [size, size]."""
    out = np.empty((size, size), np.float32)
    old = len(texture)
    for row in range(size):
        y = row * old / size
        top, fy = int(y), y - int(y)
        for column in range(size):
            x = column * old / size
            left, fx = int(x), x - int(x)
            right, bottom = (left + 1) % old, (top + 1) % old
            upper = texture[top, left] * (1 - fx) + texture[top, right] * fx
            lower = texture[bottom, left] * (1 - fx) + texture[bottom, right] * fx
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


def draw_background(rng, size, room='any'):
    """
    Return a random background, from a plain wall to a full shelf.

    :param size: width and height in texels, a power of two.
    :param room: `any`, `full` (no plain wall) or `laboratory` (rather bright, with little in it).
    :returns: log luminance, float32 [size, size].
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


@njit()
def project(capsules, scene, position, rotation, lens, width, height, out):
    """
    Project capsules to the image.

    :param capsules: [C, 8], as `put_person` writes them.
    :param scene: [SCENE_SIZE], of which the movement of the camera is used.
    :param position: of the camera in meters, [3]; rotation [3, 3] is that of its axes.
    :param out: [C, 9], filled with u, v and radius of both ends in pixels, the mean depth in
        meters (0 where the capsule is not in front of the camera), and the length and the mean
        radius in texels.
    """
    shake = turning(scene[CAMERA_YAW], scene[CAMERA_PITCH], scene[CAMERA_ROLL])
    turn = np.empty((3, 3))
    for i in range(3):
        for j in range(3):
            turn[i, j] = (shake[i] * rotation[:, j]).sum()
    camera = np.array([position[0] + scene[CAMERA_X], position[1] + scene[CAMERA_Y],
                       position[2] - scene[CAMERA_Z]])
    focal = lens[FOCAL_PX]
    for row in range(len(capsules)):
        depth = 0.0
        visible = True
        for end in range(2):
            point = (turn * (capsules[row, 3 * end:3 * end + 3] - camera)).sum(axis=1)
            if point[2] < NEAREST_M:
                visible = False
                break
            out[row, 3 * end] = 0.5 * width + focal * point[0] / point[2]
            out[row, 3 * end + 1] = 0.5 * height + focal * point[1] / point[2]
            out[row, 3 * end + 2] = focal * capsules[row, 6 + end] / point[2]
            depth += 0.5 * point[2]
        out[row, 6] = depth if visible else 0.0
        axis = capsules[row, 3:6] - capsules[row, 0:3]
        out[row, 7] = sqrt((axis * axis).sum()) * lens[TEXELS_PER_M]
        out[row, 8] = 0.5 * (capsules[row, 6] + capsules[row, 7]) * lens[TEXELS_PER_M]


@njit()
def _texel(texture, x, y):
    """Sample a repeating texture between its texels."""
    mask = texture.shape[0] - 1
    left, top = int(np.floor(x)), int(np.floor(y))
    fx, fy = np.float32(x) - np.float32(left), np.float32(y) - np.float32(top)
    x0, x1, y0, y1 = left & mask, (left + 1) & mask, top & mask, (top + 1) & mask
    upper = texture[y0, x0] + fx * (texture[y0, x1] - texture[y0, x0])
    lower = texture[y1, x0] + fx * (texture[y1, x1] - texture[y1, x0])
    return upper + fy * (lower - upper)


@njit(fastmath=True)
def _paint(capsule, texture, lens, light, covered):
    """Paint one projected capsule behind what is painted already."""
    height, width = light.shape
    ua, va, ra = np.float32(capsule[0]), np.float32(capsule[1]), np.float32(capsule[2])
    ub, vb, rb = np.float32(capsule[3]), np.float32(capsule[4]), np.float32(capsule[5])
    texels_along, texels_across = np.float32(capsule[7]), np.float32(1.3 * capsule[8])
    texel_x, texel_y = np.float32(capsule[9]), np.float32(capsule[10])
    light_x, light_y = np.float32(lens[LIGHT_X]), np.float32(lens[LIGHT_Y])
    roundness = np.float32(lens[ROUNDNESS])
    zero, half, one = np.float32(0.0), np.float32(0.5), np.float32(1.0)

    left = max(int(min(ua - ra, ub - rb) - one), 0)
    right = min(int(max(ua + ra, ub + rb)) + 2, width)
    top = max(int(min(va - ra, vb - rb) - one), 0)
    bottom = min(int(max(va + ra, vb + rb)) + 2, height)
    du, dv = ub - ua, vb - va
    length2 = du * du + dv * dv + np.float32(1e-6)
    length = np.float32(sqrt(length2))
    du_share, dv_share = du / length2, dv / length2
    du_unit, dv_unit = du / length, dv / length
    thin = min(one, np.float32(2.0) * max(ra, rb))      # thinner than a pixel: covers a part
    reach = max(ra, rb) + half
    for row in range(top, bottom):
        y = np.float32(row) + half - va
        first, last = left, right
        if abs(dv) > np.float32(1e-3):      # only the strip around the axis
            middle, strip = ua + y * du / dv, reach * length / abs(dv)
            first = max(first, int(max(min(ua, ub) - reach, middle - strip)))
            last = min(last, int(min(max(ua, ub) + reach, middle + strip)) + 2)
        for column in range(first, last):
            free = one - covered[row, column]
            if free < np.float32(0.01):
                continue
            x = np.float32(column) + half - ua
            share = min(max(x * du_share + y * dv_share, zero), one)
            radius = ra + share * (rb - ra)
            off_x, off_y = x - share * du, y - share * dv
            off2 = off_x * off_x + off_y * off_y
            outer = radius + half
            if off2 >= outer * outer:
                continue
            alpha = min(one, outer - np.float32(sqrt(off2))) * thin * free
            scale = one / max(radius, half)
            nx, ny = off_x * scale, off_y * scale
            across = ny * du_unit - nx * dv_unit
            value = (_texel(texture, share * texels_along + texel_x,
                            across * texels_across + texel_y)
                     + light_x * nx + light_y * ny - roundness * (nx * nx + ny * ny))
            light[row, column] += alpha * value
            covered[row, column] += alpha


@njit(fastmath=True)
def paint_background(texture, scene, lens, offset, texels_per_pixel, out):
    """Paint the wall behind the person as the turned or moved camera sees it."""
    height, width = out.shape
    focal, far = lens[FOCAL_PX], lens[BACKGROUND_M]
    shift_x = focal * (tan(scene[CAMERA_YAW]) + scene[CAMERA_X] / far)
    shift_y = focal * (tan(scene[CAMERA_PITCH]) - scene[CAMERA_Y] / far)
    zoom = texels_per_pixel * (far - scene[CAMERA_Z]) / far
    c = np.float32(cos(scene[CAMERA_ROLL]) * zoom)
    s = np.float32(sin(scene[CAMERA_ROLL]) * zoom)
    left = np.float32((shift_x * texels_per_pixel + offset[0]) % len(texture))
    top = np.float32((shift_y * texels_per_pixel + offset[1]) % len(texture))
    for row in range(height):
        y = np.float32(row - 0.5 * height)
        for column in range(width):
            x = np.float32(column - 0.5 * width)
            out[row, column] = _texel(
                texture, c * x + s * y + left, c * y - s * x + top)


@njit()
def paint_scene(projected, materials, textures, lens, wall, brightness, light, covered):
    """Paint the projected capsules [C, 9] and what they leave of the wall into light [H, W]."""
    light[:] = 0.0
    covered[:] = 0.0
    capsule = np.empty(11)
    for row in np.argsort(projected[:, 6]):
        if projected[row, 6] > 0.0:
            capsule[:9] = projected[row]
            capsule[9] = (row * 17) % CLOTH_SIZE
            capsule[10] = (row * 29) % CLOTH_SIZE
            _paint(capsule, textures[materials[row]], lens, light, covered)
    height, width = light.shape
    brightness = np.float32(brightness)
    for row in range(height):
        for column in range(width):
            light[row, column] += (
                (np.float32(1.0) - covered[row, column]) * wall[row, column] + brightness)
