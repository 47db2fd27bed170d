# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Gestures from the events of an event camera, by a spiking neural network."""
import os

# Else ONNX Runtime reports to its maker. It reads this as it is imported, by torchmetrics maybe.
os.environ['ORT_DISABLE_TELEMETRY'] = '1'
