# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Bags of rosbag2, in sqlite3 or mcap."""
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from snn_gesture_ros.events.message_types import EVENT_TYPES
from snn_gesture_ros.recordings.event_reader import EventReader
from snn_gesture_ros.recordings.recording import Recording, UnreadableRecording


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

    The folder's metadata may be missing, as where the recorder was killed, or may not name the
    storage, as some tools write it.
    """

    file_format = 'rosbag2'

    def __init__(self, path: Path):
        """
        Open the bag.

        :raises UnreadableRecording: if it cannot be opened or has no topic with events.
        """
        self.path = path
        self._readers = []
        with self._explain():
            from rosbags.rosbag2 import Reader
            for part in _parts(path):
                reader = Reader(part)
                reader.open()
                self._readers.append(reader)
            connections = [c for reader in self._readers for c in reader.connections]
        self.topics = {c.topic: c.msgtype for c in connections if c.msgtype in EVENT_TYPES}
        if not self.topics:
            self.close()
            raise UnreadableRecording(f'{path}: the bag has no topic with events')

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
        """Yield the events of each message of a topic, which tells the size of the sensor."""
        topic = self.choose_topic(topic)
        reader = EventReader(self.topics[topic])
        for message in self.messages([topic]):
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

    @contextmanager
    def _explain(self):
        """Turn whatever rosbags raises on a damaged bag into one line."""
        try:
            yield
        except ImportError as error:
            raise UnreadableRecording(
                f'{self.path}: to read bags, pip install rosbags ({error})') from None
        except UnreadableRecording:
            raise
        except Exception as error:
            self.close()
            reason = ' '.join(str(error).split()) or type(error).__name__
            raise UnreadableRecording(
                f'{self.path}: cannot read the bag, it may be cut off: {reason}') from error


def _parts(path):
    """Return what to open one after the other: the folder itself if its metadata is complete."""
    if not path.is_dir():
        return [path]
    metadata_path = path / 'metadata.yaml'
    if metadata_path.exists():
        import yaml
        metadata = yaml.safe_load(metadata_path.read_text())['rosbag2_bagfile_information']
        if metadata['storage_identifier']:
            return [path]
        return [path / Path(name).name for name in metadata['relative_file_paths']]
    files = [file for file in path.iterdir() if file.suffix in ('.db3', '.mcap')]
    if not files:
        raise UnreadableRecording(f'{path}: the folder is no bag: it has no .db3 or .mcap file')
    return sorted(files, key=lambda file: (len(file.name), file.name))
