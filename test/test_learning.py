# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Learning from examples: the store, the versions, and what a small network learns."""
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from snn_gesture_ros.command_line.main import main
from snn_gesture_ros.datasets.clip_set import Clip, ClipSet, ClipSetWriter
from snn_gesture_ros.events.packet import EventPacket, PACKED_EVENT
from snn_gesture_ros.learning.examples import ExampleStore, without_rest
from snn_gesture_ros.learning.learn import Bounds, folds, learn, why_not
from snn_gesture_ros.learning.recent_events import RecentEvents
from snn_gesture_ros.learning.versions import Versions
from snn_gesture_ros.network.checkpoint import load_checkpoint
from snn_gesture_ros.network.classifier import SpikingClassifier
import torch

DURATION_US = 1_200_000
COLUMNS = {'left': (16, 48), 'right': (80, 112), 'middle': (56, 72)}
"""Where bars move to and fro, on a picture of 128 columns."""


def bar(label, rng, duration_us=DURATION_US):
    """Give events of a bar over the columns of a label; of `none`, a few anywhere."""
    count = duration_us // 250
    events = np.empty(count if label != 'none' else count // 40, PACKED_EVENT)
    events['dt_us'] = np.sort(rng.integers(0, duration_us, len(events)))
    first, last = COLUMNS.get(label, (0, 128))
    x = rng.integers(first, last, len(events))
    y = rng.integers(0, 128, len(events))
    events['pixel'] = (rng.integers(0, 2, len(events)) * 128 + y) * 128 + x
    return events


@pytest.fixture
def rehearsal(tmp_path):
    """Give a clip set of what the network of `halves` knows."""
    rng = np.random.default_rng(1)
    writer = ClipSetWriter(tmp_path / 'rehearsal', {'made_by': 'test'})
    writer.write('all', [
        (Clip(label, split, split, split, DURATION_US), bar(label, rng))
        for label in ('left', 'right', 'none') for split in ('train', 'validation')
        for _ in range(6)])
    return tmp_path / 'rehearsal'


@pytest.fixture
def folder(tmp_path):
    """Give a folder with four examples of a new label."""
    store, rng = ExampleStore(tmp_path / 'robot' / 'examples'), np.random.default_rng(2)
    for _ in range(4):
        store.add('middle', 'anna', 'now', bar('middle', rng), DURATION_US)
    return tmp_path / 'robot'


def test_a_new_label_is_learned_and_the_old_ones_are_kept(folder, halves, rehearsal):
    result = learn(folder, str(halves), str(rehearsal))
    assert not result['refused'], result
    figures = result['figures']
    assert figures['recall']['middle'] > 0.9 and figures['recall_before']['middle'] == 0
    assert figures['forgotten'] <= 0.02 and figures['examples'] == {'middle': 4}
    classifier = SpikingClassifier(result['version'])
    card = classifier.card
    assert card.labels == ('left', 'right', 'none', 'middle')
    assert card.training['learned'] == {
        'base': str(halves), 'parent': str(halves), 'figures': figures,
        'examples': [f'00000{k}-middle' for k in (1, 2, 3, 4)]}
    exported = SpikingClassifier(result['version'].replace('.safetensors', '.onnx'), 'onnx')
    assert exported.card == card
    for label, columns in COLUMNS.items():
        scores = []
        for each in (classifier, exported):
            each.reset()
            counts = np.zeros((2, 16, 16), np.uint16)
            counts[:, :, columns[0] // 8:columns[1] // 8] = 1
            for _ in range(12):
                scores.append(each.step(counts))
        assert card.labels[scores[11].argmax()] == label
        np.testing.assert_allclose(scores[11], scores[-1], atol=1e-4)


def test_convolutions_stay_as_they_are(folder, halves, rehearsal):
    new, _ = load_checkpoint(learn(folder, str(halves), str(rehearsal))['version'])
    old, _ = load_checkpoint(str(halves))
    for name, value in old.features.state_dict().items():
        assert torch.equal(value, new.features.state_dict()[name])


def test_learning_again_begins_with_the_base(folder, halves, rehearsal):
    first = learn(folder, str(halves), str(rehearsal))['version']
    store, rng = ExampleStore(folder / 'examples'), np.random.default_rng(3)
    for _ in range(3):
        store.add('none', 'anna', 'now', bar('none', rng), DURATION_US)
    second = learn(folder, first, str(rehearsal))
    assert second['version'].endswith('0002.safetensors'), second
    record = Versions(folder / 'models').record(second['version'])
    assert (record['base'], record['parent']) == (str(halves), first)
    assert load_checkpoint(second['version'])[1].labels == ('left', 'right', 'none', 'middle')


def test_a_network_that_is_not_good_enough_is_not_kept(folder, halves, rehearsal):
    rng = np.random.default_rng(4)
    store = ExampleStore(folder / 'examples')
    for _ in range(3):      # what is shown as something new is what the network calls left
        store.add('snap', 'anna', 'now', bar('left', rng), DURATION_US)
    result = learn(folder, str(halves), str(rehearsal))
    assert result['version'] is None
    assert 'old gestures falls by' in result['refused'] or 'snap' in result['refused']
    assert not (folder / 'models').exists()


def test_reasons_not_to_offer_a_network():
    good = {'recall': {'a': 0.8}, 'recall_before': {'a': 0.5}, 'forgotten': 0.01}
    assert why_not(good, Bounds()) == ''
    assert 'a: 60%' in why_not({**good, 'recall': {'a': 0.6}}, Bounds())
    assert '90.0% before' in why_not({**good, 'recall_before': {'a': 0.9}}, Bounds())
    assert 'falls by 3.0 points' in why_not({**good, 'forgotten': 0.03}, Bounds())
    assert why_not({**good, 'forgotten': 0.03}, Bounds(most_forgotten=0.05)) == ''


def test_folds_hold_every_example_out_once_and_leave_some_of_every_label():
    classes = np.array([4, 4, 4, 7, 4, 7, 7, 4])
    parts = folds(classes)
    assert sorted(np.concatenate(parts)) == list(range(8))
    for part in parts:
        assert set(np.delete(classes, part)) == {4, 7} == set(classes[part])


@pytest.mark.parametrize('words, message', [
    (['--checkpoint', 'nowhere'], 'no checkpoint nowhere'),
    (['--rehearsal', 'nowhere'], 'this is no clip set'),
])
def test_what_cannot_be_learned_is_refused_in_one_line(folder, halves, capsys, words, message):
    assert main(['learn', str(folder), '--checkpoint', str(halves), *words]) == 1
    printed = capsys.readouterr().err.splitlines()
    assert len(printed) == 1 and message in printed[0]


def test_labels_that_would_be_forgotten_unseen_are_named(folder, halves, rehearsal, capsys):
    for path in (rehearsal / 'parts').glob('*.json'):
        path.write_text(path.read_text().replace('"left"', '"up"'))
    assert main(['learn', str(folder), '--checkpoint', str(halves), '--rehearsal',
                 str(rehearsal)]) == 1
    assert 'no clips for train of left, which would be forgotten' in capsys.readouterr().err


def test_too_few_examples_are_refused(folder, halves, capsys):
    ExampleStore(folder / 'examples').set_aside_newest()
    ExampleStore(folder / 'examples').set_aside_newest()
    assert main(['learn', str(folder), '--checkpoint', str(halves)]) == 1
    assert 'a label needs 3 examples: middle has 2' in capsys.readouterr().err


def test_the_store_is_a_clip_set_that_training_reads(folder, halves, rehearsal, tmp_path):
    store = ExampleStore(folder / 'examples')
    store.add('middle', 'ben', 'later', bar('middle', np.random.default_rng(5)), DURATION_US)
    clips = ClipSet(folder / 'examples')
    assert [clip.split for clip in clips.clips] == ['train'] * 4 + ['validation']
    assert [clip.person for clip in clips.clips] == ['anna'] * 4 + ['ben']
    assert main(['train', '--init-from', str(halves), '--data-dir', str(folder / 'examples'),
                 str(rehearsal), '--out-dir', str(tmp_path / 'run'), '--epochs', '1', '-b', '4',
                 '--device', 'cpu', '-j', '0']) == 0
    assert 'middle' in load_checkpoint(str(tmp_path / 'run' / 'best.safetensors'))[1].labels


def test_examples_set_aside_keep_their_number(folder):
    store = ExampleStore(folder / 'examples')
    assert store.set_aside_newest() == '000004-middle'
    assert store.counts() == {'middle': 3}
    assert store.add('none', 'anna', 'now', bar('none', np.random.default_rng(6)),
                     DURATION_US) == '000005-none'
    with pytest.raises(ValueError, match='letters, digits'):
        store.add('a/b', 'anna', 'now', bar('none', np.random.default_rng(7)), DURATION_US)


def test_an_example_that_is_cut_off_by_a_kill_does_not_count(folder):
    parts = folder / 'examples' / 'parts'
    (parts / '000005-middle.npy').write_bytes(b'cut off')
    (parts / '000005-middle.json.tmp').write_text('{')
    store = ExampleStore(folder / 'examples')
    assert len(store.clips()) == 4
    assert store.add('middle', 'anna', 'now', bar('middle', np.random.default_rng(8)),
                     DURATION_US) == '000006-middle'


def test_versions_follow_each_other_and_can_be_undone(tmp_path):
    versions = Versions(tmp_path)
    assert versions.newest_after('fast') is None and versions.record('fast') is None
    first = versions.next_path()
    first.touch()
    assert versions.newest_after('fast') is None        # not finished
    versions.finish(first, {'parent': 'fast', 'base': 'fast'})
    second = versions.next_path()
    versions.finish(second, {'parent': str(first.with_suffix('.onnx')), 'base': 'fast'})
    assert (first.name, second.name) == ('0001.safetensors', '0002.safetensors')
    assert versions.newest_after('fast') == second
    assert versions.record(str(second.with_suffix('.onnx')))['base'] == 'fast'
    versions.undo(str(second.with_suffix('.onnx')))
    assert versions.newest_after('fast') == first
    assert versions.newest_after(str(first)) is None


def test_rest_before_and_after_a_gesture_is_cut_off():
    rng = np.random.default_rng(9)
    gesture = bar('middle', rng, 1_500_000)
    gesture['dt_us'] += 800_000
    noise = bar('none', rng, 3_000_000)
    events = np.sort(np.concatenate([gesture, noise]), order='dt_us')
    kept, duration_us = without_rest(events, 3_000_000)
    assert duration_us == 1_500_000
    assert kept['dt_us'].max() < duration_us and len(kept) >= len(gesture)


def packet(t_us, newest_us, times_us=(), size=128):
    events = np.zeros(len(times_us), PACKED_EVENT)
    events['dt_us'] = times_us
    events['pixel'] = times_us
    return EventPacket(size, size, 0, t_us, newest_us, 0, 'camera', events)


def test_recent_events_are_those_of_the_last_seconds():
    recent = RecentEvents(1_000_000)
    with pytest.raises(ValueError, match='no events'):
        recent.last(500)
    for k in range(30):
        recent.push(packet(k * 100_000, k * 100_000 + 99_999, [50_000, 20_000]))
    events = recent.last(250_000)
    assert events['dt_us'].tolist() == [0, 70_000, 100_000, 170_000, 200_000]
    assert events['pixel'].tolist() == [50_000, 20_000, 50_000, 20_000, 50_000]
    with pytest.raises(ValueError, match='less than 2 s'):
        recent.last(2_000_000)
    recent.push(packet(5000, 6000))         # the camera has begun anew
    with pytest.raises(ValueError, match='less than'):
        recent.last(250_000)
    with pytest.raises(ValueError, match='128x128'):
        recent.push(packet(7000, 8000, size=64))


def test_learning_is_a_process_of_low_priority(folder, halves, rehearsal):
    process = subprocess.run(
        [sys.executable, '-m', 'snn_gesture_ros.command_line.main', 'learn', str(folder),
         '--checkpoint', str(halves), '--rehearsal', str(rehearsal), '--json'],
        capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    assert os.path.exists(json.loads(process.stdout)['version'])
