# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Convert any recording to npz, HDF5, AEDAT 4, RAW, csv or rosbag2, in little memory.

A file has its name only when it is finished.
"""
from contextlib import closing, contextmanager
import errno
from pathlib import Path
import sqlite3
import tempfile

import numpy as np
from snn_gesture_ros.events.event import EVENT_PACKET_TYPE
from snn_gesture_ros.files import check_regular, naming, put
from snn_gesture_ros.recordings.aedat4 import Aedat4Writer
from snn_gesture_ros.recordings.bag_writer import BagWriter
from snn_gesture_ros.recordings.hdf5 import Hdf5Writer
from snn_gesture_ros.recordings.npz import NpzWriter
from snn_gesture_ros.recordings.prophesee_raw import RawWriter
from snn_gesture_ros.recordings.recording import find_sensor_size, Recording, UnreadableRecording
from snn_gesture_ros.recordings.rosbag import BAG_FILES
from snn_gesture_ros.recordings.text import CsvWriter

WRITERS = {'.npz': NpzWriter, '.h5': Hdf5Writer, '.hdf5': Hdf5Writer, '.aedat4': Aedat4Writer,
           '.raw': RawWriter, '.csv': CsvWriter}
BAG_SUFFIXES = ('', *BAG_FILES)
SIZED_SUFFIXES = (*BAG_SUFFIXES, '.aedat4', '.raw')
"""Suffixes of formats that need the resolution of the sensor."""
TOPIC = '/event_camera/events'
BATCH = 1 << 16
"""At least so many events are written at once."""


def check_suffix(output: Path) -> None:
    """
    Refuse a name whose suffix is not that of a format.

    :raises ValueError: with the suffixes that are.
    """
    if output.suffix not in (*WRITERS, *BAG_SUFFIXES):
        raise ValueError(f'{output}: the suffix {output.suffix} is none of '
                         f'{", ".join((*WRITERS, *BAG_SUFFIXES[1:]))}; without one it is the '
                         'folder of a bag')


class Conversion:
    """
    A recording's events, written in the format of the output's suffix.

    Times, coordinates and polarities stay as they are, and so does the order. Triggers are not
    events: only messages that are copied keep them.
    """

    def __init__(self, recording: Recording, output: Path, topic=None, message_type=None):
        """
        Check that the conversion is possible.

        :param topic: of a bag; needed where it has several with events.
        :param message_type: one of EVENT_TYPES, for a bag that is written; by default that of the
            bag that is read, else EventPacket. Messages that have the type are copied as they are.
        :raises ValueError: if the suffix names no format or the topic is not clear.
        """
        check_suffix(output)
        self._recording, self._output = recording, output
        self._topic = recording.choose_topic(topic)
        self._type = message_type or recording.topics.get(self._topic, EVENT_PACKET_TYPE)
        self.copies = (output.suffix in BAG_SUFFIXES
                       and self._type == recording.topics.get(self._topic))
        """Whether messages are copied."""

    def steps(self, replace: bool = False):
        """
        Write the output, and of a damaged recording what comes before.

        :param replace: whether an output that is there may go.
        :returns: a generator of 0, and then of how many messages are copied, or events written.
        :raises ValueError: if the output cannot be written, or at the end if the recording is
            damaged.
        """
        damage = None
        with unfinished(self._output, replace) as path, closing(self._make_writer(path)) as writer:
            yield 0
            try:
                yield from self._copy(writer) if self.copies else self._write(writer)
            except UnreadableRecording as error:
                damage = error
        if damage:
            raise damage

    def _copy(self, writer):
        for message in self._recording.messages([self._topic]):
            writer.write_message(message.t_ns, message.data)
            yield 1

    def _write(self, writer):
        for events in _batched(self._recording.events(self._topic)):
            writer.write(events)
            yield len(events)

    def _make_writer(self, path):
        recording, to_bag = self._recording, path.suffix in BAG_SUFFIXES
        if self.copies:
            return BagWriter(path, self._topic, self._type)
        if path.suffix in SIZED_SUFFIXES or recording.topics:
            size = find_sensor_size(recording, self._topic)
        else:
            size = recording.width or None, recording.height or None
        if to_bag:
            topic = self._topic if recording.topics else TOPIC
            return BagWriter(path, topic, self._type, *size)
        return WRITERS[path.suffix](path, *size)


def _batched(arrays):
    """Join arrays of EVENT to some of BATCH or more; yield those before a damage first."""
    held, count, damage = [], 0, None
    try:
        for events in arrays:
            held.append(events)
            count += len(events)
            if count >= BATCH:
                yield np.concatenate(held)
                held, count = [], 0
    except UnreadableRecording as error:
        damage = error
    if count:
        yield np.concatenate(held)
    if damage:
        raise damage


@contextmanager
def unfinished(path: Path, replace: bool = False):
    """
    Yield the path under which a new file or folder is written; at the end it is moved to its own.

    Where the writing fails or is interrupted, nothing is left and what was there stays.

    :param replace: whether a file, or a bag's folder, that is there may go.
    :raises ValueError: if something is there that may not.
    :raises OSError: if it cannot be written, with the name.
    """
    check_free(path, replace)
    with naming(path), tempfile.TemporaryDirectory(
            prefix=f'.{path.name}-', dir=path.parent) as folder:
        made = Path(folder) / path.name
        try:
            yield made
        except sqlite3.Error as error:      # of a bag's writer, as where the disk is full
            raise OSError(errno.EIO, str(error), str(path)) from None
        put(made, path)


def check_free(path: Path, replace: bool = False) -> None:
    """
    Refuse a place where something is that may not go.

    :raises ValueError: with what is there.
    :raises OSError: if it is a FIFO or a device.
    """
    check_regular(path)
    if not path.exists():
        return
    if not replace:
        raise ValueError(f'{path} is there already; --force replaces it')
    if path.is_dir() and any(file.suffix not in ('.yaml', *BAG_FILES) for file in path.iterdir()):
        raise ValueError(f'{path}: the folder has other files than those of a bag; choose another')
