# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The ROS 2 nodes, one executable a file: topics, threads and parameters around the core."""
