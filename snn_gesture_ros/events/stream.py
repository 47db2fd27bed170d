# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
The event stream: turn serialized camera messages into packets of clean events.

This is the work of the event_stream node, without ROS.
"""
from dataclasses import dataclass
from struct import error as struct_error
from typing import NamedTuple

import numpy as np
from snn_gesture_ros.events.cdr import encode_event_array, encode_event_packet, EventPacketMessage
from snn_gesture_ros.events.encoders import ENCODERS
from snn_gesture_ros.events.event import EVENT, EVENT_PACKET_TYPES, MalformedMessage
from snn_gesture_ros.events.geometry import Geometry
from snn_gesture_ros.events.messages import EventMessage, MessageDecoder
from snn_gesture_ros.events.noise import Cleaner, HotPixels, PERIOD_US
from snn_gesture_ros.events.noise_settings import NoiseSettings
from snn_gesture_ros.events.packet import MAX_FRAME_ID_BYTES, StreamPacket
from snn_gesture_ros.events.timeline import RosClock, Timeline

JOINED_US = 50_000
"""Messages that arrive together are processed as one if they lie within this camera time."""
GAP_US = 100_000
"""A longer pause between two messages counts as a time gap."""
FLUSH_PERIOD_NS = 20_000_000
"""Events wait for more at most this long, even if no message follows."""


@dataclass
class StreamCounters:
    """Counts of the messages and events of a stream since its start."""

    messages: int = 0
    events_in: int = 0
    events_out: int = 0
    malformed: int = 0
    """Messages that could not be decoded and were skipped."""
    lost: int = 0
    """Messages that are missing, by the sequence numbers of the event packets."""
    time_gaps: int = 0
    """Pauses of more than GAP_US: a still scene, or lost messages without sequence numbers."""
    restarts: int = 0
    """Restarts of the camera, or jumps of its clock."""
    late: int = 0
    """Events dropped because their time stamps are wrong; see Timeline."""
    out_of_range: int = 0
    """Events outside the sensor, dropped."""
    out_of_order: int = 0
    """Events older than the one before them, kept."""
    hot_pixels: int = 0
    """Hot pixels of the sensor whose events are dropped now."""


class _Message(NamedTuple):
    """Clean events of a message that are in no packet yet; times are in stream time."""

    first_us: int
    reached_us: int
    offset_ns: int
    frame_id: str
    events: np.ndarray


class EventStream:
    """Decode, map and filter the messages of one camera."""

    def __init__(self, message_type: str, geometry: Geometry, noise: NoiseSettings,
                 batch_us: int = 0):
        """
        Prepare a stream; its first message sets the resolution of the sensor.

        :param message_type: one of EVENT_TYPES.
        :param batch_us: messages are joined to packets of this camera time; 0: one per message.
        :raises ValueError: if the message type is not one of EVENT_TYPES.
        """
        self.geometry = geometry
        self.noise = noise
        self.counters = StreamCounters()
        self.last_error = ''
        """Why the latest malformed message was skipped."""
        self.sensor_size = None
        """Width and height in pixels, from the latest good message."""
        self._decoder = MessageDecoder(message_type)
        self._timeline = Timeline()
        self._clock = RosClock()
        self._cleaner = None
        self._past_out_of_range = 0
        """Count of earlier sensors and settings; so is the next."""
        self._past_out_of_order = 0
        self._sequence = 0
        self._reached_us = None
        self._batch_us = batch_us
        self._waiting = []
        """List of _Message, oldest first."""

    @property
    def late_cause(self) -> str:
        """Return why the time stamps of the latest late events were rejected."""
        return self._timeline.cause

    def change(self, geometry: Geometry, noise: NoiseSettings) -> None:
        """
        Change the region of interest and the filters; hot pixels are searched again.

        :raises ValueError: if the region is not on the sensor; then nothing is changed.
        """
        if self.sensor_size is not None:
            geometry.part(*self.sensor_size)
        self.geometry, self.noise = geometry, noise
        if self.sensor_size is not None:
            self._set_sensor(self.sensor_size)

    def process_message(self, data: bytes, now_ns: int, sent_ns: int = 0):
        """
        Decode a message, map and filter its events, and return the packet that it completes.

        :param data: CDR bytes of the stream's message type.
        :param now_ns: ROS time of its arrival.
        :param sent_ns: time of the publisher's host when it was sent; 0 if that is not known.
        :returns: a packet, or None if events wait for more.
        """
        return next(iter(self.process_messages([(data, sent_ns)], now_ns)), None)

    def process_messages(self, messages, now_ns: int) -> list:
        """
        Decode messages that have arrived together, and return the packets that they complete.

        A malformed message is counted, with its reason in `last_error`; so are late events, with
        theirs in `late_cause`. What is done once for a message takes longer than what is done for
        its few events: messages that continue each other are joined before.

        :param messages: iterable of pairs, in their order: CDR bytes of the stream's message type,
            and the time of the publisher's host when they were sent, or 0.
        :param now_ns: ROS time of their arrival.
        :returns: list of StreamPacket.
        """
        packets, joined = [], []
        for data, sent_ns in messages:
            message = self._decode(data)
            if message is None:
                continue
            if joined and not _continues(joined[0][0], message):
                packets += self._process_joined(joined, now_ns)
                joined = []
            joined.append((message, sent_ns))
        return packets + self._process_joined(joined, now_ns)

    def _decode(self, data: bytes):
        """Return the EventMessage of serialized bytes; None if it is damaged."""
        self.counters.messages += 1
        try:
            message = self._decoder.decode(data)
            if len(message.frame_id.encode()) > MAX_FRAME_ID_BYTES:
                raise MalformedMessage(f'frame_id has more than {MAX_FRAME_ID_BYTES} bytes')
        except (ValueError, OverflowError, struct_error) as error:
            self._skip(error)
            return None
        self.counters.lost = self._decoder.lost
        return message

    def _skip(self, error: Exception) -> None:
        self.counters.malformed += 1
        self.last_error = str(error)

    def _process_joined(self, messages: list, now_ns: int) -> list:
        """Process messages as one if their times continue the stream, else one by one."""
        if len(messages) > 1:
            octets = np.concatenate([message.events.view(np.uint8) for message, _ in messages])
            events = octets.view(EVENT)     # several times as fast as with EVENT
            t_us = events['t']
            oldest_us, newest_us = int(t_us.min()), int(t_us.max())
            (first, _), (_, sent_ns) = messages[0], messages[-1]
            if newest_us - oldest_us <= JOINED_US and self._timeline.continues(
                    oldest_us, newest_us, now_ns, sent_ns):
                messages = [(first._replace(events=events), sent_ns)]
        packets = [self._process(message, now_ns, sent_ns) for message, sent_ns in messages]
        return [packet for packet in packets if packet is not None]

    def _process(self, message: EventMessage, now_ns: int, sent_ns: int):
        """Place the events of a message in time, and return the packet that it completes."""
        counters = self.counters
        events, stamp_ns, frame_id, *sensor_size = message
        try:
            if sensor_size != self.sensor_size:
                self._set_sensor(sensor_size)
            placed = (self._timeline.place(events['t'], now_ns, sent_ns) if len(events)
                      else None)
        except ValueError as error:
            self._skip(error)
            return None
        counters.events_in += len(events)
        counters.late = self._timeline.late
        counters.out_of_range = self._out_of_range()
        if placed is None:
            return None
        if placed.kept is not None:
            events = events[placed.kept]
        first_us, reached_us = placed.first_us, placed.reached_us
        packet = None
        if placed.restarted:
            packet = self._restart()
        elif self._reached_us is not None and first_us > self._reached_us + GAP_US:
            counters.time_gaps += 1
            packet = self.flush()
        self._reached_us = reached_us
        offset_ns = self._clock.observe(
            (reached_us if stamp_ns is None else first_us) * 1000, stamp_ns, now_ns)
        self._waiting.append(
            _Message(first_us, reached_us, offset_ns, frame_id,
                     self._clean(events, placed.base_us)))
        batch_us = self._batch_us
        if packet is None and not (
                batch_us and reached_us // batch_us == self._waiting[0].first_us // batch_us):
            packet = self.flush()
        return packet

    def remaining_us(self) -> int:
        """Return the camera time until the open packet can be complete; 0 before the first."""
        if self._reached_us is None:
            return 0
        begin_us = self._waiting[0].first_us if self._waiting else self._reached_us
        end_us = (begin_us // self._batch_us + 1) * self._batch_us
        return max(end_us - self._reached_us, 0)

    def flush(self):
        """Return the waiting events as a packet, or None if there are none."""
        if not self._waiting:
            return None
        base_us, newest = min(each.first_us for each in self._waiting), self._waiting[-1]
        events = newest.events
        if len(self._waiting) > 1:
            events = np.concatenate([each.events for each in self._waiting])
            later_us = [each.first_us - base_us for each in self._waiting]
            events['dt_us'] += np.repeat(
                np.array(later_us, np.uint32), [len(each.events) for each in self._waiting])
        self._waiting = []
        packet = StreamPacket(self.geometry.width, self.geometry.height, self._sequence, base_us,
                              newest.reached_us, newest.offset_ns, newest.frame_id, events,
                              self.geometry.scale(*self.sensor_size))
        self._sequence += 1
        return packet

    def _restart(self):
        """Reset all that depends on the camera's clock; return the waiting events like `flush`."""
        packet = self.flush()
        self.counters.restarts += 1
        self._sequence = 0
        self._cleaner.restart()
        self._clock = RosClock()
        return packet

    def _set_sensor(self, size) -> None:
        cleaner = Cleaner(self.geometry, self.noise, *size)
        if self._cleaner is not None:
            self._past_out_of_range += self._cleaner.out_of_range
            self._past_out_of_order += self._cleaner.out_of_order
        self._cleaner = cleaner
        self.sensor_size = size

    def _out_of_range(self) -> int:
        return (self._past_out_of_range + self._cleaner.out_of_range
                + self._decoder.out_of_range)

    def _clean(self, events: np.ndarray, base_us: int) -> np.ndarray:
        """Filter the events of a message and update the counters."""
        packed = self._cleaner.clean(events, base_us)
        counters, cleaner = self.counters, self._cleaner
        counters.events_out += len(packed)
        counters.out_of_range = self._out_of_range()
        counters.out_of_order = self._past_out_of_order + cleaner.out_of_order
        counters.hot_pixels = cleaner.hot_pixels
        return packed


def _continues(first: EventMessage, message: EventMessage) -> bool:
    """Return whether a message can be joined to a first one: same sensor, and soon after it."""
    if message[2:] != first[2:] or not len(first.events) or not len(message.events):
        return False
    begin_us, times_us = first.events['t'][0], message.events['t']
    return begin_us <= times_us[0] and times_us[-1] <= begin_us + JOINED_US


def warm_up(message_type: str) -> None:
    """
    Decode a made-up message of each encoding, so that the JIT compiler delays no real message.

    :raises ValueError: if the message type is not one of EVENT_TYPES.
    """
    event = np.zeros(1, EVENT)
    messages = [encode_event_array(event, 0, '', 1, 1)]
    if message_type in EVENT_PACKET_TYPES:
        messages = [encode_event_packet(EventPacketMessage(0, '', 1, 1, 0, 0, encoding, False,
                                                           encode(event, 0)))
                    for encoding, encode in ENCODERS.items()]
    for message in messages:
        EventStream(message_type, Geometry(), NoiseSettings()).process_message(message, 0)
    hot_pixels = HotPixels(1, 1)
    while not hot_pixels.observe(event):
        event['t'] += PERIOD_US
