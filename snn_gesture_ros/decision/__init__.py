# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The decision: from a stream of scores to gestures that start and end."""
