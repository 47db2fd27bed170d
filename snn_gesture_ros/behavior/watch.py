# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The watch: whether a gesture has been shown long enough, or has gone."""
from snn_gesture_ros.behavior.table import Row


class Watch:
    """Follow the gesture of one row, so that single scores neither start nor end it."""

    def __init__(self, row: Row):
        """Begin without the gesture."""
        self.row = row
        self.active = False
        """Whether the row acts now."""
        self._since_ns = self._seen_ns = None

    def reset(self) -> None:
        """Forget what was seen."""
        self.active = False
        self._since_ns = None

    def see(self, stamp_ns: int, shown: bool) -> bool:
        """
        Take in whether the gesture is shown; tell whether the row starts or ends with it.

        :param stamp_ns: time of the scores.
        """
        if shown:
            if self._since_ns is None:
                self._since_ns = stamp_ns
            self._seen_ns = stamp_ns
            if not self.active and stamp_ns - self._since_ns >= self.row.hold_ms * 1e6:
                self.active = True
                return True
        elif not self.active:
            self._since_ns = None
        elif stamp_ns - self._seen_ns >= self.row.release_ms * 1e6:
            self.reset()
            return True
        return False
