# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is no file is refused and not waited for, wherever files are read."""
import os
import socket
import subprocess

from event_files import ARRAY, batches, make_array, make_events, save_npz, write_bag
import pytest


def make_fifo(path):
    os.mkfifo(path)


def make_socket(path):
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(os.path.relpath(path))


def make_device(path):
    path.symlink_to('/dev/zero')


def run(*words):
    """Run the command; a wait is a failure."""
    result = subprocess.run(['snn-gesture', *map(str, words)], timeout=60, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert 'Traceback' not in result.stdout
    return result


@pytest.fixture(params=[make_fifo, make_socket, make_device])
def make(request, tmp_path, monkeypatch):
    """Give what makes something that is no file."""
    monkeypatch.chdir(tmp_path)
    return request.param


@pytest.mark.parametrize('verb', ['info', 'convert', 'frames', 'view', 'evaluate'])
def test_a_recording_that_is_no_file(tmp_path, make, verb):
    make(tmp_path / 'a.npz')
    result = run(verb, tmp_path / 'a.npz', *(['b.npz'] if verb in ('convert', 'frames') else []))
    assert result.returncode == 1
    assert f'{tmp_path}/a.npz: a' in result.stdout and ', not a file' in result.stdout


@pytest.mark.parametrize('name', ['bag_0.mcap', 'bag_1.db3', 'metadata.yaml'])
def test_a_bag_in_which_something_is_no_file(tmp_path, make, name):
    bag = tmp_path / 'bag'
    write_bag(bag, [('/events', ARRAY, make_array(part)) for part in batches()])
    (bag / name).unlink(missing_ok=True)
    make(bag / name)
    result = run('info', bag)
    assert result.returncode == 1 and f'{bag}/{name}: a' in result.stdout


def test_an_output_that_is_no_file_stays(tmp_path, make):
    save_npz(tmp_path / 'a.npz', make_events(1000))
    make(tmp_path / 'b.npz')
    kind = (tmp_path / 'b.npz').stat().st_mode
    result = run('convert', tmp_path / 'a.npz', tmp_path / 'b.npz', '--force')
    assert result.returncode == 1 and ', not a file' in result.stdout
    assert (tmp_path / 'b.npz').stat().st_mode == kind


def test_metadata_too_deep_is_metadata_that_is_damaged(tmp_path):
    bag = tmp_path / 'bag'
    write_bag(bag, [('/events', ARRAY, make_array(part)) for part in batches()])
    (bag / 'metadata.yaml').write_text('[' * 5000 + ']' * 5000)
    result = run('info', bag)
    assert result.returncode == 0 and 'metadata.yaml is damaged' in result.stdout


@pytest.mark.parametrize('verb, words', [
    ('evaluate', ['folder']), ('import', ['folder', 'set'])])
def test_a_table_of_labels_that_is_no_file(tmp_path, make, verb, words):
    (tmp_path / 'folder').mkdir()
    save_npz(tmp_path / 'folder' / 'a.npz', make_events(1000))
    make(tmp_path / 'folder' / 'labels.csv')
    result = run(verb, *words)
    assert result.returncode == 1 and 'labels.csv: a' in result.stdout


def test_a_player_of_what_is_no_file(ros, tmp_path, make):
    make(tmp_path / 'a.npz')
    player = ros.start('event_player', recording=tmp_path / 'a.npz')
    ros.wait_for(lambda: player.poll() is not None, 'the end')
    assert player.returncode == 1 and len(ros.output(player).splitlines()) == 1
    assert ros.output(player).startswith(f'event_player: {tmp_path}/a.npz: a')
