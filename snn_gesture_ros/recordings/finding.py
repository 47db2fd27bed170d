# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The recordings in a folder."""
from pathlib import Path

from snn_gesture_ros.recordings.rosbag import BAG_FILES

SUFFIXES = (*BAG_FILES, '.npz', '.h5', '.hdf5', '.raw', '.aedat', '.aedat2', '.aedat4')


def is_bag(folder: Path) -> bool:
    """Return whether a folder is a bag, also one without its metadata."""
    return (folder / 'metadata.yaml').exists() or any(
        file.suffix in BAG_FILES for file in folder.iterdir())


def find_recordings(path: Path) -> list:
    """
    Return the recordings below a folder, bags' folders as one, in the order of their names.

    :returns: paths; the path itself where it is a recording.
    """
    if not path.is_dir() or is_bag(path):
        return [path]
    return [found for below in sorted(path.iterdir())
            if below.is_dir() or below.suffix.lower() in SUFFIXES
            for found in find_recordings(below)]
