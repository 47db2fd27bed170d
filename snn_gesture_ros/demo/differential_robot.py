# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A simulated differential robot: where velocity commands lead it."""
from typing import NamedTuple

import numpy as np


class Command(NamedTuple):
    """A velocity that the robot drives with from its arrival on."""

    t_s: float
    linear: float
    """Forwards, m/s."""
    angular: float
    """To the left, rad/s."""


def drive(commands: list, end_s: float, step_s: float = 0.01):
    """
    Drive by commands from the origin, with the nose along x; a command lasts until the next.

    :param commands: of Command, the earliest first.
    :param end_s: time of the end.
    :returns: times in seconds and poses [times, 3]: x and y in metres, heading in radians.
    """
    times_s = np.arange(0, end_s, step_s)
    starts_s = [command.t_s for command in commands]
    velocities = np.array([(0.0, 0.0), *(command[1:] for command in commands)])
    linear, angular = velocities[np.searchsorted(starts_s, times_s, 'right')].T
    heading = np.cumsum(angular) * step_s
    middle = heading - angular * step_s / 2
    return times_s, np.stack([np.cumsum(linear * np.cos(middle)) * step_s,
                              np.cumsum(linear * np.sin(middle)) * step_s, heading], axis=1)
