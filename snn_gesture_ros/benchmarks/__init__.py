# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How fast events become decisions here and elsewhere; no node imports it."""
