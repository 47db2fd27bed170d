# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The recordings in a folder."""
from pathlib import Path
import re

from snn_gesture_ros.recordings.rosbag import bag_file_name, BAG_FILES
from snn_gesture_ros.recordings.text import file_holds_text

SUFFIXES = (*BAG_FILES, '.bag', '.active', '.npz', '.npy', '.h5', '.hdf5', '.raw', '.dat',
            '.aedat', '.aedat2', '.aedat4')
TEXT_SUFFIXES = ('.txt', '.csv', '.gz')
"""Of files that are recordings only if they hold events: tables of labels are such, too."""


def is_bag(folder: Path) -> bool:
    """
    Return whether a folder is one bag.

    Without its metadata it is one if its files are numbered from 0 as a recorder names them,
    NAME_0, NAME_1; others are bags of their own.
    """
    if (folder / 'metadata.yaml').exists():
        return True
    stems = [Path(name).stem for name in map(bag_file_name, folder.iterdir()) if name]
    name = re.sub(r'_\d+$', '', stems[0]) if stems else ''
    return bool(stems) and {*stems} == {f'{name}_{number}' for number in range(len(stems))}


def find_recordings(path: Path) -> list:
    """
    Return the recordings below a folder, bags' folders as one, in the order of their names.

    :returns: paths; the path itself where it is a recording.
    """
    if not path.is_dir() or is_bag(path):
        return [path]
    return [found for below in sorted(path.iterdir()) if not below.name.startswith('.')
            and (below.is_dir() or below.suffix.lower() in SUFFIXES or bag_file_name(below)
                 or below.suffix.lower() in TEXT_SUFFIXES and file_holds_text(below))
            for found in find_recordings(below)]
