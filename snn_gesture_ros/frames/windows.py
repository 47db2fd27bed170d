# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Windows: from the stream's packets to T frames, by fixed duration or by count of events.

Both ways give a window after every `hop_frames` new frames; windows overlap where that is less
than T. Before the first T frames have passed, the missing ones are empty.
"""
from typing import NamedTuple

import numpy as np
from snn_gesture_ros.events.packet import EventPacket, PACKED_EVENT
from snn_gesture_ros.frames.accumulation import (
    accumulate, accumulate_until, check_picture, pooled)

RESTART_US = 1_000_000
"""Camera time that falls back by more starts anew."""


class Window(NamedTuple):
    """T frames, ready for the network."""

    frames: np.ndarray
    """Event counts, uint16 [T, 2, H, W], channel 0 OFF and 1 ON."""
    events: int
    """Number of events in the frames."""
    t_newest_us: int
    """Camera time of the newest event in the window; its end where it holds none."""


class _Windows:
    """What both ways share: a ring of frames, the newest of them open."""

    def __init__(self, time_steps: int, size: int, hop_frames: int):
        if time_steps < 1 or hop_frames < 1:
            raise ValueError('a window needs at least one frame, and a hop too')
        self.late = 0
        """Events dropped because their frame was over."""
        self._size = size
        self._hop_frames = hop_frames
        self._ring = np.zeros((time_steps, 2, size, size), np.uint16)
        self._counts = np.zeros(time_steps, np.int64)
        self._open = np.zeros((2, size, size), np.uint16)
        """The newest frame, with the pixels of the stream's picture."""
        self._flat = self._open.reshape(-1)
        self.restart()
        self._rehearse()

    @property
    def hop_frames(self) -> int:
        """Frames from one window to the next."""
        return self._hop_frames

    def _rehearse(self) -> None:
        """Take a made-up packet, so that no real one waits for the compiler."""
        event = np.zeros(1, PACKED_EVENT)
        event.flags.writeable = False
        self.push(EventPacket(self._size, self._size, 0, 0, 0, 0, '', event))
        self.restart()

    def restart(self) -> None:
        """Forget all events and the time."""
        self._ring.fill(0)
        self._open.fill(0)
        self._counts.fill(0)
        self._frame = 0
        self._t_newest_us = None

    def _check_picture(self, packet: EventPacket) -> None:
        """
        Start anew where the size of the packet's picture has changed.

        :raises ValueError: if the picture is not a whole multiple of the frame.
        """
        shape = packet.height, packet.width
        if shape == self._open.shape[1:]:
            return
        check_picture(packet.width, packet.height, self._size)
        self.restart()
        self._open = np.zeros((2, *shape), np.uint16)
        self._flat = self._open.reshape(-1)

    def _fell_back(self, packet: EventPacket) -> bool:
        return (self._t_newest_us is not None
                and packet.t_newest_us < self._t_newest_us - RESTART_US)

    def _close_frame(self, t_end_us: int, windows: list) -> None:
        """End the open frame, add a window if a hop is complete, open the next frame."""
        steps = len(self._ring)
        self._ring[self._frame % steps] = pooled(self._open, self._size)
        self._open.fill(0)
        self._frame += 1
        oldest = self._frame % steps
        if self._frame % self._hop_frames == 0:
            total = int(self._counts.sum())
            newest_us = self._t_newest_us if total else t_end_us
            windows.append(Window(np.roll(self._ring, -oldest, axis=0), total, newest_us))
        self._counts[oldest] = 0


