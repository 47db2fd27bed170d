# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Samples: a few frames spread over a recording of unknown length, for a report to show."""

FEWEST = 8


class Samples:
    """The busiest frame of each of FEWEST to 2 FEWEST equal stretches of what was added."""

    def __init__(self):
        """Begin with none."""
        self.frames = []
        self._stretch = 1
        self._added = 0

    def add(self, frame) -> None:
        """Take in the next Frame."""
        if self._added % self._stretch:
            self.frames[-1] = max(self.frames[-1], frame, key=_events)
        else:
            self.frames.append(frame)
        self._added += 1
        if len(self.frames) == 2 * FEWEST and self._added % self._stretch == 0:
            self.frames = [max(pair, key=_events)
                           for pair in zip(self.frames[::2], self.frames[1::2])]
            self._stretch *= 2


def _events(frame) -> int:
    return frame.events
