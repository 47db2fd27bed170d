# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Frame stream: from the stream's packets to frames, by fixed duration or by count of events."""
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from snn_gesture_ros.events.packet import EventPacket
from snn_gesture_ros.events.timeline import ClockRate
from snn_gesture_ros.frames.accumulation import accumulate, accumulate_until, check_picture, pooled
from snn_gesture_ros.settings import setting

NEVER_US = 1 << 62
MIN_GAP_FRAMES = 8
"""A shorter gap is filled with empty frames, also where it is longer than half a window."""


class Frame(NamedTuple):
    """One time step of the network."""

    counts: np.ndarray
    """Event counts, uint16 [2, H, W], channel 0 OFF and 1 ON."""
    events: int
    """Number of events in the frame."""
    t_newest_us: int
    """Camera time of its newest event; its end where it holds none."""
    restart: bool = False
    """Whether what came before does not go on: the network must be at rest before it."""


class _FrameStream:
    """What both ways share: the frame that is open."""

    def __init__(self, size: int):
        self.late = 0
        """Events dropped because their frame was over, or could not be filled."""
        self._sequence = None
        """Of the newest packet; None before the first."""
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
        self._restarted = self._sequence is not None
        """Whether the open frame is the first after a restart."""

    def _ended(self) -> list:
        """Return the open frame, as far as it is to be decided on, before a restart."""
        raise NotImplementedError

    def _prepare_for(self, packet: EventPacket) -> list:
        """
        Restart where the camera or event_stream has, or where the size of the picture changes.

        :returns: frames that this ends.
        :raises ValueError: if the picture is not a whole multiple of the frame.
        """
        frames = []
        shape = packet.height, packet.width
        if shape != self._open.shape[1:]:
            check_picture(packet.width, packet.height, self._size)
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
        """End the open frame and begin the next."""
        counts = pooled(self._open, self._size, self._scale) if self._events else np.zeros(
            (2, self._size, self._size), np.uint16)
        frame = Frame(counts, self._events, self._t_newest_us if self._events else t_end_us,
                      self._restarted)
        self._restarted = False
        if self._events:
            self._open.fill(0)
            self._events = 0
        return frame