class WindowsByTime(_Windows):
    """Frames of equal duration, on a fixed grid of camera time: t // frame_us."""

    def __init__(self, time_steps: int, size: int, frame_us: int, hop_frames: int):
        """
        Begin with the first packet.

        :param time_steps: T, the frames of a window.
        :param size: width and height of a frame in pixels.
        :param frame_us: duration of a frame.
        :param hop_frames: frames from one window to the next.
        :raises ValueError: if one of them is not positive.
        """
        if frame_us < 1:
            raise ValueError('a frame must last at least 1 microsecond')
        self.frame_us = frame_us
        self._grid = None
        super().__init__(time_steps, size, hop_frames)

    @property
    def description(self) -> str:
        """Say in words how windows are cut."""
        frame_ms = self.frame_us / 1000
        return (f'window {len(self._ring) * frame_ms:g} ms, '
                f'a decision every {self._hop_frames * frame_ms:g} ms')

    def restart(self) -> None:
        """Forget all events and the time."""
        super().restart()
        self._grid = None

    def push(self, packet: EventPacket) -> list:
        """
        Take a packet and give the windows that it completes, oldest first.

        :raises ValueError: if its picture does not fit the network's.
        """
        self._check_picture(packet)
        if self._fell_back(packet):
            self.restart()
        if self._grid is None:
            self._begin(packet.t_base_us // self.frame_us)
        windows = []
        start, events = 0, packet.events
        while start < len(events):
            t_end_us = (self._grid + 1) * self.frame_us
            row = self._frame % len(self._ring)
            stop, late, newest_us = accumulate_until(
                self._flat, events, start, packet.t_base_us, t_end_us - self.frame_us, t_end_us)
            self._counts[row] += stop - start - late
            self.late += late
            if stop - start > late:
                self._t_newest_us = max(newest_us, self._t_newest_us or newest_us)
            start = stop
            if start < len(events):
                self._advance(packet.t_base_us + int(events[start]['dt_us']), windows)
        self._advance(packet.t_newest_us, windows)
        return windows

    def advance(self, t_us: int) -> list:
        """Let camera time pass without events; give the windows that this completes."""
        windows = []
        if self._grid is not None:
            self._advance(t_us, windows)
        return windows

    def _begin(self, grid: int) -> None:
        """Open a frame of the grid; hops are counted on the grid too."""
        self._grid = grid
        self._frame = grid % (len(self._ring) * self._hop_frames)

    def _advance(self, t_us: int, windows: list) -> None:
        """Close the frames that end by a time; a long silence costs no more than a window."""
        grid = t_us // self.frame_us
        quiet = self._grid + len(self._ring) + self._hop_frames
        while self._grid < min(grid, quiet):
            self._grid += 1
            self._close_frame(self._grid * self.frame_us, windows)
        if self._grid < grid:
            self._begin(grid)


class WindowsByCount(_Windows):
    """Frames of equally many events."""

    def __init__(self, time_steps: int, size: int, frame_events: int, hop_frames: int):
        """
        Begin with the first packet.

        :param time_steps: T, the frames of a window.
        :param size: width and height of a frame in pixels.
        :param frame_events: events of a frame.
        :param hop_frames: frames from one window to the next.
        :raises ValueError: if one of them is not positive.
        """
        if frame_events < 1:
            raise ValueError('a frame must hold at least one event')
        self.frame_events = frame_events
        super().__init__(time_steps, size, hop_frames)

    @property
    def description(self) -> str:
        """Say in words how windows are cut."""
        return (f'window {len(self._ring) * self.frame_events} events, '
                f'a decision every {self._hop_frames * self.frame_events}')

    def push(self, packet: EventPacket) -> list:
        """
        Take a packet and give the windows that it completes, oldest first.

        :raises ValueError: if its picture does not fit the network's.
        """
        self._check_picture(packet)
        if self._fell_back(packet):
            self.restart()
        windows = []
        start, events = 0, packet.events
        while start < len(events):
            row = self._frame % len(self._ring)
            stop = min(len(events), start + self.frame_events - int(self._counts[row]))
            accumulate(self._flat, events, start, stop)
            self._counts[row] += stop - start
            self._t_newest_us = packet.t_base_us + int(events[stop - 1]['dt_us'])
            start = stop
            if self._counts[row] == self.frame_events:
                self._close_frame(self._t_newest_us, windows)
        return windows

    def advance(self, t_us: int) -> list:
        """Give no windows: without events no frame fills."""
        return []
