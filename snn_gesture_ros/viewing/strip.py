# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The strip: rows of small pictures with a caption each, in one picture."""
import numpy as np
from PIL import Image, ImageDraw
from snn_gesture_ros.files import naming
from snn_gesture_ros.viewing.caption import FONT
from snn_gesture_ros.viewing.picture import BACKGROUND, draw_events

TILES = 8
TILE_PX = 128
GAP_PX = 2
CAPTION_PX = 26


def spread(snapshots: list, start_ns: int, end_ns: int) -> list:
    """Choose event counts that are evenly spread over a time."""
    inside = [counts for stamp_ns, counts in snapshots if start_ns <= stamp_ns < end_ns]
    places = np.linspace(0, len(inside) - 1, min(TILES, len(inside))).round().astype(int)
    return [inside[place] for place in places]


def save_strip(rows: list, path, tile_px: int = TILE_PX) -> None:
    """
    Save a picture with a row of tiles for each caption.

    :param rows: caption, colour of the caption, and event counts [2, H, W] of the tiles.
    :param tile_px: bound of a tile's longer side.
    """
    pictures = [[draw_events(counts, tile_px) for counts in tiles] for _, _, tiles in rows]
    sizes = [tile.shape for tiles in pictures for tile in tiles] or [(tile_px, tile_px)]
    row_px = max(size[0] for size in sizes) + CAPTION_PX
    column_px = max(size[1] for size in sizes) + GAP_PX
    picture = Image.new('RGB', (TILES * column_px, max(1, len(rows)) * row_px), BACKGROUND)
    pen = ImageDraw.Draw(picture)
    for number, ((caption, colour, _), tiles) in enumerate(zip(rows, pictures)):
        pen.text((6, number * row_px + 4), caption, fill=colour, font=FONT)
        for place, tile in enumerate(tiles):
            picture.paste(Image.fromarray(tile),
                          (place * column_px, number * row_px + CAPTION_PX))
    with naming(path):
        picture.save(path)
