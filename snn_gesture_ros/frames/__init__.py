# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Frames: from the event stream to windows of T frames [T, 2, H, W]."""
