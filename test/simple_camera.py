# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A camera for tests, and machines on which its message package is not installed."""
import os

import numpy as np
import pytest
from snn_gesture_ros.events.cdr import encode_event_packet, EventPacketMessage
from snn_gesture_ros.events.encoders import encode_mono
from snn_gesture_ros.events.event import EVENT, EVENT_PACKET_TYPE
from snn_gesture_ros.ros.topics import CAMERA_QOS, message_class


LEFT, RIGHT = 3, 12
"""Columns of a bar."""


class Camera:
    """A camera of 16x16 pixels, of which every message shows an upright bar."""

    def __init__(self, ros, topic='events', count=32, node=None, column=LEFT):
        """
        Send nothing yet.

        :param node: that publishes, if it is not the test's own.
        :param column: where the bar is.
        """
        self._node = node or ros.node
        self.publisher = self._node.create_publisher(
            message_class(EVENT_PACKET_TYPE), topic, CAMERA_QOS)
        self.count = count
        """Events of a message."""
        self._column = column
        self._number = 0

    def start(self):
        """Send a message of 5 ms every 5 ms; give the timer."""
        return self._node.create_timer(0.005, self.show)

    def show(self):
        """Send a message."""
        events = np.zeros(self.count, EVENT)
        events['t'] = np.arange(self.count) * 100
        events['x'], events['y'] = self._column, np.arange(self.count) % 16
        stamp_ns = (10**15 + self._number * 5000) * 1000
        self.publisher.publish(encode_event_packet(EventPacketMessage(
            stamp_ns, 'camera', 16, 16, self._number, stamp_ns, 'mono', False,
            encode_mono(events, 0))))
        self._number += 1


def without(environment: dict, package: str) -> dict:
    """Hide a message package; skip the test where it has no prefix of its own."""
    if package not in os.environ.get('PYTHONPATH', ''):
        pytest.skip(f'{package} is not in a prefix of its own here, so it cannot be hidden')
    return {**environment, **{name: os.pathsep.join(
        part for part in environment.get(name, '').split(os.pathsep) if package not in part)
        for name in ('PYTHONPATH', 'AMENT_PREFIX_PATH')}}
