# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Silence: time that passes for the frames while no packets come, so that a gesture ends."""

PERIOD_NS = 100_000_000
"""In silence the frames of this time are decided together, since to wake up is what costs."""
MARGIN_NS = 100_000_000
"""A stream that says nothing for longer is taken for silent."""
LONGEST_NS = 3600 * 1_000_000_000
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
        self._arrival_ns = self._asked_ns = 0

    def push(self, packet, now_ns: int) -> list:
        """
        Take a packet and give the frames that it completes, oldest first.

        :param now_ns: ROS time of its arrival; 0 where simulated time has not begun.
        :raises ValueError: if its picture does not fit the network's.
        """
        frames = self.stream.push(packet)
        self._newest_us, self._arrival_ns = packet.t_newest_us, now_ns
        self._asked_ns = now_ns + MARGIN_NS
        return frames

    def advance(self, now_ns: int) -> list:
        """Give the frames that silence completes by now; call this every PERIOD_NS."""
        if self._silent_ns(now_ns) <= 0:
            return []
        return self.stream.advance(self.time_us(now_ns))

    def wait(self, now_ns: int):
        """Yield what `advance` gives, called every PERIOD_NS until now, or for LONGEST_NS."""
        until_ns = min(now_ns, self._asked_ns + LONGEST_NS)
        while self._arrival_ns and self._asked_ns + PERIOD_NS <= until_ns:
            self._asked_ns += PERIOD_NS
            yield from self.advance(self._asked_ns)
        if until_ns < now_ns:
            self._asked_ns = now_ns

    def time_us(self, now_ns: int) -> int:
        """Return the camera time that the frames have reached, after the first packet."""
        return self._newest_us + max(self._silent_ns(now_ns), 0) // 1000

    def _silent_ns(self, now_ns: int) -> int:
        return now_ns - self._arrival_ns - MARGIN_NS if self._arrival_ns else 0
