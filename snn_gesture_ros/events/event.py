# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The event: one pixel that saw the light change."""

import numpy as np

EVENT = np.dtype([('t', '<i8'), ('x', '<u2'), ('y', '<u2'), ('p', 'u1')], align=True)
"""An event in 16 bytes: time t in microseconds, pixel x and y, polarity p (1 ON, 0 OFF).

A batch of events is a one-dimensional array of this type, in the order they were sent.
"""
