# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Recordings on disk: a module for each format, with its reader and its writer."""
