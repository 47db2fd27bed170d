# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
How a moment of the scene is written down: the arms, the body, the camera and the light.

An arm is described on its own side: x points outward from the body, y up, z forward to the
camera; the origin is the shoulder and the unit is the arm's length from shoulder to wrist.
So one description serves both arms, and the midline of the body is near x = -0.35.
"""

from typing import NamedTuple

import numpy as np

RIGHT, LEFT = 0, 1

# Fields of an arm.
WRIST = slice(0, 3)     # where the wrist shall be
POLE = slice(3, 6)      # direction in which the elbow points
HAND = slice(6, 9)      # added to the forearm's direction: where the hand points
PALM = slice(9, 12)     # direction in which the palm looks
CURL = 12               # 0 open hand, 1 fist
ARM_SIZE = 13

# Fields of the scene: metres, radians, and log luminance for the light.
BODY_X, BODY_Y, BODY_Z = 0, 1, 2
BODY_YAW, BODY_PITCH, BODY_ROLL = 3, 4, 5
HEAD_YAW, HEAD_PITCH = 6, 7
CAMERA_YAW, CAMERA_PITCH, CAMERA_ROLL = 8, 9, 10
CAMERA_X, CAMERA_Y, CAMERA_Z = 11, 12, 13
LIGHT = 14
SCENE_SIZE = 15


class Poses(NamedTuple):
    """The scene at n moments: arms [n, 2, ARM_SIZE], right one first; scene [n, SCENE_SIZE]."""

    arms: np.ndarray
    scene: np.ndarray


def blend(first, second, weight):
    """Go from the first poses (weight 0) to the second (weight 1); weight has shape [n]."""
    arms, scene = weight[:, None, None], weight[:, None]
    return Poses(
        first.arms * (1.0 - arms) + second.arms * arms,
        first.scene * (1.0 - scene) + second.scene * scene)


def smooth_step(x):
    """Rise smoothly from 0 at x <= 0 to 1 at x >= 1."""
    x = np.clip(x, 0.0, 1.0)
    return x * x * (3.0 - 2.0 * x)


def vectors(x, y, z):
    """Stack three coordinates, numbers or arrays [n], to [n, 3] or [3]."""
    return np.stack(np.broadcast_arrays(x, y, z), axis=-1)


def directions(v):
    """Scale vectors [..., 3] to length one."""
    return v / np.linalg.norm(v, axis=-1, keepdims=True)


def arm(t, wrist, pole=(0.3, -1.0, -0.3), hand=(0.0, 0.0, 0.0), palm=(0.0, 0.0, 1.0), curl=0.2):
    """Fill one arm [n, ARM_SIZE] at the times t [n]; each part may be constant."""
    out = np.empty((len(t), ARM_SIZE))
    out[:, WRIST] = wrist
    out[:, POLE] = pole
    out[:, HAND] = hand
    out[:, PALM] = palm
    out[:, CURL] = curl
    return out


def hinged_arm(t, upper, forearm, **rest):
    """Fill one arm from the directions of its upper arm and forearm, [n, 3] or [3]."""
    upper = 0.52 * directions(np.asarray(upper, float))
    wrist = upper + 0.48 * directions(np.asarray(forearm, float))
    return arm(t, wrist, pole=upper, **rest)
