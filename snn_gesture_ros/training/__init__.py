# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Training: from clip sets to checkpoints; no node imports it."""
