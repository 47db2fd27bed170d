# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Mcap files that were not finished, as where the recorder was killed: what is before the cut."""
from contextlib import suppress
from io import BytesIO
from pathlib import Path
import struct
from typing import NamedTuple, Optional

CHUNK_OPCODE = 6
CHUNK_HEAD = struct.Struct('<BQQQQII')
"""Opcode, length, times, size and check sum of a chunk; length of its compression's name."""
SIZE_BYTES = 8
"""Of the number of compressed bytes, which follows the name."""


class Connection(NamedTuple):
    """A topic of the file, with those names of rosbags' own that `Bag` uses."""

    id: int
    topic: str
    msgtype: str
    msgcount: Optional[int] = None


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
        damage = McapError, struct.error, EOFError
        last = b''
        with self._path.open('rb') as file:
            place = 0
            try:
                for record in StreamReader(file).records:
                    yield record
                    place = file.tell()
            except damage:
                file.seek(place)
                last = _unpack_cut_chunk(file)
        with suppress(*damage):
            yield from StreamReader(BytesIO(last), skip_magic=True).records


def _unpack_cut_chunk(file) -> bytes:
    """Return what a chunk without its end holds, as far as that can be unpacked; or nothing."""
    head = file.read(CHUNK_HEAD.size)
    if len(head) < CHUNK_HEAD.size or head[0] != CHUNK_OPCODE:
        return b''
    *_, name_length = CHUNK_HEAD.unpack(head)
    name = file.read(name_length)
    packed = file.read()[SIZE_BYTES:]
    if name == b'zstd':
        import zstandard
        return zstandard.ZstdDecompressor().decompressobj().decompress(packed)
    if name == b'lz4':
        import lz4.frame
        return lz4.frame.LZ4FrameDecompressor().decompress(packed)
    return packed
