# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where the camera stands, and what its lens and the light are like."""

import numpy as np
from snn_gesture_ros.simulation.rendering import (
    BACKGROUND_M, FOCAL_PX, LIGHT_X, LIGHT_Y, ROUNDNESS, TEXELS_PER_M)


class View:
    """A place of the camera, a lens and a light: drawn once, then fixed."""

    def __init__(self, rng, width, height, aim):
        """
        Look at the upper body, or from near at a place before it.

        aim [3] is that place in the person's coordinates (m), or None for the upper body.
        """
        short = min(width, height)
        if aim is None:
            aim = np.array([rng.normal(0, 0.1), rng.normal(-0.02, 0.12), 0.15])
            distance = np.exp(rng.uniform(np.log(0.75), np.log(2.2)))
            px_per_m = np.exp(rng.uniform(np.log(65), np.log(150)))
        else:
            distance = rng.uniform(0.33, 0.8)
            px_per_m = np.exp(rng.uniform(np.log(130), np.log(330)))
            aim = aim + rng.normal(0, 0.15 * 128 / px_per_m, 3) * [1, 1, 0]
        focal = np.clip(px_per_m * distance, 60, 300) * short / 128
        from_side, from_above = rng.normal(0, 0.18), rng.normal(0.0, 0.14)
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
