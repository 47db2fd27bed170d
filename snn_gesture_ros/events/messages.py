# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Event messages of one topic, whatever their type: serialized bytes in, events out."""
from typing import NamedTuple, Optional

import numpy as np
from snn_gesture_ros.events.cdr import decode_events, read_event_array, read_event_packet
from snn_gesture_ros.events.codecs import Decoder
from snn_gesture_ros.events.event import EVENT_PACKET_TYPES, EVENT_TYPES, MalformedMessage

MOST_PIXELS = 1 << 25
"""No sensor has more; a message that says so is damaged."""


class EventMessage(NamedTuple):
    """What a message holds."""

    events: np.ndarray
    """EVENT[n], in the order they were sent."""
    stamp_ns: Optional[int]
    """ROS time of the first event, as the driver gave it; None where that is not to be used."""
    frame_id: str
    width: int
    """Width of the sensor in pixels."""
    height: int


class Triggers(NamedTuple):
    """Edges at a camera's trigger input."""

    rising: int = 0
    falling: int = 0
    time_sum_us: int = 0


class MessageDecoder:
    """Decode the messages of one topic, whose codec's state carries over between them."""

    def __init__(self, message_type: str):
        """
        Begin with no message.

        :raises ValueError: if the type is not one of EVENT_TYPES.
        """
        if message_type not in EVENT_TYPES:
            raise ValueError(f'{message_type} is no event message: use one of '
                             f'{", ".join(EVENT_TYPES)}')
        self.numbered = message_type in EVENT_PACKET_TYPES
        """Whether messages have numbers, so that lost ones are known."""
        self.lost = 0
        """Messages missing by their numbers."""
        self.encoding = None
        """How the events of an EventPacket are packed."""
        self._codec = None
        self._codec_key = None
        self._past_triggers = Triggers()
        self._past_out_of_range = 0
        self._next_seq = None
        self._decode = self._decode_packet if self.numbered else self._decode_array

    def decode(self, data: bytes) -> EventMessage:
        """
        Decode a serialized message.

        :raises MalformedMessage: if it cannot be read, or there is no sensor of its size.
        :raises ValueError: if the encoding of its events is not known.
        """
        return self._decode(data)

    @property
    def out_of_range(self) -> int:
        """Events outside the sensor that the codecs have dropped."""
        return self._past_out_of_range + (self._codec.out_of_range if self._codec else 0)

    @property
    def triggers(self) -> Triggers:
        """Triggers so far."""
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
            raise MalformedMessage('the events are big-endian; only little-endian is read')
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
        """Take a new codec: the first, or that of a camera that restarted."""
        codec = Decoder(encoding, width, height)
        self._past_triggers, self._past_out_of_range = self.triggers, self.out_of_range
        self._codec, self._codec_key = codec, (encoding, width, height)
        self.encoding = encoding


def _check_size(message) -> None:
    if not 0 < message.width * message.height <= MOST_PIXELS:
        raise MalformedMessage(
            f'the message says that the sensor is {message.width}x{message.height} pixels')
