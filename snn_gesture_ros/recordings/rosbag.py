# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Bags of rosbag2, in sqlite3 or mcap."""
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from snn_gesture_ros.events.message_types import EVENT_TYPES
from snn_gesture_ros.recordings.cut_mcap import CutMcap
from snn_gesture_ros.recordings.cut_sqlite import CutSqlite
from snn_gesture_ros.recordings.event_reader import EventReader
from snn_gesture_ros.recordings.recording import Recording, UnreadableRecording

BAG_FILES = ('.db3', '.mcap')
"""Suffixes of its files."""


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
    A folder of rosbag2, or one of its files.

    The folder's metadata may be missing, as where the recorder was killed, or wrong: it only
    gives the order of the files and, where they are compressed, how. Of a file that is cut off,
    what is before the cut is read.
    """

    file_format = 'rosbag2'

    def __init__(self, path: Path):
        """
        Open the bag.

        :raises UnreadableRecording: if it cannot be opened or has no topic with events.
        """
        self.path = path
        self._readers = []
        try:
            with self._explain():
                described = _read_metadata(path)
                self._readers.extend(_open(path, described))
        except BaseException:
            self.close()
            raise
        connections = [c for reader in self._readers for c in reader.connections]
        self.contents = _count_messages(connections)
        self.topics = {topic: message_type for topic, (message_type, _) in self.contents.items()
                       if message_type in EVENT_TYPES}
        if not self.topics:
            self.close()
            others = ', '.join(f'{topic} ({message_type})'
                               for topic, (message_type, _) in sorted(self.contents.items()))
            raise UnreadableRecording(
                f'{path}: the bag has no topic with events, only {others or "nothing"}')
        if (path / 'metadata.yaml').exists() and not (
                described and all(file.exists() for file in described.files)
                and self.topics.items() <= described.topics.items()):
            self.notes = (f'{path}: metadata.yaml is damaged or of another bag; what is told is '
                          'of the files themselves',)

    def messages(self, topics=None):
        """
        Yield each `Message` of the topics with events, in the order of recording.

        :param topics: only these.
        :raises UnreadableRecording: if the bag is damaged.
        """
        wanted = self.topics if topics is None else topics
        with self._explain():
            for reader in self._readers:
                connections = [c for c in reader.connections if c.topic in wanted]
                if not connections:
                    continue
                for connection, t_ns, data in reader.messages(connections):
                    yield Message(connection.topic, connection.msgtype, t_ns, data)

    def events(self, topic=None):
        """
        Yield the events of each message of a topic, which tells the size of the sensor.

        :raises UnreadableRecording: if the bag is damaged, no message can be read, or the topic
            is not clear.
        """
        topic = self.choose_topic(topic)
        reader = EventReader(self.topics[topic])
        for message in self.messages([topic]):
            events = reader.read(message.data)
            self.width, self.height = reader.width, reader.height
            yield events
        if reader.malformed and reader.malformed == reader.messages:
            raise UnreadableRecording(
                f'{self.path}: no message can be read: {reader.malformed_reason}')

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

    @contextmanager
    def _explain(self):
        """Turn whatever rosbags raises on a damaged bag into one line."""
        try:
            yield
        except ImportError as error:
            raise UnreadableRecording(
                f'{self.path}: to read bags, pip install rosbags mcap ({error})') from None
        except UnreadableRecording:
            raise
        except Exception as error:
            reason = ' '.join(str(error).split()).rstrip('.') or type(error).__name__
            raise UnreadableRecording(
                f'{self.path}: cannot read the bag, it may be cut off: {reason}') from error


def _count_messages(connections) -> dict:
    """Return type and number of messages by topic."""
    contents = {}
    for connection in connections:
        _, count = contents.get(connection.topic, ('', 0))
        known = count is not None and connection.msgcount is not None
        contents[connection.topic] = (
            connection.msgtype, count + connection.msgcount if known else None)
    return contents


def _open(path, described):
    """
    Yield readers of a folder or a file, to be read one after the other.

    :param described: _Metadata of the folder, or None.
    """
    from rosbags.rosbag2 import Reader, ReaderError
    if path.is_dir() and not (described and described.is_compressed):
        for file in _files(path, described):
            yield from _open(file, None)
        return
    try:
        reader = Reader(path)
        reader.open()
    except ReaderError as error:
        if path.suffix == '.mcap':
            reader = CutMcap(path, str(error))
        elif path.suffix == '.db3':
            reader = CutSqlite(path, str(error))
        else:
            raise
    yield reader


def _files(folder, described) -> list:
    """Return the files of a folder in the order of time."""
    named = described.files if described else []
    if named and all(file.exists() for file in named):
        return named
    files = [file for file in folder.iterdir() if file.suffix in BAG_FILES]
    if not files:
        raise UnreadableRecording(
            f'{folder}: {", ".join(file.name for file in named)} of the bag is missing' if named
            else f'{folder}: the folder is no bag: it has no .db3 or .mcap file')
    return sorted(files, key=lambda file: (len(file.name), file.name))


class _Metadata(NamedTuple):
    """What metadata.yaml says of a bag."""

    files: list
    topics: dict
    """Message type by topic."""
    is_compressed: bool
    """By rosbag2, not by its storage: the files alone are not enough then."""


def _read_metadata(folder):
    """Return the _Metadata of a folder, or None where it has none that can be used."""
    import yaml
    try:
        described = yaml.safe_load((folder / 'metadata.yaml').read_text())[
            'rosbag2_bagfile_information']
        topics = [each['topic_metadata'] for each in described['topics_with_message_count']]
        return _Metadata(
            [folder / Path(name).name for name in described['relative_file_paths']],
            {topic['name']: topic['type'] for topic in topics},
            (described.get('compression_mode') or 'none').lower() != 'none')
    except (OSError, yaml.YAMLError, AttributeError, KeyError, RecursionError, TypeError,
            ValueError):
        return None
