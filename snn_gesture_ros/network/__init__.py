# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The spiking network: from frames [T, 2, H, W] to scores of gestures."""
import logging

# SpikingJelly asks torch about Triton, of which torch would warn at every start without a GPU.
logging.getLogger('torch._library.triton').setLevel(logging.ERROR)
