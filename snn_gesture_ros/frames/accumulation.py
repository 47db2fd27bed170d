# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Accumulation: count events per pixel of an image and sum the counts into smaller frames."""
from functools import reduce

import numpy as np

WIDTH_PER_EVENT = 200
"""Width of a sensor in pixels, for each event that a pixel of a frame needs to count."""


def check_resolution(width: int, height: int, size: int) -> None:
    """
    Check that the counts of an image can be summed into frames.

    :param width: of the image, pixels.
    :param height: of the image, pixels.
    :param size: width and height of a frame, pixels.
    :raises ValueError: if the resolution is not a multiple of the frame's.
    """
    scale = width // size
    if scale < 1 or (width, height) != (scale * size, scale * size):
        raise ValueError(
            f'the event stream has {width}x{height} pixels, the network needs a '
            f'multiple of {size}x{size}: set width and height of event_stream')


def min_events_per_pixel(sensor_width: float) -> int:
    """
    Return how many events a pixel of a frame needs; fewer count as none.

    The wider the sensor, the more of its pixels are summed into a pixel of a frame, so that
    fainter edges and more noise appear there. Networks are trained with sensors 128 pixels wide;
    with this minimum, gestures on wider sensors are recognized nearly as well (see
    docs/experiments/designs.md).

    :param sensor_width: width of the region of the sensor that is used, in its pixels.
    """
    return max(round(sensor_width / WIDTH_PER_EVENT), 1)


def sum_into_frames(images: np.ndarray, size: int, scale: float = 1.0) -> np.ndarray:
    """
    Sum the counts of images into frames; sums below `min_events_per_pixel` become 0.

    :param images: event counts, [..., H, W], of a resolution that `check_resolution` accepts.
    :param scale: width of a pixel of the images in pixels of the sensor.
    :returns: event counts, [..., size, size].
    """
    step = images.shape[-1] // size
    rows = sum(images[..., y::step, :] for y in range(step))  # whole rows are faster to add
    counts = reduce(np.add, (rows[..., x::step] for x in range(step)))
    minimum = min_events_per_pixel(scale * images.shape[-1])
    if minimum > 1:
        counts[counts < minimum] = 0
    return counts


def accumulate_until(image, events, base_us, t_begin_us, t_end_us):
    """
    Count the events that are older than a time, wherever they are among the others.

    :param image: flat event counts, changed in place.
    :param events: PACKED_EVENT[n].
    :param base_us: camera time that `dt_us` is counted from.
    :param t_begin_us: camera time; older events are late and not counted.
    :param t_end_us: camera time; newer events are left.
    :returns: the events that are left, number of late events, camera time of the newest event
        that was counted.
    """
    begin, end = t_begin_us - base_us, t_end_us - base_us
    dt_us, pixels = events['dt_us'], events['pixel']
    newest, left = int(dt_us.max()), events[:0]
    if newest >= end:
        is_older = dt_us < end
        left = events.compress(~is_older)   # several times as fast as events[~is_older]
        dt_us, pixels = dt_us[is_older], pixels[is_older]
        newest = int(dt_us.max(initial=0))
    late = 0
    if begin > 0 and len(dt_us) and int(dt_us.min()) < begin:
        in_time = dt_us >= begin
        late = len(dt_us) - int(in_time.sum())
        pixels = pixels[in_time]
    _add(image, pixels)
    return left, late, base_us + max(newest, begin)


def accumulate(image, events, start, stop):
    """Count the events from index `start` to `stop` in flat event counts, in place."""
    _add(image, events['pixel'][start:stop])


def _add(image, pixels):
    # With indices of numpy's own integer type it takes two thirds of the time.
    np.add.at(image, pixels.astype(np.intp), np.uint16(1))


def frames_by_time(events, image_size: int, time_steps: int, size: int, frame_us: int,
                   scale: float = 1.0) -> np.ndarray:
    """
    Slice a whole window by time, into frames of equal duration.

    :param events: PACKED_EVENT[n] sorted by time, dt_us from the start of the window.
    :param image_size: width and height of their image in pixels, a multiple of `size`.
    :param time_steps: T.
    :param size: width and height of a frame in pixels.
    :param frame_us: duration of a frame; events after the last frame are left out.
    :param scale: width of a pixel of the image in pixels of the sensor.
    :returns: event counts, uint16 [T, 2, size, size], channel 0 OFF and 1 ON.
    """
    images = np.zeros((time_steps, 2, image_size, image_size), np.uint16)
    stops = np.searchsorted(events['dt_us'], frame_us * np.arange(time_steps + 1))
    for step, image in enumerate(images.reshape(time_steps, -1)):
        accumulate(image, events, stops[step], stops[step + 1])
    return sum_into_frames(images, size, scale)


def frames_by_count(events, image_size: int, time_steps: int, size: int,
                    scale: float = 1.0) -> np.ndarray:
    """
    Slice a whole window by count, into frames of equally many events; the last has the rest.

    :param events: PACKED_EVENT[n] sorted by time.
    :param image_size: width and height of their image in pixels, a multiple of `size`.
    :param time_steps: T.
    :param size: width and height of a frame in pixels.
    :param scale: width of a pixel of the image in pixels of the sensor.
    :returns: event counts, uint16 [T, 2, size, size], channel 0 OFF and 1 ON.
    """
    images = np.zeros((time_steps, 2, image_size, image_size), np.uint16)
    each = len(events) // time_steps
    for step, image in enumerate(images.reshape(time_steps, -1)):
        stop = (step + 1) * each if step < time_steps - 1 else len(events)
        accumulate(image, events, step * each, stop)
    return sum_into_frames(images, size, scale)


def network_input(frames: np.ndarray, frame_value: str) -> np.ndarray:
    """
    Return event counts as the input of a network.

    :param frame_value: of its ModelCard: `binary` (a pixel fired or not) or `count`.
    :returns: float32, of the same shape.
    """
    return (frames > 0 if frame_value == 'binary' else frames).astype(np.float32)
