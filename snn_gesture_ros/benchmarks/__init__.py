# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Benchmarks of this package and of other libraries, for `snn-gesture bench`."""
