# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Learning from examples: the store, the versions, and what a small network learns."""
from collections import Counter
import json
from pathlib import Path
import shutil

from bars import bar, BAR_COLUMNS, BAR_US, record_bar
import numpy as np
import pytest
from snn_gesture_ros.command_line.main import main
from snn_gesture_ros.datasets.clip_set import ClipSet
from snn_gesture_ros.datasets.cutting import Cleaning, cut_recording
from snn_gesture_ros.evaluation.sources import Part, Source
from snn_gesture_ros.events.packet import PACKED_EVENT, StreamPacket
from snn_gesture_ros.learning.examples import (
    add_examples, cut_off_rest, ExampleStore, read_examples, RecentEvents)
from snn_gesture_ros.learning.learn import Bounds, find_shortfall, folds, learn
from snn_gesture_ros.learning.versions import Versions
from snn_gesture_ros.network.checkpoint import load_checkpoint
from snn_gesture_ros.network.classifier import SpikingClassifier
import torch


@pytest.fixture
def base(bars):
    """Give the network that knows left, right and none."""
    return bars[0]


@pytest.fixture
def rehearsal(bars, tmp_path):
    """Give clips of what it knows."""
    return shutil.copytree(bars[1], tmp_path / 'rehearsal')


@pytest.fixture
def folder(tmp_path):
    """Give a folder with four examples of a new label."""
    store, rng = ExampleStore(tmp_path / 'robot' / 'examples'), np.random.default_rng(2)
    for _ in range(4):
        store.add('middle', 'anna', 'now', bar('middle', rng), BAR_US)
    return tmp_path / 'robot'


