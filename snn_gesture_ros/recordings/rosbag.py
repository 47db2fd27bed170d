# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Bags: folders and files of rosbag2, in sqlite3 or mcap, and bags of ROS 1."""
from contextlib import contextmanager
from pathlib import Path
import re
import tempfile
from typing import NamedTuple

from snn_gesture_ros.events.event import EVENT_TYPES
from snn_gesture_ros.recordings.compression import unpack, ZSTD
from snn_gesture_ros.recordings.connection import CDR, ROS1
from snn_gesture_ros.recordings.mcap_file import MCAP_START, McapFile
from snn_gesture_ros.recordings.recording import (
    Recording, SEEK_MARGIN_US, UnreadableRecording)
from snn_gesture_ros.recordings.ros1_bag import as_cdr, ROS1_START, Ros1Bag
from snn_gesture_ros.recordings.sqlite_file import JOURNAL, SQLITE_START, SqliteFile
from snn_gesture_ros.recordings.stored_messages import EventReader

BAG_FILES = ('.db3', '.mcap')
"""Suffixes of its files."""
ZSTD_START = b'\x28\xb5\x2f\xfd'
"""Of a file that is compressed, and of a message; no serialized message begins so."""
ZSTD_SUFFIX = '.zstd'
BAG_STARTS = (SQLITE_START, MCAP_START, ROS1_START, ZSTD_START)


def bag_file_name(path: Path):
    """Return the name of a bag's file, without the suffix of its compression; else None."""
    name = path.name.removesuffix(ZSTD_SUFFIX)
    return name if name.endswith(BAG_FILES) else None


class Message(NamedTuple):
    """A message as it was recorded."""

    topic: str
    message_type: str
    t_ns: int
    """When it was recorded."""
    data: bytes
    """Its serialized bytes."""


