# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The verb `frames`, held against SpikingJelly's own integration."""
from event_files import (
    AEDAT4, encode_raw, EVT3, LIBCAER_CMP, long_events, make_events, needs_data, read_all,
    save_npz)
import numpy as np
import pytest
from snn_gesture_ros.benchmarks.frames import spikingjelly_integration
from snn_gesture_ros.command_line.main import main
from snn_gesture_ros.recordings.facts import gather_facts
from snn_gesture_ros.recordings.opening import open_recording


@pytest.fixture(scope='module')
def spikingjelly():
    """Give SpikingJelly's module that integrates."""
    try:
        return spikingjelly_integration()
    except ImportError as error:
        pytest.skip(str(error))


def frames(source, output, *words):
    return main(['frames', str(source), str(output), *map(str, words)])


def load(path):
    with np.load(path) as arrays:
        assert list(arrays) == ['frames']
        return arrays['frames']


def columns(events):
    return {name: events[name].astype(np.int64) for name in 'txyp'}


@pytest.mark.parametrize('events', [
    make_events(10_007, start_us=123, duration_us=1_000_000), make_events(500, duration_us=9999),
    make_events(1000, start_us=1_700_000_000_000_000, duration_us=50_000)])
@pytest.mark.parametrize('number', [1, 7, 16])
@pytest.mark.parametrize('split_by', ['number', 'time'])
def test_frames_by_number_are_those_of_spikingjelly(
        tmp_path, spikingjelly, events, split_by, number):
    source = save_npz(tmp_path / 'a.npz', events)
    assert frames(source, tmp_path / 'b.npz', '--split-by', split_by,
                  '--frames-number', number) == 0
    theirs = spikingjelly.integrate_events_by_fixed_frames_number(
        columns(events), split_by, number, 128, 128)
    ours = load(tmp_path / 'b.npz')
    assert ours.shape == theirs.shape == (number, 2, 128, 128)
    assert (ours == theirs).all() and ours.sum() == len(events)


@pytest.mark.parametrize('duration_ms', [2, 10, 33, 100, 250, 5000])
@pytest.mark.parametrize('gap_us', [0, 700_000])
def test_frames_of_a_duration_are_those_of_spikingjelly(
        tmp_path, spikingjelly, duration_ms, gap_us):
    """A pause gives frames without events in both."""
    events = make_events(5_000, start_us=77, duration_us=500_000)
    events['t'][2500:] += gap_us
    events['t'][-1] = events['t'][0] + (1_000_000 if gap_us else 500_000)
    events = events[np.argsort(events['t'], kind='stable')]
    source = save_npz(tmp_path / 'a.npz', events)
    assert frames(source, tmp_path / 'b.npz', '--duration-ms', duration_ms) == 0
    theirs = spikingjelly.integrate_events_by_fixed_duration(
        columns(events), int(duration_ms * 1000), 128, 128)
    ours = load(tmp_path / 'b.npz')
    assert ours.shape == theirs.shape and (ours == theirs).all()
    if gap_us and duration_ms < 500:
        assert (ours.sum(axis=(1, 2, 3)) == 0).any()


