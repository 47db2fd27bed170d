# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Types of the event messages that can be read."""

EVENT_ARRAY_TYPES = ('dv_ros2_msgs/msg/EventArray', 'dvs_msgs/msg/EventArray',
                     'prophesee_event_msgs/msg/EventArray')
EVENT_PACKET_TYPE = 'event_camera_msgs/msg/EventPacket'
EVENT_PACKET_TYPES = ('event_array_msgs/msg/EventArray', EVENT_PACKET_TYPE)
"""The older name is of the same bytes."""
EVENT_TYPES = (*EVENT_ARRAY_TYPES, *EVENT_PACKET_TYPES)
EVENTS_TOPIC = '/events'
"""Where the nodes and the commands look for a camera, if nothing else is said."""
