# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Viewing: events as pictures, with what is recognised; for people to look at."""
