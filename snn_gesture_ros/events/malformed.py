# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Malformed messages: what every reader of bytes raises."""


class MalformedMessage(ValueError):
    """The bytes are not the message that they are said to be."""
