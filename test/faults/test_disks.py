# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Disks that are full, or cannot be written: one line says so, and what was there stays."""
import errno
import shutil
import subprocess

import numpy as np
from power_cuts import add, MESSAGES, read, write_bag
import pytest
from snn_gesture_ros.events.event import EVENT_PACKET_TYPE
from snn_gesture_ros.learning.examples import ExampleStore
from snn_gesture_ros.learning.versions import Versions
from snn_gesture_ros.recordings.bag_writer import Journal
from snn_gesture_ros.recordings.converting import Conversion
from snn_gesture_ros.recordings.opening import open_recording

SIZE_KB = 1024


@pytest.fixture
def disk(tmp_path):
    """Give a small disk of its own; skip the test where none can be mounted."""
    folder = tmp_path / 'disk'
    folder.mkdir()
    command = ['mount', '-t', 'tmpfs', '-o', f'size={SIZE_KB}k', 'tmpfs', folder]
    if subprocess.run(command, capture_output=True).returncode:
        pytest.skip('a disk can be mounted by root only')
    yield folder
    subprocess.run(['umount', '--lazy', folder], check=True)


def make_read_only(disk):
    """Let nothing be written any more."""
    subprocess.run(['mount', '-o', 'remount,ro', disk], check=True)


def fill(disk):
    """Leave no space; give the file that takes it."""
    path = disk / 'filling'
    with pytest.raises(OSError, match='No space'), path.open('wb', buffering=0) as file:
        while True:
            file.write(bytes(4096))
    return path


def copy_into(disk, source, name):
    """Convert a recording to a place on the disk."""
    with open_recording(source) as recording:
        for _ in Conversion(recording, disk / name).steps(replace=True):
            pass


def test_a_store_of_examples_goes_on_when_there_is_space_again(disk):
    store = ExampleStore(disk / 'examples')
    add(store, 0)
    filling = fill(disk)
    with pytest.raises(OSError) as error:
        add(store, 1)
    assert error.value.errno == errno.ENOSPC and '000002-wave.npy' in error.value.filename
    assert len(store.names()) == 1 and len(store.clips()) == 1
    assert not list(disk.rglob('*.tmp')), 'which would take space for ever'
    filling.unlink()
    add(store, 1)
    assert len(store.clips()) == 2


@pytest.mark.parametrize('name', ['out.mcap', 'out.db3', 'out.npz', 'out'])
def test_an_output_stays_when_its_disk_is_full(disk, tmp_path, name):
    write_bag(tmp_path / 'old.mcap', 1)
    write_bag(tmp_path / 'new.mcap', 2)
    copy_into(disk, tmp_path / 'old.mcap', name)
    fill(disk)
    with pytest.raises(OSError) as error:
        copy_into(disk, tmp_path / 'new.mcap', name)
    assert str(disk / name) in str(error.value)
    assert (read(disk / name) == read(tmp_path / 'old.mcap')).all()
    assert sorted(path.name for path in disk.iterdir()) == sorted(['filling', name])


def test_a_journal_that_fills_the_disk_can_be_read(disk, tmp_path):
    write_bag(tmp_path / 'source.mcap', 1)
    with open_recording(tmp_path / 'source.mcap') as recording:
        messages = list(recording.messages(['/events']))
    journal = Journal(disk / 'journal.mcap', '/events', EVENT_PACKET_TYPE)
    written = 0
    with pytest.raises(OSError) as error:
        while True:
            message = messages[written % MESSAGES]
            journal.write(message.t_ns + written // MESSAGES * 10**9, message.data)
            journal.flush()
            written += 1
    assert error.value.errno == errno.ENOSPC and 'journal.mcap' in error.value.filename
    assert written > 100
    found = []
    with open_recording(disk / 'journal.mcap') as recording:
        try:
            found.extend(recording.events())
        except ValueError as damage:
            assert 'journal.mcap' in str(damage)
    assert len(np.concatenate(found)) >= written * 50 * 0.9


def test_a_version_that_does_not_fit_does_not_count(disk):
    torch = pytest.importorskip('torch', reason='make training')
    from power_cuts import Version
    scenario = Version()
    torch.set_num_threads(1)
    scenario.prepare(disk)
    filling = fill(disk)
    with pytest.raises(OSError) as error:
        scenario.change(disk)
    assert error.value.errno == errno.ENOSPC and '0002' in error.value.filename
    assert Versions(disk).newest_after('fast').stem == '0001'
    filling.unlink()
    scenario.check(disk)


def test_what_cannot_be_written_says_so_in_one_line(disk, ros, tmp_path):
    write_bag(tmp_path / 'source.mcap', 1)
    shutil.copy(tmp_path / 'source.mcap', disk)
    make_read_only(disk)
    for name, command in {
            'convert': ['snn-gesture', 'convert', disk / 'source.mcap', disk / 'out.npz'],
            'record': ['snn-gesture', 'record', disk / 'out.mcap']}.items():
        process = ros.run(name, command)
        ros.wait_for(lambda: process.poll() is not None, f'the end of {name}')
        assert process.returncode == 1
        *progress, line = ros.output(process).splitlines()
        assert line.startswith('snn-gesture: ') and line.endswith(': Read-only file system')
        assert not any('Traceback' in each for each in progress)
    trainer = ros.start('gesture_trainer', folder=disk / 'learned')
    ros.wait_for(lambda: trainer.poll() is not None, 'the end of the node')
    assert trainer.returncode == 1
    assert ros.output(trainer) == (f'gesture_trainer: folder {disk}/learned cannot be written: '
                                   'Read-only file system\n')
