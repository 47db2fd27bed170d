# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The page of formats: every row of it is tried, and there is a row for all that is."""
import io
import re

from event_files import (
    AEDAT31_HEADER, ARRAY, encode_raw, make_array, make_events, polarity_packet, read_all,
    write_bag)
import h5py
import numpy as np
from paths import PROJECT
import pytest
from snn_gesture_ros.command_line.main import main
from snn_gesture_ros.recordings.aedat4 import Aedat4Writer
from snn_gesture_ros.recordings.converting import BAG_SUFFIXES, WRITERS
from snn_gesture_ros.recordings.opening import open_recording
from test_formats import AEDAT2_HEADER
from test_layouts import aedat2_davis, lines, ros1_array, v2e, write_mcap, write_ros1

PAGE = PROJECT / 'docs' / 'reference' / 'formats.md'
SIZE = (346, 260)


def write_sqlite3(path, events):
    write_bag(path, [('/events', ARRAY, make_array(events))])


def write_aedat1(path, events):
    words = np.zeros(len(events), [('address', '>u2'), ('t', '>u4')])
    x, y, p = (events[name].astype(np.int64) for name in 'xyp')
    words['address'], words['t'] = 127 - y << 8 | 127 - x << 1 | 1 - p, events['t']
    path.write_bytes(b'#!AER-DAT1.0\r\n' + words.tobytes())


def write_aedat4(path, events):
    writer = Aedat4Writer(path, *SIZE)
    writer.write(events)
    writer.close()


def write_dat(path, events):
    words = np.zeros((len(events), 2), '<u4')
    words[:, 0] = events['t']
    words[:, 1] = (events['x'] | events['y'].astype(np.uint32) << 14
                   | events['p'].astype(np.uint32) << 28)
    path.write_bytes(b'% Data file containing CD events.\n% Version 2\n\x0c\x08' + words.tobytes())


def npy(events):
    file = io.BytesIO()
    np.save(file, events)
    return file.getvalue()


def write_npz(path, events):
    with path.open('wb') as file:
        np.savez(file, events=events)


def write_hdf5(path, events):
    with h5py.File(path, 'w') as file:
        v2e(file, events)


READ = {
    'rosbag2, sqlite3': write_sqlite3,
    'rosbag2, mcap': lambda path, events: write_mcap(
        path, [('/events', ARRAY, 'cdr', [make_array(events)])]),
    'ROS 1 bag': lambda path, events: write_ros1(path, ARRAY, [ros1_array(events)]),
    'AEDAT 1': write_aedat1,
    'AEDAT 2': lambda path, events: path.write_bytes(
        AEDAT2_HEADER.encode() + b'# AEChip: DAVIS346\r\n' + aedat2_davis(events, *SIZE)),
    'AEDAT 3.1': lambda path, events: path.write_bytes(AEDAT31_HEADER + polarity_packet(events)),
    'AEDAT 4': write_aedat4,
    'Prophesee RAW': lambda path, events: path.write_bytes(encode_raw('evt3', events)),
    'Prophesee DAT': write_dat,
    'HDF5': write_hdf5,
    'npz': write_npz,
    'npy': lambda path, events: path.write_bytes(npy(events)),
    'text': lambda path, events: path.write_text(lines(events, '{s} {x} {y} {p}\n')),
}


def rows(heading):
    """Give the rows of the table under a heading, by their first column."""
    text = PAGE.read_text().split(f'## {heading}\n')[1].split('\n## ')[0]
    table = [re.split(r'\s*\|\s*', line.strip('| ')) for line in text.splitlines()
             if line.startswith('|')]
    return {row[0]: row[1:] for row in table[2:]}


def test_page_has_a_row_for_all():
    assert {*rows('Read')} == {*READ}
    assert {*rows('Written')} == {*WRITERS, *BAG_SUFFIXES} - {'.hdf5', ''}


@pytest.mark.parametrize('name', READ)
def test_what_the_page_says_is_read(tmp_path, name):
    events = make_events(1000)
    READ[name](tmp_path / 'file', events)
    assert (read_all(tmp_path / 'file') == events).all()


@pytest.mark.parametrize('suffix', [*WRITERS, *BAG_SUFFIXES])
def test_what_the_page_says_is_written(tmp_path, suffix):
    events = make_events(1000)
    write_aedat4(tmp_path / 'a', events)
    output = tmp_path / f'b{suffix}'
    assert main(['convert', str(tmp_path / 'a'), str(output)]) == 0
    assert (read_all(output) == events).all()
    with open_recording(output) as recording:
        list(recording.events())
        is_kept = (recording.width, recording.height) == SIZE
    lost = rows('Written').get(suffix, ['', ''])[1]
    assert is_kept != ('the size of the sensor' in lost)