@pytest.mark.parametrize('split_by', ['number', 'time'])
@pytest.mark.parametrize('count', [1, 3, 100])
def test_frames_without_events(tmp_path, split_by, count):
    """Be defined where SpikingJelly is not: fewer events than frames, pauses longer than one."""
    events = make_events(count, duration_us=10_000)
    events['t'][count // 2:] += 10_000_000
    source = save_npz(tmp_path / 'a.npz', events)
    assert frames(source, tmp_path / 'b.npz', '--split-by', split_by) == 0
    ours = load(tmp_path / 'b.npz')
    assert ours.shape == (16, 2, 128, 128) and ours.sum() == count
    if split_by == 'time' and count > 1:
        assert ours[0].sum() == count // 2 and ours[1:-1].sum() == 0
    if split_by == 'number' and count < 16:
        assert ours[-1].sum() == count


def test_of_one_moment_the_last_frame_has_all(tmp_path):
    events = make_events(10)
    events['t'] = 5
    source = save_npz(tmp_path / 'a.npz', events)
    for words, number in ((['--split-by', 'time'], 16), (['--duration-ms', 1], 1)):
        assert frames(source, tmp_path / 'b.npz', '--force', *words) == 0
        ours = load(tmp_path / 'b.npz')
        assert len(ours) == number and ours[-1].sum() == 10


@needs_data
@pytest.mark.parametrize('source, size', [
    (EVT3, (480, 640)), (LIBCAER_CMP, (260, 346)), (AEDAT4, (240, 320))])
def test_real_recordings(tmp_path, spikingjelly, source, size):
    assert frames(source, tmp_path / 'b.npz', '--split-by', 'time', '--frames-number', 4) == 0
    ours = load(tmp_path / 'b.npz')
    theirs = spikingjelly.integrate_events_by_fixed_frames_number(
        columns(read_all(source)), 'time', 4, *size)
    assert (ours == theirs).all()
    with open_recording(source) as recording:
        facts = gather_facts(recording)
    assert ours.sum(axis=(0, 2, 3)).tolist() == [facts.off, facts.on]


def test_size_of_the_frames(tmp_path, capsys):
    events = make_events(1000)
    source = save_npz(tmp_path / 'a.npz', events)
    assert frames(source, tmp_path / 'b.npz', '--height', 64, '--width', 200) == 0
    ours = load(tmp_path / 'b.npz')
    below = events['y'] < 64
    assert ours.shape == (16, 2, 64, 200) and ours.sum() == np.count_nonzero(below)
    assert f'{np.count_nonzero(~below)} outside' in capsys.readouterr().err


def test_folder_of_recordings(tmp_path):
    folder, output = tmp_path / 'in', tmp_path / 'out'
    for name in ('wave/1.npz', 'wave/2.npz', 'clap/1.npz'):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        save_npz(folder / name, make_events(200))
    (folder / 'clap' / '2.raw').write_bytes(encode_raw('evt2', long_events(1)))
    (folder / 'labels.csv').write_text('file,start_s,end_s,label\n')
    assert main(['convert', str(folder / 'wave/1.npz'), str(folder / 'clap' / 'bag')]) == 0
    assert frames(folder, output, '--frames-number', 2) == 0
    made = sorted(str(path.relative_to(output)) for path in output.rglob('*.npz'))
    assert made == ['clap/1.npz', 'clap/2.npz', 'clap/bag.npz', 'wave/1.npz', 'wave/2.npz']
    assert (load(output / 'clap' / 'bag.npz') == load(output / 'wave' / '1.npz')).all()
    assert load(output / 'clap' / '2.npz').shape == (2, 2, 720, 1280)


def test_damaged_recordings_are_named_and_the_others_integrated(tmp_path, capsys):
    folder = tmp_path / 'in'
    folder.mkdir()
    save_npz(folder / 'a.npz', make_events(200))
    save_npz(folder / 'none.npz', make_events(0))
    (folder / 'b.raw').write_bytes(encode_raw('evt2', long_events(1))[:-1])
    assert frames(folder, tmp_path / 'out') == 1
    error = capsys.readouterr().err
    assert 'b.raw: the file is cut off' in error and 'none.npz: no events' in error
    assert [path.name for path in (tmp_path / 'out').iterdir()] == ['a.npz']


@pytest.mark.parametrize('words, reason', [
    (['--frames-number', 0], 'of 1 or more'), (['--width', 0], 'of 1 or more'),
    (['--duration-ms', 0], 'not a number from 0.001'),
    (['--duration-ms', 'nan'], 'not a number from')])
def test_numbers_out_of_range_are_bad_usage(tmp_path, capsys, words, reason):
    with pytest.raises(SystemExit, match='2'):
        frames(tmp_path / 'a.npz', tmp_path / 'b.npz', *words)
    error = capsys.readouterr().err
    assert reason in error and error.count('\n') == 1


@pytest.mark.parametrize('words, status, reason', [
    (['--duration-ms', 5, '--split-by', 'time'], 2, 'excludes'),
    (['--frames-number', 10**9], 1, 'GB: choose fewer')])
def test_impossible_frames_are_one_line(tmp_path, capsys, words, status, reason):
    source = save_npz(tmp_path / 'a.npz', make_events(200))
    assert frames(source, tmp_path / 'b.npz', *words) == status
    assert reason in capsys.readouterr().err.splitlines()[-1]
    assert not (tmp_path / 'b.npz').exists()


def test_outputs(tmp_path, capsys):
    source = save_npz(tmp_path / 'a.npz', make_events(200))
    assert frames(source, tmp_path / 'b.h5') == 2
    assert 'suffix .npz' in capsys.readouterr().err
    assert frames(source, tmp_path / 'a.npz') == 1
    assert '--force replaces it' in capsys.readouterr().err
    (tmp_path / 'empty').mkdir()
    assert frames(tmp_path / 'empty', tmp_path / 'out') == 1
    assert 'has no recordings' in capsys.readouterr().err
