# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""DVS128 Gesture as SpikingJelly's users have it: its extracted tree of npz files."""
import json

from event_files import make_events
import numpy as np
from snn_gesture_ros.command_line.main import main
from snn_gesture_ros.datasets.clip_set import ClipSet
from snn_gesture_ros.evaluation.sources import find_sources, Labels
from snn_gesture_ros.labels import DVS128_GESTURES


def write_tree(root):
    """Write a trial of each label and split, as SpikingJelly does."""
    for split, users in (('train', ('user01', 'user22')), ('test', ('user24',))):
        for user in users:
            for number in range(11):
                folder = root / 'events_np' / split / str(number)
                folder.mkdir(parents=True, exist_ok=True)
                events = make_events(2000, 80_048_239, 1_000_000, number)
                np.savez(folder / f'{user}_fluorescent_0.npz',
                         **{name: events[name] for name in 'txyp'})


def test_import(tmp_path, capsys):
    write_tree(tmp_path / 'DVS128Gesture')
    for number, path in enumerate(('DVS128Gesture', 'DVS128Gesture/events_np')):
        assert main(['import', str(tmp_path / path), str(tmp_path / str(number)), '--raw']) == 0
        clips = ClipSet(tmp_path / str(number)).clips
        assert sorted(clip.label for clip in clips) == sorted(3 * DVS128_GESTURES)
        assert {(clip.person, clip.split) for clip in clips} == {
            ('user01', 'train'), ('user22', 'validation'), ('user24', 'test')}
    capsys.readouterr()


def test_labels_are_those_of_the_folders(tmp_path):
    """The tenth folder is other_gestures, though SpikingJelly sorts it third."""
    write_tree(tmp_path)
    sources, left_out = find_sources([tmp_path], Labels())
    assert {source.path.parent.name: source.parts[0].label for source in sources} == {
        str(number): label for number, label in enumerate(DVS128_GESTURES)}
    assert all(source.path.parent.parent.name == 'test' for source in sources)
    assert '11 trials for test are evaluated, 22 for training' in left_out[0]


def test_damaged_trial_is_named_and_all_others_imported(tmp_path, capsys):
    write_tree(tmp_path)
    bad = tmp_path / 'events_np' / 'train' / '3' / 'user01_fluorescent_0.npz'
    bad.write_bytes(bad.read_bytes()[:1000])
    assert main(['import', str(tmp_path), str(tmp_path / 'set')]) == 1
    assert '3/user01_fluorescent_0.npz: the file is cut off' in capsys.readouterr().err
    assert main(['info', str(tmp_path / 'set'), '--json']) == 0
    assert json.loads(capsys.readouterr().out)['clips'] == 32
