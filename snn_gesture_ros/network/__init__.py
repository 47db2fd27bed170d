# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The spiking network: turn frames [T, 2, H, W] into scores of gestures."""
import logging

# SpikingJelly asks torch about Triton, of which torch would warn at every start without a GPU.
logging.getLogger('torch._library.triton').setLevel(logging.ERROR)
