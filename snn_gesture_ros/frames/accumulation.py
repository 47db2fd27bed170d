# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Accumulation: events counted in pictures and pooled to frames, of a stream and of a clip."""
import numpy as np

WIDTH_AN_EVENT = 200
"""Pixels of a sensor, for each event that a pixel of a frame needs."""


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


def least_events(sensor_width: float) -> int:
    """
    Give how many events a pixel of a frame must have to have fired.

    The wider the sensor, the more of its pixels are there for an edge to pass within one of a
    frame's, so that fainter edges fire, and noise does more often. Training has seen sensors of
    128 pixels; with this, wider ones are recognised nearly as well (see
    docs/experiments/designs.md).

    :param sensor_width: of what the picture shows, in pixels of the sensor.
    """
    return max(round(sensor_width / WIDTH_AN_EVENT), 1)


def pooled(pictures: np.ndarray, size: int, scale: float = 1.0) -> np.ndarray:
    """
    Add up the counts of the pixels that fall on one of a frame; those that are too few are none.

    :param pictures: event counts, [..., H, W], which `check_picture` finds good.
    :param scale: width of a pixel of the pictures in pixels of the sensor.
    :returns: event counts, [..., size, size].
    """
    step = pictures.shape[-1] // size
    counts = sum(pictures[..., y::step, x::step] for y in range(step) for x in range(step))
    least = least_events(scale * pictures.shape[-1])
    if least > 1:
        counts[counts < least] = 0
    return counts


def accumulate_until(picture, events, start, base_us, t_begin_us, t_end_us):
    """Add events from `start` up to a time; return where it stopped, late ones, newest time."""
    begin, end = t_begin_us - base_us, t_end_us - base_us
    dt_us, pixels = events['dt_us'][start:], events['pixel'][start:]
    newest = int(dt_us.max(initial=0))
    if newest >= end:
        count = int((dt_us >= end).argmax())
        dt_us, pixels = dt_us[:count], pixels[:count]
        newest = int(dt_us.max(initial=0))
    stop, late = start + len(dt_us), 0
    if len(dt_us) and int(dt_us.min()) < begin:
        in_time = dt_us >= begin
        dt_us, pixels = dt_us[in_time], pixels[in_time]
        late = stop - start - len(dt_us)
    _add(picture, pixels)
    return stop, late, base_us + max(newest, begin)


def accumulate(picture, events, start, stop):
    """Add the events from `start` to `stop` to a picture."""
    _add(picture, events['pixel'][start:stop])


def _add(picture, pixels):
    # Where the indices are numpy's own kind of integer, it takes two thirds of the time.
    np.add.at(picture, pixels.astype(np.intp), np.uint16(1))


def frames_by_time(events, picture_size: int, time_steps: int, size: int, frame_us: int,
                   scale: float = 1.0) -> np.ndarray:
    """
    Cut a whole window into frames of equal duration.

    :param events: PACKED_EVENT[n] in the order of time, dt_us from the window's start.
    :param picture_size: width and height of their picture, a multiple of the frame's.
    :param frame_us: duration of a frame; events after the last are left out.
    :param scale: as of `pooled`.
    :returns: event counts, uint16 [T, 2, size, size], channel 0 OFF and 1 ON.
    """
    pictures = np.zeros((time_steps, 2, picture_size, picture_size), np.uint16)
    stops = np.searchsorted(events['dt_us'], frame_us * np.arange(time_steps + 1))
    for step, picture in enumerate(pictures.reshape(time_steps, -1)):
        accumulate(picture, events, stops[step], stops[step + 1])
    return pooled(pictures, size, scale)


def frames_by_count(events, picture_size: int, time_steps: int, size: int,
                    scale: float = 1.0) -> np.ndarray:
    """
    Cut a whole window into frames of equally many events, the rest in the last one.

    :param events: PACKED_EVENT[n] in the order of time.
    :param picture_size: width and height of their picture, a multiple of the frame's.
    :param scale: as of `pooled`.
    :returns: event counts, uint16 [T, 2, size, size], channel 0 OFF and 1 ON.
    """
    pictures = np.zeros((time_steps, 2, picture_size, picture_size), np.uint16)
    each = len(events) // time_steps
    for step, picture in enumerate(pictures.reshape(time_steps, -1)):
        stop = (step + 1) * each if step < time_steps - 1 else len(events)
        accumulate(picture, events, step * each, stop)
    return pooled(pictures, size, scale)


def network_input(frames: np.ndarray, frame_value: str) -> np.ndarray:
    """
    Turn event counts into what a network takes.

    :param frame_value: as in its ModelCard: `binary` (a pixel fired or not) or `count`.
    :returns: float32, the shape of the frames.
    """
    return (frames > 0 if frame_value == 'binary' else frames).astype(np.float32)
