# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Evaluation: how well a checkpoint recognises; no node imports it."""
