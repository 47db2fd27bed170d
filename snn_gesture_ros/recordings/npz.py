# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Npz and npy files with events in arrays; see `columns.py` for what they may be called."""
from pathlib import Path
import shutil
import tempfile
import zipfile

import numpy as np
from snn_gesture_ros.events.event import EVENT
from snn_gesture_ros.recordings.columns import find_tables, NotEvents
from snn_gesture_ros.recordings.recording import Recording, told_size, UnreadableRecording

NPZ_START = b'PK\x03\x04'
NPY_START = b'\x93NUMPY'
BATCH = 1 << 16
"""Events in an array that `Npz.events` yields."""
SKIP_BYTES = 1 << 20


class Npz(Recording):
    """
    Events in arrays, read in batches.

    An npz tells the size of the sensor where it has `width` and `height` too, as this package's
    own.
    """

    file_format = 'npz'

    def __init__(self, path: Path):
        """
        Read the shapes of the arrays.

        :raises UnreadableRecording: if it is damaged or its arrays are not events.
        """
        self.path = path
        self._archive = None
        try:
            self._find_tables(path)
        except UnreadableRecording:
            self.close()
            raise
        except NotEvents as error:
            self.close()
            raise UnreadableRecording(f'{path}: {error}') from None
        except Exception as error:
            self.close()
            raise UnreadableRecording(f'{path}: the {self.file_format} file is cut off or '
                                      'damaged, or holds Python objects') from error
        if len(self._tables) > 1:
            self.streams = dict.fromkeys(self._tables, (self.width, self.height))

    def events(self, topic=None):
        """Yield the events in batches; see `Recording`."""
        topic = self.choose_topic(topic)
        table = self._tables[topic] if topic else next(iter(self._tables.values()))
        for note in table.notes:
            self.add_note(note)
        for start in range(0, table.count, BATCH):
            try:
                events = table.read(start, start + BATCH)
            except NotEvents as error:
                raise UnreadableRecording(f'{self.path}: {error}') from None
            except Exception as error:
                raise UnreadableRecording(f'{self.path}: the {self.file_format} file is cut off '
                                          'or damaged') from error
            yield events

    def close(self) -> None:
        """Close the file."""
        if self._archive is not None:
            self._archive.close()

    def _find_tables(self, path):
        self._archive = zipfile.ZipFile(path)
        arrays = {name.removesuffix('.npy'): Member(self._archive, name)
                  for name in self._archive.namelist() if name.endswith('.npy')}
        size = [int(arrays[name][()]) for name in ('width', 'height')
                if name in arrays and arrays[name].shape == ()]
        if len(size) == 2:
            self.width, self.height = told_size(*size)
        try:
            self._tables = find_tables({name: array for name, array in arrays.items()
                                        if array.shape})
        except NotEvents as error:
            raise UnreadableRecording(f'{path}: ' + (str(error) or (
                'events need the arrays t, x, y and p; the file has '
                + (', '.join(arrays) or 'none')))) from None


class Npy(Npz):
    """Events in one array: with fields, or [n, 4]."""

    file_format = 'npy'

    def _find_tables(self, path):
        array = np.load(path, mmap_mode='r', allow_pickle=False)
        try:
            self._tables = find_tables({'events': array})
        except NotEvents as error:
            raise UnreadableRecording(f'{path}: ' + (str(error) or (
                'events need an array with the fields t, x, y and p, or of four columns; this '
                f'is {array.dtype} {list(array.shape)}'))) from None


class Member:
    """An array of an archive, of which rows are read one batch after the other."""

    def __init__(self, archive: zipfile.ZipFile, name: str):
        """
        Read its header.

        :raises ValueError: if it is damaged or holds Python objects.
        """
        self._archive, self._name = archive, name
        self._file = None
        self._begin()
        if self.dtype.hasobject:
            raise ValueError('Python objects')

    def __getitem__(self, rows):
        """Return the rows of a slice, or the only value for an empty index."""
        if rows == ():
            self._begin()
            return np.frombuffer(self._file.read(self.dtype.itemsize), self.dtype)[0]
        start, stop, _ = rows.indices(self.shape[0])
        if self._is_column_major:
            self._begin()
            whole = self._read(self.shape[0] * self._row_bytes).reshape(self.shape[::-1]).T
            return whole[start:stop]
        if start < self._row:
            self._begin()
        skipped = (start - self._row) * self._row_bytes
        while skipped > 0:
            skipped -= len(self._file.read(min(skipped, SKIP_BYTES))) or skipped
        self._row = stop
        return self._read((stop - start) * self._row_bytes).reshape(-1, *self.shape[1:])

    def _begin(self):
        if self._file is not None:
            self._file.close()
        self._file = self._archive.open(self._name)
        major, _ = np.lib.format.read_magic(self._file)
        read = (np.lib.format.read_array_header_1_0 if major == 1 else
                np.lib.format.read_array_header_2_0)
        self.shape, self._is_column_major, self.dtype = read(self._file)
        self._is_column_major &= len(self.shape) > 1
        self._row_bytes = self.dtype.itemsize * int(np.prod(self.shape[1:], dtype=np.int64))
        self._row = 0

    def _read(self, size):
        data = self._file.read(size)
        if len(data) < size:
            raise ValueError('it ends within an array')
        return np.frombuffer(data, self.dtype)


class NpzWriter:
    """Gather each column in a temporary file, and pack them at the end."""

    def __init__(self, path: Path, width, height):
        """
        Begin with no event.

        :param width: of the sensor in pixels, like the height; None where it is not known.
        """
        self._path = path
        self._size = {} if width is None else {'width': width, 'height': height}
        self._columns = {name: tempfile.TemporaryFile(dir=path.parent) for name in 'txyp'}
        self._count = 0

    def write(self, events: np.ndarray) -> None:
        """Add EVENT[n]."""
        for name, column in self._columns.items():
            events[name].tofile(column)
        self._count += len(events)

    def close(self) -> None:
        """Pack the columns."""
        with zipfile.ZipFile(self._path, 'w', allowZip64=True) as archive:
            for name, column in self._columns.items():
                with archive.open(f'{name}.npy', 'w', force_zip64=True) as member:
                    np.lib.format.write_array_header_1_0(member, {
                        'descr': EVENT[name].str, 'fortran_order': False, 'shape': (self._count,)})
                    column.seek(0)
                    shutil.copyfileobj(column, member, 1 << 20)
                column.close()
            for name, value in self._size.items():
                with archive.open(f'{name}.npy', 'w') as member:
                    np.lib.format.write_array(member, np.array(value))
