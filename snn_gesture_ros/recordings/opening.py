# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Open a recording: its contents, not its name, show the format."""
from functools import partial
from pathlib import Path
import re
import zipfile
import zlib

from snn_gesture_ros.files import check_regular
from snn_gesture_ros.recordings.aedat2 import AEDAT1_START, Aedat2, AEDAT2_START
from snn_gesture_ros.recordings.aedat31 import Aedat31, AEDAT31_START
from snn_gesture_ros.recordings.aedat4 import Aedat4, AEDAT4_START
from snn_gesture_ros.recordings.hdf5 import Hdf5, HDF5_START
from snn_gesture_ros.recordings.npz import Npy, NPY_START, Npz, NPZ_START
from snn_gesture_ros.recordings.prophesee_dat import is_dat, PropheseeDat
from snn_gesture_ros.recordings.prophesee_raw import PropheseeRaw, RAW_START
from snn_gesture_ros.recordings.recording import Recording, UnreadableRecording
from snn_gesture_ros.recordings.rosbag import Bag, bag_file_name, BAG_FILES, BAG_STARTS
from snn_gesture_ros.recordings.text import file_holds_text, GZIP_START, holds_text, is_text, Text

FORMATS = 'rosbag2, ROS 1 bag, AEDAT, Prophesee RAW and DAT, HDF5, npz, npy, text'
"""What can be read, for people."""
START_BYTES = 4096
UNPACK = 'is packed: unpack it, and name what is in it'
NO_EVENTS = 'holds no events: name the recording of the event camera'
FOREIGN = (
    (b'#!AER-DAT3', 'is AEDAT 3.0, of which only 3.1 is read: save it again with jAER or cAER'),
    (b'#!AER-DAT4', 'is AEDAT 4 that is cut off or damaged within its first line'),
    (b'#ROSBAG V1', 'is a ROS 1 bag of version 1: rosbag fix of ROS 1 makes it version 2'),
    (b'Event Stream', 'is Event Stream (.es), which is not read: convert it to csv with faery or '
                      'loris'),
    (b'version https://git-lfs', 'is a pointer of Git LFS, not the file: git lfs pull fetches it'),
    (b'MATLAB 5.0 MAT-file', 'is of MATLAB, which is not read: save t, x, y and p with '
                             'scipy.io.loadmat and numpy.savez'),
    (b'MATLAB 7.3 MAT-file', 'is of MATLAB, which is not read: save t, x, y and p with h5py and '
                             'numpy.savez'),
    (b'BZh', UNPACK), (b'\xfd7zXZ\0', UNPACK), (b"7z\xbc\xaf'\x1c", UNPACK), (b'Rar!', UNPACK),
    (b'PAR1', 'is Parquet, which is not read: save it as csv'),
    (b'\x80', 'is a pickle of Python, which is not read: save t, x, y and p with numpy.savez'),
    (b'<!DOCTYPE', 'is a web page, not a recording: the download went wrong'),
    (b'<html', 'is a web page, not a recording: the download went wrong'),
    (b'%PDF', NO_EVENTS), (b'\x89PNG', NO_EVENTS), (b'\xff\xd8\xff', NO_EVENTS),
    (b'GIF8', NO_EVENTS), (b'RIFF', NO_EVENTS), (b'\x1aE\xdf\xa3', NO_EVENTS),
    (b'\0\0\0\x18ftyp', NO_EVENTS), (b'\0\0\0\x1cftyp', NO_EVENTS), (b'\0\0\0 ftyp', NO_EVENTS),
)
"""Other files that people have, by their first bytes, and what to do with them."""
TAR_PLACE, TAR = 257, b'ustar'

SUFFIXES = (*BAG_FILES, '.bag', '.active', '.npz', '.npy', '.h5', '.hdf5', '.raw', '.dat',
            '.aedat', '.aedat2', '.aedat4')
TEXT_SUFFIXES = ('.txt', '.csv', '.gz')
"""Of files that are recordings only if they hold events: tables of labels are such, too."""


def open_recording(path, encoding=None, size=None) -> Recording:
    """
    Open a recording of any format.

    :param encoding: of a file of Prophesee's that has no header: evt2, evt21 or evt3.
    :param size: width and height of the sensor, where the file does not have it.
    :raises UnreadableRecording: if it is not a recording, is damaged, or a library is missing.
    :raises OSError: if there is no such file, it may not be read, or it is a FIFO or a device.
    """
    path = Path(path)
    for each in (path, *(path.iterdir() if path.is_dir() else ())):
        check_regular(each)
    recording = _find_format(path, encoding, size)(path)
    if size:
        recording.set_size(size)
    return recording


def _find_format(path, encoding, size):
    """Return the class, or function, that opens a path."""
    if path.is_dir():
        return Bag
    with path.open('rb') as file:
        start = file.read(START_BYTES)
    if not start:
        raise UnreadableRecording(f'{path}: the file is empty')
    if start.startswith(BAG_STARTS):
        return Bag
    if is_dat(start):
        return PropheseeDat
    if start.startswith(RAW_START) and holds_text(start):
        return Text
    for format_start, open_format in (
            (AEDAT1_START, partial(Aedat2, size=size)), (AEDAT2_START, partial(Aedat2, size=size)),
            (AEDAT31_START, Aedat31), (AEDAT4_START, Aedat4), (HDF5_START, Hdf5),
            (NPY_START, Npy), (RAW_START, partial(PropheseeRaw, encoding=encoding))):
        if start.startswith(format_start):
            return open_format
    if start.startswith(NPZ_START):
        _refuse_other_archives(path)
        return Npz
    if start.startswith(GZIP_START) and holds_text(_gunzip(start)) or holds_text(start):
        return Text
    for foreign_start, what in FOREIGN:
        if start.startswith(foreign_start):
            raise UnreadableRecording(f'{path}: the file {what}')
    if start.startswith(GZIP_START) or start[TAR_PLACE:].startswith(TAR):
        raise UnreadableRecording(f'{path}: the file {UNPACK}')
    if is_text(start):
        raise UnreadableRecording(f'{path}: the file is text without events: a line has t x y p, '
                                  'or a header names such columns')
    if encoding:
        return partial(PropheseeRaw, encoding=encoding)
    raise UnreadableRecording(
        f'{path}: the file is of no format that is read ({FORMATS}); if it is raw data '
        'of a Prophesee sensor without a header, give the --encoding (evt2, evt21 or evt3)')


def _gunzip(start: bytes) -> bytes:
    """Return what the start of a gzip file holds, as far as that can be unpacked."""
    try:
        return zlib.decompressobj(wbits=31).decompress(start)
    except zlib.error:
        return b''


def _refuse_other_archives(path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError):
        return      # its reader reports the damage
    if any(name.endswith('data.pkl') for name in names):
        raise UnreadableRecording(f'{path}: the file is a checkpoint of torch, not a recording')
    if names and not any(name.endswith('.npy') for name in names):
        raise UnreadableRecording(f'{path}: the file {UNPACK}')


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
