# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Few-shot learning: fine-tune a network on a few examples while the robot runs."""
