# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The import of DVS128 Gesture, from a small download in its true format."""
import json
import os

from dvs128_download import make_events, pack, START_US, STEP_US, TEST, TRIAL_US, write_download
import numpy as np
import pytest
from snn_gesture_ros.command_line.main import main
from snn_gesture_ros.datasets.clip_set import ClipSet
from snn_gesture_ros.datasets.dvs128_gesture import Dvs128Gesture, index_path, read_trials
from snn_gesture_ros.datasets.importing import import_recordings
from snn_gesture_ros.events.geometry import Geometry
from snn_gesture_ros.events.noise import Cleaner
from snn_gesture_ros.events.noise_settings import NoiseSettings
from snn_gesture_ros.labels import DVS128_GESTURES
from snn_gesture_ros.recordings.recording import cut_slices


@pytest.fixture
def download(tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'caches'))
    return write_download(tmp_path / 'download' / 'DvsGesture')


def import_(source, folder, *words):
    return main(['import', str(source), str(folder), *words])


def content(folder):
    return {path.name: path.read_bytes() for path in (folder / 'parts').iterdir()}


def test_clips_of_the_archive(download, tmp_path, capsys):
    assert import_(pack(download), tmp_path / 'set') == 0
    clips = ClipSet(tmp_path / 'set')
    assert len(clips) == 55
    assert [clip.label for clip in clips.clips[:11]] == list(DVS128_GESTURES)
    splits = {clip.recording: clip.split for clip in clips.clips}
    assert splits == {'user01_fluorescent': 'train', 'user01_led': 'train',
                      'user22_led': 'validation', 'user24_fluorescent': 'test',
                      'user29_natural': 'test'}
    assert {clip.person for clip in clips.select('train').clips} == {'user01'}
    cleaner = Cleaner(Geometry(), NoiseSettings(), 128, 128)
    times_us, pixels = [], []
    for events in cut_slices([make_events(1)], 10_000):
        packed = cleaner.clean(events)
        times_us.append(packed['dt_us'] + events['t'][0])
        pixels.append(packed['pixel'])
    times_us, pixels = np.concatenate(times_us), np.concatenate(pixels)
    for k in range(11):
        start_us = START_US + k * STEP_US
        inside = (times_us >= start_us) & (times_us < start_us + TRIAL_US)
        events = clips.events(11 + k)
        assert len(events) > 1000
        assert (events['pixel'] == pixels[inside]).all()
        assert (events['dt_us'] == times_us[inside] - start_us).all()
        assert clips.clips[11 + k].duration_us == TRIAL_US
    errors = capsys.readouterr().err
    assert 'user01_fluorescent_labels.csv line 13 lasts -1.0 s; skipped' in errors
    assert 'line 20: the recording has no events at that time; skipped' in errors
    assert errors.count('skipped') == 7


def test_unpacked_folder_gives_the_same(download, tmp_path):
    archive = pack(download)
    assert import_(archive, tmp_path / 'a') == 0
    assert import_(download, tmp_path / 'b') == 0
    assert import_(archive.parent, tmp_path / 'c') == 0
    assert content(tmp_path / 'a') == content(tmp_path / 'b') == content(tmp_path / 'c')


def test_import_goes_on_where_it_ended(download, tmp_path):
    archive = pack(download)
    assert import_(archive, tmp_path / 'set') == 0
    whole = content(tmp_path / 'set')
    (tmp_path / 'set' / 'parts' / 'user22_led.json').unlink()
    stamp = (tmp_path / 'set' / 'parts' / 'user01_led.json').stat().st_mtime_ns
    assert import_(archive, tmp_path / 'set') == 0
    assert content(tmp_path / 'set') == whole
    assert (tmp_path / 'set' / 'parts' / 'user01_led.json').stat().st_mtime_ns == stamp


def test_interrupted_import_of_an_archive_goes_on_with_its_index(download, tmp_path):
    archive = pack(download)
    assert import_(archive, tmp_path / 'whole') == 0
    steps = import_recordings(Dvs128Gesture(archive), tmp_path / 'set')
    assert [next(steps), next(steps), next(steps)] == [0, 1, 1]
    steps.close()
    assert len(ClipSet(tmp_path / 'set')) == 22
    index_file = index_path(archive)
    index = index_file.read_text()
    # What is taken from the index shows where the index says something else.
    first = sorted(path.stem for path in (tmp_path / 'set' / 'parts').glob('*.json'))
    changed = json.loads(index)
    part = next(part for part in changed['parts'] if part not in first)
    changed['texts'][f'{part}_labels.csv'] = f'\n9,{START_US},{START_US + TRIAL_US}\n'
    index_file.write_text(json.dumps(changed))
    assert import_(archive, tmp_path / 'set') == 0
    assert [clip.label for clip in ClipSet(tmp_path / 'set').clips
            if clip.recording == part] == [DVS128_GESTURES[8]]
    # An index that was cut off, or is another archive's, is made anew.
    (tmp_path / 'set' / 'parts' / f'{part}.json').unlink()
    index_file.write_text(index[:100])
    assert import_(archive, tmp_path / 'set') == 0
    assert content(tmp_path / 'set') == content(tmp_path / 'whole')
    assert index_file.read_text() == index
    (tmp_path / 'set' / 'parts' / f'{part}.json').unlink()
    index_file.write_text(json.dumps(changed))
    os.utime(archive, (1, 1))
    assert import_(archive, tmp_path / 'set') == 0
    assert content(tmp_path / 'set') == content(tmp_path / 'whole')


