# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The spiking network: from frames [T, 2, H, W] to scores of gestures."""