class Bag(Recording):
    """
    A folder of rosbag2, one of its files, or a bag of ROS 1, whose messages become those of ROS 2.

    The folder's metadata may be missing, as where the recorder was killed, or wrong: it is only
    used for the order of the files. What rosbag2 has compressed, files or messages, is unpacked.
    Of a file that is cut off, what is before the cut is read.
    """

    file_format = 'rosbag2'

    def __init__(self, path: Path):
        """
        Open the bag.

        :raises UnreadableRecording: if it cannot be opened or has no topic with events.
        """
        self.path = path
        self._readers = []
        self._unpacked = None
        """Folder of unpacked files."""
        with self._closing_on_error():
            with self._explain():
                self._open()
            self.contents = self._count_messages()
            self._find_topics()

    def messages(self, topics=None, start_ns=None):
        """
        Yield each `Message` of the topics with events, in the order of recording.

        :param topics: only these.
        :param start_ns: messages that were recorded before may be left out; None for all.
        :raises UnreadableRecording: if the bag is damaged.
        """
        wanted = self.topics if topics is None else topics
        latest_ns = late = 0
        with self._explain():
            for reader in self._readers:
                connections = [c for c in reader.connections if c.topic in wanted]
                if not connections:
                    continue
                for connection, t_ns, data in reader.messages(connections, start_ns):
                    late += t_ns < latest_ns
                    latest_ns = max(latest_ns, t_ns)
                    if data[:len(ZSTD_START)] == ZSTD_START:
                        data = _unpack_message(data)
                    if connection.serialization == ROS1:
                        data = as_cdr(data, connection.message_type)
                    yield Message(connection.topic, connection.message_type, t_ns, data)
        if late:
            self.add_note(f'{late} messages are older than one before them; without an index the '
                          'messages are read in the order of the file')

    def events(self, topic=None):
        """
        Yield the events of each message of a topic; messages have the size of the sensor.

        :raises UnreadableRecording: if the bag is damaged, no message can be read, or the topic
            is not clear.
        """
        topic = self.choose_topic(topic)
        reader = EventReader(self.topics[topic])
        yield from self._read_events(topic, reader)
        if reader.malformed and reader.malformed == reader.messages:
            raise UnreadableRecording(
                f'{self.path}: no message can be read: {reader.malformed_reason}')

    def events_from(self, start_us: int, topic=None):
        """
        Yield the events of the messages from about a camera time on; see `Recording`.

        The first message with events shows how far the camera's clock is from the recorder's.
        EVT needs all messages before, which have the upper bits of the times.
        """
        topic = self.choose_topic(topic)
        reader = EventReader(self.topics[topic])
        for message in self.messages([topic]):
            events = reader.read(message.data)
            if len(events):
                break
        else:
            return
        if not (reader.encoding or '').startswith('evt'):
            start_ns = message.t_ns + 1000 * (start_us - SEEK_MARGIN_US - int(events['t'][0]))
            found = self._read_events(topic, EventReader(self.topics[topic]), start_ns)
            first = next((events for events in found if len(events)), None)
            if first is not None and first['t'][0] < start_us:
                yield first
                yield from found
                return
        yield from self.events(topic)

    def _read_events(self, topic, reader, start_ns=None):
        for message in self.messages([topic], start_ns):
            events = reader.read(message.data)
            self.width, self.height = reader.width, reader.height
            yield events

    def choose_topic(self, topic=None) -> str:
        """
        Return the topic, or the only one if it is None.

        :raises UnreadableRecording: if it has no events, or if there are several.
        """
        known = ', '.join(sorted(self.topics))
        if topic is None and len(self.topics) > 1:
            raise UnreadableRecording(
                f'{self.path}: several topics have events, choose one: {known}')
        if topic is not None and topic not in self.topics:
            raise UnreadableRecording(
                f'{self.path}: {topic} has no events; these topics have: {known}')
        return topic or next(iter(self.topics))

    def close(self) -> None:
        """Close the files of the bag."""
        for reader in self._readers:
            reader.close()
        self._readers = []
        if self._unpacked is not None:
            self._unpacked.cleanup()
            self._unpacked = None

    def _open(self):
        """Make a reader of each file."""
        if not self.path.is_dir():
            self._readers.append(self._open_file(self.path))
            if isinstance(self._readers[0], Ros1Bag):
                self.file_format = 'ROS 1 bag'
            return
        described = _read_metadata(self.path)
        for file in self._files(described):
            self._readers.append(self._open_file(file))
        topics = {connection.topic: connection.message_type for reader in self._readers
                  for connection in reader.connections
                  if connection.message_type in EVENT_TYPES}
        if (self.path / 'metadata.yaml').exists() and not (
                described and all(file.exists() for file in described.files)
                and topics.items() <= described.topics.items()):
            self.add_note('metadata.yaml is damaged or of another bag; the files themselves are '
                          'read')

    def _files(self, described) -> list:
        """
        Return the files of the folder in the order of time.

        :param described: _Metadata of the folder, or None.
        """
        named = described.files if described else []
        found = {}
        for file in self.path.iterdir():
            bare = bag_file_name(file)
            # Of one that was being compressed the whole one counts.
            if bare and (bare == file.name or bare not in found):
                found[bare] = file
        if not found:
            raise UnreadableRecording(
                f'{self.path}: {", ".join(file.name for file in named)} of the bag is missing'
                if named else f'{self.path}: the folder is not a bag: it has no .db3 or .mcap '
                'file')
        others = sorted(file.name for file in found.values() if file not in named)
        if named and all(file.exists() for file in named):
            if others:
                self.add_note(f'metadata.yaml does not name {", ".join(others)}, which '
                              f'{"are" if len(others) > 1 else "is"} not read')
            return named
        files = [found[bare] for bare in sorted(found, key=lambda bare: (len(bare), bare))]
        numbers = [re.search(r'_(\d+)\.\w+$', bare) for bare in found]
        if all(numbers):
            there = {int(number[1]) for number in numbers}
            missing = sorted({*range(max(there) + 1)} - there)
            if missing:
                self.add_note(f'the files with the numbers {", ".join(map(str, missing))} are '
                              'missing')
        return files

    def _open_file(self, path: Path):
        """
        Return the reader of a file.

        :raises UnreadableRecording: if it is not a file of a bag.
        """
        with path.open('rb') as file:
            start = file.read(len(SQLITE_START))
        if start.startswith(ZSTD_START):
            return self._open_file(self._unpack(path))
        if start.startswith(MCAP_START):
            return McapFile(path)
        if start.startswith(ROS1_START):
            reader = Ros1Bag(path)
            if not reader.is_finished:
                self.add_note('the recorder did not finish the bag; what it has written is read')
            return reader
        if path.suffix == BAG_FILES[0] or start.startswith(SQLITE_START):
            reader = SqliteFile(path)
            if reader.has_journal:
                self.add_note(f'{path.name}{JOURNAL} is beside it, as where the recorder was '
                              'killed or still runs; what is in it is read too')
            return reader
        raise UnreadableRecording(f'{self.path}: {path.name} is not of a bag; if it was packed, '
                                  'unpack it, and name what is in it')

    def _unpack(self, path: Path) -> Path:
        """Return the unpacked file of a compressed one, which lasts until the bag is closed."""
        import zstandard
        if self._unpacked is None:
            self._unpacked = tempfile.TemporaryDirectory(prefix='snn_gesture-')
        unpacked = Path(self._unpacked.name) / path.name.removesuffix(ZSTD_SUFFIX)
        with path.open('rb') as packed, unpacked.open('wb') as file:
            try:
                zstandard.ZstdDecompressor().copy_stream(packed, file)
            except zstandard.ZstdError as error:
                self.add_note(f'{path.name} cannot be unpacked to its end: {error}')
        return unpacked

    def _count_messages(self) -> dict:
        """Return type and number of messages by topic."""
        contents = {}
        for reader in self._readers:
            for connection in reader.connections:
                _, count = contents.get(connection.topic, ('', 0))
                known = count is not None and connection.count is not None
                contents[connection.topic] = (
                    connection.message_type, count + connection.count if known else None)
        return contents

    def _find_topics(self):
        """Keep the topics with events that can be read."""
        serialized = {connection.topic: connection.serialization for reader in self._readers
                      for connection in reader.connections}
        for topic, (message_type, _) in self.contents.items():
            if message_type not in EVENT_TYPES:
                continue
            if serialized[topic] not in (CDR, ROS1):
                self.add_note(f'{topic} is serialized as {serialized[topic]}, which is not read')
                continue
            self.topics = {**self.topics, topic: message_type}
        if not self.topics:
            others = ', '.join(f'{topic} ({message_type})' for topic, (message_type, _)
                               in sorted(self.contents.items()))
            raise UnreadableRecording('; '.join(self.notes) or (
                f'{self.path}: the bag has no topic with events, only {others or "nothing"}'))

    @contextmanager
    def _explain(self):
        """Turn whatever rosbags raises on a damaged bag into one line."""
        try:
            yield
        except ImportError as error:
            raise UnreadableRecording(f'{self.path}: to read such a bag, pip install '
                                      f'{(error.name or "mcap").partition(".")[0]} ({error})'
                                      ) from None
        except UnreadableRecording:
            raise
        except Exception as error:
            reason = ' '.join(str(error).split()).rstrip('.') or type(error).__name__
            raise UnreadableRecording(
                f'{self.path}: cannot read the bag, it may be cut off: {reason}') from error


def _unpack_message(data: bytes) -> bytes:
    """Return a message that rosbag2 has compressed, or the same bytes where they are damaged."""
    try:
        return unpack(data, ZSTD)
    except ValueError:
        return data


class _Metadata(NamedTuple):
    """Content of metadata.yaml."""

    files: list
    topics: dict
    """Message type by topic."""


def _read_metadata(folder):
    """Return the _Metadata of a folder, or None where it has none that can be used."""
    import yaml
    try:
        described = yaml.safe_load((folder / 'metadata.yaml').read_text())[
            'rosbag2_bagfile_information']
        topics = [each['topic_metadata'] for each in described['topics_with_message_count']]
        return _Metadata(
            [folder / Path(name).name for name in described['relative_file_paths']],
            {topic['name']: topic['type'] for topic in topics})
    except (OSError, yaml.YAMLError, AttributeError, KeyError, RecursionError, TypeError,
            ValueError):
        return None
