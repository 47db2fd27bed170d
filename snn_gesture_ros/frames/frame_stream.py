# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Frame streams: slice the packets of a stream into frames, by time or by count of events."""
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from snn_gesture_ros.events.packet import StreamPacket
from snn_gesture_ros.events.timeline import ClockRate
from snn_gesture_ros.frames.accumulation import (
    accumulate, accumulate_until, check_resolution, sum_into_frames)
from snn_gesture_ros.settings import setting

NEVER_US = 1 << 62
MIN_GAP_FRAMES = 8
"""A shorter gap is filled with empty frames even if it is longer than half a window."""
PERIOD_NS = 100_000_000
"""Frames are completed this often in silence; a thread that wakes up more often costs CPU."""
MARGIN_NS = 100_000_000
"""A stream without packets for longer is silent."""
MAX_STEP_NS = 1_000_000_000
"""If ROS time moves by more between two calls, it was set; at most this much is counted."""
MAX_SILENCE_NS = 3600 * 1_000_000_000
"""A longer silence is cut to this: a clock that jumps by years must not cost minutes."""
MIN_FRAME_US = 5000
"""Shorter frames make more decisions per second than a node can make and a robot can use."""


class Frame(NamedTuple):
    """One time step of the network."""

    counts: np.ndarray
    """Event counts, uint16 [2, H, W], channel 0 OFF and 1 ON."""
    events: int
    """Number of events in the frame."""
    t_newest_us: int
    """Camera time of its newest event, or of its end if it has no events; never before that of the
    frame before it, unless the stream starts again."""
    restart: bool = False
    """Whether the stream starts again here: the state of the network is reset before it."""


class _FrameStream:
    """The open frame, which is being filled; the base of both frame streams."""

    def __init__(self, size: int):
        self.late = 0
        """Events dropped because their frame was closed, or was not full before a restart."""
        self._sequence = None
        """Sequence number of the newest packet; None before the first."""
        self._size = size
        self._open = np.zeros((2, size, size), np.uint16)
        """Event counts of the open frame, in the resolution of the packets."""
        self._flat = self._open.reshape(-1)
        self._scale = 1.0
        """Width of one of its pixels in pixels of the sensor."""
        self.restart()

    def restart(self) -> None:
        """Drop the events of the open frame, and reset the time."""
        self._open.fill(0)
        self._events = 0
        self._t_newest_us = self._closed_us = None
        self._restarted = self._sequence is not None
        """Whether the open frame is the first after a restart."""

    def _ended(self) -> list:
        """Return the frames that a restart completes: the open one, or none."""
        raise NotImplementedError

    def _prepare_for(self, packet: StreamPacket) -> list:
        """
        Restart if the camera or event_stream has restarted, or if the resolution has changed.

        :returns: the frames that this completes.
        :raises ValueError: if the resolution is not a multiple of the frame's.
        """
        frames = []
        shape = packet.height, packet.width
        if shape != self._open.shape[1:]:
            check_resolution(packet.width, packet.height, self._size)
            frames = self._ended()
            self.restart()
            self._open = np.zeros((2, *shape), np.uint16)
            self._flat = self._open.reshape(-1)
        elif self._sequence is not None and packet.sequence <= self._sequence:
            frames = self._ended()
            self.restart()
        self._sequence, self._scale = packet.sequence, packet.scale
        return frames

    def _closed(self, t_end_us: int) -> Frame:
        """Return the open frame as complete, and open the next."""
        counts = np.zeros((2, self._size, self._size), np.uint16)
        if self._events:
            counts = sum_into_frames(self._open, self._size, self._scale)
        t_us = self._t_newest_us if self._events else t_end_us
        if self._closed_us is None or self._restarted or t_us > self._closed_us:
            self._closed_us = t_us
        frame = Frame(counts, self._events, self._closed_us, self._restarted)
        self._restarted = False
        if self._events:
            self._open.fill(0)
            self._events = 0
        return frame


