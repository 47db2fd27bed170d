# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Replays, their measures, and the verb `report`."""
from dataclasses import replace
import json
from pathlib import Path
import shutil
import subprocess
import sys

import numpy as np
from paths import PROJECT
from PIL import Image
import pytest
from snn_gesture_ros.command_line.main import main
from snn_gesture_ros.datasets.clip_set import Clip, ClipSet
from snn_gesture_ros.datasets.simulated import simulate_clip_set, Simulation
from snn_gesture_ros.frames.frame_stream import FramesByCount, FramesByTime, Slicing
from snn_gesture_ros.network.checkpoint import load_checkpoint, save_checkpoint
from snn_gesture_ros.network.classifier import SpikingClassifier
from snn_gesture_ros.network.gesture_net import GestureNet
from snn_gesture_ros.network.model_card import ModelCard
from snn_gesture_ros.report.chapter import conditions, DISTURBANCES
from snn_gesture_ros.report.event_sets import QUICK
from snn_gesture_ros.report.measures import (
    calibration, clips_recognized, delays, endings, false_alarms, merge_ways, recognition,
    window_truths)
from snn_gesture_ros.report.replay import (
    packets_of, replay, Replayed, spans_us, Task, with_density)
from snn_gesture_ros.training.augmentation import Augmentation
import torch

SCRIPTS = PROJECT / 'scripts'
LABELS = ('right_hand_wave', 'arm_roll', 'none')


@pytest.fixture(scope='module')
def clips(tmp_path_factory):
    """Give two simulated clips of each label, 1.5 s long."""
    folder = tmp_path_factory.mktemp('clips') / 'set'
    simulation = Simulation(LABELS, 2, 1_500_000, 'dvs128', 'upper_body', 0, 0.0, 1.0)
    list(simulate_clip_set(simulation, folder, 1))
    return ClipSet(folder)


def save_constant(path, scores):
    """Save a checkpoint of LABELS whose network gives the same scores whatever it sees."""
    architecture = {'channels': 4}
    net = GestureNet(len(LABELS), 16, **architecture)
    with torch.no_grad():
        net.readout.weight.zero_()
        net.readout.bias.copy_(torch.tensor(scores).log())
    save_checkpoint(path, net, ModelCard(
        LABELS, 8, 400.0, 16, 'binary', 'time', 'softmax', architecture,
        training={'data': 'simulation dvs128'}))
    return str(path)


@pytest.fixture
def constant(tmp_path):
    """Give the path of a checkpoint that takes all for a wave, with a score of 0.8."""
    return save_constant(tmp_path / 'constant.safetensors', (0.8, 0.15, 0.05))


def replayed(label, onset_us, begins_us, found, announced=(), duration_us=2_000_000, offset_us=0):
    """Give a clip with windows of 0.4 s that were taken for labels with a score of one."""
    clip = Clip(label, 'a', 'a', 'test', duration_us, onset_us, offset_us)
    begins_us = np.array(begins_us)
    return Replayed(clip, begins_us, begins_us + 400_000,
                    np.eye(len(LABELS))[[LABELS.index(name) for name in found]],
                    np.zeros(len(begins_us), bool), list(announced))


@pytest.mark.parametrize('frames', [FramesByTime(16, 50_000, 8), FramesByCount(16, 300)],
                         ids=['time', 'count'])
def test_spans_hold_the_events_of_their_windows(clips, frames):
    clip, events = clips[0]
    made = [frame for packet in packets_of(clip, events) for frame in frames.slice_packet(packet)]
    begins_us, ends_us = spans_us(frames, 8, events, len(made))
    assert (begins_us >= 0).sum() >= 3
    times_us = events['dt_us']
    for number in np.flatnonzero(begins_us >= 0):
        begin_us, end_us = begins_us[number], ends_us[number]
        count = sum(frame.events for frame in made[number - 7:number + 1])
        if isinstance(frames, FramesByTime):
            assert count == ((times_us >= begin_us) & (times_us < end_us)).sum()
        else:
            assert count == 2400
            assert ((times_us > begin_us) & (times_us < end_us)).sum() <= 2400
            assert ((times_us >= begin_us) & (times_us <= end_us)).sum() >= 2400
        assert begin_us <= made[number].t_newest_us <= end_us


