# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A person's upper body in space: the pose of a moment, and the capsules that show it."""
from math import cos, sin, sqrt
from typing import NamedTuple

import numpy as np
from snn_gesture_ros.compiled import njit

RIGHT, LEFT = 0, 1

# Fields of an arm.
WRIST = slice(0, 3)     # target of the wrist
POLE = slice(3, 6)      # direction in which the elbow points
HAND = slice(6, 9)      # added to the forearm's direction: where the hand points
PALM = slice(9, 12)     # direction in which the palm looks
CURL = 12               # 0 open hand, 1 fist
ARM_SIZE = 13

# Fields of the scene: meters, radians, and log luminance for the light.
BODY_X, BODY_Y, BODY_Z = 0, 1, 2
BODY_YAW, BODY_PITCH, BODY_ROLL = 3, 4, 5
HEAD_YAW, HEAD_PITCH = 6, 7
PERSON = slice(0, 8)    # body and head
CAMERA_YAW, CAMERA_PITCH, CAMERA_ROLL = 8, 9, 10
CAMERA_X, CAMERA_Y, CAMERA_Z = 11, 12, 13
LIGHT = 14
SCENE_SIZE = 15


class Poses(NamedTuple):
    """The scene at n moments: arms [n, 2, ARM_SIZE], right one first; scene [n, SCENE_SIZE]."""

    arms: np.ndarray
    scene: np.ndarray


def blend(first, second, weight):
    """Interpolate from the first poses (weight 0) to the second (weight 1), by weights [n]."""
    arms, scene = weight[:, None, None], weight[:, None]
    return Poses(
        first.arms * (1.0 - arms) + second.arms * arms,
        first.scene * (1.0 - scene) + second.scene * scene)


def smooth_step(x):
    """Return a smooth rise from 0 at x <= 0 to 1 at x >= 1."""
    x = np.clip(x, 0.0, 1.0)
    return x * x * (3.0 - 2.0 * x)


def vectors(x, y, z):
    """Stack three coordinates, numbers or arrays [n], into [3] or [n, 3]."""
    return np.stack(np.broadcast_arrays(x, y, z), axis=-1)


def directions(v):
    """Return vectors [..., 3], scaled to length one."""
    return v / np.linalg.norm(v, axis=-1, keepdims=True)


def arm(t, wrist, pole=(0.3, -1.0, -0.3), hand=(0.0, 0.0, 0.0), palm=(0.0, 0.0, 1.0), curl=0.2):
    """Return one arm [n, ARM_SIZE] at the times t [n]; each part may be constant."""
    out = np.empty((len(t), ARM_SIZE))
    out[:, WRIST] = wrist
    out[:, POLE] = pole
    out[:, HAND] = hand
    out[:, PALM] = palm
    out[:, CURL] = curl
    return out


def hinged_arm(t, upper, forearm, **rest):
    """Return one arm, as `arm` does, by the directions of upper arm and forearm, [n, 3] or [3]."""
    upper = 0.52 * directions(np.asarray(upper, float))
    wrist = upper + 0.48 * directions(np.asarray(forearm, float))
    return arm(t, wrist, pole=upper, **rest)


# Materials: the index of a texture.
SKIN, HAIR, SHIRT, SLEEVE, TROUSERS, DARK = range(6)
MATERIALS = 6

# Body measures.
SHOULDER, UPPER_ARM, FOREARM, HAND_SIZE, GIRTH, HEAD_SIZE, TRUNK, SPREAD = range(8)

# Order of the capsules: trunk 4, legs 2, neck, head, hair, eyes 2, then 11 for each arm.
CAPSULES = 33
PALMS = [14, 25]     # rows of the capsules in the middle of the right and the left hand


def draw_measures(rng):
    """Return the measures of a random person's body."""
    size = rng.normal(1.0, 0.07)
    measures = np.empty(8)
    measures[SHOULDER] = 0.185 * size * rng.normal(1, 0.06)
    measures[UPPER_ARM] = 0.29 * size * rng.normal(1, 0.04)
    measures[FOREARM] = 0.26 * size * rng.normal(1, 0.04)
    measures[HAND_SIZE] = size * rng.normal(1, 0.07)
    measures[GIRTH] = size * rng.uniform(0.8, 1.3)
    measures[HEAD_SIZE] = size * rng.normal(1, 0.05)
    measures[TRUNK] = 0.52 * size
    measures[SPREAD] = rng.uniform(0.0, 0.35)
    return measures


