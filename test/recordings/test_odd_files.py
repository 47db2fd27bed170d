# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Files as people have them, of which ../shared/data/odd_files tells the right values."""
import json
from pathlib import Path
import subprocess
import sys

import numpy as np
from paths import SHARED_DATA
import pytest
from snn_gesture_ros.recordings.opening import open_recording

ODD = SHARED_DATA / 'odd_files'
pytestmark = pytest.mark.skipif(not ODD.is_dir(), reason=f'no files in {ODD}')
FULL = {'events': 20000, 'on': 10026, 'off': 9974, 'sum_time_us': 19971699299,
        't_first_us': 0, 't_last_us': 1999993}
SHORT = {'events': 5000, 'on': 2489, 'off': 2511, 'sum_time_us': 5019069308}
DAVIS346 = {'width': 346, 'height': 260}
NO_NOTE = ''
TABLE = {
    'genx320_evt21_no_endianness.raw': (FULL | {'width': 320, 'height': 320}, NO_NOTE),
    'two_cameras.aedat4': (FULL | DAVIS346 | {'topic': 'left', 'streams': ['left', 'right']},
                           'left is read, --stream chooses another: right'),
    'with_bounding_boxes.aedat4': (FULL | DAVIS346, NO_NOTE),
    'no_size.aedat4': (FULL | DAVIS346, 'does not have the size'),
    'v2e.h5': (FULL, NO_NOTE),
    'm3ed.h5': (FULL | {'streams': ['prophesee/left', 'prophesee/right']},
                'prophesee/left is read, --stream chooses another: prophesee/right'),
    'float_seconds.h5': (FULL | DAVIS346, 'taken for seconds'),
    'polarity_minus_one.h5': (FULL, NO_NOTE),
    'events_structured.npz': (FULL, NO_NOTE),
    'evimo2.npz': (FULL, 'taken for seconds'),
    'float_seconds.npz': (FULL, 'taken for seconds'),
    'dv.csv': (SHORT, 'taken for microseconds'),
    'uzh_events.txt': (SHORT, 'taken for seconds'),
    'prophesee_cd.dat': (FULL | {'width': 640, 'height': 480}, NO_NOTE),
    'ros1_dvs.bag': (FULL | {'width': 240, 'height': 180, 't_first_us': 1_460_000_000_000_000,
                             't_last_us': 1_460_000_001_999_993,
                             'sum_time_us': 19971699299 + 20000 * 1_460_000_000_000_000}, NO_NOTE),
    'zstd_messages_no_metadata': (FULL | DAVIS346, NO_NOTE),
    'killed_recorder': (FULL | DAVIS346, 'killed_0.db3-wal is beside it'),
    'killed_split_zstd': (FULL | DAVIS346, NO_NOTE),
    'no_message_index.mcap': (FULL | DAVIS346, NO_NOTE),
    'beside_protobuf.mcap': (FULL | DAVIS346, NO_NOTE),
    'v2e_346.aedat': (FULL | DAVIS346, 'names no camera'),
    'two_sources.aedat': (SHORT | {'width': 240, 'height': 180, 'topic': '1 DAVIS240C'},
                          '--stream chooses another: 2 DVS128'),
}


def info(*words):
    """Run the command as a process of its own; give its status, its JSON and its errors."""
    done = subprocess.run([sys.executable, '-m', 'snn_gesture_ros.command_line.main', 'info',
                           '--json', *map(str, words)], capture_output=True, text=True)
    assert 'Traceback' not in done.stderr
    return done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr


@pytest.mark.parametrize('name', TABLE)
def test_file_is_read_right(name):
    """Exit status 0, the true numbers, and a note where there is a doubt, in JSON and stderr."""
    right, note = TABLE[name]
    status, facts, errors = info(ODD / name)
    assert status == 0, errors
    assert {key: facts[key] for key in right} == right
    assert facts['damage'] is None and facts['out_of_range'] == 0
    assert errors.splitlines() == facts['notes'] and bool(facts['notes']) == bool(note)
    assert note in errors


@pytest.mark.parametrize('name, stream, right', [
    ('two_cameras.aedat4', 'right', {'events': 7000}),
    ('m3ed.h5', 'prophesee/right', {'events': 20000}),
    ('two_sources.aedat', '2 DVS128', {'events': 3000, 'width': 128, 'height': 128})])
def test_another_camera_is_chosen(name, stream, right):
    status, facts, errors = info(ODD / name, '--stream', stream)
    assert (status, errors, facts['topic']) == (0, '', stream)
    assert {key: facts[key] for key in right} == right


def test_camera_that_is_not_there_is_named():
    status, _, errors = info(ODD / 'two_cameras.aedat4', '--stream', 'middle')
    assert status == 1 and 'there is no stream middle; there are: left, right' in errors


def test_dsec_is_read_with_hdf5plugin():
    pytest.importorskip('hdf5plugin')
    with open_recording(ODD / 'dsec_blosc.h5') as recording:
        events = np.concatenate(list(recording.events()))
    with np.load(ODD / 'dsec_blosc_truth.npz') as truth:
        right = truth['e']
    assert (events['t'] == right['t'] + 49_599_300_523).all(), 'with the t_offset of the file'
    for name in 'xyp':
        assert (events[name] == right[name]).all()


def test_dsec_says_what_to_install(tmp_path):
    """A library that cannot be imported is as one that is not installed."""
    (tmp_path / 'hdf5plugin.py').write_text('raise ImportError')
    done = subprocess.run(
        [sys.executable, '-c', f'import sys; sys.path.insert(0, {str(tmp_path)!r}); '
         'from snn_gesture_ros.command_line.main import main; '
         f'sys.exit(main(["info", {str(ODD / "dsec_blosc.h5")!r}]))'],
        capture_output=True, text=True)
    assert done.returncode == 1 and 'blosc): pip install hdf5plugin' in done.stderr


def test_player_plays_every_file():
    """Messages can be made of each, for the nodes and all verbs that go through them."""
    from snn_gesture_ros.recordings.stored_messages import EventReader
    from snn_gesture_ros.recordings.stored_messages import StoredMessages
    for name, (right, _) in TABLE.items():
        with open_recording(ODD / name) as recording:
            stored = StoredMessages(recording)
            reader = EventReader(stored.message_type)
            played = sum(len(reader.read(data)) for _, data in stored)
        assert (played, reader.malformed) == (right['events'], 0), name


def test_reading_changes_nothing(tmp_path):
    """A recorder's journal stays as it was, so that it can be read again."""
    import shutil
    shutil.copytree(ODD / 'killed_recorder', tmp_path / 'bag')
    before = {file.name: file.read_bytes() for file in (tmp_path / 'bag').iterdir()
              if not file.name.endswith('-shm')}
    for _ in range(2):
        assert info(tmp_path / 'bag')[1]['events'] == 20000
    assert {file.name: file.read_bytes() for file in (tmp_path / 'bag').iterdir()
            if not file.name.endswith('-shm')} == before


def test_all_are_found_in_a_folder():
    from snn_gesture_ros.recordings.opening import find_recordings
    found = {path.relative_to(ODD).parts[0] for path in find_recordings(Path(ODD))}
    assert found == {*TABLE, 'dsec_blosc.h5', 'dsec_blosc_truth.npz'}