def test_packets_hold_all_events_in_their_time(clips):
    clip, events = clips[1]
    packets = list(packets_of(clip, events))
    assert (np.concatenate([packet.events for packet in packets]) == events).all()
    assert packets[-1].t_newest_us == clip.duration_us
    for before, packet in zip(packets, packets[1:]):
        assert (packet.events['dt_us'] >= before.t_newest_us).all()
        assert (packet.events['dt_us'] < packet.t_newest_us).all()


def test_constant_network_is_measured_as_one(clips, constant):
    key, numbers, replays = replay(Task(('all',), constant, clips, tuple(range(6))))
    assert key == ('all',) and numbers == tuple(range(6))
    figures = recognition(replays, LABELS)
    rows = figures['labels']
    silent = {label: np.concatenate([
        replayed.silent[replayed.begins_us >= 0] for replayed in replays
        if replayed.clip.label == label]) for label in LABELS}
    assert figures['windows'] == sum(
        (window_truths(replayed, LABELS) >= 0).sum() for replayed in replays)
    assert rows['arm_roll']['recall'] == 0 and rows['arm_roll']['precision'] is None
    assert not silent['right_hand_wave'].any() and rows['right_hand_wave']['recall'] == 1
    assert rows['none']['recall'] == pytest.approx(silent['none'].mean())
    assert figures['clips']['labels']['right_hand_wave']['right'] == 1
    assert figures['clips']['labels']['arm_roll'] == {
        'clips': 2, 'right': 0, 'silent': 0, 'majority': 0}
    bins = calibration(replays, LABELS)
    assert [row['score'] for row in bins['bins']] == [pytest.approx(0.8, abs=1e-6)]
    assert bins['error'] == pytest.approx(abs(0.8 - bins['bins'][0]['right']), abs=1e-6)


def test_clips_do_not_depend_on_those_before(clips, constant):
    together = replay(Task((), constant, clips, (0, 1, 2)))[2]
    alone = replay(Task((), constant, clips, (2,)))[2][0]
    assert (together[2].scores == alone.scores).all()
    assert together[2].announced == alone.announced


def test_state_of_windows_gives_a_decision_for_each(clips, constant):
    carried, = replay(Task((), constant, clips, (0,)))[2]
    windows, = replay(Task((), constant, clips, (0,), state='window'))[2]
    assert len(carried.ends_us) == 30
    assert windows.ends_us.tolist() == [400_000, 800_000, 1_200_000]
    assert (windows.begins_us == windows.ends_us - 400_000).all()


def test_other_slicing_gives_other_windows(clips, constant):
    longer, = replay(Task((), constant, clips, (0,), Slicing(window_ms=800.0)))[2]
    assert set(longer.ends_us - longer.begins_us) == {800_000}


def test_a_clip_is_augmented_the_same_way_each_time(clips, constant):
    rest = [number for number, clip in enumerate(clips.clips) if clip.label == 'none']
    thin = Augmentation(density=0.01)
    plain, thinned, again = (
        np.concatenate([clip.silent for clip in replay(
            Task((), constant, clips, tuple(rest), augmentation=augmentation))[2]])
        for augmentation in (Augmentation(), thin, thin))
    assert thinned.sum() > plain.sum() and (thinned == again).all()


def test_truth_of_windows_around_the_onset():
    windows = replayed('arm_roll', 1_000_000, [-100_000, 0, 600_000, 700_000, 840_000, 1_500_000],
                       ['none'] * 6)
    assert window_truths(windows, LABELS).tolist() == [-1, 2, 2, -1, 1, 1]
    assert window_truths(windows, LABELS[:2]).tolist() == [-1, -1, -1, -1, 1, 1]


def test_truth_of_windows_around_the_end():
    windows = replayed('arm_roll', 0, [0, 760_000, 770_000, 999_000, 1_000_000], ['none'] * 5,
                       offset_us=1_000_000)
    assert window_truths(windows, LABELS).tolist() == [1, 1, -1, -1, 2]


