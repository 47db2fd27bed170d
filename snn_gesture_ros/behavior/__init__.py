# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a robot does on gestures: a table of rows, the behavior, and its safety."""
