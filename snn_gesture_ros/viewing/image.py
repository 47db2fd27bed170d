# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The image of events: event counts as colors, captions, and strips of small images."""
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from snn_gesture_ros.files import naming

BACKGROUND = (18, 20, 26)
OFF, ON = np.array([66, 133, 244]), np.array([255, 167, 38])
BRIGHTEST = 3
"""Events that make a pixel fully bright."""
MAX_SIDE_PX = 640
"""Bound of the longer side of an image."""
TEXT = (225, 228, 235)
QUIET = (130, 136, 150)
FONT_PX = 15
MARGIN_PX = 6
TILES = 8
TILE_PX = 128
GAP_PX = 2
CAPTION_PX = 26


def make_palette() -> np.ndarray:
    """Return the color of a pixel by its OFF and ON events, uint8 [OFF, ON, 3]."""
    levels = np.arange(BRIGHTEST + 1) / BRIGHTEST
    off, on = np.meshgrid(levels, levels, indexing='ij')
    dark = 1 - np.maximum(off, on)
    colors = sum(part[..., None] * np.array(color)
                 for part, color in ((dark, BACKGROUND), (off, OFF), (on, ON)))
    return colors.clip(0, 255).astype(np.uint8)


PALETTE = make_palette()


def load_font():
    """Load the font of all captions."""
    try:
        return ImageFont.load_default(FONT_PX)
    except TypeError:  # Pillow before 10.1 has one size
        return ImageFont.load_default()


FONT = load_font()


def draw_events(counts: np.ndarray, max_side_px: int = MAX_SIDE_PX) -> np.ndarray:
    """
    Draw event counts, each pixel of the sensor as a square of pixels.

    :param counts: [2, H, W], channel 0 OFF and 1 ON.
    :param max_side_px: bound of the longer side of the image. Where the sensor is larger, the
        events of neighboring pixels are added up, so that none disappears.
    :returns: RGB, uint8 [height, width, 3].
    """
    longest = max(counts.shape)
    shrink = -(-longest // max_side_px)
    if shrink > 1:
        for axis in (1, 2):
            counts = np.add.reduceat(counts, np.arange(0, counts.shape[axis], shrink), axis)
    grow = max(max_side_px // longest, 1)
    image = PALETTE[tuple(np.minimum(counts, BRIGHTEST))]
    return image.repeat(grow, 0).repeat(grow, 1)


class Gesture(NamedTuple):
    """What the network recognizes at a time."""

    label: str
    """The gesture that has started, or else the label with the best score."""
    score: float
    """Of that label, in the latest decision."""
    started: bool


def write_caption(image: np.ndarray, gesture=None, note: str = '') -> np.ndarray:
    """
    Write the gesture at the top of an image, and a note at its bottom.

    :param image: RGB, uint8 [height, width, 3].
    :param gesture: Gesture, bright where it has started and gray where not; or None.
    :returns: the image with the texts.
    """
    image = Image.fromarray(image)
    pen = ImageDraw.Draw(image)
    if gesture is not None:
        _write(pen, MARGIN_PX, f'{gesture.label} {gesture.score:.2f}',
               TEXT if gesture.started else QUIET)
    if note:
        _write(pen, image.height - MARGIN_PX - FONT_PX, note, QUIET)
    return np.asarray(image)


def _write(pen, y: int, text: str, color) -> None:
    place = MARGIN_PX, y
    left, top, right, bottom = pen.textbbox(place, text, font=FONT)
    pen.rectangle((left - 3, top - 3, right + 3, bottom + 3), fill=BACKGROUND)
    pen.text(place, text, fill=color, font=FONT)


def spread(snapshots: list, start_ns: int, end_ns: int) -> list:
    """Choose event counts that are evenly spread over a time."""
    inside = [counts for stamp_ns, counts in snapshots if start_ns <= stamp_ns < end_ns]
    places = np.linspace(0, len(inside) - 1, min(TILES, len(inside))).round().astype(int)
    return [inside[place] for place in places]


def save_strip(rows: list, path, tile_px: int = TILE_PX) -> None:
    """
    Save an image with a row of tiles for each caption.

    :param rows: caption, color of the caption, and event counts [2, H, W] of the tiles.
    :param tile_px: bound of a tile's longer side.
    """
    images = [[draw_events(counts, tile_px) for counts in tiles] for _, _, tiles in rows]
    sizes = [tile.shape for tiles in images for tile in tiles] or [(tile_px, tile_px)]
    row_px = max(size[0] for size in sizes) + CAPTION_PX
    column_px = max(size[1] for size in sizes) + GAP_PX
    strip = Image.new('RGB', (TILES * column_px, max(1, len(rows)) * row_px), BACKGROUND)
    pen = ImageDraw.Draw(strip)
    for number, ((caption, color, _), tiles) in enumerate(zip(rows, images)):
        pen.text((6, number * row_px + 4), caption, fill=color, font=FONT)
        for place, tile in enumerate(tiles):
            strip.paste(Image.fromarray(tile),
                        (place * column_px, number * row_px + CAPTION_PX))
    with naming(path):
        strip.save(path)
