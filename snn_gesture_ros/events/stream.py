# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
The event stream: serialized camera messages in, packets of clean events out.

This is all that the event_stream node does, without ROS.
"""
from dataclasses import dataclass

import numpy as np
from snn_gesture_ros.events.cdr import encode_event_array, encode_event_packet, EventPacketMessage
from snn_gesture_ros.events.cleaning import Cleaner
from snn_gesture_ros.events.clock import RESTART_US, RosClock
from snn_gesture_ros.events.encoders import (
    encode_evt2, encode_evt21, encode_evt3, encode_libcaer, encode_libcaer_cmp, encode_mono)
from snn_gesture_ros.events.event import EVENT
from snn_gesture_ros.events.geometry import Geometry
from snn_gesture_ros.events.message_types import EVENT_PACKET_TYPES
from snn_gesture_ros.events.messages import MessageDecoder
from snn_gesture_ros.events.noise import NoiseSettings
from snn_gesture_ros.events.packet import EventPacket

GAP_US = 100_000
"""A longer pause between two messages counts as a time gap."""
FLUSH_PERIOD_NS = 20_000_000
"""What was gathered waits no longer than this, also if no message follows."""


@dataclass
class StreamCounters:
    """What happened to the messages and the events of a stream so far."""

    messages: int = 0
    events_in: int = 0
    events_out: int = 0
    malformed: int = 0
    """Messages that could not be read, all skipped."""
    lost: int = 0
    """Messages missing by the sequence number of EventPacket."""
    time_gaps: int = 0
    """Pauses of more than GAP_US: lost messages where there is no number, or a still scene."""
    restarts: int = 0
    """Times that the camera's clock fell back."""
    out_of_range: int = 0
    """Events outside the sensor, dropped."""
    out_of_order: int = 0
    """Events older than the one before them, kept."""
    hot_pixels: int = 0
    """Pixels of the sensor that are silenced now."""


class EventStream:
    """Decode, map and filter the messages of one camera."""

    def __init__(self, message_type: str, geometry: Geometry, noise: NoiseSettings,
                 batch_us: int = 0):
        """
        Wait for the first message, which tells the sensor's size.

        :param batch_us: messages are gathered to packets of this much camera time.
        :raises ValueError: if the message type is not one of EVENT_TYPES.
        """
        self.geometry = geometry
        self.noise = noise
        self.counters = StreamCounters()
        self.last_error = ''
        """Why the last malformed message was skipped."""
        self.sensor_size = None
        """Width and height in pixels, from the last good message."""
        self._decoder = MessageDecoder(message_type)
        self._clock = RosClock()
        self._cleaner = None
        self._past_out_of_range = 0
        """Of the sensors and settings before, like the next."""
        self._past_out_of_order = 0
        self._sequence = 0
        self._newest_us = None
        self._batch_us = batch_us
        self._waiting = []
        """Camera time and events of the messages that are not in a packet yet."""
        self._offset_ns = 0
        self._frame_id = ''

    def change(self, geometry: Geometry, noise: NoiseSettings) -> None:
        """
        Change what is looked at and filtered; hot pixels are learned anew.

        :raises ValueError: if the region is not on the sensor; nothing is changed then.
        """
        if self.sensor_size is not None:
            geometry.part(*self.sensor_size)
        self.geometry, self.noise = geometry, noise
        if self.sensor_size is not None:
            self._set_sensor(self.sensor_size)

    def feed(self, data: bytes, now_ns: int):
        """
        Take one serialized message.

        :param data: CDR bytes of the stream's message type.
        :param now_ns: ROS time of its arrival.
        :returns: an EventPacket, or None while messages are gathered. A malformed message is
            counted and explained in `last_error`.
        """
        counters = self.counters
        counters.messages += 1
        try:
            events, stamp_ns, frame_id, *sensor_size = self._decoder.decode(data)
            if sensor_size != self.sensor_size:
                self._set_sensor(sensor_size)
        except ValueError as error:
            counters.malformed += 1
            self.last_error = str(error)
            return None
        counters.lost = self._decoder.lost
        if not len(events):
            return None
        t_us = events['t']
        first_us, newest_us = int(t_us[0]), int(t_us[-1])
        self._watch_time(first_us)
        self._newest_us = newest_us
        stamped_us = newest_us if stamp_ns is None else first_us
        self._offset_ns = self._clock.observe(stamped_us * 1000, stamp_ns, now_ns)
        self._frame_id = frame_id
        self._waiting.append((first_us, self._clean(events)))
        batch_us = self._batch_us
        if batch_us and newest_us // batch_us == self._waiting[0][0] // batch_us:
            return None
        return self.flush()

    def flush(self):
        """Give what was gathered so far as an EventPacket, or None if there is nothing."""
        if not self._waiting:
            return None
        base_us, events = self._waiting[0]
        if len(self._waiting) > 1:
            events = np.concatenate([packed for _, packed in self._waiting])
            later_us = [max(first_us - base_us, 0) for first_us, _ in self._waiting]
            events['dt_us'] += np.repeat(
                np.array(later_us, np.uint32), [len(packed) for _, packed in self._waiting])
        self._waiting = []
        packet = EventPacket(self.geometry.width, self.geometry.height, self._sequence, base_us,
                             self._newest_us, self._offset_ns, self._frame_id, events,
                             self.geometry.scale(*self.sensor_size))
        self._sequence += 1
        return packet

    def _set_sensor(self, size) -> None:
        cleaner = Cleaner(self.geometry, self.noise, *size)
        if self._cleaner is not None:
            self._past_out_of_range += self._cleaner.out_of_range
            self._past_out_of_order += self._cleaner.out_of_order
        self._cleaner = cleaner
        self.sensor_size = size

    def _clean(self, events: np.ndarray) -> np.ndarray:
        """Clean the events of a message and count what became of them."""
        packed = self._cleaner.clean(events)
        counters, cleaner = self.counters, self._cleaner
        counters.events_in += len(events)
        counters.events_out += len(packed)
        counters.out_of_range = (self._past_out_of_range + cleaner.out_of_range
                                 + self._decoder.out_of_range)
        counters.out_of_order = self._past_out_of_order + cleaner.out_of_order
        counters.hot_pixels = cleaner.hot_pixels
        return packed

    def _watch_time(self, first_us: int) -> None:
        if self._newest_us is None:
            return
        if first_us < self._newest_us - RESTART_US:
            self.counters.restarts += 1
            self._cleaner.restart()
            self._clock = RosClock()
            self._waiting = []
        elif first_us > self._newest_us + GAP_US:
            self.counters.time_gaps += 1


def rehearse(message_type: str) -> None:
    """
    Read a made-up message of each encoding, so that no real one waits for the compiler.

    :raises ValueError: if the message type is not one of EVENT_TYPES.
    """
    event = np.zeros(1, EVENT)
    messages = [encode_event_array(event, 0, '', 1, 1)]
    if message_type in EVENT_PACKET_TYPES:
        messages = [encode_event_packet(EventPacketMessage(0, '', 1, 1, 0, 0, encoding, False,
                                                           payload))
                    for encoding, payload in (
                        ('evt2', encode_evt2(event)), ('evt21', encode_evt21(event)),
                        ('evt3', encode_evt3(event)), ('mono', encode_mono(event, 0)),
                        ('libcaer', encode_libcaer(event, 0)),
                        ('libcaer_cmp', encode_libcaer_cmp(event, 0)))]
    for message in messages:
        EventStream(message_type, Geometry(), NoiseSettings()).feed(message, 0)