class FramesByTime(_FrameStream):
    """
    Frames of equal duration, on a fixed grid of camera time: t // frame_us.

    The grid follows the packets. While no packets come, `advance` moves it; if that was too far,
    the next packet moves it back. If it moves by more than half a window at once, the frames
    restart, since the state of a network has decayed after so long without events.
    """

    def __init__(self, size: int, frame_us: int, time_steps: int):
        """
        Prepare an empty stream, whose grid starts with the first packet.

        :param size: width and height of a frame in pixels.
        :param frame_us: duration of a frame.
        :param time_steps: T, the frames of a window.
        :raises ValueError: if the duration is not positive.
        """
        if frame_us < 1:
            raise ValueError('a frame must last at least 1 microsecond')
        self.frame_us = frame_us
        self._time_steps = time_steps
        self._gap_frames = max(time_steps // 2, MIN_GAP_FRAMES)
        self._grid = None
        """Index of the open frame on the grid."""
        super().__init__(size)

    @property
    def settings(self) -> tuple:
        """Return what frames depend on; streams with equal settings make the same frames."""
        return 'time', self._size, self.frame_us, self._time_steps

    @property
    def description(self) -> str:
        """Return how frames are sliced, as text for logs."""
        return f'frames of {self.frame_us / 1000:g} ms'

    def restart(self) -> None:
        """Drop the events of the open frame, and reset the time."""
        super().restart()
        self._grid = self._reached_us = None

    def slice_packet(self, packet: StreamPacket) -> list:
        """
        Count the events of a packet, and return the frames that it completes, oldest first.

        :raises ValueError: if its resolution is not a multiple of the frame's.
        """
        frames = self._prepare_for(packet)
        self._follow(packet.t_base_us, frames)
        events = packet.events
        while len(events):
            t_end_us = (self._grid + 1) * self.frame_us
            # Events that are newer than the time of the packet stay in its last frame.
            left, late, newest_us = accumulate_until(
                self._flat, events, packet.t_base_us, t_end_us - self.frame_us,
                t_end_us if t_end_us <= packet.t_newest_us else NEVER_US)
            newest_us = min(newest_us, max(packet.t_newest_us, t_end_us - self.frame_us))
            counted = len(events) - len(left) - late
            self._events += counted
            self.late += late
            if counted:
                self._t_newest_us = max(newest_us, self._t_newest_us or newest_us)
            events = left
            if len(events):
                t_us = packet.t_base_us + int(events['dt_us'].min())
                self._advance(min(t_us, packet.t_newest_us), frames)
        self._advance(packet.t_newest_us, frames)
        self._reached_us = max(packet.t_newest_us, self._reached_us or packet.t_newest_us)
        return frames

    def _ended(self) -> list:
        return [self._closed(self._t_newest_us)] if self._events else []

    def _follow(self, t_base_us: int, frames: list) -> None:
        """Open the frame in which a packet starts, even if silence has moved the grid further."""
        if self._grid is None:
            self._grid = t_base_us // self.frame_us
            return
        resumed_us = t_base_us if self._reached_us is None else max(t_base_us, self._reached_us)
        grid = resumed_us // self.frame_us
        if self._grid - grid > self._gap_frames:
            self._restarted = True
        self._grid = min(self._grid, grid)
        self._advance(resumed_us, frames)

    def advance(self, t_us: int) -> list:
        """Return the frames that are complete at a camera time, if no more events come."""
        frames = []
        if self._grid is not None:
            self._advance(t_us, frames)
        return frames

    def remaining_us(self, t_us: int) -> int:
        """Return the camera time from `t_us` to the end of the open frame; 0 if there is none."""
        return 0 if self._grid is None else max((self._grid + 1) * self.frame_us - t_us, 0)

    def _advance(self, t_us: int, frames: list) -> None:
        """Close the frames that end by a time; in a long silence only the first and the last."""
        grid = t_us // self.frame_us
        if grid - self._grid > self._gap_frames:
            frames.append(self._closed((self._grid + 1) * self.frame_us))
            self._restarted = True
            self._grid = grid - 1
        while self._grid < grid:
            self._grid += 1
            frames.append(self._closed(self._grid * self.frame_us))


class FramesByCount(_FrameStream):
    """Frames of equally many events."""

    def __init__(self, size: int, frame_events: int):
        """
        Prepare an empty stream.

        :param size: width and height of a frame in pixels.
        :param frame_events: number of events in a frame.
        :raises ValueError: if that number is not positive.
        """
        if frame_events < 1:
            raise ValueError('a frame must hold at least one event')
        self.frame_events = frame_events
        super().__init__(size)

    @property
    def settings(self) -> tuple:
        """Return what frames depend on; streams with equal settings make the same frames."""
        return 'count', self._size, self.frame_events

    @property
    def description(self) -> str:
        """Return how frames are sliced, as text for logs."""
        return f'frames of {self.frame_events} events'

    def slice_packet(self, packet: StreamPacket) -> list:
        """
        Count the events of a packet, and return the frames that it completes, oldest first.

        :raises ValueError: if its resolution is not a multiple of the frame's.
        """
        frames = self._prepare_for(packet)
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

    def _ended(self) -> list:
        self.late += self._events
        return []

    def advance(self, t_us: int) -> list:
        """Return no frames: without events, none is completed."""
        return []

    def remaining_us(self, t_us: int) -> int:
        """Return 0: it is not known when the open frame is full."""
        return 0


class TimedFrames:
    """A frame stream that completes frames also while no packets come."""

    def __init__(self, frames):
        """
        Prepare the stream; time passes from the first packet on.

        :param frames: FramesByTime or FramesByCount.
        """
        self.stream = frames
        self._newest_us = None
        self._rate = ClockRate()
        self._asked_ns = 0
        """ROS time up to which silence is counted."""
        self._silent_ns = 0
        """ROS time of the silence so far, beyond MARGIN_NS."""

    def slice_packet(self, packet, now_ns: int) -> list:
        """
        Count the events of a packet, and return the frames that it completes, oldest first.

        :param now_ns: ROS time of its arrival; 0 if simulated time has not started.
        :raises ValueError: if its resolution is not a multiple of the frame's.
        """
        frames = self.stream.slice_packet(packet)
        self._newest_us = packet.t_newest_us
        self._rate.observe(packet.t_newest_us, now_ns)
        self._asked_ns, self._silent_ns = now_ns, -MARGIN_NS
        return frames

    def advance(self, now_ns: int) -> list:
        """Return the frames that silence completes by now; call this every PERIOD_NS."""
        return self._advance(now_ns, None)

    def advance_periodically(self, now_ns: int, until_us=None):
        """
        Yield the frames of `advance`, called every PERIOD_NS until now, or for MAX_SILENCE_NS.

        :param now_ns: ROS time.
        :param until_us: camera time at which the silence ended, if it is known.
        """
        until_ns = min(now_ns, self._asked_ns + MAX_SILENCE_NS)
        while self._newest_us is not None and self._asked_ns + PERIOD_NS <= until_ns:
            yield from self._advance(self._asked_ns + PERIOD_NS, until_us)
        if until_ns < now_ns:
            self._asked_ns = now_ns

    def time_us(self) -> int:
        """Return the camera time of the stream now; call this only after the first packet."""
        return self._newest_us + int(max(self._silent_ns, 0) * self._rate.rate) // 1000

    def _advance(self, now_ns, until_us) -> list:
        if self._newest_us is None:
            return []
        self._silent_ns += min(max(now_ns - self._asked_ns, 0), MAX_STEP_NS)
        self._asked_ns = now_ns
        if self._silent_ns <= 0:
            return []
        t_us = self.time_us()
        return self.stream.advance(t_us if until_us is None else min(t_us, until_us))


@dataclass(frozen=True)
class Slicing:
    """How to slice the stream; zero or empty: as the network was trained."""

    slicing: str = setting(
        '', 'How the events are sliced into frames', live=True, choices={
            '': 'as the checkpoint was trained', 'time': 'frames of equal duration',
            'count': 'frames of equally many events'})
    window_ms: float = setting(
        0.0, 'Duration of a window, which has as many frames as that of the checkpoint, for '
        'slicing by time; 0: that of the checkpoint', unit='ms', minimum=0.0, maximum=60000.0,
        live=True)
    window_events: int = setting(
        0, 'Events of a window, for slicing by count; 0: those of the checkpoint',
        minimum=0, maximum=100_000_000, live=True)

    def frames(self, card):
        """
        Return a frame stream for a network.

        :param card: its ModelCard.
        :returns: FramesByTime or FramesByCount.
        :raises ValueError: if a setting is wrong, or missing for this way of slicing.
        """
        slicing = self.slicing or card.slicing
        if slicing == 'time':
            frame_us = round(1000 * (self.window_ms or card.window_ms) / card.time_steps)
            if frame_us < MIN_FRAME_US:
                raise ValueError(
                    f'window_ms must be at least {MIN_FRAME_US * card.time_steps / 1000:g}: '
                    f'it is sliced into {card.time_steps} frames with a decision each')
            return FramesByTime(card.size, frame_us, card.time_steps)
        if slicing == 'count':
            window_events = self.window_events or card.window_events
            if window_events < card.time_steps:
                raise ValueError(f'slicing by count needs window_events of at least '
                                 f'{card.time_steps}, the frames of a window')
            return FramesByCount(card.size, window_events // card.time_steps)
        raise ValueError(f'slicing {slicing!r} is neither time nor count')
