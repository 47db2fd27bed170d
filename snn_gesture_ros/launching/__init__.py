# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the launch files decide: arguments and their checks, processes and their deaths."""
