# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sqlite3 files of rosbag2 that are cut off: what is before the cut."""
from contextlib import closing, contextmanager
from pathlib import Path
import sqlite3

from snn_gesture_ros.recordings.cut_mcap import Connection


class CutSqlite:
    """A reader like that of rosbags, for a file without its end."""

    def __init__(self, path: Path, reason: str):
        """
        Read the topics.

        :param reason: why it could not be read in the ordinary way.
        :raises ValueError: gives the reason if they are behind the cut.
        """
        self._path = path
        self._reason = reason
        with self._open() as database:
            self.connections = [Connection(*row) for row in database.execute(
                'SELECT id, name, type FROM topics')]

    def messages(self, connections):
        """
        Yield connection, time in nanoseconds and bytes of each message as they lie in the file.

        :raises ValueError: after the last message before the cut.
        """
        wanted = {connection.id: connection for connection in connections}
        with self._open() as database:
            for topic, t_ns, data in database.execute(
                    'SELECT topic_id, timestamp, data FROM messages ORDER BY id'):
                if topic in wanted:
                    yield wanted[topic], t_ns, data
        raise ValueError(self._reason)

    def close(self) -> None:
        """Do nothing: the file is open only while it is read."""

    @contextmanager
    def _open(self):
        """Give the database, which sqlite3 refuses for its size unless its schema is writable."""
        address = f'{self._path.resolve().as_uri()}?mode=ro&immutable=1'
        try:
            with closing(sqlite3.connect(address, uri=True)) as database:
                database.execute('PRAGMA writable_schema=ON')
                yield database
        except sqlite3.DatabaseError:
            raise ValueError(self._reason) from None
