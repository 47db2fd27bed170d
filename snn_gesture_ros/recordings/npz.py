# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Npz and npy files with events in arrays, read and written; see `columns.py` for their names.

An npz file has the resolution of the sensor where it has `width` and `height`, as the ones that
are written here.
"""
from pathlib import Path
import shutil
import struct
import tempfile
import zipfile

import numpy as np
from snn_gesture_ros.events.event import EVENT
from snn_gesture_ros.recordings.columns import find_tables, NotEvents
from snn_gesture_ros.recordings.recording import (
    find_place, known_size, Recording, UnreadableRecording)

NPZ_START = b'PK\x03\x04'
NPY_START = b'\x93NUMPY'
BATCH = 1 << 16
"""Events that are read at once."""
COPY_BYTES = 1 << 20
"""Are skipped or copied at once."""
LOCAL_HEADER = struct.Struct('<26xHH')
"""Lengths of the name and of the extra field, which come before a member's bytes."""
IS_ENCRYPTED = 1
"""Bit of a member's flags."""


class Npz(Recording):
    """Events in arrays, read in batches."""

    file_format = 'npz'

    def __init__(self, path: Path):
        """
        Read the shapes of the arrays.

        :raises UnreadableRecording: if it is damaged or its arrays are not events.
        """
        self.path = path
        self._archive = None
        try:
            self._tables = self._find_tables(self._open())
        except UnreadableRecording:
            self.close()
            raise
        except Exception as error:      # damaged bytes lead zipfile and numpy to any
            self.close()
            raise self._damaged(error) from error
        if len(self._tables) > 1:
            self.streams = dict.fromkeys(self._tables, (self.width, self.height))

    def events(self, topic=None):
        """Yield the events in batches; see `Recording`."""
        return self._read(self._choose_table(self._tables, topic), 0)

    def events_from(self, start_us: int, topic=None):
        """
        Yield the events in batches from about a time on; see `Recording`.

        What is compressed is read from the start.
        """
        try:
            tables = self._find_tables(self._open_any_rows())
            table = self._choose_table(tables, topic)
            place, _ = find_place(start_us, table.count, table.times_at)
        except UnreadableRecording:
            raise
        except Exception:       # reading from the start says what is wrong
            return self.events(topic)
        return self._read(table, place)

    def close(self) -> None:
        """Close the file."""
        if self._archive is not None:
            self._archive.close()

    def _choose_table(self, tables, topic):
        topic = self.choose_topic(topic)
        return tables[topic] if topic else next(iter(tables.values()))

    def _read(self, table, first: int):
        for note in table.notes:
            self.add_note(note)
        for start in range(first, table.count, BATCH):
            try:
                events = table.read(start, start + BATCH)
            except NotEvents as error:
                raise UnreadableRecording(f'{self.path}: {error}') from None
            except Exception as error:
                raise self._damaged(error) from error
            yield events

    def _open(self) -> dict:
        """Open the file; return its arrays by their names."""
        self._archive = zipfile.ZipFile(self.path)
        if any(member.flag_bits & IS_ENCRYPTED for member in self._archive.infolist()):
            raise UnreadableRecording(f'{self.path}: the file is encrypted: save it without a '
                                      'password')
        arrays = {name.removesuffix('.npy'): Member(self._archive, name)
                  for name in self._archive.namelist() if name.endswith('.npy')}
        size = [int(arrays[name].read_scalar()) for name in ('width', 'height')
                if name in arrays and arrays[name].shape == ()
                and arrays[name].dtype.kind in 'iu']
        if len(size) == 2:
            self.width, self.height = known_size(*size)
        return arrays

    def _open_any_rows(self) -> dict:
        """
        Return the arrays by their names, of which any rows can be read.

        :raises ValueError: if they are compressed.
        """
        arrays = {}
        for member in self._archive.infolist():
            if not member.filename.endswith('.npy'):
                continue
            if member.compress_type != zipfile.ZIP_STORED:
                raise ValueError('compressed')
            with self.path.open('rb') as file:
                file.seek(member.header_offset)
                lengths = LOCAL_HEADER.unpack(file.read(LOCAL_HEADER.size))
                arrays[member.filename.removesuffix('.npy')] = StoredArray(
                    self.path, file.tell() + sum(lengths))
        return arrays

    def _find_tables(self, arrays: dict) -> dict:
        try:
            return find_tables({name: array for name, array in arrays.items() if array.shape})
        except NotEvents as error:
            raise UnreadableRecording(f'{self.path}: ' + (str(error) or self._explain(arrays))
                                      ) from None

    @staticmethod
    def _explain(arrays) -> str:
        return f'events need the arrays t, x, y and p; the file has {", ".join(arrays) or "none"}'


