# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the files of bags have in common: connections, by which messages come."""
from typing import NamedTuple, Optional

CDR, ROS1 = 'cdr', 'ros1'
"""How messages are serialized."""


class Connection(NamedTuple):
    """A topic of a file."""

    id: int
    topic: str
    message_type: str
    """As ROS 2 names it: dvs_msgs/msg/EventArray."""
    count: Optional[int] = None
    """Messages, where the file tells it."""
    serialization: str = CDR


def ros2_name(message_type: str) -> str:
    """Return the name in ROS 2 of a type that may be named as in ROS 1, dvs_msgs/EventArray."""
    package, _, name = message_type.partition('/')
    return message_type if '/' in name or not name else f'{package}/msg/{name}'
