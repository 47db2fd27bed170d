# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Labeled clips of clean events: simulated, imported, and read again."""
