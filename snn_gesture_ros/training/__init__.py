# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Training: from clip sets to checkpoints; no node imports it."""
import os

# Read when torch is imported: threads that wait must not take the CPU from those that slice
# windows.
os.environ.setdefault('OMP_WAIT_POLICY', 'passive')
