# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Report: how well checkpoints recognize gestures, as pages and figures; no node imports it."""