def draw_materials(rng):
    """Return the material of each capsule [CAPSULES] for a random way to dress."""
    sleeves = rng.choice(['none', 'short', 'long'], p=[0.1, 0.35, 0.55])
    upper = SKIN if sleeves == 'none' else SLEEVE
    lower = SLEEVE if sleeves == 'long' else SKIN
    hand = SKIN if rng.random() < 0.95 else DARK
    one_arm = [upper, lower] + [hand] * 9
    hair = SKIN if rng.random() < 0.08 else HAIR
    return np.array(
        [SHIRT] * 4 + [TROUSERS] * 2 + [SKIN, SKIN, hair, DARK, DARK] + one_arm * 2, np.int64)


@njit()
def _unit(v):
    return v / sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2] + 1e-12)


@njit()
def _cross(a, b):
    return np.array([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2],
                     a[0] * b[1] - a[1] * b[0]])


@njit()
def _dot(a, b):
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@njit()
def turning(yaw, pitch, roll):
    """Return the matrix [3, 3] that rolls about z, then pitches about x, then yaws about y."""
    cy, sy, cp, sp, cr, sr = cos(yaw), sin(yaw), cos(pitch), sin(pitch), cos(roll), sin(roll)
    out = np.empty((3, 3))
    out[0] = cy * cr + sy * sp * sr, -cy * sr + sy * sp * cr, sy * cp
    out[1] = cp * sr, cp * cr, -sp
    out[2] = -sy * cr + cy * sp * sr, sy * sr + cy * sp * cr, cy * cp
    return out


@njit()
def _put(out, row, a, b, radius_a, radius_b):
    out[row, 0:3] = a
    out[row, 3:6] = b
    out[row, 6] = radius_a
    out[row, 7] = radius_b


@njit()
def _put_arm(out, row, arm, side, measures):
    """Solve the two-link arm and write its 11 capsules; side is -1 for the right arm."""
    upper, fore = measures[UPPER_ARM], measures[FOREARM]
    mirror = np.array([side, 1.0, 1.0])
    shoulder = np.array([side * measures[SHOULDER], -0.02, 0.0])
    way = arm[0:3] * mirror * (upper + fore)
    distance = min(max(sqrt(_dot(way, way)), abs(upper - fore) + 0.03), 0.998 * (upper + fore))
    way = _unit(way)
    along = (upper * upper - fore * fore + distance * distance) / (2.0 * distance)
    height = sqrt(max(upper * upper - along * along, 0.0))
    pole = arm[3:6] * mirror
    pole = _unit(pole - way * _dot(pole, way))
    elbow = shoulder + way * along + pole * height
    wrist = shoulder + way * distance
    forearm = _unit(wrist - elbow)

    size = measures[HAND_SIZE]
    thick = 0.8 + 0.2 * measures[GIRTH]
    _put(out, row, shoulder, elbow, 0.052 * thick, 0.042 * thick)
    _put(out, row + 1, elbow, wrist - forearm * 0.01, 0.041 * thick, 0.03 * thick)

    fingers = _unit(forearm + arm[6:9] * mirror)
    palm = arm[9:12] * mirror
    palm = palm - fingers * _dot(palm, fingers)
    if _dot(palm, palm) < 1e-4:
        palm = _cross(fingers, np.array([0.1, 0.9, 0.2]))
    palm = _unit(palm)
    thumb_side = _cross(fingers, palm) * -side
    curl = min(max(arm[CURL], 0.0), 1.0)
    for k in range(3):
        offset = thumb_side * (0.026 * (k - 1) * size)
        _put(out, row + 2 + k, wrist + offset, wrist + offset + fingers * (0.08 * size),
             0.017 * size, 0.016 * size)
    for k in range(4):
        place = (k - 1.5) * 0.0225 * size
        root = wrist + thumb_side * place + fingers * (0.088 * size)
        bend = 1.9 * curl
        spread = thumb_side * ((k - 1.5) * measures[SPREAD] * (1.0 - curl))
        tip = _unit(fingers * cos(bend) + palm * sin(bend) + spread)
        length = (0.082 - 0.008 * abs(k - 1.7)) * size * (1.0 - 0.45 * curl)
        _put(out, row + 5 + k, root, root + tip * length, 0.0105 * size, 0.0085 * size)
    root = wrist + fingers * (0.025 * size) + thumb_side * (0.03 * size)
    tip = _unit(thumb_side * (1.0 - 0.7 * curl) + fingers * 0.8 + palm * (0.2 + 0.8 * curl))
    _put(out, row + 9, root, root + tip * (0.07 * size), 0.013 * size, 0.01 * size)
    _put(out, row + 10, wrist - forearm * 0.015, wrist + fingers * (0.03 * size),
         0.026 * size, 0.022 * size)


