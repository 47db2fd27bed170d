# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Learning: new gestures from a few examples, while the robot runs."""
