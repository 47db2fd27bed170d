# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Mcap files, also those that were not finished, as where the recorder was killed."""
from collections import Counter
from contextlib import suppress
from io import BytesIO
from pathlib import Path
import struct

from snn_gesture_ros.recordings.connection import Connection, ros2_name

MCAP_START = b'\x89MCAP0\r\n'
CHUNK_OPCODE = 6
CHUNK_HEAD = struct.Struct('<BQQQQII')
"""Opcode, length, times, size and check sum of a chunk; length of its compression's name."""
LARGEST_RECORD = 1 << 30
"""Bytes; more are damage."""
SIZE_BYTES = 8
"""Of the number of compressed bytes, which follows the name."""


class McapFile:
    """
    The messages of a file, as they lie in it.

    Indexes are not used: a message that they do not name is read too.
    """

    def __init__(self, path: Path):
        """
        Read the topics: from the summary, or where that is missing, from the whole file.

        :raises ValueError: if there is no topic before a cut.
        """
        self._path = path
        self._damage = None
        """Why it cannot be read to its end."""
        self._statistics = None
        schemas, channels = self._read_summary()
        statistics = self._statistics
        if statistics is None or len(channels) < statistics.channel_count:
            schemas, channels = self._scan()
        if not channels and self._damage:
            raise ValueError(self._damage)
        counts = {} if statistics is None or self._damage else statistics.channel_message_counts
        is_known = counts or statistics is not None and statistics.message_count == 0
        self.connections = [
            Connection(channel.id, channel.topic,
                       ros2_name(schemas[channel.schema_id].name
                                 if channel.schema_id in schemas else ''),
                       counts.get(channel.id, 0) if is_known else None, channel.message_encoding)
            for channel in channels.values()]

    def messages(self, connections):
        """
        Yield connection, time in nanoseconds and bytes of each message.

        :raises ValueError: after the last message before a cut, or if there are fewer than the
            file says.
        """
        from mcap.records import Message
        wanted = {connection.id: connection for connection in connections}
        read = Counter()
        for record in self._records():
            if isinstance(record, Message) and record.channel_id in wanted:
                read[record.channel_id] += 1
                yield wanted[record.channel_id], record.log_time, record.data
        if self._damage:
            raise ValueError(self._damage)
        for connection in connections:
            if connection.count is not None and read[connection.id] < connection.count:
                raise ValueError(f'{connection.topic} has {connection.count} messages by the '
                                 f'statistics, {read[connection.id]} are there')

    def close(self) -> None:
        """Do nothing: the file is open only while it is read."""

    def _read_summary(self) -> tuple:
        """Return schemas and channels by their numbers, none where there is no summary."""
        from mcap.reader import SeekingReader
        try:
            with self._path.open('rb') as file:
                summary = SeekingReader(file).get_summary()
        except Exception as error:      # damaged bytes lead the library to any
            self._damage = str(error) or type(error).__name__
            return {}, {}
        if summary is None:
            return {}, {}
        self._statistics = summary.statistics
        return summary.schemas, summary.channels

    def _scan(self) -> tuple:
        """Return schemas and channels by their numbers, of the whole file."""
        from mcap.records import Channel, Schema
        schemas, channels = {}, {}
        for record in self._records():
            if isinstance(record, Schema):
                schemas[record.id] = record
            elif isinstance(record, Channel):
                channels[record.id] = record
        return schemas, channels

    def _records(self):
        from mcap.stream_reader import CRCValidationError, StreamReader
        last = b''
        with self._path.open('rb') as file:
            place = 0
            try:
                for record in StreamReader(file, validate_crcs=True,
                                           record_size_limit=LARGEST_RECORD).records:
                    yield record
                    place = file.tell()
            except Exception as error:      # damaged bytes lead the library to any
                self._damage = self._damage or str(error) or type(error).__name__
                if not isinstance(error, CRCValidationError):
                    file.seek(place)
                    last = _unpack_cut_chunk(file)
        with suppress(Exception):
            yield from StreamReader(BytesIO(last), skip_magic=True).records


def _unpack_cut_chunk(file) -> bytes:
    """Return what a chunk without its end holds, as far as that can be unpacked; or nothing."""
    head = file.read(CHUNK_HEAD.size)
    if len(head) < CHUNK_HEAD.size or head[0] != CHUNK_OPCODE:
        return b''
    *_, name_length = CHUNK_HEAD.unpack(head)
    name = file.read(min(name_length, LARGEST_RECORD))
    size = int.from_bytes(file.read(SIZE_BYTES), 'little')
    packed = file.read(min(size, LARGEST_RECORD))
    with suppress(Exception):
        if name == b'zstd':
            import zstandard
            return zstandard.ZstdDecompressor().decompressobj().decompress(packed)
        if name == b'lz4':
            import lz4.frame
            return lz4.frame.LZ4FrameDecompressor().decompress(packed)
        return packed
    return b''
