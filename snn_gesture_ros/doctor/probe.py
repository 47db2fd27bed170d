# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A probe: measure the messages of an event topic."""
import time

from snn_gesture_ros.doctor.findings import EventTopic
from snn_gesture_ros.events.messages import MessageDecoder
from snn_gesture_ros.events.stream import warm_up

MIN_S = 0.5
"""Of the time that rates are computed over, so that a single message gives no high rate."""


class Probe:
    """Read the messages of one topic."""

    def __init__(self, message_type: str):
        """
        Start without messages.

        :raises ValueError: if the type is not an event message.
        """
        warm_up(message_type)
        self._decoder = MessageDecoder(message_type)
        self._messages = self._events = self._malformed = 0
        self._reason = ''
        self._newest = None
        """The newest decoded message, its stamp and its two times of arrival."""
        self._start_s = None

    def process_message(self, data: bytes, now_ns: int, sim_ns) -> None:
        """
        Decode a serialized message and count its events.

        :param now_ns: time of its arrival.
        :param sim_ns: newest simulated time; None if there is none.
        """
        self._start_s = self._start_s or time.monotonic()
        self._messages += 1
        try:
            message = self._decoder.decode(data)
        except ValueError as error:
            self._malformed += 1
            self._reason = str(error)
            return
        self._events += len(message.events)
        stamp_ns = message.stamp_ns
        if stamp_ns is None and len(message.events):
            stamp_ns = int(message.events['t'][-1]) * 1000
        self._newest = message, stamp_ns, now_ns, sim_ns

    def write_to(self, topic: EventTopic) -> None:
        """Set the fields of a topic to what was measured."""
        if self._start_s is None:
            return
        elapsed_s = max(time.monotonic() - self._start_s, MIN_S)
        topic.messages, topic.malformed = self._messages, self._malformed
        topic.malformed_reason = self._reason
        topic.messages_per_s = round(self._messages / elapsed_s, 1)
        topic.events_per_s = round(self._events / elapsed_s, 1)
        topic.encoding = self._decoder.encoding
        if self._newest is None:
            return
        message, stamp_ns, now_ns, sim_ns = self._newest
        topic.width, topic.height = message.width, message.height
        if stamp_ns is not None:
            topic.stamp_offset_s = round((stamp_ns - now_ns) / 1e9, 3)
            if sim_ns is not None:
                topic.sim_offset_s = round((stamp_ns - sim_ns) / 1e9, 3)
