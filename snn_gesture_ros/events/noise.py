# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Noise filters: hot pixels, the refractory period and background activity."""
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic
import numpy as np
from snn_gesture_ros.compiled import njit
from snn_gesture_ros.events.geometry import Geometry
from snn_gesture_ros.events.mapping import map_events, NO_HOT_PIXELS
from snn_gesture_ros.events.noise_settings import NoiseSettings
from snn_gesture_ros.events.packet import PACKED_EVENT

PERIOD_US = 1_000_000
"""Camera time after which the hot pixels are chosen again."""
MIN_HOT_HZ = 50
"""A slower pixel is never called hot."""
FACTOR = 8
"""A hot pixel fires this many times as often as the mean of the eight pixels around it."""
SAMPLING = 4
"""Every n-th batch of events is counted, which is enough."""
LONG_AGO_US = -(1 << 62)


class HotPixels:
    """Learn on line which pixels are hot; those that calm down are freed again."""

    def __init__(self, sensor_width: int, sensor_height: int):
        """Start with no pixel called hot."""
        self.mask = np.zeros((sensor_height, sensor_width), bool)
        """Which pixels are hot now."""
        self._counts = np.zeros(self.mask.shape, np.uint32)
        self._batches = 0
        self._start_us = None

    def observe(self, events: np.ndarray) -> bool:
        """
        Count a batch of events.

        :param events: EVENT[n], n > 0.
        :returns: whether the mask was renewed.
        """
        self._batches += 1
        if self._batches % SAMPLING == 0:
            _count(events, self._counts)
        t_us = int(events['t'][-1])
        if self._start_us is None or t_us < self._start_us:
            self._start_us = t_us
        if t_us - self._start_us < PERIOD_US or self._batches < 10 * SAMPLING:
            return False
        observed_s = (t_us - self._start_us) / 1e6 / SAMPLING
        self.mask = _choose(self._counts, MIN_HOT_HZ * observed_s)
        self._counts.fill(0)
        self._batches = 0
        self._start_us = t_us
        return True


@njit(nogil=True)
def _count(events, counts):
    height, width = counts.shape
    for i in range(events.shape[0]):
        x, y = events[i].x, events[i].y
        if x < width and y < height:
            counts[y, x] += np.uint32(1)


@njit(nogil=True)
def _choose(counts, minimum):
    """Mask the pixels with more events than `minimum` and many more than those around them."""
    height, width = counts.shape
    mask = np.zeros(counts.shape, np.bool_)
    for y in range(height):
        for x in range(width):
            count = np.int64(counts[y, x])
            if count > minimum:
                around = -count
                for row in range(max(y - 1, 0), min(y + 2, height)):
                    for column in range(max(x - 1, 0), min(x + 2, width)):
                        around += counts[row, column]
                mask[y, x] = count > FACTOR * around / 8
    return mask


class NoiseFilter:
    """Drop noise from one stream of mapped events."""

    def __init__(self, width: int, height: int, settings: NoiseSettings):
        """Start with a frame without events."""
        self.settings = settings
        self._stride = np.uint32(width + 2)
        y, x = np.indices((height, width), np.uint32).reshape(2, -1)
        self._padded = np.tile((y + 1) * self._stride + x + 1, 2)
        self._last_us = np.empty(2 * height * width, np.int64)
        self._around_us = np.empty((height + 2) * self._stride + 1, np.int64)
        """In rows with a border; one more, as rows are loaded in fours."""
        self.restart()

    def restart(self) -> None:
        """Forget all times, as after a jump of the camera's clock."""
        self._last_us.fill(LONG_AGO_US)
        self._around_us.fill(LONG_AGO_US)

    def filter(self, packed: np.ndarray, base_us: int) -> np.ndarray:
        """
        Drop the noise among events.

        :param packed: PACKED_EVENT[n], which is overwritten.
        :param base_us: camera time that their times are counted from.
        :returns: the start of `packed`, with the events that are kept.
        """
        if self.settings.refractory_us:
            packed = packed[:_drop_refractory(packed, base_us, self._last_us,
                                              self.settings.refractory_us)]
        if self.settings.background_us:
            packed = packed[:_drop_background(packed, base_us, self._around_us, self._padded,
                                              self._stride, self.settings.background_us)]
        return packed


# Both move the good events to the start of `packed` and return how many there are. They write
# every event and count the good ones: a branch that cannot be foreseen costs more.

