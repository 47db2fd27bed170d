# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Timeline: check time stamps of a camera, and turn them into stream time, which never goes back.

Time stamps can be wrong: a bit flips, a clock is set, a driver restarts, a bag starts again. The
middle event of each message is compared with the newest stream time:

| the message is | result |
| --- | --- |
| at most SLACK_US older, and no further ahead than the time since the last one allows | used |
| anything else | its events are late: counted and dropped |
| the third such message in a row, each a continuation of the one before | a restart |

The time since the last message is ROS time, or that of the publisher's host if more of it has
passed: messages that have waited arrive together, and where some were lost meanwhile, the camera's
clock has moved on with the host's, and has not jumped.

After a restart of the camera, stream time continues with the time that has passed on the host,
independent of the camera's clock. In a message that is used, single events far from its middle are
late, too, and stream time moves only to a time that two events confirm.
"""
from collections import deque
from typing import NamedTuple, Optional

import numpy as np

SLACK_US = 100_000
"""Allowed error of a camera time: drivers sort events only roughly."""
CONFIRMATIONS = 3
"""Messages in a row that must agree before a restart of the camera is assumed."""
MAX_MESSAGE_US = 10_000_000
"""Events further from the middle of their message are late."""
MAX_TIME_US = 1 << 52
"""143 years: a larger time stamp is wrong, and would not fit into 64 bits as nanoseconds."""
PAIR_US = 5_000
"""The newest event of a message counts if another event is within this time before it."""
RATE_SPAN_NS = 2_000_000_000
MIN_RATE_SPAN_NS = 200_000_000
RATE_STEP_NS = 50_000_000
RATE_LIMITS = 0.05, 1000.0
REAL_TIME = 0.05
"""A rate that differs from 1 by less is taken as 1, since messages do not arrive evenly."""
RATE_TOLERANCE = 1.5
"""Playback may speed up by this factor before the camera's clock is said to have jumped."""
TOLERANCE_NS = 10_000_000_000
"""If camera time plus the offset differs more from ROS time, the offset is measured again."""
DRIFT = 100e-6
"""The smallest offset may grow by this fraction of the elapsed time."""


class ClockRate:
    """How fast a camera's clock runs against ROS time: 1, or the rate at which a bag is played."""

    def __init__(self):
        self.rate = 1.0
        self._seen = deque()
        """Pairs of ROS time in ns and camera time in µs during the last RATE_SPAN_NS."""

    def observe(self, t_us: int, now_ns: int) -> None:
        """Update the rate with a camera time and the ROS time of its arrival."""
        seen = self._seen
        if seen and (now_ns < seen[-1][0] or t_us < seen[-1][1]):
            seen.clear()
        while seen and now_ns - seen[0][0] > RATE_SPAN_NS:
            seen.popleft()
        if seen and now_ns - seen[0][0] >= MIN_RATE_SPAN_NS:
            rate = 1000 * (t_us - seen[0][1]) / (now_ns - seen[0][0])
            rate = min(max(rate, RATE_LIMITS[0]), RATE_LIMITS[1])
            self.rate = 1.0 if abs(rate - 1) < REAL_TIME else rate
        if not seen or now_ns - seen[-1][0] >= RATE_STEP_NS:
            seen.append((now_ns, t_us))


class _Arrival(NamedTuple):
    """When a message has come."""

    now_ns: int
    """ROS time of its arrival."""
    sent_ns: int
    """Time of the publisher's host when it was sent."""

    def since(self, before: '_Arrival') -> int:
        """Return how many ns have passed since another message, by the clock that says more."""
        return max(self.now_ns - before.now_ns, self.sent_ns - before.sent_ns, 0)


class Placed(NamedTuple):
    """The events of a message that are used, and their times."""

    kept: Optional[np.ndarray]
    """Mask of the events that are used, bool[n]; None: all."""
    base_us: int
    """Camera time of the oldest of them."""
    first_us: int
    """The same in stream time."""
    reached_us: int
    """Newest stream time, with this message."""
    restarted: bool
    """Whether the camera has restarted."""


