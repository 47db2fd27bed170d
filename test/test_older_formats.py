# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Files of older versions, in formats/VERSION: each is still read, with the same content."""
import json
from pathlib import Path
import runpy

import numpy as np
from paths import PROJECT
import pytest
from snn_gesture_ros.behavior.table import read_table
from snn_gesture_ros.learning.examples import ExampleStore
from snn_gesture_ros.network.checkpoint import load_checkpoint
from snn_gesture_ros.network.classifier import SpikingClassifier
from snn_gesture_ros.recordings.facts import gather_facts
from snn_gesture_ros.recordings.opening import open_recording
from snn_gesture_ros.ros.parameters import all_parameters
import yaml

SCRIPT = runpy.run_path(str(PROJECT / 'scripts/keep_formats.py'))
VERSIONS = sorted(path for path in Path(__file__).with_name('formats').iterdir())


@pytest.fixture(params=VERSIONS, ids=lambda path: path.name)
def older(request):
    """Give the folder of a version, and what its files contain."""
    return request.param, json.loads((request.param / 'expected.json').read_text())


@pytest.mark.parametrize('name', SCRIPT['RECORDINGS'])
def test_recordings_have_their_events(older, name):
    folder, expected = older
    with open_recording(folder / name) as recording:
        facts = gather_facts(recording)
    assert {key: getattr(facts, key) for key in expected['recordings']} == expected['recordings']


def test_networks_decide_as_before(older):
    folder, expected = older
    path = folder / 'network.safetensors'
    assert np.ptp(expected['outputs']) > 0, 'a network that is silent would prove nothing'
    assert SCRIPT['outputs'](path) == pytest.approx(expected['outputs'], rel=1e-4)
    _, card = load_checkpoint(str(path))
    exported = SpikingClassifier(checkpoint=str(folder / 'network.onnx'))
    assert exported.card.labels == card.labels == SCRIPT['LABELS']


def test_examples_are_there_and_more_can_be_added(older, tmp_path):
    folder, expected = older
    copy = tmp_path / 'examples'
    for path in (folder / 'examples').rglob('*.*'):
        target = copy / path.relative_to(folder / 'examples')
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    store = ExampleStore(copy)
    assert store.counts() == expected['examples']
    clips = store.clips()
    assert [len(clips.events(place)) for place in range(len(clips))] == [SCRIPT['EVENTS']] * 3
    assert store.add('none', 'ann', 'now', clips.events(0), 1_000_000).startswith('000004')


def test_tables_of_behavior_mean_the_same(older):
    folder, _ = older
    assert read_table(folder / 'behavior.yaml').rows


@pytest.mark.parametrize('name', [name for name in SCRIPT['TABLES'] if name != 'behavior'])
def test_parameter_files_set_what_is_declared(older, name):
    folder, _ = older
    declared = {}
    for settings in all_parameters().values():
        for setting in settings:
            declared.setdefault(setting.name, []).append(setting)
    values = yaml.safe_load((folder / f'{name}.yaml').read_text())['/**']['ros__parameters']
    for key, value in values.items():
        assert key in declared, f'{key} is gone: keep it, or deprecate it for a version'
        taken = tuple(value) if isinstance(value, list) else value
        assert any(setting.check(taken) == taken for setting in declared[key])
