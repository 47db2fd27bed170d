# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The picture: what the camera saw, with what was recognised."""
import numpy as np
from PIL import Image, ImageDraw, ImageFont

TILES = 8
TILE_PX = 128
CAPTION_PX = 26
BACKGROUND = (18, 20, 26)
OFF, ON = np.array([66, 133, 244]), np.array([255, 167, 38])
TEXT = (225, 228, 235)
COLOURS = {'right': (102, 187, 106), 'wrong': (239, 83, 80), 'missed': (239, 83, 80)}
BRIGHTEST = 3
"""So many events make a pixel fully bright."""


def tile(counts: np.ndarray) -> Image.Image:
    """Draw event counts [2, H, W], OFF in blue and ON in orange."""
    brightness = np.minimum(counts / BRIGHTEST, 1)[..., None]
    image = np.array(BACKGROUND) * (1 - brightness.max(axis=0))
    image = image + brightness[0] * OFF + brightness[1] * ON
    return Image.fromarray(image.clip(0, 255).astype(np.uint8)).resize((TILE_PX, TILE_PX))


def strip(snapshots: list, start_ns: int, end_ns: int) -> list:
    """Choose event counts that are evenly spread over a time."""
    inside = [counts for stamp_ns, counts in snapshots if start_ns <= stamp_ns < end_ns]
    places = np.linspace(0, len(inside) - 1, min(TILES, len(inside))).round().astype(int)
    return [inside[place] for place in places]


def draw(rows: list, path) -> None:
    """
    Save a picture with a row of tiles for each gesture.

    :param rows: caption, colour of the caption, and event counts [2, H, W] of the tiles.
    """
    height = TILE_PX + CAPTION_PX
    picture = Image.new('RGB', (TILES * (TILE_PX + 2), max(1, len(rows)) * height), BACKGROUND)
    pen = ImageDraw.Draw(picture)
    font = ImageFont.load_default(15)
    for number, (caption, colour, tiles) in enumerate(rows):
        pen.text((6, number * height + 4), caption, fill=colour, font=font)
        for place, counts in enumerate(tiles):
            picture.paste(tile(counts), (place * (TILE_PX + 2), number * height + CAPTION_PX))
    picture.save(path)