class Timeline:
    """Check the time stamps of one camera, message by message."""

    def __init__(self):
        self.late = 0
        """Number of events whose time stamps were rejected."""
        self.cause = ''
        """Why the latest of them were rejected."""
        self._rate = ClockRate()
        self._offset_us = 0
        """Stream time is camera time plus this; a restart changes it."""
        self._reached_us = None
        """Newest camera time; None before the first message."""
        self._span_us = 0
        """Duration of the latest message that was used."""
        self._used = None
        """Its _Arrival."""
        self._doubts = 0
        """Number of rejected messages in a row, each a continuation of the one before."""
        self._doubted_us, self._doubted = 0, None
        """Camera time and _Arrival of the last of these."""

    def place(self, t_us: np.ndarray, now_ns: int, sent_ns: int = 0) -> Optional[Placed]:
        """
        Decide whether a message continues the stream, is late, or shows a restart.

        :param t_us: camera times of its events in the order they were sent, int64[n], n > 0.
        :param now_ns: ROS time of its arrival.
        :param sent_ns: time of the publisher's host when it was sent; 0 if that is not known.
        :returns: the part that is used; None if all events are late.
        :raises ValueError: if the time is beyond MAX_TIME_US.
        """
        middle_us = int(t_us[len(t_us) // 2])
        if abs(middle_us) > MAX_TIME_US:
            raise ValueError(f'the time stamp {middle_us / 1e6:.0f} s of an event is impossible')
        arrival = _Arrival(now_ns, sent_ns)
        if self._reached_us is None:
            return self._use(t_us, middle_us, arrival, MAX_MESSAGE_US)
        allowed_us = self._allowed_us(arrival.since(self._used))
        ahead_us = middle_us - self._reached_us
        if -SLACK_US <= ahead_us <= allowed_us:
            placed = self._use(t_us, middle_us, arrival, min(allowed_us, MAX_MESSAGE_US))
            self._rate.observe(placed.reached_us, now_ns)
            return placed
        goes_on = self._doubts and -SLACK_US <= middle_us - self._doubted_us <= self._allowed_us(
            arrival.since(self._doubted))
        self._doubts = self._doubts + 1 if goes_on else 1
        self._doubted_us, self._doubted = middle_us, arrival
        self._explain(ahead_us)
        if self._doubts < CONFIRMATIONS:
            self.late += len(t_us)
            return None
        return self._restart(t_us, middle_us, arrival)

    def continues(self, oldest_us: int, newest_us: int, now_ns: int, sent_ns: int) -> bool:
        """
        Return whether all events between two times would be used.

        :param oldest_us: camera time.
        :param newest_us: camera time.
        :param now_ns: ROS time of their arrival.
        :param sent_ns: time of the publisher's host when the last was sent.
        """
        return self._reached_us is not None and (
            oldest_us >= self._reached_us - SLACK_US
            and newest_us <= self._reached_us + self._allowed_us(
                _Arrival(now_ns, sent_ns).since(self._used)))

    def _allowed_us(self, elapsed_ns: int) -> int:
        """Return how far the camera's clock can have advanced while time passed."""
        faster = max(RATE_TOLERANCE * self._rate.rate, 1.0)
        return SLACK_US + 2 * self._span_us + int(elapsed_ns * faster) // 1000

    def _restart(self, t_us, middle_us, arrival) -> Placed:
        ended_us = self._offset_us + self._reached_us
        passed_us = max(arrival.now_ns - self._used.now_ns, 1000) // 1000
        self._reached_us = None
        placed = self._use(t_us, middle_us, arrival, MAX_MESSAGE_US)
        shift_us = ended_us + passed_us - placed.first_us
        self._offset_us += shift_us
        return placed._replace(first_us=placed.first_us + shift_us,
                               reached_us=placed.reached_us + shift_us, restarted=True)

    def _use(self, t_us, middle_us, arrival, reach_us) -> Placed:
        oldest_us, newest_us = middle_us - reach_us, middle_us + reach_us
        if self._reached_us is not None:
            oldest_us = max(oldest_us, self._reached_us - SLACK_US)
        kept, base_us = None, int(t_us.min())
        if base_us < oldest_us or t_us.max() > newest_us:
            kept = (t_us >= oldest_us) & (t_us <= newest_us)
            wrong_us = int(t_us[~kept][-1])
            self._explain(wrong_us - middle_us)
            self.late += len(t_us)
            t_us = t_us[kept]
            self.late -= len(t_us)
            base_us = int(t_us.min())
        reached_us = _reached_us(t_us)
        self._span_us = reached_us - base_us
        if self._reached_us is not None:
            reached_us = max(reached_us, self._reached_us)
        self._reached_us, self._used, self._doubts = reached_us, arrival, 0
        return Placed(kept, base_us, self._offset_us + base_us, self._offset_us + reached_us,
                      False)

    def _explain(self, ahead_us) -> None:
        way = 'ahead of' if ahead_us > 0 else 'behind'
        self.cause = (f'{abs(ahead_us) / 1e6:.3f} s {way} the other events: check whether a clock '
                      'was set or the camera has restarted')


def steady_times(t_us: np.ndarray) -> np.ndarray:
    """
    Return times without jumps of single events, which get the time of a neighbor.

    :param t_us: camera times in the order they were sent, int64[n].
    """
    if len(t_us) < 3 or np.abs(np.diff(t_us)).max() <= SLACK_US:
        return t_us
    before, here, after = t_us[:-2], t_us[1:-1], t_us[2:]
    medians = np.maximum(np.minimum(before, here),
                         np.minimum(np.maximum(before, here), after))
    return np.concatenate([medians[:1], medians, medians[-1:]])


def _reached_us(t_us: np.ndarray) -> int:
    """Return the newest time if another event is close before it, else the second newest."""
    if len(t_us) == 1:
        return int(t_us[0])
    tail = t_us[-(len(t_us) // 16 + 2):]
    second_us, newest_us = np.partition(tail, -2)[-2:].tolist()
    return newest_us if newest_us - second_us <= PAIR_US else second_us


class RosClock:
    """Measures the offset from one camera's clock to ROS time."""

    def __init__(self):
        self.offset_ns = None
        self._host_ns = 0

    def observe(self, camera_ns: int, stamp_ns, now_ns: int) -> int:
        """
        Return the offset in ns to add to camera times, updated with one message.

        :param camera_ns: camera time of the event that the stamp belongs to.
        :param stamp_ns: ROS time that the driver set for it, or None to use the arrival.
        :param now_ns: the node's ROS time at arrival.
        """
        host_ns = now_ns
        if stamp_ns is not None and abs(stamp_ns - now_ns) < TOLERANCE_NS:
            host_ns = stamp_ns
        measured_ns = host_ns - camera_ns
        if abs(measured_ns) < TOLERANCE_NS and self.offset_ns in (None, 0):
            self.offset_ns = 0
        elif self.offset_ns is None or abs(measured_ns - self.offset_ns) > TOLERANCE_NS:
            self.offset_ns = measured_ns
        else:
            elapsed_ns = max(host_ns - self._host_ns, 0)
            self.offset_ns = min(measured_ns, self.offset_ns + int(DRIFT * elapsed_ns))
        self._host_ns = host_ns
        return self.offset_ns
