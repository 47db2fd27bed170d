# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the doctor finds in a ROS graph, and what to do about it."""
