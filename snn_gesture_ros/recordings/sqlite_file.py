# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sqlite3 files of rosbag2, also those that are cut off or whose recorder was killed."""
from contextlib import closing
from functools import partial
import os
from pathlib import Path
import shutil
import sqlite3
import tempfile

from snn_gesture_ros.recordings.connection import Connection
from snn_gesture_ros.recordings.recording import UnreadableRecording

SQLITE_START = b'SQLite format 3\0'
MIN_TIME = -(1 << 63)
JOURNAL = '-wal'
"""Suffix of the file that has what the recorder did not yet move into the database."""


class SqliteFile:
    """The messages of a file, in the order of their times."""

    def __init__(self, path: Path):
        """
        Read the topics.

        :raises ValueError: if they are behind a cut.
        :raises UnreadableRecording: if it is another database.
        """
        self._path = path
        self._damage = None
        """Why it cannot be read to its end."""
        journal = path.with_name(path.name + JOURNAL)
        self.has_journal = journal.is_file() and journal.stat().st_size > 0
        self._copies = None
        """Copies of the file and its journal, where sqlite3 may not write to their folder."""
        if self.has_journal and not os.access(path.parent, os.W_OK):
            self._copies = tempfile.TemporaryDirectory(prefix='snn_gesture-')
            for file in (path, journal):
                shutil.copyfile(file, Path(self._copies.name) / file.name)
            self._path = Path(self._copies.name) / path.name
        try:
            with closing(self._open()) as database:
                tables = {name for name, in database.execute(
                    "SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0")}
                if not {'topics', 'messages'} <= tables:
                    raise UnreadableRecording(
                        f'{path}: the database of sqlite3 is not a bag: it has no messages')
                counts = dict(database.execute(
                    'SELECT topic_id, COUNT(*) FROM messages GROUP BY topic_id'))
                self.connections = self._read_connections(database, counts)
        except sqlite3.DatabaseError as error:
            self._damage = str(error)
            try:
                with closing(self._open()) as database:
                    self.connections = self._read_connections(database)
            except sqlite3.DatabaseError:
                raise ValueError(self._damage) from None

    @staticmethod
    def _read_connections(database, counts=None) -> list:
        return [Connection(number, str(topic), str(message_type),
                           None if counts is None else counts.get(number, 0))
                for number, topic, message_type in database.execute(
                    'SELECT id, name, type FROM topics')]

    def messages(self, connections, start_ns=None):
        """
        Yield connection, time in nanoseconds and bytes of each message, in the order of time.

        :param start_ns: those before are left out; None for all.
        :raises ValueError: after the last message before a cut.
        """
        wanted = {connection.id: connection for connection in connections}
        order = 'id' if self._damage else 'timestamp, id'
        try:
            with closing(self._open()) as database:
                for topic, t_ns, data in database.execute(
                        'SELECT topic_id, timestamp, data FROM messages '
                        f'WHERE topic_id IN ({", ".join("?" * len(wanted))}) '
                        f'AND timestamp >= ? ORDER BY {order}',
                        [*wanted, MIN_TIME if start_ns is None else start_ns]):
                    if isinstance(t_ns, int):
                        yield wanted[topic], t_ns, data if isinstance(data, bytes) else b''
        except sqlite3.DatabaseError as error:
            raise ValueError(self._damage or str(error)) from None
        if self._damage:
            raise ValueError(self._damage)

    def close(self) -> None:
        """Remove copies; the file itself is open only while it is read."""
        if self._copies is not None:
            self._copies.cleanup()

    def _open(self):
        """
        Open the database, with its journal, for reading only.

        One that is cut off sqlite3 refuses for its size unless its schema is writable.
        """
        mode = 'mode=ro' if self.has_journal and not self._damage else 'mode=ro&immutable=1'
        database = sqlite3.connect(f'{self._path.resolve().as_uri()}?{mode}', uri=True)
        database.text_factory = partial(str, encoding='utf-8', errors='replace')
        if self._damage:
            database.execute('PRAGMA writable_schema=ON')
        return database
