# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Text with an event a line, as txt or csv, also compressed by gzip; see `columns.py` for units.

| lines | written by |
| --- | --- |
| `t x y p`, t in seconds; a first line `width height` | UZH's event camera data set, E2VID, v2e |
| header `timestamp,x,y,polarity` | DV |
| `%geometry:1280,720`, then `x,y,p,t` | Metavision |

The columns are those of the header, else of the first order that fits. Lines that begin with
`#` or `%` are comments.
"""
import gzip
from pathlib import Path
import re
import zlib

import numpy as np
from snn_gesture_ros.recordings.columns import (
    as_events, NotEvents, order_of, role_of, SAMPLE, split_unit, unit_of, WORDS)
from snn_gesture_ros.recordings.recording import known_size, Recording, UnreadableRecording

GZIP_START = b'\x1f\x8b'
BATCH = 1 << 15
"""Lines that are read at once."""
BATCH_BYTES = 1 << 24
"""At most, also where lines are long."""
MAX_LINE = 1 << 20
"""Bytes; what is longer is not text with events."""
BYTE_ORDER_MARK = b'\xef\xbb\xbf'
START_BYTES = 4096
"""Are enough to find out whether a file holds events."""
COMMENTS = ('#', '%')
SEPARATOR = re.compile(r'[,;\s]+')
NUMBER = re.compile(r'[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?')
SIZE = re.compile(r'[#%]\s*geometry:?\s*(\d+)\s*[,x]\s*(\d+)', re.IGNORECASE)
BOOLEANS = {b'true': b'1', b'True': b'1', b'false': b'0', b'False': b'0'}
HEADER = 'timestamp,x,y,polarity\n'
"""Of what is written."""


def open_text(path: Path):
    """Open a file of bytes, unpacked where gzip has packed it."""
    with path.open('rb') as file:
        is_packed = file.read(len(GZIP_START)) == GZIP_START
    return gzip.open(path) if is_packed else path.open('rb')


def is_text(start: bytes) -> bool:
    """Return whether a file is text, by its first bytes."""
    try:
        text = start.decode('utf-8-sig')
    except UnicodeDecodeError as error:
        if error.start < len(start) - 3:        # the last letter may be cut
            return False
        text = start[:error.start].decode('utf-8-sig')
    return not any(ord(letter) < 9 for letter in text)


def holds_text(start: bytes) -> bool:
    """Return whether a file is one of events as text, by its first bytes."""
    if not is_text(start):
        return False
    lines = start.decode('utf-8-sig', 'ignore').splitlines()
    lines = lines[:-1] if len(lines) > 1 else lines
    lines = [line for line in lines if line.strip() and not line.startswith(COMMENTS)]
    return bool(lines) and (header_of(lines[0]) is not None
                            or all(map(NUMBER.fullmatch, split_line(lines[0]))))


def file_holds_text(path: Path) -> bool:
    """Return whether a file is one of events as text, packed or not."""
    try:
        if not path.is_file():
            return False
        with open_text(path) as file:
            return holds_text(file.read(START_BYTES))
    except (OSError, EOFError, zlib.error):
        return False


def split_line(line: str) -> list:
    """Return the words of a line."""
    return SEPARATOR.split(line.strip().strip(',;'))


def header_of(line: str):
    """Return the place of t, x, y and p, and the unit of t, if a line names them, else None."""
    words = [word.strip().strip('"\'') for word in re.split(
        r'[,;\t]' if re.search(r'[,;\t]', line) else r'\s+', line.lstrip('#% \ufeff').strip())]
    found = {role_of(word): place for place, word in enumerate(words)}
    if not {*'txyp'} <= {*found}:
        return None
    return {role: found[role] for role in 'txyp'}, split_unit(words[found['t']])[1]


class Text(Recording):
    """The events of a text file."""

    file_format = 'text'

    def __init__(self, path: Path):
        """
        Find out which columns there are.

        :raises UnreadableRecording: if they are not those of events.
        """
        self.path = path
        self._file = open_text(path)
        with self._closing_on_error():
            self._find_columns()

    def events(self, topic=None):
        """Yield the events in batches; see `Recording`."""
        self.choose_topic(topic)
        self._file.seek(0)
        for _ in range(self._skipped):
            self._file.readline(MAX_LINE)
        number = self._skipped
        for lines in self._batches():
            good = len(lines)
            try:
                events = as_events(self._parse(lines), self._unit)
            except ValueError:
                good = self._count_good(lines)
                events = as_events(self._parse(lines[:good]), self._unit)
            yield events
            if good < len(lines):
                line = lines[good].decode('utf-8', 'replace').strip()[:60]
                raise self._damaged(f'line {number + good + 1} is not an event: {line!r}')
            number += len(lines)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _batches(self):
        """Yield lists of lines; raise UnreadableRecording after the last that can be unpacked."""
        lines, size, damage = [], 0, None
        try:
            while line := self._file.readline(MAX_LINE):
                if len(line) == MAX_LINE and not line.endswith(b'\n'):
                    damage = f'a line has more than {MAX_LINE} bytes'
                    break
                lines.append(line)
                size += len(line)
                if len(lines) == BATCH or size > BATCH_BYTES:
                    yield lines
                    lines, size = [], 0
        except (EOFError, OSError, zlib.error) as error:
            damage = error
        if lines:
            yield lines
        if damage:
            raise self._damaged(damage)

    def _readable_batches(self):
        """Yield lists of lines up to where the file is damaged, if that is not at once."""
        any_lines = False
        try:
            for lines in self._batches():
                yield lines
                any_lines = True
        except UnreadableRecording:
            if not any_lines:
                raise

    def _find_columns(self):
        places, unit, header_lines, sample = None, None, 0, []
        for lines in self._readable_batches():
            for line in lines:
                text = line.decode('utf-8-sig', 'replace').strip()
                if sample or text and not text.startswith(COMMENTS) and header_of(text) is None:
                    sample.append(line)
                    continue
                header_lines += 1
                size = SIZE.match(text)
                if size:
                    self.width, self.height = known_size(int(size[1]), int(size[2]))
                named = header_of(text)
                if named:
                    places, unit = named
            if len(sample) >= SAMPLE or not sample and header_lines > SAMPLE:
                break
        sample = sample[:SAMPLE]
        size = re.fullmatch(rb'(\d{1,5})[\s,]+(\d{1,5})\s*',
                            sample[0].removeprefix(BYTE_ORDER_MARK)) if sample else None
        if size:
            self.width, self.height = known_size(int(size[1]), int(size[2]))
            header_lines += 1
            sample = sample[1:]
        self._skipped = header_lines
        self._separator = next((mark for mark in (',', ';') if sample and
                                mark in sample[0].decode('latin-1')), None)
        self._places = places or self._guess(sample)
        self._time_type, self._unit = 'i8', 'us'
        try:
            times = self._parse(sample)['t']
        except ValueError:
            self._time_type = 'f8'
            times = self._parse(sample[:self._count_good(sample)])['t']
        self._unit = unit or unit_of(times)
        if unit is None:
            self.add_note(f'times are taken for {WORDS[self._unit]}')

    def _guess(self, sample):
        """Return the places of the columns, where no header names them."""
        rows = []
        for line in sample:
            words = split_line(line.removeprefix(BYTE_ORDER_MARK).decode('latin-1'))
            if len(words) != 4 or not all(map(NUMBER.fullmatch, words)):
                break
            rows.append([float(word) for word in words])
        if not rows:
            raise UnreadableRecording(
                f'{self.path}: the text holds no events: a line has t x y p, or a header names '
                'such columns; ' + (
                    f'the first is {sample[0].decode("utf-8", "replace").strip()[:60]!r}'
                    if sample else 'there is none'))
        try:
            order = order_of(np.array(rows))
        except NotEvents as error:
            raise UnreadableRecording(f'{self.path}: {error}') from None
        return {role: order.index(role) for role in 'txyp'}

    def _count_good(self, lines) -> int:
        """Return how many of the lines can be read, up to the first that cannot."""
        good, bad = 0, len(lines)
        while good < bad:
            middle = (good + bad + 1) // 2
            try:
                as_events(self._parse(lines[good:middle]), self._unit)
                good = middle
            except ValueError:
                bad = middle - 1
        return good

    def _parse(self, lines) -> dict:
        """Return the columns of lines; raise ValueError if one is not an event."""
        text = b''.join(lines).removeprefix(BYTE_ORDER_MARK)
        if b'rue' in text or b'alse' in text:
            for word, value in BOOLEANS.items():
                text = text.replace(word, value)
        text = text.replace(b'%', b'#')
        lines = [line for line in text.decode('latin-1').split('\n') if line.strip()]
        names = sorted('txyp', key=self._places.get)
        kinds = [(name, self._time_type if name == 't' else 'f8') for name in names]
        if not lines:
            return {name: np.zeros(0, kind) for name, kind in kinds}
        rows = np.loadtxt(lines, dtype=kinds, comments='#', ndmin=1, delimiter=self._separator,
                          usecols=[self._places[name] for name in names])
        return {name: rows[name] for name in names}


class CsvWriter:
    """Append lines; the size of the sensor has no place in them."""

    def __init__(self, path: Path, width, height):
        """Write the header."""
        self._file = path.open('w')
        self._file.write(HEADER)

    def write(self, events: np.ndarray) -> None:
        """Add EVENT[n]."""
        self._file.writelines(f'{t},{x},{y},{p}\n' for t, x, y, p in events.tolist())

    def close(self) -> None:
        """Close the file."""
        self._file.close()
