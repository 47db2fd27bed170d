# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Gestures from the events of an event camera, by a spiking neural network."""
import os

# ONNX Runtime reports to its maker unless this is set before it is imported, as torchmetrics does.
os.environ['ORT_DISABLE_TELEMETRY'] = '1'
