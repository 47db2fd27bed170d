# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Slicing: how a network's frames are cut, from its card and the user's wishes."""
from dataclasses import dataclass

from snn_gesture_ros.frames.frame_stream import FramesByCount, FramesByTime

SHORTEST_FRAME_US = 5000
"""More decisions a second than that no robot can use, and a node cannot make."""


@dataclass(frozen=True)
class Slicing:
    """How to cut the stream into frames; zero or empty is what the network was trained with."""

    slicing: str = ''
    """`time`, `count`, or empty."""
    window_ms: float = 0.0
    """Duration of as many frames as the network's window has, for slicing by time."""
    window_events: int = 0
    """Their events, for slicing by count."""

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
