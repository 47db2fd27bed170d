# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
The journal of a recording that is being made: an mcap file, message after message.

It is good to read at any moment: what is flushed is there, even if the process is killed.
"""
from pathlib import Path

from snn_gesture_ros.files import naming

SUFFIX = '.unfinished.mcap'


def journal_of(output: Path) -> Path:
    """Return where the journal of a recording lies: beside it."""
    return output.with_name(output.name + SUFFIX)


def is_journal(path: Path) -> bool:
    """Return whether a file is a recording that was not finished."""
    return path.name.endswith(SUFFIX)


class Journal:
    """Append the messages of one topic."""

    def __init__(self, path: Path, topic: str, message_type: str):
        """
        Begin a file.

        :param message_type: one of EVENT_TYPES.
        :raises OSError: if it cannot be written.
        """
        from mcap.writer import CompressionType, Writer
        from snn_gesture_ros.recordings.definitions import types_of
        definition, _ = types_of(message_type).generate_msgdef(message_type, ros_version=2)
        self._path = path
        self._file = path.open('wb')
        self._writer = Writer(self._file, compression=CompressionType.NONE, use_chunking=False)
        self._writer.start('ros2')
        schema = self._writer.register_schema(message_type, 'ros2msg', definition.encode())
        self._channel = self._writer.register_channel(topic, 'cdr', schema)
        self._last_ns = 0

    def write(self, t_ns: int, data: bytes) -> None:
        """Add a serialized message; its time, that of its arrival, does not go back."""
        self._last_ns = max(self._last_ns, t_ns)
        with naming(self._path):
            self._writer.add_message(self._channel, self._last_ns, data, self._last_ns)

    def flush(self) -> None:
        """Hand everything to the operating system."""
        with naming(self._path):
            self._file.flush()

    def close(self) -> None:
        """Finish the file."""
        with naming(self._path), self._file:
            self._writer.finish()
