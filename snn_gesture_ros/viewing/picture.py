# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The picture: event counts as colours, OFF blue and ON orange on dark."""
import numpy as np

BACKGROUND = (18, 20, 26)
OFF, ON = np.array([66, 133, 244]), np.array([255, 167, 38])
BRIGHTEST = 3
"""So many events make a pixel fully bright."""
LONGEST_PX = 640
"""Bound of a picture's longer side."""


def make_palette() -> np.ndarray:
    """Tabulate the colour of a pixel by its OFF and ON events, uint8 [OFF, ON, 3]."""
    levels = np.arange(BRIGHTEST + 1) / BRIGHTEST
    off, on = np.meshgrid(levels, levels, indexing='ij')
    dark = 1 - np.maximum(off, on)
    colours = sum(part[..., None] * np.array(colour)
                  for part, colour in ((dark, BACKGROUND), (off, OFF), (on, ON)))
    return colours.clip(0, 255).astype(np.uint8)


PALETTE = make_palette()


def draw_events(counts: np.ndarray, longest_px: int = LONGEST_PX) -> np.ndarray:
    """
    Draw event counts, each pixel of the sensor as a square of pixels.

    :param counts: [2, H, W], channel 0 OFF and 1 ON.
    :param longest_px: bound of the picture's longer side. Where the sensor is larger, the events
        of neighbouring pixels are added up, so that none disappears.
    :returns: RGB, uint8 [height, width, 3].
    """
    longest = max(counts.shape)
    shrink = -(-longest // longest_px)
    if shrink > 1:
        for axis in (1, 2):
            counts = np.add.reduceat(counts, np.arange(0, counts.shape[axis], shrink), axis)
    grow = max(longest_px // longest, 1)
    picture = PALETTE[tuple(np.minimum(counts, BRIGHTEST))]
    return picture.repeat(grow, 0).repeat(grow, 1)
