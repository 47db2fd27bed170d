# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sets of simulated people, and the verb `simulate`."""
import csv
import json
import shutil
import signal
import subprocess
import time

import numpy as np
import pytest
from snn_gesture_ros.command_line.main import main
from snn_gesture_ros.datasets.clip_set import ClipSet, ClipSetWriter
from snn_gesture_ros.datasets.simulated import (
    CLIPS_A_PART, remove_outdated_set, Simulation, VERSION)
from snn_gesture_ros.events.cdr import encode_event_array
from snn_gesture_ros.events.geometry import Geometry
from snn_gesture_ros.events.noise_settings import NoiseSettings
from snn_gesture_ros.events.stream import EventStream
from snn_gesture_ros.recordings.opening import open_recording
from snn_gesture_ros.recordings.recording import cut_slices

SMALL = ('--labels', 'right_hand_wave', 'none', '--seconds', '0.4', '--clips')
TIMEOUT_S = 120


def simulate(folder, *words):
    return main(['simulate', str(folder), *map(str, words)])


def content(folder):
    return {path.name: path.read_bytes() for path in sorted((folder / 'parts').iterdir())}


def test_same_arguments_give_the_same_bytes(tmp_path, capsys):
    assert simulate(tmp_path / 'a', *SMALL, 20, '--workers', 1) == 0
    assert simulate(tmp_path / 'b', *SMALL, 20, '--workers', 2) == 0
    assert len(content(tmp_path / 'a')) == 4
    assert content(tmp_path / 'a') == content(tmp_path / 'b')
    table = capsys.readouterr().out.splitlines()
    assert table[1].split() == ['none', '18', '2', '0']
    assert simulate(tmp_path / 'c', *SMALL, 20, '--seed', 1) == 0
    assert content(tmp_path / 'a') != content(tmp_path / 'c')
    persons = [{clip.person for clip in ClipSet(tmp_path / name).clips} for name in 'ac']
    assert len(persons[0] | persons[1]) == 80


def test_clips_are_what_the_event_stream_gives(tmp_path):
    assert simulate(tmp_path / 'set', *SMALL, 1, '--sensor', 'davis346') == 0
    simulation = Simulation(('right_hand_wave', 'none'), 1, 400_000, 'davis346')
    planned = simulation.parts()[0][0]
    stream = EventStream('dvs_msgs/msg/EventArray', Geometry(), NoiseSettings())
    width, height = planned.sensor_size()
    packets = [stream.process_message(encode_event_array(events, 0, '', height, width),
                                      int(events['t'][-1]) * 1000)
               for events in cut_slices([planned.events()], 10_000)]
    clip, events = ClipSet(tmp_path / 'set')[0]
    assert clip == planned.clip and clip.source == 'simulation davis346'
    assert (events['pixel'] == np.concatenate([p.events['pixel'] for p in packets])).all()
    times_us = np.concatenate([p.events['dt_us'] + p.t_base_us for p in packets])
    assert (events['dt_us'] == times_us).all()


def test_plan():
    simulation = Simulation(clips=40, validation=0.1, test=0.25, seed=3)
    clips = [planned for part in simulation.parts() for planned in part]
    assert len({planned.seed for planned in clips}) == 12 * 40
    for label in simulation.labels:
        splits = [planned.clip.split for planned in clips if planned.clip.label == label]
        assert [splits.count(name) for name in ('train', 'validation', 'test')] == [26, 4, 10]
    rests = [planned.clip.onset_us > 0 for planned in clips if planned.clip.label != 'none']
    assert 0.65 < np.mean(rests) < 0.85
    assert not any(planned.clip.onset_us for planned in clips if planned.clip.label == 'none')
    assert max(len(part) for part in simulation.parts()) == CLIPS_A_PART
    assert all(planned.clip.end_us == planned.clip.duration_us for planned in clips)


def test_gestures_that_end(tmp_path):
    assert simulate(tmp_path / 'set', '--ends', '--labels', 'air_drums', 'none', '--clips', 6,
                    '--sensor', 'dvs128', '--framing', 'upper_body') == 0
    clips = ClipSet(tmp_path / 'set')
    assert not any(clip.onset_us for clip in clips.clips)
    assert not any(clip.offset_us for clip in clips.select(labels=['none']).clips)
    assert len({clip.offset_us for clip in clips.select(labels=['air_drums']).clips}) == 6
    for clip, events in clips.select(labels=['air_drums']):
        before_us, after_us = clip.offset_us, clip.duration_us - clip.offset_us
        before = np.sum(events['dt_us'] < before_us)
        assert before / before_us > 1.3 * (len(events) - before) / after_us


def test_framing_and_single_idle_activities(tmp_path):
    words = ('--labels', 'arm_roll', 'walking_by', '--seconds', '0.4', '--clips', 1)
    contents = []
    for framing in ('near', 'far'):
        assert simulate(tmp_path / framing, *words, '--framing', framing) == 0
        clips = ClipSet(tmp_path / framing)
        assert [clip.label for clip in clips.clips] == ['arm_roll', 'walking_by']
        assert clips.descriptions[0]['framing'] == framing
        contents.append(content(tmp_path / framing)['00000.npy'])
    assert contents[0] != contents[1]


