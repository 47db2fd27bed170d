# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Gauges: how often something happens, how long it takes, when it last changed. No ROS."""
from collections import deque
import time

import numpy as np

LATEST = 100
RECENT_ARRIVALS = 256


class Rates:
    """Turn counters into rates."""

    def __init__(self, names):
        """
        Begin at zero, now.

        :param names: of the counters.
        """
        self._names = names
        self._last = {}
        self._time_s = time.monotonic()

    def update(self, counters: dict) -> dict:
        """
        Give what each counter grew by in a second, since the call before, as `NAME_per_s`.

        A counter that fell has begun anew.
        """
        now_s = time.monotonic()
        elapsed_s = max(now_s - self._time_s, 1e-3)
        rates = {}
        for name in self._names:
            value = counters.get(name, 0)
            last = self._last.get(name, 0)
            grown = value - last if value >= last else value
            rates[f'{name}_per_s'] = round(grown / elapsed_s, 1)
            self._last[name] = value
        self._time_s = now_s
        return rates


class Durations:
    """The latest durations of something that happens again and again."""

    def __init__(self):
        """Begin with none."""
        self._latest_s = deque(maxlen=LATEST)

    def add(self, seconds: float) -> None:
        """Take in the next; this may be called from another thread."""
        self._latest_s.append(seconds)

    def percentile_ms(self, percent: float) -> float:
        """Give a percentile in milliseconds; 0 while there is none."""
        latest_s = list(self._latest_s)
        return round(1000 * float(np.percentile(latest_s, percent)), 2) if latest_s else 0.0


class Arrivals:
    """When the packets came that hold the events of a time."""

    def __init__(self):
        """Begin with no packet."""
        self._recent = deque(maxlen=RECENT_ARRIVALS)

    def add(self, t_newest_us: int) -> None:
        """Note that a packet has come now, with events up to a camera time."""
        if self._recent and t_newest_us < self._recent[-1][0]:
            self._recent.clear()
        self._recent.append((t_newest_us, time.monotonic()))

    def of(self, t_us: int):
        """Give the monotonic time in seconds at which the event of a time came, or None."""
        found = None
        for t_newest_us, arrival_s in reversed(self._recent):
            if t_newest_us < t_us:
                break
            found = arrival_s
        return found


class Silence:
    """How long a counter has not grown."""

    def __init__(self):
        """Begin now, at zero."""
        self._value = 0
        self._since_s = time.monotonic()

    def update(self, value: int) -> float:
        """Take in the counter; give for how many seconds it has been the same."""
        now_s = time.monotonic()
        if value != self._value:
            self._value, self._since_s = value, now_s
        return round(now_s - self._since_s, 1)
