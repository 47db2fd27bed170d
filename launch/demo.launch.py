# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A simulated camera and the nodes of gesture.launch.py, whose arguments it takes too."""
from launch import LaunchDescription
from snn_gesture_ros.launching.arguments import for_parameters, given
from snn_gesture_ros.launching.description import describe
from snn_gesture_ros.launching.processes import (
    GESTURE, gesture_processes, process_of, SENSOR_SIZE, topics_of)
from snn_gesture_ros.nodes.simulated_camera import PARAMETERS

CAMERA = for_parameters(
    PARAMETERS,
    ('sensor', 'width', 'height', 'framing', 'seed', 'gestures', 'gesture_s', 'pause_s'))


def processes(values: dict) -> list:
    """Add the camera."""
    return [*gesture_processes(values), process_of(
        'simulated_camera', values, topics_of(values, ('events',)), given(CAMERA, values),
        presets=SENSOR_SIZE, ends=True)]


def generate_launch_description() -> LaunchDescription:
    """Describe the arguments and start the three nodes."""
    return describe((*GESTURE, *CAMERA), processes)
