# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""ROS 2 nodes, thin shells around the core; the only place that imports rclpy."""
from snn_gesture_ros.nodes.logs import ensure_log_folder

ensure_log_folder()
