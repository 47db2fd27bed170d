# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Integration: slice a whole recording into frames [T, 2, H, W] as SpikingJelly's data sets do.

| sliced by | index of the frame of an event; t is counted from the first event |
| --- | --- |
| `number` | index of the event // (events // T) |
| `time` | t // (duration // T) |
| duration of a frame | t // duration; T is such that the last event is in a frame |

Events after the last frame are counted in the last frame. The frames are those of SpikingJelly's
`integrate_events_by_fixed_frames_number` and `integrate_events_by_fixed_duration` if the events
are sorted by time and each frame has an event; here, a frame without events is empty.
"""
from dataclasses import dataclass
from pathlib import Path
import zipfile

import numpy as np
from snn_gesture_ros.files import check_regular

SPLITS = ('number', 'time')
MAX_BYTES = 8_000_000_000


@dataclass(frozen=True)
class Cut:
    """How a recording is sliced: into a number of frames, or into frames of a duration."""

    split_by: str = 'number'
    """'number' (frames of equally many events) or 'time' (of equal duration)."""
    frames: int = 16
    """T, the number of frames."""
    duration_us: int = None
    """Duration of a frame; if it is set, `split_by` and `frames` are ignored."""

    def __post_init__(self):
        """Raise ValueError if a setting is wrong."""
        if self.split_by not in SPLITS:
            raise ValueError(f'split by {self.split_by!r} is not one of {", ".join(SPLITS)}')
        if self.frames < 1:
            raise ValueError('the number of frames must be 1 or more')
        if self.duration_us is not None and self.duration_us < 1:
            raise ValueError('a frame must last at least 1 microsecond')


class Integrator:
    """Count the events of a recording in frames, batch by batch."""

    def __init__(self, cut: Cut, width: int, height: int, events: int, first_us: int,
                 last_us: int):
        """
        Allocate the frames.

        :param width: of a frame, pixels.
        :param height: of a frame, pixels.
        :param events: number of events in the recording.
        :param first_us: camera time of the oldest event.
        :param last_us: camera time of the newest event.
        :raises ValueError: if the frames need more than MAX_BYTES.
        """
        length_us = last_us - first_us
        self._number = cut.frames
        if cut.duration_us is not None:
            self._number = max(1, -(-length_us // cut.duration_us))
        size = 4 * self._number * 2 * height * width
        if size > MAX_BYTES:
            raise ValueError(f'{self._number} frames of {width}x{height} pixels would take '
                             f'{size / 1e9:.0f} GB: choose fewer or smaller frames')
        self._by_place = cut.duration_us is None and cut.split_by == 'number'
        if self._by_place:
            self._step = events // cut.frames
        else:
            self._step = cut.duration_us or length_us // cut.frames
        self._first_us = first_us
        self._place = 0
        self.left_out = 0
        """Events outside the frames' pixels."""
        self.frames = np.zeros((self._number, 2, height, width), np.uint32)
        """Event counts, uint32 [T, 2, H, W], channel 0 OFF and 1 ON."""

    def add(self, events: np.ndarray) -> None:
        """Count EVENT[n], the next events of the recording."""
        _, _, height, width = self.frames.shape
        if self._by_place:
            position = np.arange(self._place, self._place + len(events))
        else:
            position = events['t'] - self._first_us
        self._place += len(events)
        frame = np.minimum(position // self._step if self._step else self._number - 1,
                           self._number - 1)
        inside = (events['x'] < width) & (events['y'] < height)
        self.left_out += len(events) - int(np.count_nonzero(inside))
        pixel = (events['p'].astype(np.int64) * height + events['y']) * width + events['x']
        np.add.at(self.frames.reshape(-1), (frame * (2 * height * width) + pixel)[inside], 1)


def holds_frames(path: Path) -> bool:
    """Return whether a file is an npz file with frames."""
    try:
        check_regular(path)
        with zipfile.ZipFile(path) as archive:
            return 'frames.npy' in archive.namelist()
    except (OSError, zipfile.BadZipFile):
        return False


def summarize_frames(path: Path) -> dict:
    """
    Return shape, type and event counts of a file of frames, as values for JSON.

    :raises ValueError: if the file is damaged or its frames are not numbers [T, 2, H, W].
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            frames = arrays['frames']
    except Exception as error:
        raise ValueError(f'{path}: the npz file is cut off or damaged ({error})') from None
    if frames.ndim != 4 or frames.shape[1] != 2 or frames.dtype.kind not in 'iufb':
        raise ValueError(f'{path}: frames must be numbers [T, 2, H, W]; these are '
                         f'{frames.dtype} {list(frames.shape)}')
    counts = frames.sum(axis=(2, 3), dtype=float)
    time_steps, _, height, width = frames.shape
    return {'shape': list(frames.shape), 'type': str(frames.dtype), 'time_steps': time_steps,
            'height': height, 'width': width, 'off': counts[:, 0].sum(), 'on': counts[:, 1].sum(),
            'events_a_frame': counts.sum(axis=1).tolist()}
