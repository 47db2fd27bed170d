# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the nodes share of ROS 2; only here, in nodes and in clients is rclpy imported."""
from snn_gesture_ros.ros.logs import ensure_log_folder

ensure_log_folder()
