# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Statistics of events at the scale of pixels, by which kinds of sensors differ."""
import numpy as np
from snn_gesture_ros.simulation.camera import SimulatedCamera
from snn_gesture_ros.simulation.sensor import SENSORS

FRAME_US = 50_000
BLOCK = 8
"""Width and height in pixels of the blocks that the moving region is made of."""
MOVING = 0.25
"""Share of the pixels of a block that fire within a frame where something moves."""
REBOUND_US = 5_000
SAME_US = 50
"""Events of one pixel that are closer are one event that was read out twice."""
HOT_PERCENTILE = 99.8
"""Pixels with more events than this percentage of them are left out of statistics by pixel."""
STATISTICS = {
    'both_polarities': 'pixels with ON and OFF, of those that fired in 50 ms',
    'filled': 'pixels that fired, of the moving region in 50 ms',
    'events_a_pixel': 'events of a pixel that fired in 50 ms',
    'on_share': 'ON events, of all',
    'on_after_off': 'OFF events with an ON event within 5 ms',
    'off_after_on': 'ON events with an OFF event within 5 ms',
    'same_again': 'events with one of the same polarity within 5 ms',
    'read_twice': 'events within 50 us of the one before',
}


def statistics(events: np.ndarray, width: int, height: int) -> dict:
    """
    Measure events of a person who moves in front of a camera that does not.

    :param events: EVENT[n], sorted by time.
    :returns: the value of each of STATISTICS; NaN where there are not enough events.
    """
    inside = (events['x'] < width) & (events['y'] < height)
    events = events[inside]
    if not len(events):
        return dict.fromkeys(STATISTICS, np.nan)
    t_us = events['t'].astype(np.int64)
    ends = np.searchsorted(t_us, np.arange(t_us[0], t_us[-1] + 1, FRAME_US)[1:])
    frames = [_frame_statistics(frame, width, height) for frame in np.split(events, ends)[:-1]]
    frames = [frame for frame in frames if frame]
    values = np.median(frames, axis=0) if frames else [np.nan] * 3
    return {**dict(zip(STATISTICS, map(float, values))),
            'on_share': float((events['p'] > 0).mean()),
            **_pixel_statistics(events, width, height)}


def _frame_statistics(events, width, height):
    """Return the first three of STATISTICS for the moving region of a frame; None without one."""
    counts = np.zeros((2, height, width), np.int64)
    np.add.at(counts, ((events['p'] > 0).astype(int), events['y'], events['x']), 1)
    rows, columns = height // BLOCK, width // BLOCK
    blocks = counts[:, :rows * BLOCK, :columns * BLOCK].reshape(2, rows, BLOCK, columns, BLOCK)
    fired = blocks.any(axis=0)
    moving = fired.mean(axis=(1, 3)) >= MOVING
    if np.count_nonzero(moving) < 2:
        return None
    pixels = fired.sum(axis=(1, 3))[moving].sum()
    return (blocks.all(axis=0).sum(axis=(1, 3))[moving].sum() / pixels,
            pixels / (np.count_nonzero(moving) * BLOCK ** 2),
            blocks.sum(axis=(0, 2, 4))[moving].sum() / pixels)


def _pixel_statistics(events, width, height):
    """Return the statistics of events that follow one another at the same pixel."""
    pixel = events['y'].astype(np.int64) * width + events['x']
    counts = np.bincount(pixel, minlength=width * height)
    hot = counts[pixel] > np.percentile(counts[counts > 0], HOT_PERCENTILE)
    pixel, events = pixel[~hot], events[~hot]
    order = np.argsort(pixel, kind='stable')
    pixel, t_us, on = pixel[order], events['t'][order].astype(np.int64), events['p'][order] > 0
    followed_us = np.where(np.diff(pixel), REBOUND_US, np.diff(t_us))
    soon = (followed_us >= SAME_US) & (followed_us < REBOUND_US)
    changed = on[1:] != on[:-1]
    before_on = on[:-1]

    def share(found, of=None):
        return float(np.mean(found if of is None else found[of])) if len(found) else np.nan
    return {'on_after_off': share(soon & changed, ~before_on),
            'off_after_on': share(soon & changed, before_on),
            'same_again': share(soon & ~changed), 'read_twice': share(followed_us < SAME_US)}


def simulated_statistics(sensor: str, width: int, height: int, label: str, framing: str,
                         seed: int, duration_us: int) -> tuple:
    """
    Measure a simulated person in front of a sensor of SENSORS.

    :param width: of the sensor in pixels, like the height, instead of its own.

    :returns: the sensor's name, and what `statistics` returns.
    """
    camera = SimulatedCamera(SENSORS[sensor].resized(width, height), seed, label, framing)
    return sensor, statistics(camera.advance(duration_us), width, height)
