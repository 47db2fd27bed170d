# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Silence: time that passes for the frames while no packets come, so that a gesture ends."""
from snn_gesture_ros.events.timeline import ClockRate

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
