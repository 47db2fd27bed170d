# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Several cameras: an event_stream and its topics in the namespace of each, one classifier."""
from launch import LaunchDescription
from snn_gesture_ros.launching.description import describe
from snn_gesture_ros.launching.processes import MULTI_CAMERA, multi_camera_processes


def generate_launch_description() -> LaunchDescription:
    """Describe the arguments and start the nodes."""
    return describe(MULTI_CAMERA, multi_camera_processes)
