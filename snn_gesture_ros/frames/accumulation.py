# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Accumulation: events counted in pictures and pooled to frames, of a stream and of a clip."""
import numba
import numpy as np


def check_picture(width: int, height: int, size: int) -> None:
    """
    Check that a picture of events can be pooled to frames.

    :raises ValueError: if it is not a whole multiple of the frame.
    """
    scale = width // size
    if scale < 1 or (width, height) != (scale * size, scale * size):
        raise ValueError(
            f'the event stream is {width}x{height} pixels, the network needs a '
            f'multiple of {size}x{size}: set width and height of event_stream')


def pooled(pictures: np.ndarray, size: int) -> np.ndarray:
    """
    Add up the counts of the pixels that fall on one of a frame.

    :param pictures: event counts, [..., H, W], which `check_picture` finds good.
    :returns: event counts, [..., size, size].
    """
    scale = pictures.shape[-1] // size
    return sum(pictures[..., y::scale, x::scale] for y in range(scale) for x in range(scale))


# Places are unsigned, so that none is tested for a negative index.

@numba.njit(cache=True, nogil=True)
def accumulate_until(picture, events, start, base_us, t_begin_us, t_end_us):
    """Add events from `start` up to a time; return where it stopped, late ones, newest time."""
    begin, end = t_begin_us - base_us, t_end_us - base_us
    late, newest = 0, begin
    for i in range(np.uint64(start), np.uint64(events.shape[0])):
        dt_us = np.int64(events[i].dt_us)
        if dt_us >= end:
            return np.int64(i), late, base_us + newest
        if dt_us < begin:
            late += 1
            continue
        newest = max(newest, dt_us)
        picture[events[i].pixel] += np.uint16(1)
    return events.shape[0], late, base_us + newest


@numba.njit(cache=True, nogil=True)
def accumulate(picture, events, start, stop):
    """Add the events from `start` to `stop` to a picture."""
    for i in range(np.uint64(start), np.uint64(stop)):
        picture[events[i].pixel] += np.uint16(1)


def frames_by_time(events, picture_size: int, time_steps: int, size: int,
                   frame_us: int) -> np.ndarray:
    """
    Cut a whole window into frames of equal duration.

    :param events: PACKED_EVENT[n] in the order of time, dt_us from the window's start.
    :param picture_size: width and height of their picture, a multiple of the frame's.
    :param frame_us: duration of a frame; events after the last are left out.
    :returns: event counts, uint16 [T, 2, size, size], channel 0 OFF and 1 ON.
    """
    pictures = np.zeros((time_steps, 2, picture_size, picture_size), np.uint16)
    start = 0
    for step, picture in enumerate(pictures.reshape(time_steps, -1)):
        start, _, _ = accumulate_until(picture, events, start, 0, step * frame_us,
                                       (step + 1) * frame_us)
    return pooled(pictures, size)


def frames_by_count(events, picture_size: int, time_steps: int, size: int) -> np.ndarray:
    """
    Cut a whole window into frames of equally many events, the rest in the last one.

    :param events: PACKED_EVENT[n] in the order of time.
    :param picture_size: width and height of their picture, a multiple of the frame's.
    :returns: event counts, uint16 [T, 2, size, size], channel 0 OFF and 1 ON.
    """
    pictures = np.zeros((time_steps, 2, picture_size, picture_size), np.uint16)
    each = len(events) // time_steps
    for step, picture in enumerate(pictures.reshape(time_steps, -1)):
        stop = (step + 1) * each if step < time_steps - 1 else len(events)
        accumulate(picture, events, step * each, stop)
    return pooled(pictures, size)


def network_input(frames: np.ndarray, frame_value: str) -> np.ndarray:
    """
    Turn event counts into what a network takes.

    :param frame_value: as in its ModelCard: `binary` (a pixel fired or not) or `count`.
    :returns: float32, the shape of the frames.
    """
    return (frames > 0 if frame_value == 'binary' else frames).astype(np.float32)
