# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Accumulation: events added to frames, for windows of a stream and of a clip alike."""
import numba
import numpy as np


def pixel_map(width: int, height: int, size: int) -> np.ndarray:
    """
    Tabulate which pixel of a frame each pixel of a picture falls on.

    :returns: places in a flat frame [2, size, size], by places in a flat picture [2, H, W].
    :raises ValueError: if the picture is not a whole multiple of the frame.
    """
    scale = width // size
    if (width, height) != (scale * size, scale * size):
        raise ValueError(
            f'the event stream is {width}x{height} pixels, the network needs a '
            f'multiple of {size}x{size}: set width and height of event_stream')
    polarity, y, x = np.indices((2, height, width), np.uint32).reshape(3, -1)
    return (polarity * size + y // scale) * size + x // scale


@numba.njit(cache=True, nogil=True)
def accumulate_until(frame, pixel_map, events, start, base_us, t_begin_us, t_end_us):
    """Add events from `start` up to a time; return where it stopped, late ones, newest time."""
    begin, end = t_begin_us - base_us, t_end_us - base_us
    late, newest = 0, begin
    for i in range(start, events.shape[0]):
        dt_us = np.int64(events[i].dt_us)
        if dt_us >= end:
            return i, late, base_us + newest
        if dt_us < begin:
            late += 1
            continue
        newest = max(newest, dt_us)
        frame[pixel_map[events[i].pixel]] += np.uint16(1)
    return events.shape[0], late, base_us + newest


@numba.njit(cache=True, nogil=True)
def accumulate(frame, pixel_map, events, start, stop):
    """Add the events from `start` to `stop` to a frame."""
    for i in range(start, stop):
        frame[pixel_map[events[i].pixel]] += np.uint16(1)


def frames_by_time(events, pixel_map, time_steps: int, size: int, frame_us: int) -> np.ndarray:
    """
    Cut a whole window into frames of equal duration.

    :param events: PACKED_EVENT[n] in the order of time, dt_us from the window's start.
    :param pixel_map: what `pixel_map` gives for their picture.
    :param frame_us: duration of a frame; events after the last are left out.
    :returns: event counts, uint16 [T, 2, size, size], channel 0 OFF and 1 ON.
    """
    frames = np.zeros((time_steps, 2 * size * size), np.uint16)
    start = 0
    for step, frame in enumerate(frames):
        start, _, _ = accumulate_until(frame, pixel_map, events, start, 0, step * frame_us,
                                       (step + 1) * frame_us)
    return frames.reshape(time_steps, 2, size, size)


def frames_by_count(events, pixel_map, time_steps: int, size: int) -> np.ndarray:
    """
    Cut a whole window into frames of equally many events, the rest in the last one.

    :param events: PACKED_EVENT[n] in the order of time.
    :param pixel_map: what `pixel_map` gives for their picture.
    :returns: event counts, uint16 [T, 2, size, size], channel 0 OFF and 1 ON.
    """
    frames = np.zeros((time_steps, 2 * size * size), np.uint16)
    each = len(events) // time_steps
    for step, frame in enumerate(frames):
        stop = (step + 1) * each if step < time_steps - 1 else len(events)
        accumulate(frame, pixel_map, events, step * each, stop)
    return frames.reshape(time_steps, 2, size, size)


def network_input(frames: np.ndarray, frame_value: str) -> np.ndarray:
    """
    Turn event counts into what a network takes.

    :param frame_value: as in its ModelCard: `binary` (a pixel fired or not) or `count`.
    :returns: float32, the shape of the frames.
    """
    return (frames > 0 if frame_value == 'binary' else frames).astype(np.float32)
