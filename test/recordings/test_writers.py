# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What `convert` writes is what the makers' own readers read."""
import csv

from event_files import make_events, read_all
import h5py
import numpy as np
import pytest
from snn_gesture_ros.command_line.main import main
from snn_gesture_ros.recordings.opening import open_recording


def long_pause_events():
    """Give events that begin late and pause for more turns of EVT 3.0's time than one."""
    events = make_events(100_000, 100_000_000, 40_000_000)
    events['t'][50_000:] += 60_000_000
    events['t'][90_000:] += 9_000_000
    return events


def convert(tmp_path, events, suffix):
    np.savez(tmp_path / 'a.npz', **{name: events[name] for name in 'txyp'}, width=346, height=260)
    assert main(['convert', str(tmp_path / 'a.npz'), str(tmp_path / f'b{suffix}')]) == 0
    return tmp_path / f'b{suffix}'


@pytest.mark.parametrize('suffix', ['.raw', '.csv', '.aedat4', '.h5'])
def test_there_and_back(tmp_path, suffix):
    path = convert(tmp_path, long_pause_events(), suffix)
    assert (read_all(path) == long_pause_events()).all()
    with open_recording(path) as recording:
        assert (recording.width, recording.height) == (
            (None, None) if suffix == '.csv' else (346, 260))


@pytest.mark.parametrize('start_us, pause_us', [
    (0, 0), (16_700_000, 0), (100_000_000, 60_000_000), (5, 13_000_000), (3, 16_770_000)])
def test_raw_as_faery_reads_it(tmp_path, start_us, pause_us):
    """Every turn of the time is counted, also those in pauses and before the first event."""
    faery = pytest.importorskip('faery', reason='faery is not installed')
    events = make_events(100_000, start_us, 40_000_000)
    for place in (1, 50_000, 70_000):
        events['t'][place:] += pause_us
    path = convert(tmp_path, events, '.raw')
    found = faery.events_stream_from_file(str(path)).to_array()
    assert len(found) == len(events)
    for name, theirs in zip('txyp', ('t', 'x', 'y', 'on')):
        assert (found[theirs] == events[name]).all(), name
    assert (read_all(path) == events).all()


def test_aedat4_as_dv_processing_reads_it(tmp_path):
    dv = pytest.importorskip('dv_processing', reason='dv-processing is not installed')
    events = long_pause_events()
    recording = dv.io.MonoCameraRecording(str(convert(tmp_path, events, '.aedat4')))
    assert recording.getEventResolution() == (346, 260)
    found = []
    while (batch := recording.getNextEventBatch()) is not None:
        found.append(batch.numpy())
    found = np.concatenate(found)
    assert len(found) == len(events)
    for name, theirs in zip('txyp', ('timestamp', 'x', 'y', 'polarity')):
        assert (found[theirs] == events[name]).all(), name


def test_hdf5_in_the_layout_of_dsec(tmp_path):
    events = long_pause_events()
    with h5py.File(convert(tmp_path, events, '.h5')) as file:
        for name in 'txyp':
            assert (file['events'][name][:] == events[name]).all()


def test_csv_in_the_layout_of_dv(tmp_path):
    events = make_events(1000)
    with convert(tmp_path, events, '.csv').open() as file:
        rows = list(csv.DictReader(file))
    assert [tuple(map(int, row.values())) for row in rows] == events.tolist()
    assert list(rows[0]) == ['timestamp', 'x', 'y', 'polarity']


@pytest.mark.parametrize('change, reason', [
    ({'t': 1 << 40}, 'do not fit into EVT 3.0'), ({'t': -1}, 'from 0 on'),
    ({'x': 2048}, 'no sensors of 2049x128')])
def test_raw_that_cannot_be(tmp_path, capsys, change, reason):
    events = make_events(10)
    columns = {name: events[name].astype(np.int64) for name in 'txyp'}
    for name, value in change.items():
        columns[name][-1] = value
    np.savez(tmp_path / 'a.npz', **columns)
    assert main(['convert', str(tmp_path / 'a.npz'), str(tmp_path / 'b.raw')]) == 1
    assert reason in capsys.readouterr().err
    assert not (tmp_path / 'b.raw').exists()
