# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Mcap files that were not finished, as where the recorder was killed: what is before the cut."""
from pathlib import Path
import struct
from typing import NamedTuple


class Connection(NamedTuple):
    """A topic of the file, with those names of rosbags' own that `Bag` uses."""

    id: int
    topic: str
    msgtype: str


class CutMcap:
    """A reader like that of rosbags, for a file without its end."""

    def __init__(self, path: Path, reason: str):
        """
        Read the file through for its topics.

        :param reason: why it could not be read in the ordinary way.
        :raises ValueError: gives the reason if there is no topic before the cut.
        """
        from mcap.records import Channel, Schema
        self._path = path
        self._reason = reason
        schemas, connections = {}, {}
        for record in self._records():
            if isinstance(record, Schema):
                schemas[record.id] = record.name
            elif isinstance(record, Channel):
                connections[record.id] = Connection(
                    record.id, record.topic, schemas.get(record.schema_id, ''))
        if not connections:
            raise ValueError(reason)
        self.connections = list(connections.values())

    def messages(self, connections):
        """
        Yield connection, time in nanoseconds and bytes of each message as they lie in the file.

        :raises ValueError: after the last message before the cut.
        """
        from mcap.records import Message
        wanted = {connection.id: connection for connection in connections}
        for record in self._records():
            if isinstance(record, Message) and record.channel_id in wanted:
                yield wanted[record.channel_id], record.log_time, record.data
        raise ValueError(self._reason)

    def close(self) -> None:
        """Do nothing: the file is open only while it is read."""

    def _records(self):
        from mcap.exceptions import McapError
        from mcap.stream_reader import StreamReader
        with self._path.open('rb') as file:
            try:
                yield from StreamReader(file).records
            except (McapError, struct.error, EOFError):
                pass
