# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Event messages of one topic: turn serialized bytes of any message type into events."""
from typing import NamedTuple, Optional

import numpy as np
from snn_gesture_ros.events.cdr import decode_events, read_event_array, read_event_packet
from snn_gesture_ros.events.codecs import Decoder
from snn_gesture_ros.events.event import EVENT_PACKET_TYPES, EVENT_TYPES, MalformedMessage

MAX_SENSOR_SIDE = 1 << 16
"""Pixels; a coordinate of an EVENT has 16 bits."""
MAX_SENSOR_PIXELS = 1 << 25
"""No sensor has more; a message with a larger one is damaged."""


class EventMessage(NamedTuple):
    """The contents of a message."""

    events: np.ndarray
    """EVENT[n], in the order they were sent."""
    stamp_ns: Optional[int]
    """ROS time of the first event, set by the driver; None where it must not be used."""
    frame_id: str
    width: int
    """Width of the sensor in pixels."""
    height: int


class Triggers(NamedTuple):
    """Counts of edges at a camera's trigger input."""

    rising: int = 0
    falling: int = 0
    time_sum_us: int = 0


class MessageDecoder:
    """Decode the messages of one topic; the codec keeps its state from message to message."""

    def __init__(self, message_type: str):
        """
        Prepare for messages of a type.

        :raises ValueError: if the type is not one of EVENT_TYPES.
        """
        if message_type not in EVENT_TYPES:
            raise ValueError(f'{message_type} is not an event message: use one of '
                             f'{", ".join(EVENT_TYPES)}')
        self.numbered = message_type in EVENT_PACKET_TYPES
        """Whether messages have sequence numbers, by which lost ones are counted."""
        self.lost = 0
        """Number of missing messages, by their sequence numbers."""
        self.encoding = None
        """Encoding of the events in an event packet; None before the first."""
        self._codec = None
        self._codec_key = None
        self._past_triggers = Triggers()
        self._past_out_of_range = 0
        self._next_seq = None
        self._decode = self._decode_packet if self.numbered else self._decode_array

    def decode(self, data: bytes) -> EventMessage:
        """
        Return the events of a serialized message.

        :raises MalformedMessage: if it is damaged, or its resolution is impossible.
        :raises ValueError: if the encoding of its events is not supported.
        """
        return self._decode(data)

    @property
    def out_of_range(self) -> int:
        """Number of events outside the sensor, which the codecs have dropped."""
        return self._past_out_of_range + (self._codec.out_of_range if self._codec else 0)

    @property
    def triggers(self) -> Triggers:
        """Counts of triggers since the start."""
        codec = self._codec
        now = Triggers(codec.triggers_rising, codec.triggers_falling,
                       codec.trigger_time_sum_us) if codec else Triggers()
        return Triggers(*map(sum, zip(self._past_triggers, now)))

    @staticmethod
    def _decode_array(data) -> EventMessage:
        message = read_event_array(data)
        _check_size(message)
        return EventMessage(decode_events(data, message), None, message.frame_id, message.width,
                            message.height)

    def _decode_packet(self, data) -> EventMessage:
        message = read_event_packet(data)
        _check_size(message)
        if message.is_bigendian:
            raise MalformedMessage('the events are big-endian; only little-endian is supported')
        key = (message.encoding, message.width, message.height)
        if key != self._codec_key or message.seq < self._next_seq:
            self._begin_stream(*key)
        elif message.seq > self._next_seq:
            self.lost += message.seq - self._next_seq
            self._codec.reset()
        self._next_seq = message.seq + 1
        events = self._codec.decode(message.events, message.time_base)
        return EventMessage(events, message.stamp_ns, message.frame_id, message.width,
                            message.height)

    def _begin_stream(self, encoding: str, width: int, height: int) -> None:
        """Make a new codec, for the first message or after a restart of the camera."""
        codec = Decoder(encoding, width, height)
        self._past_triggers, self._past_out_of_range = self.triggers, self.out_of_range
        self._codec, self._codec_key = codec, (encoding, width, height)
        self.encoding = encoding


def is_possible(width: int, height: int) -> bool:
    """Return whether there can be a sensor of a resolution."""
    return (0 < min(width, height) and max(width, height) <= MAX_SENSOR_SIDE
            and width * height <= MAX_SENSOR_PIXELS)


def _check_size(message) -> None:
    if not is_possible(message.width, message.height):
        raise MalformedMessage(
            f'the sensor is {message.width}x{message.height} pixels in the message: impossible')
