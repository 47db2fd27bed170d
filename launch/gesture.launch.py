# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From a camera's events to gestures: event_stream, gesture_classifier, and event_viewer."""
from launch import LaunchDescription
from snn_gesture_ros.launching.description import describe
from snn_gesture_ros.launching.processes import GESTURE, gesture_processes


def generate_launch_description() -> LaunchDescription:
    """Describe the arguments and start the nodes."""
    return describe(GESTURE, gesture_processes)
