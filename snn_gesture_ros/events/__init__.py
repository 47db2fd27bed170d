# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Raw bytes of an event camera to one clean stream of events."""