def test_other_gestures_announced_after_the_end():
    def ended(*announced):
        return replayed('arm_roll', 0, [], [], announced, offset_us=1_000_000)
    wrong = [(1_500_000, 'right_hand_wave'), (1_700_000, 'other')]
    replays = [ended((500_000, 'other'), (1_200_000, 'arm_roll'), *wrong), ended(), ended(),
               ended(wrong[0]), replayed('arm_roll', 0, [], [], wrong)]
    assert endings(replays) == {
        'clips': 4, 'in_100': 75, 'announced': {'other': 1, 'right_hand_wave': 2}}
    assert endings([]) == {'clips': 0, 'in_100': None, 'announced': {}}


def test_recall_precision_and_false_alarms():
    replays = [replayed('arm_roll', 0, [0, 1, 2, 3], ['arm_roll'] * 3 + ['none']),
               replayed('none', 0, [0, 1, 2, 3], ['arm_roll'] + ['none'] * 3)]
    figures = recognition(replays, LABELS)
    assert figures['confusion'] == [[0, 0, 0], [0, 3, 1], [0, 1, 3]]
    assert figures['labels']['arm_roll'] == {
        'windows': 4, 'recall': 0.75, 'precision': 0.75, 'false_alarms': 0.25}
    assert figures['labels']['right_hand_wave']['recall'] is None
    assert figures['mean_recall'] == 0.75
    perfect = [replayed(label, 0, [0], [label]) for label in LABELS]
    assert recognition(perfect, LABELS)['mean_recall'] == 1
    assert calibration(perfect, LABELS)['error'] == pytest.approx(0, abs=1e-6)
    assert recognition([], LABELS)['mean_recall'] is None


def test_ways_of_turning_are_merged():
    labels = ('left_arm_clockwise', 'left_arm_counter_clockwise', 'right_arm_clockwise')
    merged, counts = merge_ways(np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]]), labels)
    assert merged == ['left_arm', 'right_arm']
    assert counts.tolist() == [[12, 9], [15, 9]]


def test_clips_by_first_announcement():
    replays = [replayed('arm_roll', 0, [0], ['arm_roll'], [(5, 'arm_roll'), (9, 'other')]),
               replayed('arm_roll', 0, [0], ['arm_roll'], [(5, 'other'), (9, 'arm_roll')]),
               replayed('none', 0, [0], ['arm_roll'], [])]
    rows = clips_recognized(replays, LABELS)['labels']
    assert rows['arm_roll'] == {'clips': 2, 'right': 0.5, 'silent': 0, 'majority': 1}
    assert rows['none'] == {'clips': 1, 'right': 1, 'silent': 1, 'majority': 0}


def test_delays_count_from_the_onset():
    def begun(*announced):
        return replayed('arm_roll', 500_000, [], [], announced)
    early = begun((400_000, 'arm_roll'))
    prompt = begun((400_000, 'arm_roll'), (800_000, 'arm_roll'))
    late = begun((700_000, 'right_hand_wave'), (1_500_000, 'arm_roll'))
    measured = delays([late, prompt, early, replayed('arm_roll', 0, [], [], [(5, 'arm_roll')])])
    assert measured == {'clips': 3, 'median_s': 1.0, 'p90_s': None, 'never': pytest.approx(1 / 3),
                        'delays_s': [0.3, 1.0]}


def test_false_alarms_in_ten_minutes():
    replays = [replayed('still', 0, [], [], [(5, 'arm_roll')], 60_000_000),
               replayed('still', 0, [], [], [], 60_000_000)]
    assert false_alarms(replays) == {
        'still': {'minutes': 2, 'announced': {'arm_roll': 1}, 'in_10_minutes': 5}}


