# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
HDF5 files with the columns t, x, y and p, whole numbers and t in microseconds.

| columns | written by |
| --- | --- |
| `events/t`, `events/x`, `events/y`, `events/p` | this package; DSEC, which has a `t_offset` too |
| `t`, `x`, `y`, `p` | |
| the fields of `CD/events` | Prophesee, whose own compression (ECF) h5py cannot undo |

The size of the sensor is in the attributes `width` and `height` of the group, or in Prophesee's
`geometry` of the file.
"""
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from snn_gesture_ros.events.event import EVENT
from snn_gesture_ros.recordings.recording import Recording, told_size, UnreadableRecording

HDF5_START = b'\x89HDF\r\n\x1a\n'
PROPHESEE = 'CD/events'
BATCH = 1 << 16
"""Events that are read at once."""


class Hdf5(Recording):
    """The events of an HDF5 file."""

    file_format = 'HDF5'

    def __init__(self, path: Path):
        """
        Open the file and find the columns.

        :raises UnreadableRecording: if it cannot be opened, has no events or h5py is missing.
        """
        self.path = path
        self._file = None
        try:
            with self._explain():
                import h5py
                self._file = h5py.File(path, 'r')
                self._find_columns()
                offset = self._file.get('t_offset')
                self._offset_us = 0 if offset is None else int(offset[()])
        except BaseException:
            self.close()
            raise

    def events(self, topic=None):
        """Yield the events in batches; see `Recording`."""
        for start in range(0, self._count, BATCH):
            columns = {}
            with self._explain():
                for name in 'txyp':
                    columns[name] = self._columns[name][start:start + BATCH]
            events = np.zeros(len(columns['t']), EVENT)
            for name in 'xy':
                if ((columns[name] < 0) | (columns[name] > 0xffff)).any():
                    raise UnreadableRecording(f'{self.path}: {name} must be between 0 and 65535')
                events[name] = columns[name]
            events['t'] = columns['t'].astype(np.int64) + self._offset_us
            events['p'] = columns['p'] > 0
            yield events

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def _find_columns(self):
        file = self._file
        if PROPHESEE in file:
            table = file[PROPHESEE]
            self._refuse_unknown_compression([table])
            types = {name: table.dtype[name] for name in table.dtype.names or ()}
            self._columns = {name: table.fields(name) for name in types}
            shapes = {table.shape}
        else:
            table = file['events'] if 'events' in file else file
            found = [name for name in 'txyp' if hasattr(table, 'keys') and name in table]
            self._columns = {name: table[name] for name in found}
            self._refuse_unknown_compression(self._columns.values())
            types = {name: self._columns[name].dtype for name in found}
            shapes = {self._columns[name].shape for name in found}
        if not set('txyp') <= set(types):
            raise UnreadableRecording(
                f'{self.path}: events need the columns t, x, y and p, in the group events or at '
                f'the top; the file has {", ".join(map(str, file)) or "nothing"}')
        if any(types[name].kind not in 'iub' for name in 'txyp'):
            raise UnreadableRecording(
                f'{self.path}: t, x, y and p must be integers, t microseconds')
        shape, = shapes if len(shapes) == 1 else [()]
        if len(shape) != 1:
            raise UnreadableRecording(f'{self.path}: t, x, y and p must have one dimension and '
                                      'the same length')
        self._count = shape[0]
        self._find_size(table.attrs)

    def _refuse_unknown_compression(self, datasets):
        from h5py import h5z
        for dataset in datasets:
            options = dataset.id.get_create_plist()
            for number in range(options.get_nfilters()):
                code, _, _, name = options.get_filter(number)
                if not h5z.filter_avail(code):
                    raise UnreadableRecording(
                        f'{self.path}: its events are compressed by a filter that h5py does not '
                        f'have ({name.decode() or code}); of a file of Prophesee, take the RAW '
                        'file that it was made from')

    def _find_size(self, attributes):
        if 'width' in attributes and 'height' in attributes:
            self.width, self.height = told_size(
                int(attributes['width']), int(attributes['height']))
            return
        geometry = self._file.attrs.get('geometry', '')
        if isinstance(geometry, bytes):
            geometry = geometry.decode('latin-1')
        width, _, height = str(geometry).partition('x')
        if width.isdecimal() and height.isdecimal():
            self.width, self.height = told_size(int(width), int(height))

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
        except Exception as error:
            reason = ' '.join(str(error).split())
            raise UnreadableRecording(
                f'{self.path}: the file is cut off or damaged: {reason}') from None
