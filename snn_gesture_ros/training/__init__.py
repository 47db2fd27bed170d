# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Training: from clip sets to checkpoints; no node imports it."""
import os

# Before torch comes: threads that wait do not take the CPU from those that cut windows.
os.environ.setdefault('OMP_WAIT_POLICY', 'passive')
