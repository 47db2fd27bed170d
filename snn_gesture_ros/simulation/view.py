# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where the camera stands, and what its lens and the light are like."""

import numpy as np
from snn_gesture_ros.simulation.rendering import (
    BACKGROUND_M, FOCAL_PX, LIGHT_X, LIGHT_Y, ROUNDNESS, TEXELS_PER_M)


FRAMINGS = {
    # Distance to the camera (m), scale (px/m on 128 pixels), how far off the middle (m), and how
    # far the camera stands aside (radians).
    'near': ((0.33, 0.85), (130.0, 420.0), 0.0, 0.25),
    'upper_body': ((0.75, 2.2), (65.0, 150.0), 0.14, 0.18),
    'far': ((1.8, 4.5), (38.0, 72.0), 0.25, 0.18),
    'data_set': ((1.1, 1.8), (92.0, 120.0), 0.05, 0.08),    # as in DVS128 Gesture
}

MAX_ASIDE = 0.32      # of the frame's width


class View:
    """A place of the camera, a lens and a light: drawn once, then fixed."""

    def __init__(self, rng, width, height, framing, aim, looking_aside=0.0):
        """
        Look at a place of the person from one of FRAMINGS.

        aim [3] is that place in the person's coordinates (m). looking_aside is the part of
        the way from there to the middle of the body that the camera looks aside, at most
        MAX_ASIDE.
        """
        short = min(width, height)
        distances, scales, off, aside = FRAMINGS[framing]
        distance = np.exp(rng.uniform(*np.log(distances)))
        px_per_m = np.exp(rng.uniform(*np.log(scales)))
        off = off or 0.17 * 128 / px_per_m
        aim = aim + rng.normal(0, off, 3) * [1, 1, 0]
        most = MAX_ASIDE * 128 / px_per_m
        aim[0] -= np.clip(looking_aside * aim[0], -most, most)
        focal = np.clip(px_per_m * distance, 60, 300) * short / 128
        from_side, from_above = rng.normal(0, aside), rng.normal(0, 0.8 * aside)
        back = np.array([np.sin(from_side), np.sin(from_above), 1.0])
        back /= np.linalg.norm(back)
        self.position = aim + back * distance
        across = np.cross([0.0, 1.0, 0.0], back)
        across /= np.linalg.norm(across)
        up = np.cross(back, across)
        roll = rng.normal(0, 0.05)
        self.rotation = np.array([
            np.cos(roll) * across + np.sin(roll) * up,
            np.sin(roll) * across - np.cos(roll) * up,
            -back])
        self.lens = np.empty(6)
        self.lens[FOCAL_PX] = focal
        self.lens[BACKGROUND_M] = self.position[2] + rng.uniform(0.3, 3.0)
        self.lens[LIGHT_X], self.lens[LIGHT_Y] = rng.normal(0, 0.15), rng.normal(-0.12, 0.12)
        self.lens[ROUNDNESS] = rng.uniform(0.05, 0.5)
        self.lens[TEXELS_PER_M] = np.clip(1.2 * focal / distance, 60, 260)
