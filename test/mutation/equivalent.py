# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Mutants that survive because they change nothing that matters, each with the reason."""

EQUIVALENT = {}
