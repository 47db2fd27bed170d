# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The recordings in a folder."""
from pathlib import Path
import re

from snn_gesture_ros.recordings.rosbag import BAG_FILES

SUFFIXES = (*BAG_FILES, '.npz', '.h5', '.hdf5', '.raw', '.aedat', '.aedat2', '.aedat4')


def is_bag(folder: Path) -> bool:
    """
    Return whether a folder is one bag.

    Without its metadata it is one if its files are numbered from 0 as a recorder names them,
    NAME_0, NAME_1; others are bags of their own.
    """
    if (folder / 'metadata.yaml').exists():
        return True
    stems = [file.stem for file in folder.iterdir() if file.suffix in BAG_FILES]
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
            and (below.is_dir() or below.suffix.lower() in SUFFIXES)
            for found in find_recordings(below)]
