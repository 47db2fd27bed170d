# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the nodes share of ROS 2; only here, in nodes and in clients is rclpy imported."""
import os
from pathlib import Path
import tempfile


def _ensure_log_folder() -> None:
    """
    Let ROS log in a folder for temporary files where it can write none of its own.

    Such is the process of a user without a home, or on a file system that is read-only. ROS does
    not start where it cannot write its logs, so this comes before rclpy.init.
    """
    if not _can_log():
        os.environ['ROS_LOG_DIR'] = f'{tempfile.gettempdir()}/ros_logs_of_{os.getuid()}'


def _can_log() -> bool:
    """Return whether the folder that rcl would take is there, or can be made, and written."""
    for variable, below in (('ROS_LOG_DIR', ''), ('ROS_HOME', 'log'), ('HOME', '.ros/log')):
        if os.environ.get(variable):
            folder = Path(os.path.expanduser(os.environ[variable]), below)
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError:
                return False
            return os.access(folder, os.W_OK)
    return False


_ensure_log_folder()
