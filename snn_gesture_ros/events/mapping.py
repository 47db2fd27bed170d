# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Map events of a sensor to the frame: silence hot pixels, drop what is outside."""
from typing import NamedTuple

import numpy as np
from snn_gesture_ros.compiled import njit
from snn_gesture_ros.events.packet import PACKED_EVENT

NO_HOT_PIXELS = np.zeros(0, np.uint8)


class Mapped(NamedTuple):
    """A batch of events on the frame."""

    packed: np.ndarray
    """PACKED_EVENT[m] of those that fall on the frame."""
    out_of_range: int
    """How many had coordinates outside the sensor."""
    out_of_order: int
    """How many were older than the one before them."""


def map_events(events: np.ndarray, tables: tuple, frame_pixels: int,
               base_us: int, hot: np.ndarray = NO_HOT_PIXELS) -> Mapped:
    """
    Map events to the frame.

    :param events: EVENT[n], n > 0.
    :param tables: columns and rows, see Geometry.
    :param frame_pixels: width * height of the frame.
    :param base_us: camera time that times are counted from; events before it are moved there.
    :param hot: pixels that are silenced, a bit for each of the sensor's in rows, the first in
        the lowest bit of a byte: np.packbits of a mask, so that it stays in the fastest cache.
    """
    packed = np.empty(len(events), PACKED_EVENT)
    kept, out_of_range, out_of_order = _map_events(events, packed, *tables, frame_pixels,
                                                   base_us, hot)
    return Mapped(packed[:kept], out_of_range, out_of_order)


@njit(nogil=True)
def _map_events(events, packed, columns, rows, frame_pixels, base_us, hot):
    out_of_range = out_of_order = 0
    any_hot = hot.size > 0
    before_us = events[0].t
    on = np.uint32(frame_pixels)
    kept = np.uint64(0)  # unsigned places need no test for a negative index
    for i in range(events.shape[0]):
        event = events[i]
        t_us, x, y = event.t, event.x, event.y
        out_of_order += t_us < before_us
        before_us = t_us
        if x >= columns.size or y >= rows.size:
            out_of_range += 1
            continue
        place = columns[x] + rows[y]
        good = place >= 0
        if any_hot:
            sensor_pixel = np.uint32(y * columns.size + x)
            bit = hot[sensor_pixel >> np.uint32(3)] >> (sensor_pixel & np.uint32(7)) & 1
            good &= bit == 0
        packed[kept].dt_us = np.uint32(max(t_us - base_us, 0))
        packed[kept].pixel = np.uint32(place) + (on if event.p else np.uint32(0))
        kept += np.uint64(good)
    return kept, out_of_range, out_of_order
