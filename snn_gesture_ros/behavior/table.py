# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The table: what the robot does on each gesture; config/behavior.yaml explains the format."""
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Optional, Union

from snn_gesture_ros.behavior.yaml_section import load_section, Section
from snn_gesture_ros.labels import NONE

AXES = ('linear_x', 'linear_y', 'linear_z', 'angular_x', 'angular_y', 'angular_z')
"""Of a velocity, in the order of its components: m/s, then rad/s."""
STANDSTILL = (0.0,) * len(AXES)
MAX_AGE_MS = 350.0
"""By default; with it a robot stops within 0.5 s after the classifier was killed."""
RELEASE_MS = 200.0
MAX_DURATION_MS = 600_000
MAX_LIMIT = 1000
"""Of the limits of speed and acceleration."""


class Drive(NamedTuple):
    """Drive with a velocity while the gesture is shown, or for a time."""

    velocity: tuple
    """Six components, in the order of AXES."""
    duration_ms: float
    """0 for as long as the gesture is shown."""


class Publish(NamedTuple):
    """Publish one message when the gesture starts."""

    topic: str
    type: str
    message: dict


class Call(NamedTuple):
    """Call a service when the gesture starts."""

    service: str
    type: str
    request: dict


class Goal(NamedTuple):
    """Send a goal to an action when the gesture starts."""

    action: str
    type: str
    goal: dict
    cancel_at_end: bool
    """Whether the goal is canceled when the gesture ends."""


class Cancel(NamedTuple):
    """Cancel the goals that this table has sent to an action."""

    action: str


class Stop(NamedTuple):
    """Stop; no other row acts while the gesture is shown."""


class Arm(NamedTuple):
    """Allow the other rows to act from now on."""


class Disarm(NamedTuple):
    """Stop; no row acts until the robot is armed again."""


@dataclass(frozen=True)
class Row:
    """What one gesture does, and the score and duration that it needs."""

    name: str
    """Number and gesture, for log lines."""
    gesture: str
    does: Union[Drive, Publish, Call, Goal, Cancel, Stop, Arm, Disarm]
    min_score: float
    """The gesture counts as shown from this score on."""
    hold_ms: float
    """How long it must be shown before the row acts."""
    release_ms: float
    """The row ends when the gesture has not been shown for this long."""


class Limit(NamedTuple):
    """Limits of each linear or each angular axis: m/s and m/s², or rad/s and rad/s²."""

    max: float
    acceleration: float
    deceleration: float
    """When a row ends; safety stops are immediate."""


@dataclass(frozen=True)
class Velocity:
    """Where velocities are published, and their limits."""

    topic: str
    stamped: bool
    """Whether messages are TwistStamped, not Twist."""
    frame_id: str
    linear: Limit
    angular: Limit


@dataclass(frozen=True)
class Table:
    """All that a behavior needs."""

    rows: tuple
    velocity: Optional[Velocity]
    """None if no row drives."""
    max_age_ms: float
    """The robot may move only while the newest scores are younger."""


def read_table(path) -> Table:
    """
    Read a table from a YAML file.

    :raises ValueError: in one line, with the row and what to do.
    :raises OSError: if the file cannot be read.
    """
    top = load_section(path)
    max_age_ms = top.number('max_age_ms', 100, 2000, MAX_AGE_MS)
    velocity = _read_velocity(top.section('velocity')) if 'velocity' in top else None
    rows = tuple(_read_row(f'{path}: row {number}', number, content, velocity)
                 for number, content in enumerate(top.items('rows'), 1))
    top.finish()
    _check_together(Path(path), rows)
    return Table(rows, velocity, max_age_ms)


def _read_velocity(section: Section) -> Velocity:
    velocity = Velocity(
        section.text('topic', 'a topic', 'cmd_vel'), section.flag('stamped', False),
        section.text('frame_id', 'a frame, for stamped: true', 'base_link'),
        _read_limit(section.section('linear')), _read_limit(section.section('angular')))
    section.finish()
    return velocity


def _read_limit(section: Section) -> Limit:
    limit = Limit(section.number('max', 0, MAX_LIMIT),
                  *(section.number(name, 0.001, MAX_LIMIT) for name in Limit._fields[1:]))
    section.finish()
    return limit


def _read_row(place: str, number: int, content, velocity) -> Row:
    section = Section(place, content)
    gesture = section.text('gesture', 'a label of the classifier')
    section.place = f'{place} ({gesture})'
    if gesture == NONE:
        raise ValueError(f'{section.place}: {NONE} is the absence of a gesture: name a gesture')
    do = section.choice('do', READERS)
    row = Row(f'row {number} ({gesture})', gesture, READERS[do](section, velocity),
              section.number('min_score', 0.01, 1), section.number('hold_ms', 0, MAX_DURATION_MS),
              section.number('release_ms', 0, MAX_DURATION_MS, RELEASE_MS))
    section.finish()
    return row


def _read_drive(section: Section, velocity) -> Drive:
    _require_limits(section, velocity)
    limits = [velocity.linear.max] * 3 + [velocity.angular.max] * 3
    drive = Drive(tuple(section.number(axis, -limit, limit, 0.0)
                        for axis, limit in zip(AXES, limits)),
                  section.number('duration_ms', 0, MAX_DURATION_MS, 0.0))
    if drive.velocity == STANDSTILL:
        raise ValueError(f'{section.place}: give a velocity: {", ".join(AXES)}')
    return drive


def _read_publish(section: Section, _) -> Publish:
    return Publish(section.text('topic', 'a topic'),
                   section.text('type', 'a type such as std_msgs/msg/String'),
                   section.fields('message'))


def _read_call(section: Section, _) -> Call:
    return Call(section.text('service', 'the name of a service'),
                section.text('type', 'a type such as std_srvs/srv/Empty'),
                section.fields('request'))


def _read_goal(section: Section, velocity) -> Goal:
    goal = Goal(section.text('action', 'the name of an action'),
                section.text('type', 'a type such as nav2_msgs/action/Spin'),
                section.fields('goal'), section.flag('cancel_at_end', True))
    if 'speed' in goal.goal:    # in m/s, in those of nav2 that drive
        _require_limits(section, velocity)
        Section(f'{section.place}: goal', goal.goal).number(
            'speed', -velocity.linear.max, velocity.linear.max)
    return goal


def _require_limits(section: Section, velocity) -> None:
    if velocity is None:
        raise ValueError(f'{section.place}: to drive, the table needs a section velocity with '
                         'the limits of the robot')


def _read_cancel(section: Section, _) -> Cancel:
    return Cancel(section.text('action', 'the name of an action'))


READERS = {
    'drive': _read_drive, 'publish': _read_publish, 'call': _read_call, 'goal': _read_goal,
    'cancel': _read_cancel, 'stop': lambda *_: Stop(), 'arm': lambda *_: Arm(),
    'disarm': lambda *_: Disarm(),
}
"""Readers of what a row does, by its word in the table."""


def _check_together(path: Path, rows: tuple) -> None:
    actions = {row.does.action for row in rows if isinstance(row.does, Goal)}
    for row in rows:
        if isinstance(row.does, Cancel) and row.does.action not in actions:
            raise ValueError(f'{path}: {row.name}: no row has do: goal for the action '
                             f'{row.does.action}')
    moves = any(isinstance(row.does, (Drive, Goal)) for row in rows)
    if moves and not any(isinstance(row.does, (Stop, Disarm)) for row in rows):
        raise ValueError(f'{path}: no gesture stops the robot: add a row with do: stop')