@njit()
def put_person(arms, scene, measures, out):
    """Write the capsules of a pose to out [CAPSULES, 8]: both ends x, y, z, then both radii."""
    girth, trunk, head = measures[GIRTH], measures[TRUNK], measures[HEAD_SIZE]
    wide = measures[SHOULDER]
    radius = 0.105 * girth
    side = max(wide - 0.085, 0.06)
    for k, x in enumerate((-1.0, 1.0)):
        top = np.array([x * (side - 0.02), -0.10, -0.02])
        bottom = np.array([x * (0.07 + 0.04 * (girth - 1.0)), -trunk, -0.01])
        _put(out, k, top, bottom, radius, radius * 1.02)
    _put(out, 2, np.array([0.0, -0.08, -0.01]), np.array([0.0, -trunk, 0.01 * girth]),
         radius, radius * 1.05)
    _put(out, 3, np.array([-wide + 0.03, -0.03, -0.02]), np.array([wide - 0.03, -0.03, -0.02]),
         0.058, 0.058)
    for k, x in enumerate((-1.0, 1.0)):
        hip = np.array([x * 0.09, -trunk - 0.02, 0.0])
        _put(out, 4 + k, hip, np.array([x * 0.11, -trunk - 0.5, 0.03]),
             0.095 * girth, 0.07 * girth)

    turn = turning(scene[HEAD_YAW], scene[HEAD_PITCH], 0.0)
    neck = np.array([0.0, 0.07, 0.0])
    _put(out, 6, np.array([0.0, 0.0, -0.01]), np.array([0.0, 0.12, 0.01]), 0.055, 0.05)
    up, front, across = turn[:, 1].copy(), turn[:, 2].copy(), turn[:, 0].copy()
    chin = neck + (up * 0.07 + front * 0.025) * head
    crown = neck + (up * 0.16 + front * 0.015) * head
    _put(out, 7, chin, crown, 0.066 * head, 0.08 * head)
    _put(out, 8, crown + (up * 0.022 - front * 0.045 - across * 0.02) * head,
         crown + (up * 0.022 - front * 0.045 + across * 0.02) * head, 0.085 * head, 0.085 * head)
    for k, x in enumerate((-1.0, 1.0)):
        eye = neck + (up * 0.135 + front * 0.09 + across * (0.032 * x)) * head
        _put(out, 9 + k, eye - across * 0.008, eye + across * 0.008, 0.009, 0.009)

    _put_arm(out, 11, arms[0], -1.0, measures)
    _put_arm(out, 22, arms[1], 1.0, measures)

    # The body turns about the hip.
    turn = turning(scene[BODY_YAW], scene[BODY_PITCH], scene[BODY_ROLL])
    hip = np.array([0.0, -trunk, 0.0])
    place = hip + np.array([scene[BODY_X], scene[BODY_Y], scene[BODY_Z]])
    for row in range(CAPSULES):
        for end in (0, 3):
            x, y, z = (out[row, end] - hip[0], out[row, end + 1] - hip[1],
                       out[row, end + 2] - hip[2])
            for k in range(3):
                out[row, end + k] = turn[k, 0] * x + turn[k, 1] * y + turn[k, 2] * z + place[k]
