# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Gestures from the events of an event camera, by a spiking neural network."""
