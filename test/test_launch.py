# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The launch files, with the real launch where it is installed."""
import importlib.util
from pathlib import Path

import pytest

from snn_gesture_ros.nodes import (
    event_player, event_stream, event_viewer, gesture_behavior, gesture_classifier,
    gesture_evaluator, simulated_camera)

LAUNCH = Path(__file__).resolve().parents[1] / 'launch'
FILES = ('gesture', 'demo', 'replay', 'behavior')


def load(name):
    """Load a launch file as a module."""
    pytest.importorskip('launch_ros', reason='ros2/launch_ros is on no package index')
    path = LAUNCH / f'{name}.launch.py'
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize('name', FILES)
def test_every_argument_has_a_description(name):
    names = set()
    for argument in load(name).generate_launch_description().get_launch_arguments():
        assert len(argument.description) > 10, argument.name
        names.add(argument.name)
    assert {'name', 'namespace', 'params_file', 'use_sim_time', 'log_level', 'events_topic',
            'event_stream_topic', 'gesture_topic', 'gesture_scores_topic', 'gesture_labels_topic',
            'event_image_topic', 'view', 'window_ms', 'runtime', 'checkpoint', 'device'} <= names


@pytest.mark.parametrize('table, node', [
    ('STREAM_PARAMETERS', event_stream), ('VIEWER_PARAMETERS', event_viewer),
    ('CLASSIFIER_PARAMETERS', gesture_classifier)])
def test_arguments_of_gesture_are_parameters_of_its_nodes(table, node):
    defaults = {spec.name: spec.default for spec in node.PARAMETERS}
    for name, kind, _ in getattr(load('gesture'), table):
        assert type(kind('1')) is type(defaults[name]), name


@pytest.mark.parametrize('wrong', [
    {'composed': 'true'}, {'learn': 'true'}, {'events_topic': '/dv/events'}])
def test_several_cameras_have_a_classifier_together(wrong):
    several = load('gesture').several
    given = {'cameras': 'left  right', 'composed': 'false', 'learn': 'false'}
    assert several(given, {'events': 'dv/events'}) == ['left', 'right']
    assert several({**given, 'cameras': '', 'composed': 'true'}, {'events': '/dv/events'}) == []
    topic = {'events': wrong.get('events_topic', 'dv/events')}
    with pytest.raises(RuntimeError, match='leave out cameras|without the first /'):
        several({**given, **wrong}, topic)


@pytest.mark.parametrize('name', ['behavior', 'demo', 'replay'])
def test_other_launches_are_for_one_camera(name):
    module = load(name)
    from launch import LaunchContext
    context = LaunchContext()
    module.for_one_camera(context)
    context.launch_configurations['cameras'] = 'left right'
    with pytest.raises(RuntimeError, match='for gesture.launch.py'):
        module.for_one_camera(context)


def evaluated(default, kind):
    """Give the value that a node receives for the text of a launch argument."""
    from launch import LaunchContext
    from launch.substitutions import TextSubstitution
    from launch_ros.parameter_descriptions import ParameterValue
    text = TextSubstitution(text=default)
    return ParameterValue(text, value_type=kind).evaluate(LaunchContext())


def test_arguments_of_demo_are_parameters_of_the_camera():
    declared = {spec.name: spec for spec in simulated_camera.PARAMETERS}
    for name, default, kind, text in load('demo').CAMERA_PARAMETERS:
        assert evaluated(default, kind) == declared[name].default, name
        if name in ('sensor', 'framing'):
            known = text.split(': ')[1].replace(' or ', ', ').split(', ')
            assert known == declared[name].description.split(': ')[1].split(', ')


def test_arguments_of_replay_are_parameters_of_the_evaluator():
    defaults = {spec.name: spec.default for spec in gesture_evaluator.PARAMETERS}
    for name, _, _, kind, _ in load('replay').EVALUATOR_PARAMETERS:
        assert type(defaults[name]) is kind, name


def test_arguments_of_replay_are_parameters_of_the_player():
    defaults = {spec.name: spec.default for spec in event_player.PARAMETERS}
    for name, _, default, kind, _ in load('replay').PLAYER_PARAMETERS:
        value = defaults[name] if default is None else evaluated(default, kind)
        assert (value, type(value)) == (defaults[name], kind), name


def test_arguments_of_behavior_are_parameters_of_its_node():
    defaults = {spec.name: spec.default for spec in gesture_behavior.PARAMETERS}
    table = load('behavior').BEHAVIOR_PARAMETERS
    assert [name for name, *_ in table] == list(defaults)
    for name, default, kind, _ in table:
        assert isinstance(defaults[name], kind), name
        if name == 'table':
            assert Path(default).name == 'behavior.yaml'
        else:
            assert evaluated(default, kind) == defaults[name], name