def test_every_command_takes_the_index_and_none_needs_a_place_for_it(
        download, tmp_path, capsys, monkeypatch):
    archive = pack(download)
    assert main(['info', str(archive)]) == 0
    index = json.loads(index_path(archive).read_text())
    index['parts'].remove(TEST[0])      # shows who reads it
    index_path(archive).write_text(json.dumps(index))
    capsys.readouterr()
    assert main(['info', str(archive)]) == 0
    assert f'{TEST[0]}.aedat is missing' in capsys.readouterr().err
    assert import_(archive, tmp_path / 'set') == 1
    assert f'{TEST[0]}.aedat is missing' in capsys.readouterr().err
    (tmp_path / 'a_file').touch()
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'a_file'))
    assert main(['info', str(archive)]) == 0
    assert 'is missing' not in capsys.readouterr().err


def test_raw_clips_are_the_recordings_events(download, tmp_path, capsys):
    assert import_(download, tmp_path / 'raw', '--raw') == 0
    clips = ClipSet(tmp_path / 'raw')
    sent = make_events(1)
    for k in range(11):
        start_us = START_US + k * STEP_US
        expected = sent[(sent['t'] >= start_us) & (sent['t'] < start_us + TRIAL_US)]
        events = clips.events(11 + k)
        assert (events['dt_us'] == expected['t'] - start_us).all()
        assert (events['pixel'] % 128 == expected['x']).all()
        assert (events['pixel'] // 128 % 128 == expected['y']).all()
        assert (events['pixel'] // 128 ** 2 == expected['p']).all()
    assert import_(download, tmp_path / 'raw') == 1
    assert 'hot_pixels: False, now True' in capsys.readouterr().err.splitlines()[-1]


def test_odd_rows():
    text = 'class,startTime_usec,endTime_usec\n8,5,900\n\n8,1000,2000\n1,2,x\n'
    trials, odd = read_trials(text)
    assert trials == [(2, 'arm_roll', 5, 900), (4, 'arm_roll', 1000, 2000)]
    assert odd == ['line 5 is not three whole numbers']


@pytest.mark.parametrize('packed', [False, True])
def test_missing_and_damaged_files_are_named_and_added_later(
        download, tmp_path, capsys, packed):
    aedat = (download / 'user01_led.aedat').read_bytes()
    labels = (download / 'user24_fluorescent_labels.csv').read_bytes()
    cut = (download / 'user22_led.aedat').read_bytes()
    (download / 'user01_led.aedat').unlink()
    (download / 'user24_fluorescent_labels.csv').unlink()
    (download / 'user22_led.aedat').write_bytes(cut[:-100])
    source = pack(download) if packed else download
    assert import_(source, tmp_path / 'set') == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith('snn-gesture: 3 missing or damaged')
    assert 'user01_led.aedat is missing' in error
    assert 'user24_fluorescent_labels.csv is missing' in error
    assert 'user22_led.aedat: the file is cut off or damaged: it ends within a packet' in error
    assert len(ClipSet(tmp_path / 'set')) == 22
    (download / 'user01_led.aedat').write_bytes(aedat)
    (download / 'user24_fluorescent_labels.csv').write_bytes(labels)
    (download / 'user22_led.aedat').write_bytes(cut)
    source = pack(download) if packed else download
    assert import_(source, tmp_path / 'set') == 0
    assert len(ClipSet(tmp_path / 'set')) == 55


@pytest.mark.parametrize('share', [0.0001, 0.3, 0.7, 0.999])
def test_cut_archive_is_named(download, tmp_path, capsys, share):
    archive = pack(download)
    data = archive.read_bytes()
    archive.write_bytes(data[:max(int(share * len(data)), 10)])
    assert import_(archive, tmp_path / 'set') == 1
    error = capsys.readouterr().err
    assert error.count('\n') == 1 and 'download it again' in error and str(archive) in error


def test_damaged_archive_is_named(download, tmp_path, capsys):
    archive = pack(download)
    data = bytearray(archive.read_bytes())
    data[len(data) // 2:len(data) // 2 + 20] = bytes(20)
    archive.write_bytes(data)
    assert import_(archive, tmp_path / 'set') == 1
    assert 'download it again' in capsys.readouterr().err


@pytest.mark.parametrize('name', ['trials_to_train.txt', 'trials_to_test.txt'])
def test_missing_list_is_named(download, tmp_path, capsys, name):
    (download / name).unlink()
    assert import_(download, tmp_path / 'set') == 1
    assert f'{name} is missing' in capsys.readouterr().err


def test_lists_alone_are_no_download(download, tmp_path):
    for path in download.glob('user*'):
        path.unlink()
    with pytest.raises(ValueError, match='none of the listed recordings is there'):
        Dvs128Gesture(download)
