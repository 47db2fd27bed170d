# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
HDF5 files with events in columns or tables, wherever they lie in the file; see `columns.py`.

| events | written by |
| --- | --- |
| `events/t`, `x`, `y`, `p` | this package; DSEC and TUM-VIE, which have a `t_offset` too |
| `events/ts`, `xs`, `ys`, `ps` | event_utils and ESIM, t in seconds |
| `events` [n, 4] | v2e |
| `davis/left/events` [n, 4] | MVSEC, t in seconds |
| `prophesee/left/t`, `x`, `y`, `p` | M3ED |
| the fields of `CD/events` | Prophesee, whose own compression (ECF) needs its plugin |

The size of the sensor is in the attributes `width` and `height` of the group, in Prophesee's
`geometry` of the file, or in event_utils' `sensor_resolution` (height, width).
"""
from contextlib import contextmanager
import io
from pathlib import Path

import numpy as np
from snn_gesture_ros.events.event import EVENT
from snn_gesture_ros.recordings.columns import find_tables, NotEvents
from snn_gesture_ros.recordings.recording import (
    find_place, known_size, Recording, UnreadableRecording)

HDF5_START = b'\x89HDF\r\n\x1a\n'
BATCH = 1 << 16
"""Events that are read at once, or a chunk of the file where that is larger, up to MAX_BATCH."""
MAX_BATCH = 1 << 20
CACHE_BYTES = 16 << 20
"""Of a dataset's chunks, each of which is unpacked once then."""
ECF = 0x8ecf
"""The filter of Prophesee's compression."""
CHUNK = 1 << 16
"""Events that are written and compressed together."""


class Hdf5(Recording):
    """The events of an HDF5 file, of each place that has some."""

    file_format = 'HDF5'

    def __init__(self, path: Path):
        """
        Open the file and find the columns.

        :raises UnreadableRecording: if it cannot be opened, has no events or h5py is missing.
        """
        self.path = path
        self._file = None
        with self._closing_on_error():
            with self._explain():
                import h5py
                self._file = h5py.File(path, 'r', rdcc_nbytes=CACHE_BYTES)
                self._find_tables(h5py)
        self.streams = {place or '/': self._size_of(place) for place in self._tables}
        self._tables = dict(zip(self.streams, self._tables.values()))
        self.width, self.height = next(iter(self.streams.values()))

    def events(self, topic=None):
        """Yield the events in batches; see `Recording`."""
        return self._read(self._tables[self.choose_topic(topic)], 0)

    def events_from(self, start_us: int, topic=None):
        """Yield the events in batches from about a time on; see `Recording`."""
        table = self._tables[self.choose_topic(topic)]
        with self._explain():
            place, _ = find_place(start_us, table.count, table.times_at)
        return self._read(table, place)

    def _read(self, table, first: int):
        for note in table.notes:
            self.add_note(note)
        batch = min(max(BATCH, self._chunk), MAX_BATCH)
        for start in range(first - first % batch, table.count, batch):
            with self._explain():
                events = table.read(start, start + batch)
            yield events

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def _find_tables(self, h5py):
        datasets, refused = {}, {}

        def visit(name, item):
            if isinstance(item, h5py.Dataset) and item.shape:
                reason = _missing_filter(h5py, item)
                if reason:
                    refused[name] = reason
                else:
                    datasets[name] = item

        self._file.visititems(visit)
        self._chunk = max((dataset.chunks[0] for dataset in datasets.values() if dataset.chunks),
                          default=0)
        try:
            self._tables = find_tables(datasets, self._offset_us)
        except NotEvents as error:
            raise UnreadableRecording(f'{self.path}: ' + (
                next(iter(refused.values()), None) or str(error) or
                'events need the columns t, x, y and p; the file has '
                + (', '.join(datasets) or 'nothing'))) from None
        if refused:
            self.add_note(f'{", ".join(refused)}: not read; {next(iter(refused.values()))}')

    def _offset_us(self, place: str) -> int:
        """Return the time in microseconds from which DSEC counts."""
        for path in (f'{place.rpartition("/")[0]}/t_offset', f'{place}/t_offset', 't_offset'):
            offset = self._file.get(path.strip('/'))
            if offset is not None:
                return int(np.ravel(offset[()])[0])
        return 0

    def _size_of(self, place: str) -> tuple:
        """Return width and height of a place's sensor, None for both where they are missing."""
        with self._explain():
            item = self._file[place or '/']
            for attributes in (item.attrs, item.parent.attrs, self._file.attrs):
                if 'width' in attributes and 'height' in attributes:
                    return known_size(int(attributes['width']), int(attributes['height']))
                geometry = attributes.get('geometry', '')
                if isinstance(geometry, bytes):
                    geometry = geometry.decode('latin-1')
                width, _, height = str(geometry).partition('x')
                if width.isdecimal() and height.isdecimal():
                    return known_size(int(width), int(height))
                resolution = np.ravel(attributes.get('sensor_resolution', ()))
                if len(resolution) >= 2:
                    return known_size(int(resolution[1]), int(resolution[0]))
        return None, None

    @contextmanager
    def _explain(self):
        """Turn whatever h5py raises on a damaged file into one line."""
        try:
            yield
        except ImportError as error:
            raise UnreadableRecording(
                f'{self.path}: to read HDF5, pip install h5py ({error})') from None
        except UnreadableRecording:
            raise
        except NotEvents as error:
            raise UnreadableRecording(f'{self.path}: {error}') from None
        except Exception as error:
            reason = ' '.join(str(error).split()) or type(error).__name__
            raise self._damaged(reason) from None


