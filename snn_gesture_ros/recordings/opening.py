# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Opening: which format a recording has, as its contents tell."""
from pathlib import Path

from snn_gesture_ros.files import check_regular
from snn_gesture_ros.recordings.aedat2 import Aedat2, AEDAT2_START
from snn_gesture_ros.recordings.aedat31 import Aedat31, AEDAT31_START
from snn_gesture_ros.recordings.aedat4 import Aedat4
from snn_gesture_ros.recordings.hdf5 import Hdf5, HDF5_START
from snn_gesture_ros.recordings.npz import Npz
from snn_gesture_ros.recordings.prophesee_raw import PropheseeRaw, RAW_START
from snn_gesture_ros.recordings.recording import Recording, UnreadableRecording
from snn_gesture_ros.recordings.rosbag import Bag

BAG_STARTS = (b'SQLite format 3\0', b'\x89MCAP0\r\n')
AEDAT4_START = b'#!AER-DAT4.0'
AEDAT4_HEADER = b'IOHE'
"""Identifier of the header, after the start, a line end and two lengths."""
NPZ_START = b'PK\x03\x04'
START_BYTES = 26
FORMATS = {AEDAT2_START: Aedat2, AEDAT31_START: Aedat31, HDF5_START: Hdf5, NPZ_START: Npz,
           RAW_START: PropheseeRaw}
"""The other formats by what their files start with."""


def open_recording(path) -> Recording:
    """
    Open a recording of any format, which its contents tell.

    :raises UnreadableRecording: if it is none, is damaged, or a library to read it is missing.
    :raises OSError: if there is no such file, it may not be read, or it is a FIFO or a device.
    """
    path = Path(path)
    for each in (path, *(path.iterdir() if path.is_dir() else ())):
        check_regular(each)
    if path.is_dir():
        start = BAG_STARTS[0]
    else:
        with path.open('rb') as file:
            start = file.read(START_BYTES)
    if not start:
        raise UnreadableRecording(f'{path}: the file is empty')
    if start.startswith(BAG_STARTS):
        return Bag(path)
    for format_start, open_format in FORMATS.items():
        if start.startswith(format_start):
            return open_format(path)
    if start.startswith(AEDAT4_START) and start.endswith(AEDAT4_HEADER):
        return Aedat4(path)
    raise UnreadableRecording(f'{path}: no rosbag2, AEDAT, Prophesee RAW, HDF5 or npz file')
