# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a robot does at gestures: a table, and what follows from it, scores and time."""