@njit(nogil=True)
def _drop_refractory(packed, base_us, last_us, refractory_us):
    kept = 0
    for i in range(packed.shape[0]):
        dt_us, pixel = packed[i].dt_us, packed[i].pixel
        t_us, before_us = base_us + np.int64(dt_us), last_us[pixel]
        good = t_us - before_us >= refractory_us
        last_us[pixel] = t_us if good else before_us
        packed[kept] = packed[i]
        kept += good
    return kept


@njit(nogil=True)
def _drop_background(packed, base_us, around_us, padded, stride, background_us):
    kept = 0
    for i in range(packed.shape[0]):
        t_us, here = base_us + np.int64(packed[i].dt_us), padded[packed[i].pixel]
        recent_us = _newest_around(around_us, here, stride)
        around_us[here] = t_us
        packed[kept] = packed[i]
        kept += t_us - recent_us <= background_us
    return kept


@intrinsic
def _newest_around(_, times, here, stride):
    """
    Return the largest of the eight times around a place, all in rows of `stride`, int64[n].

    Each row is loaded as one vector of four, which takes half the time of eight loads.
    """
    time, four, places = ir.IntType(64), ir.VectorType(ir.IntType(64), 4), ir.IntType(32)

    def generate(context, builder, signature, arguments):
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        here, stride = (builder.zext(each, time) for each in arguments[1:])

        def row(middle, *chosen):
            first = builder.gep(array.data, [builder.sub(middle, time(1))])
            values = builder.load(builder.bitcast(first, four.as_pointer()), align=8)
            return builder.shuffle_vector(
                values, values, ir.Constant(ir.VectorType(places, 4), chosen))

        def newest(one, other):
            return builder.select(builder.icmp_signed('>', one, other), one, other)

        above = row(builder.sub(here, stride), 0, 1, 2, 2)
        below = row(builder.add(here, stride), 0, 1, 2, 2)
        largest = builder.module.declare_intrinsic(
            'llvm.vector.reduce.smax.v4i64', fnty=ir.FunctionType(time, [four]))
        return builder.call(largest, [newest(newest(above, below), row(here, 0, 0, 2, 2))])
    return types.int64(times, here, stride), generate


class Cleaner:
    """Filter hot pixels, map to the frame and filter noise, batch after batch of a sensor."""

    def __init__(self, geometry: Geometry, noise: NoiseSettings, sensor_width: int,
                 sensor_height: int):
        """
        Start without hot pixels and with a frame without events.

        :raises ValueError: if the geometry's region is not on the sensor.
        """
        self.out_of_range = 0
        """Events outside the sensor so far, dropped."""
        self.out_of_order = 0
        """Events so far that were older than the one before them, kept."""
        self.hot_pixels = 0
        """Pixels of the sensor that are silenced now."""
        self._tables = geometry.tables(sensor_width, sensor_height)
        self._frame_pixels = geometry.width * geometry.height
        self._hot = HotPixels(sensor_width, sensor_height) if noise.hot_pixels else None
        self._silenced = NO_HOT_PIXELS
        scale = geometry.scale(sensor_width, sensor_height)
        self._filter = NoiseFilter(geometry.width, geometry.height, noise.for_scale(scale))

    def clean(self, events: np.ndarray, base_us=None) -> np.ndarray:
        """
        Map the next events to the frame and drop the noise among them.

        :param events: EVENT[n], in the order they were sent.
        :param base_us: camera time that times are counted from; None for that of the first event.
        :returns: PACKED_EVENT[m].
        """
        if not len(events):
            return np.empty(0, PACKED_EVENT)
        base_us = int(events['t'][0]) if base_us is None else base_us
        if self._hot is not None and self._hot.observe(events):
            self.hot_pixels = int(self._hot.mask.sum())
            self._silenced = (np.packbits(self._hot.mask, bitorder='little') if self.hot_pixels
                              else NO_HOT_PIXELS)
        mapped = map_events(events, self._tables, self._frame_pixels, base_us,
                            self._silenced)
        self.out_of_range += mapped.out_of_range
        self.out_of_order += mapped.out_of_order
        return self._filter.filter(mapped.packed, base_us)

    def restart(self) -> None:
        """Forget all times, as after a jump of the camera's clock; hot pixels stay known."""
        self._filter.restart()
