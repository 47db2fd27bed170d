# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Frames: slice events into windows of T frames [T, 2, H, W] of event counts."""
