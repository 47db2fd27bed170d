# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A robot driven by gestures: the nodes of gesture.launch.py, whose arguments it takes too."""
from launch import LaunchDescription
from snn_gesture_ros.launching.arguments import Argument, for_parameters, given, topic
from snn_gesture_ros.launching.description import describe
from snn_gesture_ros.launching.processes import (
    GESTURE, gesture_processes, process_of, topics_of)
from snn_gesture_ros.nodes.gesture_behavior import PARAMETERS

BEHAVIOR = for_parameters(PARAMETERS, ('table', 'armed'))
CMD_VEL = Argument(
    'cmd_vel_topic', 'Topic: velocities for the robot, where the table has cmd_vel', topic,
    'cmd_vel')


def processes(values: dict) -> list:
    """Add gesture_behavior, which is disarmed when it is started again."""
    return [*gesture_processes(values), process_of(
        'gesture_behavior', values, topics_of(values, ('gesture_scores', 'cmd_vel')),
        {'scores_from': values['name'], **given(BEHAVIOR, values)},
        when_respawned={'armed': False})]


def generate_launch_description() -> LaunchDescription:
    """Describe the arguments and start the three nodes."""
    return describe((*GESTURE, *BEHAVIOR, CMD_VEL), processes)