class Npy(Npz):
    """Events in one array: with fields, or [n, 4]."""

    file_format = 'npy'

    def _open(self) -> dict:
        array = StoredArray(self.path)
        wanted = int(np.prod(array.shape, dtype=object)) * array.dtype.itemsize
        if not array.dtype.hasobject and self.path.stat().st_size < array.start + wanted:
            raise ValueError('it ends within the array')
        return {'events': array}

    _open_any_rows = _open

    @staticmethod
    def _explain(arrays) -> str:
        array, = arrays.values()
        return ('events need an array with the fields t, x, y and p, or of four columns; this is '
                f'{array.dtype} {list(array.shape)}')


class _Header:
    """What stands before an array: its type, its shape and how it lies in the file."""

    def _read_header(self, file):
        """
        Read it.

        :raises ValueError: if it is damaged.
        """
        major, _ = np.lib.format.read_magic(file)
        read = (np.lib.format.read_array_header_1_0 if major == 1 else
                np.lib.format.read_array_header_2_0)
        self.shape, is_column_major, self.dtype = read(file)
        if min(self.shape, default=0) < 0:
            raise ValueError('a shape is negative')
        self._columns = self.shape[1] if is_column_major and len(self.shape) == 2 else 1
        """Stretches of the file, one after the other: in one of them, or in each column one."""
        if is_column_major and len(self.shape) > 2:
            self._columns = None        # never events
        row_shape = () if self._columns != 1 else self.shape[1:]
        self._row_bytes = self.dtype.itemsize * int(np.prod(row_shape, dtype=object))

    def __getitem__(self, rows):
        """
        Return the rows of a slice.

        :raises ValueError: if the file ends before.
        """
        start, stop, _ = rows.indices(self.shape[0])
        if self._columns is None:
            raise ValueError('an array of three dimensions or more has no events')
        parts = []
        for column in range(self._columns):
            size = (stop - start) * self._row_bytes
            data = self._read_bytes(column, start * self._row_bytes, size)
            if len(data) < size:
                raise ValueError('it ends within an array')
            parts.append(np.frombuffer(data, self.dtype))
        if self._columns == 1:
            return parts[0].reshape(-1, *self.shape[1:])
        return np.stack(parts, axis=1)


class StoredArray(_Header):
    """An array that lies in a file as it is, of which any rows can be read."""

    def __init__(self, path: Path, place: int = 0):
        """
        Read its header.

        :param place: of the header in the file, in bytes.
        :raises ValueError: if it is damaged.
        """
        self._path = path
        with path.open('rb') as file:
            file.seek(place)
            self._read_header(file)
            self.start = file.tell()
            """Place of the first row in the file."""

    def _read_bytes(self, column: int, place: int, size: int) -> bytes:
        with self._path.open('rb') as file:
            file.seek(self.start + column * self.shape[0] * self._row_bytes + place)
            return file.read(size)


class Member(_Header):
    """An array of an archive, which is read from its start, so that its check sum is compared."""

    def __init__(self, archive: zipfile.ZipFile, name: str):
        """
        Read its header.

        :raises ValueError: if it is damaged.
        """
        self._archive, self._name = archive, name
        self._streams = {}
        """File and place in it, by column."""
        with archive.open(name) as file:
            self._read_header(file)
            self._start = file.tell()

    def read_scalar(self):
        """Return the value of an array without dimensions."""
        return np.frombuffer(self._read_bytes(0, 0, self.dtype.itemsize), self.dtype)[0]

    def _read_bytes(self, column: int, place: int, size: int) -> bytes:
        place += self._start
        if self._columns > 1:
            place += column * self.shape[0] * self._row_bytes
        file = self._streams.get(column)
        if file is None or file.tell() > place:
            if file is not None:
                file.close()
            file = self._streams[column] = self._archive.open(self._name)
        while file.tell() < place and file.read(min(place - file.tell(), COPY_BYTES)):
            pass
        return file.read(size)


class NpzWriter:
    """Gather each column in a temporary file, and pack them at the end."""

    def __init__(self, path: Path, width, height):
        """
        Make the temporary files.

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
                    shutil.copyfileobj(column, member, COPY_BYTES)
                column.close()
            for name, value in self._size.items():
                with archive.open(f'{name}.npy', 'w') as member:
                    np.lib.format.write_array(member, np.array(value))