def test_interrupted_simulation_goes_on(tmp_path, capsys):
    folder = tmp_path / 'set'
    words = ['simulate', str(folder), *SMALL, '120']
    process = subprocess.Popen([shutil.which('snn-gesture'), *words], stderr=subprocess.PIPE,
                               text=True)
    deadline = time.monotonic() + TIMEOUT_S
    while not list(folder.glob('parts/*.json')):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 130
    assert 'the same command continues' in errors and 'Traceback' not in errors
    finished = {path.name: path.read_bytes() for path in folder.glob('parts/*.json')}
    assert 0 < len(finished) < 10
    assert len(ClipSet(folder)) == len(finished) * CLIPS_A_PART
    stamps = {name: (folder / 'parts' / name).stat().st_mtime_ns for name in finished}
    assert main(words) == 0
    assert len(ClipSet(folder)) == 240
    assert {name: (folder / 'parts' / name).stat().st_mtime_ns for name in finished} == stamps


def test_folder_of_another_simulation_is_refused(tmp_path, capsys):
    assert simulate(tmp_path / 'set', *SMALL, 1) == 0
    assert simulate(tmp_path / 'set', *SMALL, 1, '--seed', 7) == 1
    assert 'seed: 0, now 7' in capsys.readouterr().err
    assert simulate(tmp_path / 'set', *SMALL, 1, '--ends') == 1
    assert 'ends: False, now True' in capsys.readouterr().err


def made_by_version(folder, version):
    """Rewrite the description of a set as another version of the simulation would."""
    path = folder / 'clip_set.json'
    content = json.loads(path.read_text())
    assert content['description']['version'] == VERSION
    content['description']['version'] = version
    path.write_text(json.dumps(content))


def test_set_of_another_version_of_the_simulation_is_refused(tmp_path, capsys):
    assert simulate(tmp_path / 'set', *SMALL, 1) == 0
    before = content(tmp_path / 'set')
    made_by_version(tmp_path / 'set', 1)
    assert simulate(tmp_path / 'set', *SMALL, 1) == 1
    assert f'version: 1, now {VERSION}' in capsys.readouterr().err
    assert content(tmp_path / 'set') == before


def test_caches_drop_sets_of_another_version_alone(tmp_path):
    kept, outdated, other = (tmp_path / name for name in ('kept', 'outdated', 'other'))
    for folder in (kept, outdated):
        assert simulate(folder, *SMALL, 1) == 0
    made_by_version(outdated, 1)
    ClipSetWriter(other, {'made_by': 'a user'})
    for folder in (kept, outdated, other, tmp_path / 'missing'):
        remove_outdated_set(folder)
    assert kept.exists() and other.exists() and not outdated.exists()


@pytest.mark.parametrize('sensor, scale', [('any', 1), ('genx320', 2.5), ('evk4', 5.625)])
def test_clips_tell_how_many_pixels_share_one(sensor, scale):
    for planned in Simulation(('none',), 2, 400_000, sensor).parts()[0]:
        assert planned.clip.scale == scale


def test_recordings(tmp_path):
    assert simulate(tmp_path, *SMALL, 2, '--as-recordings', '--sensor', 'dvs128') == 0
    with (tmp_path / 'labels.csv').open() as file:
        rows = list(csv.DictReader(file))
    planned = Simulation(('right_hand_wave', 'none'), 2, 400_000, 'dvs128').parts()[0]
    assert len({row['file'] for row in rows}) == 4 == len(planned)
    with open_recording(tmp_path / rows[-1]['file']) as recording:
        assert (np.concatenate(list(recording.events())) == planned[-1].events()).all()
    assert {row['sensor'] for row in rows} == {'128x128'}
    assert simulate(tmp_path, *SMALL, 2, '--as-recordings') == 1


@pytest.mark.parametrize('words, reason', [
    (['--labels', 'juggling'], "'juggling' cannot be simulated"),
    (['--labels', 'none', 'none'], 'once each'), (['--clips', '100001'], 'clips must be 1 or'),
    (['--seed', '716'], 'seed must be from 0'),
    (['--validation', '0.6', '--test', '0.6'], 'shares')])
def test_bad_arguments_are_one_line_and_status_2(tmp_path, capsys, words, reason):
    assert simulate(tmp_path / 'set', *words) == 2
    errors = capsys.readouterr().err
    assert reason in errors and errors.count('\n') == 1
    assert not (tmp_path / 'set').exists()


@pytest.mark.parametrize('option, value', [
    ('--clips', '0'), ('--seconds', '0'), ('--seconds', 'inf'), ('--seconds', 'nan'),
    ('--seed', '-1'), ('--validation', '1.5'), ('--workers', '0')])
def test_numbers_out_of_range_are_bad_usage(tmp_path, capsys, option, value):
    with pytest.raises(SystemExit, match='2'):
        simulate(tmp_path / 'set', option, value)
    errors = capsys.readouterr().err
    assert f'{option}: {value} is not a ' in errors and errors.count('\n') == 1
