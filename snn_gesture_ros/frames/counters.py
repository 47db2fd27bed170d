# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Counters: serialized EventArrays to event counts, on the CPU or on a CUDA device."""
from importlib.resources import files

import numpy as np
from snn_gesture_ros.events.cdr import decode_events

KERNEL_FILE = 'event_array.cu'
KERNEL = 'count_event_array'
THREADS = 256
"""Of a block."""
MOST_EVENTS = 1 << 18
"""Of a message, for which the device has room."""
EVENT_BYTES = 16
LAST_EVENT_BYTES = 13


def frame_tables(geometry, sensor_width: int, sensor_height: int, size: int) -> tuple:
    """
    Tabulate the frame's pixel of sensor pixels, as Geometry.tables does for the picture.

    :returns: int32 [sensor_width] and int32 [sensor_height], whose sum is the pixel's number.
    :raises ValueError: if the region is not on the sensor.
    """
    scale = geometry.width // size

    def on_frame(table):    # of pixels of the picture, which have a row or a column alone
        row, column = np.divmod(table, geometry.width)
        return np.where(table < 0, table, row // scale * size + column // scale).astype(np.int32)

    columns, rows = geometry.tables(sensor_width, sensor_height)
    return on_frame(columns), on_frame(rows)


class CpuCounter:
    """Event counts of a frame in numpy."""

    def __init__(self, tables: tuple, size: int):
        """
        Begin with an empty frame.

        :param tables: as `frame_tables` gives them.
        :param size: width and height of the frame.
        """
        self._columns, self._rows = tables
        self._size = size
        self.restart()

    def restart(self) -> None:
        """Empty the frame."""
        self._counts = np.zeros((2, self._size, self._size), np.uint32)
        self._events = self._newest_us = 0

    def load(self, data: bytes, message) -> None:
        """
        Take the next message, of which nothing is counted yet.

        :param data: the serialized EventArray, with MOST_EVENTS at most.
        :param message: what read_event_array says of it.
        """
        self._loaded = decode_events(data, message)

    def count(self, begin_us: int, end_us: int) -> None:
        """Count the events of the message that lie within a time and on the picture."""
        events = self._loaded
        events = events[(events['t'] >= begin_us) & (events['t'] < end_us)
                        & (events['x'] < len(self._columns)) & (events['y'] < len(self._rows))]
        places = self._columns[events['x']] + self._rows[events['y']]
        events, places = events[places >= 0], places[places >= 0]
        polarities = (events['p'] != 0).view(np.uint8)
        np.add.at(self._counts.reshape(2, -1), (polarities, places), 1)
        self._events += len(events)
        self._newest_us = max(self._newest_us, int((events['t'] - begin_us).max(initial=0)))

    def take(self) -> tuple:
        """
        Give the frame and begin the next.

        :returns: counts uint32 [2, size, size], number of events, and time of the newest one
            after the frame's begin.
        """
        taken = self._counts, self._events, self._newest_us
        self.restart()
        return taken


def cuda_counter(tables: tuple, size: int) -> 'KernelCounter':
    """
    Make a counter on the current CUDA device, by CuPy.

    :raises ValueError: if CuPy is not installed.
    """
    try:
        import cupy
    except ImportError as error:
        raise ValueError(f'frames on a GPU need CuPy ({error}): pip install cupy-cuda12x'
                         ) from None
    return KernelCounter(tables, size, cupy, cupy.RawKernel(kernel_source(), KERNEL))


def kernel_source() -> str:
    """Return the CUDA C++ of the kernel."""
    return (files(__package__) / KERNEL_FILE).read_text()


class KernelCounter:
    """The same by a kernel: a message's bytes go to the device once, the counts stay there."""

    def __init__(self, tables: tuple, size: int, arrays, kernel):
        """
        Take memory for the largest message.

        :param tables: as `frame_tables` gives them.
        :param size: width and height of the frame.
        :param arrays: the module of the device's arrays, cupy.
        :param kernel: called with grid, block and arguments, as cupy.RawKernel.
        """
        self._arrays, self._kernel = arrays, kernel
        self._columns, self._rows = map(arrays.asarray, tables)
        self._octets = arrays.empty(EVENT_BYTES * MOST_EVENTS, np.uint8)
        self._events = 0
        """Of the message in it."""
        self._counts = arrays.zeros((2, size, size), np.uint32)
        self._totals = arrays.zeros(2, np.uint32)

    def restart(self) -> None:
        """Empty the frame."""
        self._counts.fill(0)
        self._totals.fill(0)

    def load(self, data: bytes, message) -> None:
        """Send the next message to the device."""
        octets = np.frombuffer(data, np.uint8, EVENT_BYTES * (message.count - 1)
                               + LAST_EVENT_BYTES, message.events_offset)
        self._octets[:len(octets)] = self._arrays.asarray(octets)
        self._events = message.count

    def count(self, begin_us: int, end_us: int) -> None:
        """Count the events of the message that lie within a time and on the picture."""
        self._kernel((-(-self._events // THREADS),), (THREADS,), (
            self._octets, np.int32(self._events), np.int64(begin_us), np.int64(end_us),
            self._columns, np.int32(self._columns.size), self._rows,
            np.int32(self._rows.size), np.int32(self._counts[0].size),
            self._counts, self._totals))

    def take(self) -> tuple:
        """Give the frame, whose counts stay on the device, and begin the next."""
        counts, (events, newest_us) = self._counts.copy(), self._totals.tolist()
        self.restart()
        return counts, events, newest_us
