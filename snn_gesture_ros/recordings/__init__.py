# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Recordings on disk: rosbag2, AEDAT 2.0, 3.1 and 4, Prophesee RAW, HDF5, npz."""
