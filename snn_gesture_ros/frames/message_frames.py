# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Message frames: from serialized EventArrays to frames at once, on the CPU or on a GPU."""
import struct

from snn_gesture_ros.events.cdr import read_event_array
from snn_gesture_ros.events.event import MalformedMessage
from snn_gesture_ros.events.timeline import SLACK_US
from snn_gesture_ros.frames.accumulation import least_events
from snn_gesture_ros.frames.counters import EVENT_BYTES, frame_tables, MOST_EVENTS
from snn_gesture_ros.frames.frame_stream import Frame, FramesByTime

TIME = struct.Struct('<iI')
TIME_OFFSET = 4
"""Of an event's time in its bytes."""
LONGEST_US = 1_000_000
"""Camera time of a message; one that claims more is damaged."""


class MessageFrames(FramesByTime):
    """
    Frames of equal duration from a camera's EventArrays, with no step in between.

    There are no noise filters: they need the events one after the other. Events must be in the
    order of time from message to message.
    """

    def __init__(self, geometry, size: int, frame_us: int, time_steps: int, make_counter):
        """
        Wait for the first message, which tells the sensor's size.

        :param geometry: Geometry, whose picture is a multiple of the frame.
        :param size: width and height of a frame in pixels.
        :param frame_us: duration of a frame.
        :param time_steps: T, the frames of a window.
        :param make_counter: CpuCounter or cuda_counter.
        :raises ValueError: if the frame's duration is not positive.
        """
        self._geometry = geometry
        self._make_counter = make_counter
        self._counter = self._sensor_size = None
        super().__init__(size, frame_us, time_steps)

    def restart(self) -> None:
        """Forget all events and the time."""
        super().restart()
        if self._counter is not None:
            self._counter.restart()

    def push(self, data: bytes) -> list:
        """
        Take a serialized EventArray and give the frames that it completes, oldest first.

        :raises ValueError: if it cannot be read or has more than MOST_EVENTS, or the region is
            not on its sensor.
        """
        message = read_event_array(data)
        if not message.count:
            return []
        if message.count > MOST_EVENTS:
            raise MalformedMessage(
                f'EventArray has {message.count} events, more than {MOST_EVENTS}')
        first_us, newest_us = (event_time_us(data, message, number)
                               for number in (0, message.count - 1))
        if not 0 <= newest_us - first_us <= LONGEST_US:
            raise MalformedMessage(f'EventArray lasts {newest_us - first_us} microseconds')
        if (message.width, message.height) != self._sensor_size:
            self._set_sensor(message.width, message.height)
        if self._t_newest_us is not None and newest_us < self._t_newest_us - SLACK_US:
            self.restart()
        if self._grid is None:
            self._grid = first_us // self.frame_us
        frames = []
        self._advance(first_us, frames)
        self._counter.load(data, message)
        while True:
            t_end_us = (self._grid + 1) * self.frame_us
            self._counter.count(t_end_us - self.frame_us, t_end_us)
            self._t_newest_us = newest_us
            if newest_us < t_end_us:
                return frames
            self._advance(t_end_us, frames)

    def _set_sensor(self, width: int, height: int) -> None:
        self._counter = self._make_counter(
            frame_tables(self._geometry, width, height, self._size), self._size)
        self._sensor_size = width, height
        self._least = least_events(self._geometry.scale(width, height) * self._geometry.width)
        self.restart()

    def _closed(self, t_end_us: int) -> Frame:
        counts, events, newest_us = self._counter.take()
        if self._least > 1:
            counts *= counts >= self._least
        restarted, self._restarted = self._restarted, False
        return Frame(counts, events, t_end_us - self.frame_us + newest_us if events else t_end_us,
                     restarted)


def event_time_us(data: bytes, message, number: int) -> int:
    """Read the camera time of an event of a serialized EventArray."""
    seconds, nanoseconds = TIME.unpack_from(
        data, message.events_offset + EVENT_BYTES * number + TIME_OFFSET)
    return seconds * 1_000_000 + nanoseconds // 1000
