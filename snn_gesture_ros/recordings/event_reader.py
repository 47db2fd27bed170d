# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The events in the messages of one topic, as they were sent."""
import numpy as np
from snn_gesture_ros.events.event import EVENT
from snn_gesture_ros.events.malformed import MalformedMessage
from snn_gesture_ros.events.messages import MessageDecoder


class EventReader(MessageDecoder):
    """A MessageDecoder that skips and counts the messages that cannot be read."""

    def __init__(self, message_type: str):
        """Begin with no message; the type is one of EVENT_TYPES."""
        super().__init__(message_type)
        self.width = None
        self.height = None
        self.messages = 0
        self.malformed = 0
        """Messages that could not be read; they have no events."""
        self.malformed_reason = None
        """Why the first of them could not."""

    def read(self, data: bytes) -> np.ndarray:
        """
        Return the events of a serialized message, EVENT[n].

        :raises ValueError: if the encoding is not known.
        """
        self.messages += 1
        try:
            message = self.decode(data)
        except MalformedMessage as error:
            self.malformed += 1
            self.malformed_reason = self.malformed_reason or str(error)
            return np.empty(0, EVENT)
        self.width, self.height = message.width, message.height
        return message.events