class FramesByTime(_FrameStream):
    """
    Frames of equal duration, on a fixed grid of camera time: t // frame_us.

    The grid follows the packets. Where no packets come it may be moved on by `advance`, and goes
    back to the packets if that was too far. Where it moves by more than half a window at once, the
    frames restart, since a network that sees nothing for so long is at rest.
    """

    def __init__(self, size: int, frame_us: int, time_steps: int):
        """
        Begin with the first packet.

        :param size: width and height of a frame in pixels.
        :param frame_us: duration of a frame.
        :param time_steps: T, the frames of a window.
        :raises ValueError: if it is not positive.
        """
        if frame_us < 1:
            raise ValueError('a frame must last at least 1 microsecond')
        self.frame_us = frame_us
        self._time_steps = time_steps
        self._grid = None
        """The number of the open frame."""
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
        self._grid = self._reached_us = None

    def push(self, packet: EventPacket) -> list:
        """
        Take a packet and give the frames that it completes, oldest first.

        :raises ValueError: if its picture does not fit the network's.
        """
        frames = self._prepare_for(packet)
        self._follow(packet.t_base_us, frames)
        start, events = 0, packet.events
        while start < len(events):
            t_end_us = (self._grid + 1) * self.frame_us
            # Events beyond what the packet has reached stay in its last frame.
            stop, late, newest_us = accumulate_until(
                self._flat, events, start, packet.t_base_us, t_end_us - self.frame_us,
                t_end_us if t_end_us <= packet.t_newest_us else NEVER_US)
            newest_us = min(newest_us, max(packet.t_newest_us, t_end_us - self.frame_us))
            self._events += stop - start - late
            self.late += late
            if stop - start > late:
                self._t_newest_us = max(newest_us, self._t_newest_us or newest_us)
            start = stop
            if start < len(events):
                t_us = packet.t_base_us + int(events[start]['dt_us'])
                self._advance(min(t_us, packet.t_newest_us), frames)
        self._advance(packet.t_newest_us, frames)
        self._reached_us = max(packet.t_newest_us, self._reached_us or packet.t_newest_us)
        return frames

    def _ended(self) -> list:
        return [self._closed((self._grid + 1) * self.frame_us)] if self._events else []

    def _follow(self, t_base_us: int, frames: list) -> None:
        """Open the frame of a packet's begin, also where silence was taken for longer."""
        if self._grid is None:
            self._grid = t_base_us // self.frame_us
            return
        resumed_us = t_base_us if self._reached_us is None else max(t_base_us, self._reached_us)
        self._grid = min(self._grid, resumed_us // self.frame_us)
        self._advance(resumed_us, frames)

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
        """Close the frames that end by a time; of a long silence only the first and the last."""
        grid = t_us // self.frame_us
        if grid - self._grid > max(self._time_steps // 2, MIN_GAP_FRAMES):
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
        """Give no frames: without events none fills."""
        return []

    def remaining_us(self, t_us: int) -> int:
        """Return 0: nobody knows how soon the open frame is full."""
        return 0


PERIOD_NS = 100_000_000
"""In silence the frames of this time are decided together, since to wake up is what costs."""
MARGIN_NS = 100_000_000
"""A stream that says nothing for longer is taken for silent."""
MAX_STEP_NS = 1_000_000_000
"""ROS time that steps by more between two looks was set; that much of it has passed at most."""
MAX_SILENCE_NS = 3600 * 1_000_000_000
"""No more of a silence is gone through: a clock that jumps by years must not take as long."""


class TimedFrames:
    """A frame stream that is told the time also where no packets come."""

    def __init__(self, frames):
        """
        Begin with the first packet.

        :param frames: FramesByTime or FramesByCount.
        """
        self.stream = frames
        self._newest_us = None
        self._rate = ClockRate()
        self._asked_ns = 0
        """ROS time up to which silence was looked at."""
        self._silent_ns = 0
        """ROS time of the silence so far, beyond MARGIN_NS."""

    def push(self, packet, now_ns: int) -> list:
        """
        Take a packet and give the frames that it completes, oldest first.

        :param now_ns: ROS time of its arrival; 0 where simulated time has not begun.
        :raises ValueError: if its picture does not fit the network's.
        """
        frames = self.stream.push(packet)
        self._newest_us = packet.t_newest_us
        self._rate.observe(packet.t_newest_us, now_ns)
        self._asked_ns, self._silent_ns = now_ns, -MARGIN_NS
        return frames

    def advance(self, now_ns: int) -> list:
        """Give the frames that silence completes by now; call this every PERIOD_NS."""
        return self._advance(now_ns, None)

    def wait(self, now_ns: int, until_us=None):
        """
        Yield what `advance` gives, called every PERIOD_NS until now, or for MAX_SILENCE_NS.

        :param until_us: camera time that the silence has not lasted beyond, where it is known.
        """
        until_ns = min(now_ns, self._asked_ns + MAX_SILENCE_NS)
        while self._newest_us is not None and self._asked_ns + PERIOD_NS <= until_ns:
            yield from self._advance(self._asked_ns + PERIOD_NS, until_us)
        if until_ns < now_ns:
            self._asked_ns = now_ns

    def time_us(self) -> int:
        """Return the camera time that the frames have reached, after the first packet."""
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


SHORTEST_FRAME_US = 5000
"""More decisions a second than that no robot can use, and a node cannot make."""


@dataclass(frozen=True)
class Slicing:
    """How to cut the stream into frames; zero or empty is what the network was trained with."""

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
        Make the frame stream for a network.

        :param card: its ModelCard.
        :returns: FramesByTime or FramesByCount.
        :raises ValueError: if the settings do not go together.
        """
        slicing = self.slicing or card.slicing
        if slicing == 'time':
            frame_us = round(1000 * (self.window_ms or card.window_ms) / card.time_steps)
            if frame_us < SHORTEST_FRAME_US:
                raise ValueError(
                    f'window_ms must be at least {SHORTEST_FRAME_US * card.time_steps / 1000:g}: '
                    f'it is cut into {card.time_steps} frames with a decision each')
            return FramesByTime(card.size, frame_us, card.time_steps)
        if slicing == 'count':
            window_events = self.window_events or card.window_events
            if window_events < card.time_steps:
                raise ValueError(f'slicing by count needs window_events of at least '
                                 f'{card.time_steps}, the frames of a window')
            return FramesByCount(card.size, window_events // card.time_steps)
        raise ValueError(f'slicing {slicing!r} is neither time nor count')