@pytest.mark.slow
def test_a_new_label_is_learned_and_the_old_ones_are_kept(folder, base, rehearsal):
    result = learn(folder, str(base), str(rehearsal))
    assert not result['refused'], result
    figures = result['figures']
    assert figures['recall']['middle'] > 0.9 and figures['recall_before']['middle'] == 0
    assert figures['forgotten'] <= 0.02 and figures['examples'] == {'middle': 4}
    classifier = SpikingClassifier(result['version'])
    card = classifier.card
    assert card.labels == ('left', 'right', 'none', 'middle')
    assert card.training['learned'] == {
        'base': str(base), 'parent': str(base), 'figures': figures,
        'examples': [f'00000{k}-middle' for k in (1, 2, 3, 4)]}
    exported = SpikingClassifier(result['version'].replace('.safetensors', '.onnx'), 'onnx')
    assert exported.card == card
    for label, columns in BAR_COLUMNS.items():
        counts = np.zeros((2, 16, 16), np.uint16)
        counts[:, :, columns[0] // 8:columns[1] // 8] = 1
        scores, of_exported = (each.run([counts] * 12)[0][-1] for each in (classifier, exported))
        assert card.labels[scores.argmax()] == label
        np.testing.assert_allclose(scores, of_exported, atol=1e-4)


@pytest.mark.slow
def test_convolutions_stay_as_they_are(folder, base, rehearsal):
    new, _ = load_checkpoint(learn(folder, str(base), str(rehearsal))['version'])
    old, _ = load_checkpoint(str(base))
    for name, value in old.features.state_dict().items():
        assert torch.equal(value, new.features.state_dict()[name])


@pytest.mark.slow
def test_learning_again_begins_with_the_base(folder, base, rehearsal):
    first = learn(folder, str(base), str(rehearsal))['version']
    store, rng = ExampleStore(folder / 'examples'), np.random.default_rng(3)
    for _ in range(3):
        store.add('none', 'anna', 'now', bar('none', rng), BAR_US)
    second = learn(folder, first, str(rehearsal))
    assert second['version'].endswith('0002.safetensors'), second
    record = Versions(folder / 'models').record(second['version'])
    assert (record['base'], record['parent']) == (str(base), first)
    assert load_checkpoint(second['version'])[1].labels == ('left', 'right', 'none', 'middle')


@pytest.mark.slow
def test_a_network_that_is_not_good_enough_is_not_kept(folder, base, rehearsal):
    rng = np.random.default_rng(4)
    store = ExampleStore(folder / 'examples')
    for _ in range(3):      # what is shown as something new is what the network calls left
        store.add('snap', 'anna', 'now', bar('left', rng), BAR_US)
    result = learn(folder, str(base), str(rehearsal))
    assert result['version'] is None
    assert 'old gestures falls by' in result['refused'] or 'snap' in result['refused']
    assert not (folder / 'models').exists()


def test_reasons_not_to_offer_a_network():
    good = {'recall': {'a': 0.8}, 'recall_before': {'a': 0.5}, 'forgotten': 0.01}
    assert find_shortfall(good, Bounds()) == ''
    assert 'a: 60%' in find_shortfall({**good, 'recall': {'a': 0.6}}, Bounds())
    assert '90.0% before' in find_shortfall({**good, 'recall_before': {'a': 0.9}}, Bounds())
    assert 'falls by 3.0 points' in find_shortfall({**good, 'forgotten': 0.03}, Bounds())
    assert find_shortfall({**good, 'forgotten': 0.03}, Bounds(most_forgotten=0.05)) == ''


def test_folds_hold_every_example_out_once_and_leave_some_of_every_label():
    classes = np.array([4, 4, 4, 7, 4, 7, 7, 4])
    parts = folds(classes, list(range(8)))
    assert sorted(np.concatenate(parts)) == list(range(8))
    for part in parts:
        assert set(np.delete(classes, part)) == {4, 7} == set(classes[part])


@pytest.mark.parametrize('words, message', [
    (['--checkpoint', 'nowhere'], 'no checkpoint nowhere'),
    (['--rehearsal', 'nowhere'], 'this is not a clip set'),
])
def test_what_cannot_be_learned_is_refused_in_one_line(folder, base, capsys, words, message):
    assert main(['learn', str(folder), '--checkpoint', str(base), *words]) == 1
    printed = capsys.readouterr().err.splitlines()
    assert len(printed) == 1 and message in printed[0]


def test_labels_that_would_be_forgotten_unseen_are_named(folder, base, rehearsal, capsys):
    for path in (rehearsal / 'parts').glob('*.json'):
        path.write_text(path.read_text().replace('"left"', '"up"'))
    assert main(['learn', str(folder), '--checkpoint', str(base), '--rehearsal',
                 str(rehearsal)]) == 1
    assert 'no clips for train of left, which would be forgotten' in capsys.readouterr().err


def test_too_few_examples_are_refused(folder, base, capsys):
    ExampleStore(folder / 'examples').set_aside_newest()
    ExampleStore(folder / 'examples').set_aside_newest()
    assert main(['learn', str(folder), '--checkpoint', str(base)]) == 1
    assert 'a label needs 3 examples: middle has 2' in capsys.readouterr().err


def test_the_store_is_a_clip_set_that_training_reads(folder, base, rehearsal, tmp_path):
    store = ExampleStore(folder / 'examples')
    store.add('middle', 'ben', 'later', bar('middle', np.random.default_rng(5)), BAR_US)
    clips = ClipSet(folder / 'examples')
    assert [clip.split for clip in clips.clips] == ['train'] * 4 + ['validation']
    assert [clip.person for clip in clips.clips] == ['anna'] * 4 + ['ben']
    assert main(['train', '--init-from', str(base), '--data', str(folder / 'examples'),
                 str(rehearsal), '--output', str(tmp_path / 'run'), '--epochs', '1', '-b', '4',
                 '--device', 'cpu', '-j', '0']) == 0
    assert 'middle' in load_checkpoint(str(tmp_path / 'run' / 'best.safetensors'))[1].labels


def test_examples_set_aside_keep_their_number(folder):
    store = ExampleStore(folder / 'examples')
    assert store.set_aside_newest() == '000004-middle'
    assert store.counts() == {'middle': 3}
    assert store.add('none', 'anna', 'now', bar('none', np.random.default_rng(6)),
                     BAR_US) == '000005-none'
    with pytest.raises(ValueError, match='letters, digits'):
        store.add('a/b', 'anna', 'now', bar('none', np.random.default_rng(7)), BAR_US)


def test_an_example_that_is_cut_off_by_a_kill_does_not_count(folder):
    parts = folder / 'examples' / 'parts'
    (parts / '000005-middle.npy').write_bytes(b'cut off')
    (parts / '000005-middle.json.tmp').write_text('{')
    store = ExampleStore(folder / 'examples')
    assert len(store.clips()) == 4
    assert store.add('middle', 'anna', 'now', bar('middle', np.random.default_rng(8)),
                     BAR_US) == '000006-middle'


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
    third = versions.next_path()
    versions.finish(third, {'parent': 'fast', 'base': 'fast'})
    assert versions.newest_after('fast') == third
    versions.undo(str(third))
    versions.undo(str(second.with_suffix('.onnx')))
    assert versions.newest_after('fast') == first
    assert versions.newest_after(str(first)) is None


def test_rest_before_and_after_a_gesture_is_cut_off():
    rng = np.random.default_rng(9)
    gesture, noise = bar('middle', rng), bar('none', rng)
    gesture['dt_us'] += 800_000
    noise['dt_us'] *= 2
    events = np.sort(np.concatenate([gesture, noise]), order='dt_us')
    kept, duration_us = cut_off_rest(events, 2 * BAR_US)
    assert duration_us == BAR_US
    assert kept['dt_us'].max() < duration_us and len(kept) >= len(gesture)


def test_rest_without_any_event_is_cut_off_too():
    gesture = bar('middle', np.random.default_rng(9))
    gesture['dt_us'] += 800_000
    kept, duration_us = cut_off_rest(gesture, 4 * BAR_US)
    assert duration_us <= BAR_US + 200_000 and len(kept) >= 0.9 * len(gesture)


def packet(sequence, t_us, newest_us, times_us=(), size=128):
    events = np.zeros(len(times_us), PACKED_EVENT)
    events['dt_us'] = times_us
    events['pixel'] = times_us
    return StreamPacket(size, size, sequence, t_us, newest_us, 0, 'camera', events, 2.5)


def test_recent_events_are_those_of_the_last_seconds():
    recent = RecentEvents(1_000_000)
    with pytest.raises(ValueError, match='no events'):
        recent.last(500)
    for k in range(30):
        recent.add_packet(packet(k, k * 100_000, k * 100_000 + 99_999, [50_000, 20_000]))
    events, scale = recent.last(250_000)
    assert scale == 2.5
    assert events['dt_us'].tolist() == [0, 70_000, 100_000, 170_000, 200_000]
    assert events['pixel'].tolist() == [50_000, 20_000, 50_000, 20_000, 50_000]
    with pytest.raises(ValueError, match='less than 2 s'):
        recent.last(2_000_000)
    recent.add_packet(packet(0, 5_000_000, 5_001_000))    # the camera has restarted
    with pytest.raises(ValueError, match='less than'):
        recent.last(250_000)
    with pytest.raises(ValueError, match='128x128'):
        recent.add_packet(packet(1, 7_000_000, 8_000_000, size=64))


def learn_from(folder, base, rehearsal, *words):
    """Run the verb; give its status."""
    return main(['learn', str(folder), '--checkpoint', str(base), '--rehearsal', str(rehearsal),
                 *map(str, words)])


@pytest.mark.slow
def test_recordings_of_a_label_are_learned_once(tmp_path, base, rehearsal, capsys):
    recordings = [record_bar(tmp_path / f'{k}.npz', 'middle', seed=k) for k in range(4)]
    robot = tmp_path / 'robot'
    assert learn_from(robot, base, rehearsal, '--label', 'middle', *recordings) == 0
    captured = capsys.readouterr()
    assert f'4 examples added to {robot / "examples"}\n' in captured.err
    clips = ExampleStore(robot / 'examples').clips().clips
    assert [Path(clip.recording) for clip in clips] == recordings
    assert {(clip.label, clip.person) for clip in clips} == {('middle', 'someone')}
    rows = {line.split()[0]: line.split() for line in captured.out.splitlines() if line.strip()}
    assert rows['middle'][:3] == ['middle', '4', 'new']
    assert rows['middle'][-3:] == ['better', '–', '–'] and rows['left'][1:4] == ['–'] * 3
    assert rows['mean'][1] == '4'
    assert captured.out.splitlines()[-1] == str(robot / 'models' / '0001.safetensors')
    assert learn_from(robot, base, rehearsal, '--label', 'middle', *recordings, '--json') == 0
    captured = capsys.readouterr()
    assert '0 examples added' in captured.err and '4 were there already' in captured.err
    assert json.loads(captured.out)['figures']['examples'] == {'middle': 4}


@pytest.mark.slow
def test_labels_are_found_as_by_evaluate(tmp_path, base, rehearsal, capsys):
    """A folder with a table; `none` among the labels, and a recording that is seen mirrored."""
    folder = tmp_path / 'shown'
    for k in range(3):
        record_bar(folder / f'{k}.npz', 'right', seed=k)
        record_bar(folder / f'none_{k}.npz', 'none', seed=k)
    table = folder / 'labels.csv'
    table.write_text('file,start_s,end_s,label,person,flip_x\n' + ''.join(
        f'{k}.npz,,,right,ann,\n{k}.npz,0,1.1,left,ann,true\nnone_{k}.npz,,,none,,\n'
        for k in range(3)))
    assert learn_from(tmp_path / 'robot', base, rehearsal, '--examples', folder) == 0
    clips = ExampleStore(tmp_path / 'robot' / 'examples').clips()
    assert Counter(clip.label for clip in clips.clips) == {'right': 3, 'left': 3, 'none': 3}
    for clip, events in clips:
        left, right = {'right': (80, 112), 'left': (16, 48)}.get(clip.label, (0, 128))
        x = events['pixel'] % 128
        assert (x >= left).all() and (x < right).all(), clip
        assert clip.person == ('someone' if clip.label == 'none' else 'ann')
        assert clip.duration_us <= (1_100_000 if clip.label == 'left' else BAR_US)
    assert 'none    ' in capsys.readouterr().out
    # The table itself names the same, and nothing is there twice.
    assert learn_from(tmp_path / 'robot', base, rehearsal, '--examples', table) == 0
    assert '0 examples added' in capsys.readouterr().err


@pytest.mark.slow
def test_a_long_recording_is_several_examples(tmp_path):
    path = record_bar(tmp_path / 'a.npz', 'none', 25_000_000)
    source = Source(path, (Part('none', 1_000_000, None),))
    examples, left_out = read_examples(source, Cleaning())
    assert left_out == []
    assert [each.duration_us for each in examples] == pytest.approx([8_000_000] * 3, abs=110_000)
    assert len({each.source for each in examples}) == 3
    for each in examples:
        assert each.events['dt_us'].max() < each.duration_us
    cleaned, _ = cut_recording(path, [(1_000_000, None)])
    assert sum(len(each.events) for each in examples) == pytest.approx(len(cleaned[0][1]), rel=.01)
    store = ExampleStore(tmp_path / 'examples')
    assert len(add_examples(store, examples)) == 3 and add_examples(store, examples) == []


def test_what_of_recordings_is_no_example_is_named(tmp_path, base, rehearsal, capsys):
    folder, robot = tmp_path / 'shown', tmp_path / 'robot'
    record_bar(folder / 'a.npz', 'left')
    (folder / 'labels.csv').write_text(
        'file,start_s,end_s,label\na.npz,0,0.5,left\na.npz,7,8,left\n')
    assert learn_from(robot, base, rehearsal, '--examples', folder) == 1
    lines = capsys.readouterr().err.splitlines()
    name = f'{folder / "a.npz"}: left from'
    assert f'{name} 0 s on: nothing moved for 1 s or longer; left out' in lines
    assert f'{name} 7 s on: nothing moved for 1 s or longer; left out' in lines
    assert lines[-1] == 'snn-gesture: the recordings have no examples'
    plain = record_bar(tmp_path / 'other' / 'a.npz', 'left')
    for words, status, reason in [
            (['--examples', plain], 1, 'it has no label'),
            (['--examples', 'nowhere'], 1, 'nowhere: No such file'),
            (['--label', 'a/b', plain], 2, "label 'a/b' must be letters"),
            (['--label', 'left'], 2, '--label left: name the recordings'),
            (['--label', 'left', plain, '--region', '0', '0', '9', '9'], 2, '--region is for'),
            (['--rotation', '90'], 2, 'are for recordings'),
            (['--label', 'left', plain, '--undo'], 2, '--undo excludes the others'),
            (['--label', 'left', plain], 1, 'a label needs 3 examples: left has 1')]:
        assert learn_from(robot, base, rehearsal, *words) == status, words
        error = capsys.readouterr().err
        assert reason in error and 'Traceback' not in error, words
    damaged = folder / 'b.npz'
    damaged.write_bytes((folder / 'a.npz').read_bytes()[:5000])
    before = ExampleStore(robot / 'examples').names()
    assert learn_from(robot, base, rehearsal, '--label', 'left', plain, damaged) == 1
    assert str(damaged) in capsys.readouterr().err
    assert ExampleStore(robot / 'examples').names() == before


@pytest.mark.slow
def test_what_was_learned_is_undone_and_examples_set_aside(folder, base, rehearsal, capsys):
    assert learn_from(folder, base, rehearsal) == 0
    path = folder / 'models' / '0001.safetensors'
    assert learn_from(folder, base, rehearsal, '--undo') == 0
    assert capsys.readouterr().out.splitlines()[-1] == (
        f'{path} is undone; its parent was {base}')
    assert Versions(folder / 'models').newest_after(str(base)) is None
    assert learn_from(folder, base, rehearsal, '--undo') == 1
    assert 'there is nothing to undo' in capsys.readouterr().err
    assert learn_from(folder, base, rehearsal, '--discard', '5') == 1
    assert 'there are only 4 examples' in capsys.readouterr().err
    assert learn_from(folder, base, rehearsal, '--discard', '3') == 0
    assert ExampleStore(folder / 'examples').names() == ['000001-middle']


def test_examples_of_one_recording_are_held_out_together():
    classes, recordings = np.array([4, 4, 4, 4, 4, 7, 7, 7]), list('aabbccca')
    parts = [set(part.tolist()) for part in folds(classes, recordings)]
    assert {0, 1} in [part & {0, 1, 2, 3, 4} for part in parts]
    assert {2, 3} in [part & {0, 1, 2, 3, 4} for part in parts]
    # Of two recordings alone nothing could be held out otherwise.
    assert [len(part & {5, 6, 7}) for part in parts] == [1, 1, 1]


@pytest.mark.slow
def test_the_verb_prints_what_was_learned(folder, base, rehearsal, capsys):
    words = ['learn', str(folder), '--checkpoint', str(base), '--rehearsal', str(rehearsal)]
    assert main(words) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.split()[:3] == ['middle', '4', 'new'] for line in lines)
    assert lines[-1] == str(folder / 'models' / '0001.safetensors')
    with pytest.raises(SystemExit) as ended:
        main([*words, '--most-forgotten', 'nan'])
    assert ended.value.code == 2 and 'not a number from 0 to 1' in capsys.readouterr().err
