# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Frame stream: from the stream's packets to frames, by fixed duration or by count of events."""
from typing import NamedTuple

import numpy as np
from snn_gesture_ros.events.clock import RESTART_US
from snn_gesture_ros.events.packet import EventPacket
from snn_gesture_ros.frames.accumulation import (
    accumulate, accumulate_until, check_picture, pooled)


class Frame(NamedTuple):
    """One time step of the network."""

    counts: np.ndarray
    """Event counts, uint16 [2, H, W], channel 0 OFF and 1 ON."""
    events: int
    """Number of events in the frame."""
    t_newest_us: int
    """Camera time of its newest event; its end where it holds none."""


class _FrameStream:
    """What both ways share: the frame that is open."""

    def __init__(self, size: int):
        self.late = 0
        """Events dropped because their frame was over."""
        self._size = size
        self._open = np.zeros((2, size, size), np.uint16)
        """The newest frame, with the pixels of the stream's picture."""
        self._flat = self._open.reshape(-1)
        self._scale = 1.0
        """Width of its pixels in pixels of the sensor."""
        self.restart()

    def restart(self) -> None:
        """Forget all events and the time."""
        self._open.fill(0)
        self._events = 0
        self._t_newest_us = None

    def _prepare_for(self, packet: EventPacket) -> None:
        """
        Start anew where the camera has, or where the size of its picture has changed.

        :raises ValueError: if the picture is not a whole multiple of the frame.
        """
        self._scale = packet.scale
        shape = packet.height, packet.width
        if shape != self._open.shape[1:]:
            check_picture(packet.width, packet.height, self._size)
            self.restart()
            self._open = np.zeros((2, *shape), np.uint16)
            self._flat = self._open.reshape(-1)
        if (self._t_newest_us is not None
                and packet.t_newest_us < self._t_newest_us - RESTART_US):
            self.restart()

    def _closed(self, t_end_us: int) -> Frame:
        """End the open frame and begin the next."""
        counts = pooled(self._open, self._size, self._scale) if self._events else np.zeros(
            (2, self._size, self._size), np.uint16)
        frame = Frame(counts, self._events, self._t_newest_us if self._events else t_end_us)
        if self._events:
            self._open.fill(0)
            self._events = 0
        return frame


class FramesByTime(_FrameStream):
    """Frames of equal duration, on a fixed grid of camera time: t // frame_us."""

    def __init__(self, size: int, frame_us: int, time_steps: int):
        """
        Begin with the first packet.

        :param size: width and height of a frame in pixels.
        :param frame_us: duration of a frame.
        :param time_steps: T; of a silence there are so many empty frames and no more, since they
            leave a network at rest.
        :raises ValueError: if it is not positive.
        """
        if frame_us < 1:
            raise ValueError('a frame must last at least 1 microsecond')
        self.frame_us = frame_us
        self._time_steps = time_steps
        self._grid = None
        super().__init__(size)

    @property
    def settings(self) -> tuple:
        """Return all that decides how frames are cut."""
        return 'time', self._size, self.frame_us, self._time_steps

    @property
    def description(self) -> str:
        """Say in words how frames are cut."""
        return f'frames of {self.frame_us / 1000:g} ms'

    def restart(self) -> None:
        """Forget all events and the time."""
        super().restart()
        self._grid = None

    def push(self, packet: EventPacket) -> list:
        """
        Take a packet and give the frames that it completes, oldest first.

        :raises ValueError: if its picture does not fit the network's.
        """
        self._prepare_for(packet)
        if self._grid is None:
            self._grid = packet.t_base_us // self.frame_us
        frames = []
        start, events = 0, packet.events
        while start < len(events):
            t_end_us = (self._grid + 1) * self.frame_us
            stop, late, newest_us = accumulate_until(
                self._flat, events, start, packet.t_base_us, t_end_us - self.frame_us, t_end_us)
            self._events += stop - start - late
            self.late += late
            if stop - start > late:
                self._t_newest_us = max(newest_us, self._t_newest_us or newest_us)
            start = stop
            if start < len(events):
                self._advance(packet.t_base_us + int(events[start]['dt_us']), frames)
        self._advance(packet.t_newest_us, frames)
        return frames

    def advance(self, t_us: int) -> list:
        """Let camera time pass without events; give the frames that this completes."""
        frames = []
        if self._grid is not None:
            self._advance(t_us, frames)
        return frames

    def remaining_us(self, t_us: int) -> int:
        """Return how much camera time after `t_us` the open frame lasts; 0 if there is none."""
        return 0 if self._grid is None else max((self._grid + 1) * self.frame_us - t_us, 0)

    def _advance(self, t_us: int, frames: list) -> None:
        """Close the frames that end by a time; of a long silence only the first ones."""
        grid = t_us // self.frame_us
        quiet = self._grid + 1 + self._time_steps
        while self._grid < min(grid, quiet):
            self._grid += 1
            frames.append(self._closed(self._grid * self.frame_us))
        self._grid = max(self._grid, grid)


class FramesByCount(_FrameStream):
    """Frames of equally many events."""

    def __init__(self, size: int, frame_events: int):
        """
        Begin with the first packet.

        :param size: width and height of a frame in pixels.
        :param frame_events: events of a frame.
        :raises ValueError: if it is not positive.
        """
        if frame_events < 1:
            raise ValueError('a frame must hold at least one event')
        self.frame_events = frame_events
        super().__init__(size)

    @property
    def settings(self) -> tuple:
        """Return all that decides how frames are cut."""
        return 'count', self._size, self.frame_events

    @property
    def description(self) -> str:
        """Say in words how frames are cut."""
        return f'frames of {self.frame_events} events'

    def push(self, packet: EventPacket) -> list:
        """
        Take a packet and give the frames that it completes, oldest first.

        :raises ValueError: if its picture does not fit the network's.
        """
        self._prepare_for(packet)
        frames = []
        start, events = 0, packet.events
        while start < len(events):
            stop = min(len(events), start + self.frame_events - self._events)
            accumulate(self._flat, events, start, stop)
            self._events += stop - start
            self._t_newest_us = packet.t_base_us + int(events[stop - 1]['dt_us'])
            start = stop
            if self._events == self.frame_events:
                frames.append(self._closed(self._t_newest_us))
        return frames

    def advance(self, t_us: int) -> list:
        """Give no frames: without events none fills."""
        return []

    def remaining_us(self, t_us: int) -> int:
        """Return 0: nobody knows how soon the open frame is full."""
        return 0
