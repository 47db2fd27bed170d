# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Viewing: events as images and films, with the recognized gestures."""
