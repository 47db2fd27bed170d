# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The caption: the gesture and its score, drawn into a picture."""
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from snn_gesture_ros.viewing.picture import BACKGROUND

TEXT = (225, 228, 235)
QUIET = (130, 136, 150)
FONT_PX = 15
MARGIN_PX = 6


class Gesture(NamedTuple):
    """What the network says at a time."""

    label: str
    """The gesture that has started, or else the label with the best score."""
    score: float
    """Of that label, in the latest decision."""
    started: bool


def load_font():
    """Load the font of all captions."""
    try:
        return ImageFont.load_default(FONT_PX)
    except TypeError:  # Pillow before 10.1 has one size
        return ImageFont.load_default()


FONT = load_font()


def write_caption(picture: np.ndarray, gesture=None, note: str = '') -> np.ndarray:
    """
    Write the gesture at the top of a picture, and a note at its bottom.

    :param picture: RGB, uint8 [height, width, 3].
    :param gesture: Gesture, bright where it has started and grey where not; or None.
    :returns: the picture with the texts.
    """
    image = Image.fromarray(picture)
    pen = ImageDraw.Draw(image)
    if gesture is not None:
        _write(pen, MARGIN_PX, f'{gesture.label} {gesture.score:.2f}',
               TEXT if gesture.started else QUIET)
    if note:
        _write(pen, image.height - MARGIN_PX - FONT_PX, note, QUIET)
    return np.asarray(image)


def _write(pen, y: int, text: str, colour) -> None:
    place = MARGIN_PX, y
    left, top, right, bottom = pen.textbbox(place, text, font=FONT)
    pen.rectangle((left - 3, top - 3, right + 3, bottom + 3), fill=BACKGROUND)
    pen.text(place, text, fill=colour, font=FONT)
