# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Events that lie in arrays: which of them are t, x, y and p, and what their numbers mean.

HDF5, npz, npy and text differ in how arrays are stored; all that is decided here is common:

| | rule |
| --- | --- |
| names | those of NAMES, with or without `events_` before; `xy` for an array [n, 2] |
| arrays [n, 4] | `t x y p`, `x y t p`, `x y p t` or `t p x y`: the first that fits |
| time | the unit in its name (`t_ns`, `time (s)`), else it follows from the numbers |
| whole numbers | are microseconds, above 10^17 nanoseconds |
| numbers with fractions | are seconds, or microseconds where there were less than one event a \
second |
| polarity | ON above 0; -1 is OFF also where it was stored without a sign |
"""
import re
from typing import NamedTuple, Optional

import numpy as np
from snn_gesture_ros.events.event import EVENT

NAMES = {
    't': ('t', 'ts', 'time', 'times', 'timestamp', 'timestamps', 'stamp', 'event_time'),
    'x': ('x', 'xs', 'x_pos', 'pos_x', 'x_coord', 'col', 'column', 'addr_x'),
    'y': ('y', 'ys', 'y_pos', 'pos_y', 'y_coord', 'row', 'addr_y'),
    'p': ('p', 'ps', 'pol', 'pols', 'polarity', 'polarities', 'polarity_on', 'on'),
    'xy': ('xy', 'xys'),
}
"""Names of the columns, in lower case, the most usual first."""
ORDERS = ('txyp', 'xytp', 'xypt', 'tpxy')
"""Of the columns of an array [n, 4]."""
UNITS = {'s': 1e6, 'sec': 1e6, 'ms': 1e3, 'us': 1.0, 'usec': 1.0, 'ns': 1e-3, 'nsec': 1e-3}
"""Microseconds of a unit of time."""
NANOSECONDS_ABOVE = 10**17
"""Whole numbers are nanoseconds: as microseconds they were after the year 5000."""
SAMPLE = 1 << 16
"""Events that decide the order of columns and the unit of time."""
DISORDER = 0.01
"""At most such a part of the steps of a time goes back."""
WORDS = {'us': 'microseconds', 'ns': 'nanoseconds', 's': 'seconds'}
"""Names of the units that can follow from numbers."""
MAX_TIME_US = 1 << 62


class Column(NamedTuple):
    """A column of events: an array, or a part of each of its rows."""

    array: object
    """Has `shape` and `dtype`, and returns rows for a slice."""
    part: object = None
    """A field, or an index of the second axis; None for the array itself."""


class NotEvents(ValueError):
    """Arrays cannot be read as events; the message contains the reason."""


def role_of(name: str) -> Optional[str]:
    """Return t, x, y, p or xy for the name of a column, without a unit; None for others."""
    bare = _bare(name)
    return next((role for role, names in NAMES.items() if bare in names), None)


def _bare(name: str) -> str:
    return re.sub(r'^events?_', '', split_unit(name)[0])


def _rank_of(name: str, role: str) -> int:
    """Return how usual a name is, 0 for the first of NAMES: the most usual counts."""
    return NAMES[role].index(_bare(name))


def split_unit(name: str) -> tuple:
    """Return a name in lower case, and the unit at its end: one of UNITS or None."""
    found = re.fullmatch(r'(.+?)(?:_|\s*[\[(]\s*)(s|sec|ms|us|usec|ns|nsec|µs)\s*[\])]?',
                         name.strip().lower())
    if not found:
        return name.strip().lower(), None
    return found[1].strip(), found[2].replace('µ', 'u')


class Table:
    """Events in columns of the same length."""

    def __init__(self, columns: dict, unit=None, offset_us: int = 0):
        """
        Look at the first events.

        :param columns: Column by t, x, y and p.
        :param unit: of the time, one of UNITS; None to find it from the numbers.
        :param offset_us: is added to the times.
        :raises NotEvents: if they cannot be events.
        """
        shapes = {column.array.shape if column.part is None else column.array.shape[:1]
                  for column in columns.values()}
        if len(shapes) > 1 or len(next(iter(shapes))) != 1:
            raise NotEvents('t, x, y and p must have one dimension and the same length')
        self._columns = columns
        self._offset_us = offset_us
        self.count = next(iter(shapes))[0]
        self.notes = []
        """What was assumed, a line each."""
        for name, column in columns.items():
            dtype = column.array.dtype
            dtype = dtype[column.part] if isinstance(column.part, str) else dtype
            if dtype.kind not in 'iubf' or dtype.shape:
                kind = 'they are Python objects' if dtype.hasobject else f'it is {dtype}'
                raise NotEvents(f'{name} must be numbers, {kind}')
        sample = self._rows(0, min(SAMPLE, self.count))
        self._off = off_values(sample['p'])
        self._unit = unit or unit_of(sample['t'])
        if unit is None and (self._unit != 'us' or sample['t'].dtype.kind == 'f'):
            self.notes.append(f'times are taken for {WORDS[self._unit]}')
        values = np.unique(sample['p'])
        if len(values) > 1 and not np.isin(values, self._off).any() and values.min() > 0:
            self.notes.append(f'p is above 0 in all events, from {values.min()} to '
                              f'{values.max()}: all are taken for ON')

    def read(self, start: int, stop: int) -> np.ndarray:
        """
        Return the events from one place to another, EVENT[n].

        :raises NotEvents: if there are others than events among them.
        """
        rows = self._rows(start, stop)
        return as_events(rows, self._unit, self._offset_us, self._off)

    def times_at(self, places: np.ndarray) -> np.ndarray:
        """Return the times of single events in microseconds, int64[m]."""
        times = [self._rows(place, place + 1, 't')['t'] for place in places.tolist()]
        return in_microseconds(np.concatenate(times), self._unit) + self._offset_us

    def _rows(self, start, stop, names='txyp'):
        read = {}
        rows = {}
        for name in names:
            column = self._columns[name]
            if id(column.array) not in read:
                read[id(column.array)] = column.array[start:stop]
            array = read[id(column.array)]
            rows[name] = (array if column.part is None else
                          array[column.part] if isinstance(column.part, str) else
                          array[:, column.part])
        return rows


@np.errstate(all='ignore')
def as_events(rows: dict, unit: str, offset_us: int = 0, off: tuple = ()) -> np.ndarray:
    """
    Return columns as EVENT[n].

    :param rows: numbers by t, x, y and p, all of one length.
    :param unit: of the time, one of UNITS.
    :param off: values above 0 of the polarity that mean OFF, see `off_values`.
    :raises NotEvents: if a number cannot be that of an event.
    """
    events = np.zeros(len(rows['t']), EVENT)
    for name in 'xy':
        column = rows[name]
        if column.dtype.kind == 'f' and not (column == np.floor(column)).all():
            raise NotEvents(f'{name} must be whole numbers, as of pixels')
        if ((column < 0) | (column > 0xffff)).any():
            raise NotEvents(f'{name} must be between 0 and 65535')
        events[name] = column
    events['t'] = in_microseconds(rows['t'], unit) + offset_us
    events['p'] = (rows['p'] > 0) & ~np.isin(rows['p'], off)
    return events


def in_microseconds(times: np.ndarray, unit: str) -> np.ndarray:
    """
    Return times as int64[n], nanoseconds cut and fractions rounded.

    :raises NotEvents: if one is out of range.
    """
    scale = UNITS[unit]
    scaled = times.astype(np.float64) * scale
    if not (np.abs(scaled) < MAX_TIME_US).all():
        raise NotEvents('t has values that are no times')
    if times.dtype.kind == 'f':
        return np.rint(scaled).astype(np.int64)
    if scale >= 1:
        return times.astype(np.int64) * int(scale)
    return (times // round(1 / scale)).astype(np.int64)     # unsigned ones may be larger before


def off_values(polarity: np.ndarray) -> tuple:
    """
    Return the values above 0 that mean OFF: -1 where it was stored without a sign.

    Where there is 0, too, and no 1, the largest value is not -1: 0 and 255 are OFF and ON.
    """
    if polarity.dtype.kind != 'u':
        return ()
    values = set(np.unique(polarity).tolist())
    return () if 0 in values and 1 not in values else (np.iinfo(polarity.dtype).max,)


@np.errstate(all='ignore')
def unit_of(times: np.ndarray) -> str:
    """Return the unit of times, one of UNITS; see the table above."""
    if not len(times):
        return 'us'
    if times.dtype.kind != 'f' or (times == np.floor(times)).all():
        return 'ns' if times.max() > NANOSECONDS_ABOVE else 'us'
    if np.ptp(times) > len(times) and len(times) > 1:
        return 'us'
    return 's'


@np.errstate(all='ignore')
def order_of(rows: np.ndarray) -> str:
    """
    Return in which of ORDERS the columns are.

    :param rows: numbers [n, 4].
    :raises NotEvents: if they cannot be events.
    """
    for order in ORDERS:
        t, p = rows[:, order.index('t')], rows[:, order.index('p')]
        places = rows[:, [order.index('x'), order.index('y')]]
        values = np.unique(p)
        back = np.count_nonzero(t[1:] < t[:-1])
        if (len(values) <= 2 and (np.abs(np.where(is_minus_one(values), -1, values)) <= 1).all()
                and back <= DISORDER * len(t) and (places >= 0).all()
                and (places <= 0xffff).all() and (places == np.floor(places)).all()):
            return order
    raise NotEvents('the four columns are not the t, x, y and p of events in any usual order')


def is_minus_one(values: np.ndarray) -> np.ndarray:
    """Return which numbers are -1, also stored without a sign, whatever their type is now."""
    if values.dtype.kind == 'u':
        return values == np.iinfo(values.dtype).max
    return values == -1


def find_tables(arrays: dict, offset_us=None) -> dict:
    """
    Return the Table of every camera among arrays, by its place, in the order of the names.

    :param arrays: by path, as `a/b/t`; each has `shape` and `dtype` and returns rows for a slice.
    :param offset_us: function of a place that returns what is added to its times.
    :raises NotEvents: if none can be read, with the reason for the first.
    """
    folders = {}
    for path, array in sorted(arrays.items()):
        folder, _, name = path.rpartition('/')
        folders.setdefault(folder, {})[name] = array
    tables, reasons = {}, []
    for folder, members in folders.items():
        for place, columns, unit in _candidates(folder, members, reasons):
            try:
                tables[place] = Table(columns, unit, offset_us(place) if offset_us else 0)
            except NotEvents as error:
                reasons.append(str(error))
    if not tables:
        raise NotEvents(reasons[0] if reasons else '')
    return tables


def _candidates(folder, members, reasons):
    """Yield the place, the columns and the unit of what may be events in a folder."""
    columns, ranks, unit = {}, {}, None
    for name, array in members.items():
        role = role_of(name)
        fields = array.dtype.names
        path = f'{folder}/{name}'.strip('/')
        if fields:
            found = {role_of(field): field for field in fields}
            if {*'txyp'} <= {*found}:
                yield (path, {role: Column(array, found[role]) for role in 'txyp'},
                       split_unit(found['t'])[1])
        elif role == 'xy' and len(array.shape) == 2 and array.shape[1] == 2:
            columns |= {'x': Column(array, 0), 'y': Column(array, 1)}
        elif role in ('t', 'x', 'y', 'p'):
            rank = _rank_of(name, role)
            if rank < ranks.get(role, len(NAMES[role])):
                ranks[role], columns[role] = rank, Column(array)
                unit = split_unit(name)[1] if role == 't' else unit
        elif (len(array.shape) == 2 and array.shape[1] == 4 and array.dtype.kind in 'iubf'
              and ('event' in path.lower() or len(members) == 1)):
            try:
                order = order_of(array[:SAMPLE])
            except NotEvents as error:
                reasons.append(str(error))
                continue
            yield path, {role: Column(array, order.index(role)) for role in 'txyp'}, None
    if {*'txyp'} <= {*columns}:
        yield folder, columns, unit
    elif len(columns) > 1:
        reasons.append(f'events need the columns t, x, y and p; {folder or "the file"} has '
                       f'{", ".join(members)}')
