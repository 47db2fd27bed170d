# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Slicing: how a network's windows are cut, from its card and the user's wishes."""
from dataclasses import dataclass

from snn_gesture_ros.frames.windows import WindowsByCount, WindowsByTime


@dataclass(frozen=True)
class Slicing:
    """How to cut the stream into windows; zero or empty is what the network was trained with."""

    slicing: str = ''
    """`time`, `count`, or empty."""
    window_ms: float = 0.0
    window_events: int = 0
    hop_ms: float = 100.0
    """Time from one decision to the next, rounded to whole frames; for slicing by time."""
    hop_frames: int = 1
    """Frames from one decision to the next; for slicing by count."""

    def windows(self, card):
        """
        Make the windows for a network.

        :param card: its ModelCard.
        :returns: WindowsByTime or WindowsByCount.
        :raises ValueError: if the settings do not go together.
        """
        slicing = self.slicing or card.slicing
        if slicing == 'time':
            frame_us = round(1000 * (self.window_ms or card.window_ms) / card.time_steps)
            hop_frames = max(1, round(1000 * self.hop_ms / frame_us)) if frame_us else 1
            return WindowsByTime(card.time_steps, card.size, frame_us, hop_frames)
        if slicing == 'count':
            window_events = self.window_events or card.window_events
            if window_events < card.time_steps:
                raise ValueError(f'slicing by count needs window_events of at least '
                                 f'{card.time_steps}, the frames of a window')
            return WindowsByCount(card.time_steps, card.size, window_events // card.time_steps,
                                  self.hop_frames)
        raise ValueError(f'slicing {slicing!r} is neither time nor count')
