# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A simulated differential robot, and an image of its path."""
from typing import NamedTuple

from matplotlib import colormaps
from matplotlib.figure import Figure
import numpy as np
from snn_gesture_ros.files import naming

NEUTRAL_COLOR = '#9a9a9a'
MIN_STOP = 0.1
"""A zero command after a faster one, in m/s or rad/s, is an immediate stop."""
SIZE_INCHES = (9.6, 7.5)
DPI = 90


class Command(NamedTuple):
    """A velocity of the robot, from its arrival until the next one."""

    t_s: float
    linear: float
    """Forward, m/s."""
    angular: float
    """To the left, rad/s."""


def simulate_drive(commands: list, end_s: float, step_s: float = 0.01):
    """
    Drive from the origin, heading along x; a command lasts until the next.

    :param commands: list of Command, sorted by time.
    :param end_s: time of the end.
    :returns: times in seconds and poses [times, 3]: x and y in meters, heading in radians.
    """
    times_s = np.arange(0, end_s, step_s)
    starts_s = [command.t_s for command in commands]
    velocities = np.array([(0.0, 0.0), *(command[1:] for command in commands)])
    linear, angular = velocities[np.searchsorted(starts_s, times_s, 'right')].T
    heading = np.cumsum(angular) * step_s
    middle = heading - angular * step_s / 2
    return times_s, np.stack([np.cumsum(linear * np.cos(middle)) * step_s,
                              np.cumsum(linear * np.sin(middle)) * step_s, heading], axis=1)


def draw_drive(script: list, commands: list, times_s, poses, path) -> None:
    """
    Save an image of the path and the velocities.

    :param script: gestures and when they end in seconds, sorted by time.
    :param commands: list of Command.
    :param times_s: [times] of the poses [times, 3].
    :raises OSError: if the file cannot be written.
    """
    figure = Figure(SIZE_INCHES, DPI, layout='constrained')
    ground, speeds = figure.subplots(2, height_ratios=[3, 2])
    starts_s = [0.0, *(end_s for _, end_s in script)]
    colors = _colors(script)
    for (gesture, end_s), start_s in zip(script, starts_s):
        during = (times_s >= start_s) & (times_s <= end_s)
        ground.plot(*poses[during, :2].T, color=colors[gesture], linewidth=3)
        speeds.axvspan(start_s, end_s, color=colors[gesture], alpha=0.3, linewidth=0)
        speeds.text((start_s + end_s) / 2, 1.02, gesture.replace('_', ' '), fontsize=8,
                    rotation=40, transform=speeds.get_xaxis_transform())
    after = times_s >= starts_s[-1]
    ground.plot(*poses[after, :2].T, color=NEUTRAL_COLOR, linewidth=3)
    _draw_robot(ground, poses[0], 'start')
    _draw_robot(ground, poses[-1], 'end')
    stops = np.searchsorted(times_s, _stops_s(commands))
    ground.plot(*poses[stops, :2].T, 'X', color='red', markersize=10, label='stopped immediately')
    for gesture, color in colors.items():
        if color != NEUTRAL_COLOR:
            ground.plot([], [], color=color, linewidth=3, label=gesture.replace('_', ' '))
    ground.set(aspect='equal', xlabel='x, m', ylabel='y, m')
    ground.margins(0.1)
    ground.grid(alpha=0.3)
    ground.legend(fontsize=8, loc='center left', bbox_to_anchor=(1, 0.5))
    commanded_s = [command.t_s for command in commands]
    speeds.step(commanded_s, [command.linear for command in commands], where='post',
                color='black', label='linear, m/s')
    speeds.step(commanded_s, [command.angular for command in commands], where='post',
                color='#c8553d', label='angular, rad/s')
    speeds.set(xlim=(0, times_s[-1]), xlabel='time, s', ylabel='commanded velocity')
    speeds.grid(alpha=0.3)
    speeds.legend(fontsize=8, loc='center left', bbox_to_anchor=(1, 0.5))
    with naming(path):
        figure.savefig(path, bbox_inches='tight', metadata={'Software': None})


def _stops_s(commands: list) -> list:
    """Return the times at which the robot was stopped without a ramp."""
    return [command.t_s for before, command in zip(commands, commands[1:])
            if not any(command[1:]) and np.abs(before[1:]).max() > MIN_STOP]


def _colors(script: list) -> dict:
    """Return a color for each gesture; gray for none and silence."""
    gestures = list(dict.fromkeys(gesture for gesture, _ in script))
    palette = iter(colormaps['tab10'].colors * len(gestures))
    return {gesture: NEUTRAL_COLOR if gesture in ('none', 'silence') else next(palette)
            for gesture in gestures}


def _draw_robot(axes, pose, name: str) -> None:
    x, y, heading = pose
    axes.plot(x, y, 'o', color='black', markersize=7)
    axes.annotate('', (x + 0.25 * np.cos(heading), y + 0.25 * np.sin(heading)), (x, y),
                  arrowprops={'arrowstyle': '->', 'linewidth': 1.5})
    axes.annotate(name, (x, y), (10, 6), textcoords='offset points', fontsize=8)
