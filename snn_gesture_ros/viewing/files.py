# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Films in files: GIF, MP4, or a PNG with rows of small images."""
from fractions import Fraction

import numpy as np
from PIL import Image
from snn_gesture_ros.files import naming
from snn_gesture_ros.viewing.image import BACKGROUND, PALETTE, QUIET, save_strip, TEXT, TILES

MAX_TILES = 8 * TILES
TILE_PX = 240
GIF_COLORS = np.concatenate([
    PALETTE.reshape(-1, 3), *(np.linspace(BACKGROUND, color, 8) for color in (TEXT, QUIET))
]).astype(np.uint8)
"""All that occur: those of events, and the soft edges of texts."""


def save_gif(shots, path, shot_ms: float) -> None:
    """
    Save shots as a GIF, whose times are hundredths of a second: their sum is exact.

    Pillow holds all of it in memory, about half a megabyte for a shot of 640x480 pixels.
    """
    frames = _gif_frames(shots, shot_ms)
    with naming(path):
        next(frames).save(path, format='GIF', save_all=True, append_images=frames, loop=0)


def _gif_frames(shots, shot_ms: float):
    palette = Image.new('P', (1, 1))
    palette.putpalette(GIF_COLORS.tobytes())
    for number, shot in enumerate(shots):
        frame = Image.fromarray(shot.draw()).quantize(palette=palette, dither=0)
        from_ms, until_ms = (10 * round(end * shot_ms / 10) for end in (number, number + 1))
        frame.info['duration'] = max(until_ms - from_ms, 10)
        yield frame


def save_mp4(shots, path, shot_ms: float) -> None:
    """
    Save shots as an MP4 that every player reads: H.264, with even width and height.

    :raises ValueError: if PyAV is not installed.
    """
    try:
        import av
    except ImportError as error:
        raise ValueError(f'to write MP4, pip install av, or choose .gif ({error})') from None
    with av.open(str(path), 'w', format='mp4') as container:
        stream = container.add_stream('libx264', Fraction(1000 / shot_ms).limit_denominator(1000))
        for number, shot in enumerate(shots):
            image = shot.draw()
            image = image[:image.shape[0] // 2 * 2, :image.shape[1] // 2 * 2]
            if not number:
                stream.height, stream.width = image.shape[:2]
                stream.pix_fmt = 'yuv420p'
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), 'rgb24')
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def save_png(shots, path, shot_ms: float) -> None:
    """Save shots as rows of small images that are evenly spread over the film."""
    kept = thin_out(shots, MAX_TILES)
    rows = []
    for start in range(0, len(kept), TILES):
        row = kept[start:start + TILES]
        started = dict.fromkeys(shot.gesture.label for shot in row
                                if shot.gesture is not None and shot.gesture.started)
        rows.append((f'{row[0].t_s:.2f} s  {", ".join(started)}', TEXT,
                     [shot.counts for shot in row]))
    save_strip(rows, path, TILE_PX)


def thin_out(items, max_items: int) -> list:
    """Return at most `max_items` of an iterator, evenly spread over its unknown length."""
    kept, every = [], 1
    for number, item in enumerate(items):
        if number % every == 0 and len(kept) == max_items:
            kept, every = kept[::2], 2 * every
        if number % every == 0:
            kept.append(item)
    return kept


FORMATS = {'.gif': save_gif, '.mp4': save_mp4, '.png': save_png}
"""By the suffix of the file; they take shots, at least one, the path and a shot's duration."""