@pytest.mark.parametrize('factor', [0.2, 10.0])
def test_density(clips, factor):
    _, events = clips[0]
    changed = with_density(events, factor, 128, 7)
    assert len(changed) == pytest.approx(factor * len(events), rel=0.05)
    assert (np.diff(changed['dt_us'].astype(int)) >= 0).all()
    assert changed['pixel'].max() < 2 * 128 * 128
    assert (changed == with_density(events, factor, 128, 7)).all()
    picture = np.bincount(events['pixel'] // 16, minlength=2048)
    new_picture = np.bincount(changed['pixel'] // 16, minlength=2048)
    assert np.corrcoef(picture, new_picture)[0, 1] > 0.9


def test_a_sensor_is_compared_with_the_first_by_the_same_people():
    right, wrong = (replayed('arm_roll', 0, [0, 500_000], [found] * 2)
                    for found in ('arm_roll', 'none'))
    wrong = wrong._replace(clip=replace(wrong.clip, person='b', recording='b'))
    both = [right, wrong]
    rows = conditions({('set', 'sensor_dvs128'): both, ('set', 'sensor_davis346'): [right],
                       ('set', 'framing_near'): [right, right._replace(clip=wrong.clip)],
                       ('density', 0.2): [wrong], ('density', 10): both,
                       **{('disturbance', name): [right] for name in DISTURBANCES}},
                      LABELS, QUICK)
    disturbed = [1] * len(DISTURBANCES)
    assert [row['mean_recall'] for row in rows] == [0.5, 1, 1, 0, 0.5, *disturbed]
    assert [row['difference'] for row in rows] == [0, 0, 0.5, 0, 0, *np.zeros_like(disturbed)]


def test_report_of_a_real_process(tmp_path, constant, clips):
    set_folder = tmp_path / 'own'
    list(simulate_clip_set(Simulation((*LABELS, 'air_drums'), 1, 600_000, test=1.0,
                                      validation=0.0), set_folder, 1))
    np.savez(tmp_path / 'empty_room.npz', t=np.arange(0, 1_000_000, 500), x=np.arange(2000) % 128,
             y=np.arange(2000) % 97, p=np.arange(2000) % 2)
    rng = np.random.default_rng(3)
    for name in ('a', 'b'):
        np.savez(tmp_path / f'{name}.npz', t=np.sort(rng.integers(0, 2_000_000, 200_000)),
                 x=rng.integers(0, 64, 200_000), y=rng.integers(0, 128, 200_000),
                 p=rng.integers(0, 2, 200_000))
    (tmp_path / 'waves.csv').write_text(
        'file,start_s,end_s,label,person,flip_x\na.npz,,,right_hand_wave,ann,\n'
        'a.npz,,,arm_roll,ann,true\nb.npz,,,right_hand_wave,ben,\n')
    (tmp_path / 'still').mkdir()
    shutil.copy(tmp_path / 'b.npz', tmp_path / 'still' / 'none_1.npz')
    command = [shutil.which('snn-gesture'), 'report', constant, '--quick', '--data', 'own',
               '--real', 'waves.csv', '--real', 'still',
               '--recordings', 'empty_room.npz', '--output', 'docs/recognition']
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    text = (tmp_path / 'docs' / 'recognition.md').read_text()
    pictures = sorted((tmp_path / 'docs' / 'recognition').glob('*.png'))
    assert len(pictures) == 7
    for path in pictures:
        assert f'](recognition/{path.name})' in text
        with Image.open(path) as picture:
            assert picture.width == 630 and np.asarray(picture.convert('L')).std() > 5
    report = json.loads((tmp_path / 'docs' / 'recognition' / 'report.json').read_text())
    chapter = report['checkpoints']['constant']
    assert chapter['held_out']['labels']['arm_roll']['recall'] == 0
    rolls, waves, still = chapter['real']['sets']
    assert (waves['set'], waves['label'], waves['recordings'], waves['people']) == (
        'waves', 'right_hand_wave', 2, 2)
    assert (waves['right'], waves['announced'], waves['decisions_right']) == (2, 2, 1)
    assert 1 < waves['median_s'] < 2 and waves['false'] == 0
    assert (rolls['recordings'], rolls['mirrored'], rolls['right'], rolls['false']) == (1, 1, 0, 1)
    assert (still['label'], still['people'], still['false']) == ('none', None, 1)
    assert still['false_per_minute'] == pytest.approx(30, rel=0.01)
    gestures = chapter['real']['gestures']
    assert (gestures['parts'], gestures['right'], gestures['announced']) == (3, 2, 2)
    assert chapter['real']['none'] == {**chapter['real']['none'], 'parts': 1, 'false': 1}
    overview = text[text.index('## Overview'):].splitlines()
    assert overview[4].startswith('| real gestures,') and '2 of 3 / 66.' in overview[4]
    assert '| waves | arm_roll | 1 of 1 person, mirrored | `constant` | 0 of 1 |' in text
    assert '| still | none | 1 of unknown people |' in text
    assert 'trained on simulation dvs128, never on a recording of real people.' in text
    own = chapter['data']['own']
    assert (own['used'], own['left_out']) == (3, 1) and report['data']['own']['split'] == 'test'
    assert [row['name'] for row in chapter['conditions']] == [
        'dvs128', 'davis346', 'near', 'x 0.2', 'x 10', *DISTURBANCES]
    assert len(chapter['windows']) == 5
    assert [row['way'] for row in chapter['states']] == ['carried', 'window']
    assert {**chapter['hops'][0], 'way': 'carried'} == chapter['states'][0]
    assert [row['windows'] for row in chapter['hops']] == sorted(
        (row['windows'] for row in chapter['hops']), reverse=True)
    assert list(chapter['false_alarms']['recordings']) == ['empty_room.npz']
    assert_cards_state(tmp_path / 'docs' / 'recognition' / 'report.json', constant)
    made = tmp_path.glob('build/report/quick_7/*/*/*')
    stamps = {path: path.stat().st_mtime_ns for path in made}
    assert len(stamps) == 2 * 6
    assert subprocess.run(command, cwd=tmp_path, capture_output=True).returncode == 0
    assert stamps == {path: path.stat().st_mtime_ns for path in stamps}
    assert json.loads(
        (tmp_path / 'docs' / 'recognition' / 'report.json').read_text()) == report


def assert_cards_state(report, model):
    """Write the figures of a report into copies of a model and of the README; read them there."""
    model, readme = (shutil.copy(path, report.parent) for path in (model, PROJECT / 'README.md'))
    before, card = load_checkpoint(model)
    subprocess.run([sys.executable, SCRIPTS / 'state_real_figures.py', report, readme, model],
                   check=True)
    assert '| waves | `right_hand_wave` | 2 of 2 people | 2 of 2 |' in Path(readme).read_text()
    after, stated = load_checkpoint(model)
    for name, value in before.state_dict().items():
        assert torch.equal(value, after.state_dict()[name])
    real = stated.training.pop('real recordings')
    assert stated == card
    assert real['waves, right_hand_wave'].startswith('2 of 2 people: 2 of 2 right, 100.0 %')
    assert real['trained on them'] == 'never'
    exported = SpikingClassifier(str(Path(model).with_suffix('.onnx')), 'onnx')
    assert exported.card.training['real recordings'] == real


@pytest.mark.parametrize('words, status, reason', [
    (['absent'], 1, 'no checkpoint absent'), (['{model}', '{model}'], 2, 'rename one'),
    (['{model}', '--seed', '715'], 2, 'seed must be from 0'),
    (['{model}', '--data', 'absent'], 1, 'is not a clip set'),
    (['{model}', '--real', 'absent'], 1, 'absent: No such file'),
    (['{model}', '--real', '{room}'], 1, 'it has no label'),
    (['{model}', '--real', 'a/b', '--real', 'c/b'], 2, 'rename one'),
    (['{model}', '--recordings', 'absent'], 1, 'absent')])
def test_bad_usage_and_bad_data_are_one_line(tmp_path, capsys, monkeypatch, constant, words,
                                             status, reason):
    monkeypatch.chdir(tmp_path)
    room = tmp_path / 'room.npz'
    np.savez(room, t=[0, 1], x=[0, 1], y=[0, 1], p=[0, 1])
    assert main(['report', *(word.format(model=constant, room=room) for word in words)]) == status
    errors = capsys.readouterr().err
    assert reason in errors and errors.count('\n') == 1
    assert not (tmp_path / 'docs').exists()
