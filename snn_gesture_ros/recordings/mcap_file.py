# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Mcap files, also those that were not finished, as where the recorder was killed."""
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from io import BytesIO
from pathlib import Path
import struct

from snn_gesture_ros.recordings.compression import unpack
from snn_gesture_ros.recordings.connection import Chunks, Connection, in_time_order, ros2_name

MCAP_START = b'\x89MCAP0\r\n'
CHUNK_OPCODE = 6
CHUNK_HEAD = struct.Struct('<BQQQQII')
"""Opcode, length, times, size and check sum of a chunk; length of its compression's name."""
MAX_RECORD = 1 << 30
"""Bytes; more are damage."""
SIZE_BYTES = 8
"""Of the number of compressed bytes, which follows the name."""


class McapFile:
    """
    The messages of a file.

    The index serves only to find a time and to bring messages into the order of time: a message
    that it does not name is read too.
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
        self._chunks = Chunks()
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

    def messages(self, connections, start_ns=None):
        """
        Yield connection, time in nanoseconds and bytes of each message, in the order of time.

        Without an index it is the order of the file.

        :param start_ns: messages before may be left out; None for all.
        :raises ValueError: after the last message before a cut, or if there are fewer than the
            statistics count.
        """
        from mcap.records import Message
        wanted = {connection.id: connection for connection in connections}
        place = None if start_ns is None else self._chunks.place_of(start_ns)
        read = Counter()

        def batches():
            for after, records in self._records(place):
                found = [(wanted[record.channel_id], record.log_time, record.data)
                         for record in records
                         if isinstance(record, Message) and record.channel_id in wanted]
                read.update(connection.id for connection, *_ in found)
                yield after, found

        yield from in_time_order(batches(), self._chunks)
        if self._damage:
            raise ValueError(self._damage)
        for connection in connections if place is None else ():
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
        indexes = summary.chunk_indexes
        if summary.statistics is not None and len(indexes) == summary.statistics.chunk_count:
            self._chunks = Chunks(
                (index.chunk_start_offset, index.message_start_time, index.message_end_time)
                for index in indexes if index.message_end_time)     # others are empty
        return summary.schemas, summary.channels

    def _scan(self) -> tuple:
        """Return schemas and channels by their numbers, of the whole file."""
        from mcap.records import Channel, Schema
        schemas, channels = {}, {}
        for _, records in self._records():
            for record in records:
                if isinstance(record, Schema):
                    schemas[record.id] = record
                elif isinstance(record, Channel):
                    channels[record.id] = record
        return schemas, channels

    def _records(self, place=None):
        """
        Yield the place behind each record, and the record in a list; of a chunk, those in it.

        :param place: of the first record; None for the start of the file.
        """
        from mcap.records import Chunk
        from mcap.stream_reader import StreamReader
        last = b''
        with self._path.open('rb') as file:
            after = file.seek(place or 0)
            try:
                for record in StreamReader(
                        file, skip_magic=place is not None, emit_chunks=True, validate_crcs=True,
                        record_size_limit=MAX_RECORD).records:
                    records = _unpack_chunk(record) if isinstance(record, Chunk) else [record]
                    after = file.tell()
                    yield after, records
            except Exception as error:      # damaged bytes lead the library to any
                self._damage = self._damage or str(error) or type(error).__name__
                if not _is_of_check_sum(error):
                    file.seek(after)
                    last = _unpack_cut_chunk(file)
        if last:
            yield after, _read_records(last)


def _unpack_chunk(chunk) -> list:
    """
    Return the records in a chunk.

    :raises ValueError: if it is damaged.
    """
    from mcap.stream_reader import breakup_chunk
    data = unpack(chunk.data, chunk.compression)
    return breakup_chunk(replace(chunk, data=data, compression=''), validate_crc=True)


def _is_of_check_sum(error: Exception) -> bool:
    from mcap.stream_reader import CRCValidationError
    return isinstance(error, CRCValidationError)


def _read_records(data: bytes) -> list:
    """Return the records of a chunk up to its cut."""
    from mcap.stream_reader import StreamReader
    records = []
    with suppress(Exception):
        for record in StreamReader(BytesIO(data), skip_magic=True).records:
            records.append(record)
    return records


def _unpack_cut_chunk(file) -> bytes:
    """Return what a chunk without its end holds, as far as that can be unpacked; or nothing."""
    head = file.read(CHUNK_HEAD.size)
    if len(head) < CHUNK_HEAD.size or head[0] != CHUNK_OPCODE:
        return b''
    *_, name_length = CHUNK_HEAD.unpack(head)
    name = file.read(min(name_length, MAX_RECORD))
    size = int.from_bytes(file.read(SIZE_BYTES), 'little')
    packed = file.read(min(size, MAX_RECORD))
    with suppress(ImportError, ValueError):
        return unpack(packed, name.decode('latin-1'), is_cut=True)
    return b''
