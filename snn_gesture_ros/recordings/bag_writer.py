# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Bags of rosbag2 that `ros2 bag play` and this package read."""
from pathlib import Path
import shutil

import numpy as np
from snn_gesture_ros.events.cdr import encode_event_array, encode_event_packet, EventPacketMessage
from snn_gesture_ros.events.encoders import encode_mono
from snn_gesture_ros.events.event import EVENT_PACKET_TYPES
from snn_gesture_ros.files import naming
from snn_gesture_ros.recordings.connection import types_of
from snn_gesture_ros.recordings.rosbag import BAG_FILES

BATCH_US = 1000
"""Camera time of one message, as drivers send them."""
END_US = (1 << 31) * 1_000_000
"""The seconds of a message's time have 31 bits."""
MAX_Y = (1 << 15) - 1
VERSION = 8
"""Of rosbag2's metadata; Humble does not read how later ones store the QoS."""
FRAME_ID = 'camera'
SUFFIX = '.unfinished.mcap'
"""Of a recording that is not finished."""


class BagWriter:
    """Write one topic of events: a folder, or one file of it where the path has its suffix."""

    def __init__(self, path: Path, topic: str, message_type: str, width=None, height=None):
        """
        Create the file or folder.

        :param path: a folder, or a file with the suffix .mcap or .db3.
        :param message_type: one of EVENT_TYPES.
        :param width: of the sensor in pixels, like the height; needed by `write` alone.
        """
        from rosbags.rosbag2 import StoragePlugin, Writer
        self._path = path
        plugin = StoragePlugin.SQLITE3 if path.suffix == '.db3' else StoragePlugin.MCAP
        self._folder = path.with_suffix('') if path.suffix in BAG_FILES else path
        self._writer = Writer(self._folder, version=VERSION, storage_plugin=plugin)
        self._writer.open()
        self._connection = self._writer.add_connection(
            topic, message_type, typestore=types_of(message_type))
        self._size = height, width
        self._is_packet = message_type in EVENT_PACKET_TYPES
        self._messages = 0
        self._last_ns = 0

    def write(self, events: np.ndarray) -> None:
        """
        Add EVENT[n] as messages of BATCH_US or less.

        :raises ValueError: if a time or a coordinate does not fit into a message.
        """
        if not len(events):
            return
        times_us = events['t']
        if times_us.min() < 0 or times_us.max() >= END_US:
            raise ValueError(f'times from {times_us.min()} to {times_us.max()} us do not fit into '
                             'messages, which have 0 s to 2^31 s')
        if events['y'].max() > MAX_Y:
            raise ValueError(f'y up to {events["y"].max()} does not fit into messages')
        starts = np.flatnonzero(np.diff(times_us // BATCH_US)) + 1
        for part in np.split(events, starts):
            t_ns = int(part['t'].min()) * 1000
            self._last_ns = max(self._last_ns, int(part['t'].max()) * 1000)
            self.write_message(self._last_ns, self._encode(part, t_ns))

    def write_message(self, t_ns: int, data: bytes) -> None:
        """Add a serialized message as it is."""
        self._writer.write(self._connection, t_ns, data)
        self._messages += 1

    def close(self) -> None:
        """Write the index and the metadata."""
        self._writer.close()
        if self._path != self._folder:
            next(self._folder.glob(f'*{self._path.suffix}')).rename(self._path)
            shutil.rmtree(self._folder)

    def _encode(self, events, t_ns):
        if self._is_packet:
            return encode_event_packet(EventPacketMessage(
                t_ns, FRAME_ID, *self._size, self._messages, t_ns, 'mono', False,
                encode_mono(events, t_ns)))
        return encode_event_array(events, t_ns, FRAME_ID, *self._size)


def journal_of(output: Path) -> Path:
    """Return the path of the journal of a recording, in the same folder."""
    return output.with_name(output.name + SUFFIX)


def is_journal(path: Path) -> bool:
    """Return whether a file is a recording that was not finished."""
    return path.name.endswith(SUFFIX)


class Journal:
    """Append the messages of one topic."""

    def __init__(self, path: Path, topic: str, message_type: str):
        """
        Create the file.

        :param message_type: one of EVENT_TYPES.
        :raises OSError: if it cannot be written.
        """
        from mcap.writer import CompressionType, Writer
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
