# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The event: a change of brightness at one pixel; and the types of messages with events."""
import numpy as np

EVENT = np.dtype([('t', '<i8'), ('x', '<u2'), ('y', '<u2'), ('p', 'u1')], align=True)
"""An event in 16 bytes: time t in microseconds, pixel x and y, polarity p (1 ON, 0 OFF).

A batch of events is a one-dimensional array of this type, in the order they were sent.
"""


class MalformedMessage(ValueError):
    """The bytes are not a valid message of their type."""


EVENT_ARRAY_TYPES = ('dv_ros2_msgs/msg/EventArray', 'dvs_msgs/msg/EventArray',
                     'prophesee_event_msgs/msg/EventArray')
EVENT_PACKET_TYPE = 'event_camera_msgs/msg/EventPacket'
EVENT_PACKET_TYPES = ('event_array_msgs/msg/EventArray', EVENT_PACKET_TYPE)
"""Two names of the same format; the first is the older one."""
EVENT_TYPES = (*EVENT_ARRAY_TYPES, *EVENT_PACKET_TYPES)
EVENTS_TOPIC = '/events'
"""Default topic of a camera, for the nodes and the commands."""