def _missing_filter(h5py, dataset):
    """Return what to do where a dataset cannot be unpacked, else None."""
    options = dataset.id.get_create_plist()
    for number in range(options.get_nfilters()):
        code, _, _, name = options.get_filter(number)
        if not h5py.h5z.filter_avail(code) and not _has_filter(h5py, code):
            if code == ECF:
                return ("its events are compressed by Prophesee's ECF, a filter that h5py does "
                        "not have by itself: install Prophesee's plugin hdf5_ecf and set "
                        'HDF5_PLUGIN_PATH to its folder, or take the RAW file that it was made '
                        'from')
            return (f'its events are compressed by a filter that h5py does not have '
                    f'({name.decode("latin-1") or code}): pip install hdf5plugin')
    return None


def _has_filter(h5py, code: int) -> bool:
    """Return whether hdf5plugin, which registers its filters once it is imported, has one."""
    try:
        import hdf5plugin  # noqa: F401
    except ImportError:
        return False
    return bool(h5py.h5z.filter_avail(code))


class _Sink(io.FileIO):
    """A file of which HDF5 sees no failure to write: at one, it would crash the process."""

    failure = None
    """What was raised first; nothing is written after it."""

    def write(self, data) -> int:
        """Write all bytes."""
        left = memoryview(data)
        try:
            while len(left) and self.failure is None:
                left = left[super().write(left):]
        except OSError as error:
            self.failure = error
        return len(data)

    def truncate(self, size=None) -> int:
        """Let the file end there."""
        try:
            return super().truncate(size)
        except OSError as error:
            self.failure = self.failure or error
            return size


class Hdf5Writer:
    """Append to columns that grow."""

    def __init__(self, path: Path, width, height):
        """
        Create the file and its columns.

        :param width: of the sensor in pixels, like the height; None where it is not known.
        :raises ModuleNotFoundError: if h5py is not installed.
        """
        import h5py
        self._sink = _Sink(path, 'w+')
        self._file = h5py.File(self._sink, 'w')
        group = self._file.create_group('events')
        if width is not None:
            group.attrs.update(width=width, height=height)
        self._columns = {
            name: group.create_dataset(name, (0,), EVENT[name], maxshape=(None,), chunks=(CHUNK,),
                                       compression='gzip', compression_opts=1, shuffle=True)
            for name in 'txyp'}

    def write(self, events: np.ndarray) -> None:
        """
        Add EVENT[n].

        :raises OSError: if the file cannot be written, as in `close`.
        """
        for name, column in self._columns.items():
            start = len(column)
            column.resize((start + len(events),))
            column[start:] = events[name]
        self._check()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        self._sink.close()
        self._check()

    def _check(self) -> None:
        if self._sink.failure is not None:
            raise self._sink.failure
