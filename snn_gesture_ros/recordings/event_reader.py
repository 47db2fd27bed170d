# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The events in the messages of one topic, as they were sent."""
import numpy as np
from snn_gesture_ros.events.cdr import (
    decode_event_array, MalformedMessage, read_event_array, read_event_packet)
from snn_gesture_ros.events.codecs import make_decoder
from snn_gesture_ros.events.event import EVENT
from snn_gesture_ros.events.stream import EVENT_PACKET_TYPE
from snn_gesture_ros.recordings.recording import Triggers


class EventReader:
    """Decode the messages of one topic, and count them."""

    def __init__(self, message_type: str):
        """Begin with no message; the type is one of EVENT_TYPES."""
        self.width = None
        self.height = None
        self.encoding = None
        """How the events of an EventPacket are packed."""
        self.messages = 0
        self.malformed = 0
        """Messages that could not be read; they have no events."""
        self.lost = 0 if message_type == EVENT_PACKET_TYPE else None
        """Messages missing by the numbers of EventPacket; EventArray has none."""
        self._read = (self._read_packet if message_type == EVENT_PACKET_TYPE
                      else self._read_array)
        self._decoder = None
        self._next_seq = None

    def read(self, data: bytes) -> np.ndarray:
        """
        Return the events of a serialized message, EVENT[n].

        :raises ValueError: if the encoding is not known.
        """
        self.messages += 1
        try:
            return self._read(data)
        except MalformedMessage:
            self.malformed += 1
            return np.empty(0, EVENT)

    @property
    def out_of_range(self) -> int:
        """Events outside the sensor that the codec has dropped."""
        return self._decoder.out_of_range if self._decoder else 0

    @property
    def triggers(self) -> Triggers:
        """Triggers so far."""
        decoder = self._decoder
        return Triggers(decoder.triggers_rising, decoder.triggers_falling,
                        decoder.trigger_time_sum_us) if decoder else Triggers()

    def _read_array(self, data):
        message = read_event_array(data)
        self.width, self.height = message.width, message.height
        return decode_event_array(data)

    def _read_packet(self, data):
        message = read_event_packet(data)
        if message.is_bigendian:
            raise MalformedMessage('the events are big-endian')
        if self._decoder is None:
            self.encoding = message.encoding
            self.width, self.height = message.width, message.height
            self._decoder = make_decoder(message.encoding, message.width, message.height)
        elif (message.encoding, message.width, message.height) != (
                self.encoding, self.width, self.height):
            raise MalformedMessage('the encoding or the size of the sensor changes')
        elif message.seq != self._next_seq:
            self.lost += max(message.seq - self._next_seq, 0)
            self._decoder.reset()
        self._next_seq = message.seq + 1
        return self._decoder.decode(message.events, message.time_base)
