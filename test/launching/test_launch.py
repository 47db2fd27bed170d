# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The launch files, as processes."""
import os
from pathlib import Path
import re
import signal

from diagnostic_msgs.msg import DiagnosticArray
from launched import STARTED
import pytest
from rcl_interfaces.srv import GetParameters
from rclpy.parameter import parameter_value_to_python
from scenes import save
from simple_camera import Camera
from snn_gesture_ros.events.geometry import MODES
from snn_gesture_ros.launching.arguments import read_arguments
from snn_gesture_ros.launching.processes import GESTURE, MULTI_CAMERA, multi_camera_processes
from snn_gesture_ros.ros.topics import GESTURE_QOS
from std_msgs.msg import UInt8MultiArray
from vision_msgs.msg import Classification
import yaml

FILES = ('gesture', 'multi_camera', 'demo', 'replay', 'behavior')
NEEDED = {'replay': {'bag': __file__}, 'multi_camera': {'cameras': 'left right'}}
"""Arguments without a default."""


def parameter(ros, node, name):
    """Ask a node for a parameter."""
    client = ros.client(GetParameters, f'{node}/get_parameters')
    answer = client.call_async(GetParameters.Request(names=[name]))
    ros.wait_for(answer.done, f'{name} of {node}')
    return parameter_value_to_python(answer.result().values[0])


@pytest.mark.parametrize('name', FILES)
def test_every_argument_has_a_description(launch, name):
    launched = launch(name, '--show-args')
    assert launched.status() == 0, launched.output
    described = dict(re.findall(r"^    '(\w+)':\n +(.{10,})$", launched.output, re.MULTILINE))
    assert set(described) == set(re.findall(r"^    '(\w+)':$", launched.output, re.MULTILINE))
    assert {'name', 'namespace', 'params_file', 'use_sim_time', 'log_level', 'respawn',
            'events_topic', 'event_stream_topic', 'gesture_topic', 'gesture_scores_topic',
            'gesture_labels_topic', 'event_image_topic', 'view', 'window_ms', 'runtime',
            'checkpoint', 'device'} <= set(described)


@pytest.mark.parametrize('name, wrong, reason', [
    ('gesture', 'window_ms:=abc', 'not a number'),
    ('gesture', 'window_ms:=-1', 'between 0.0 and 60000.0'),
    ('gesture', 'window_ms:=nan', 'between 0.0 and 60000.0'),
    ('gesture', 'window_events:=1.5', 'not a whole number'),
    ('gesture', 'composed:=perhaps', 'neither true nor false'),
    ('gesture', 'respawn:=perhaps', 'neither true nor false'),
    ('gesture', 'checkpoint:=absent.onnx', 'shipped models: fast'),
    ('gesture', 'device:=gpu', 'cuda'),
    ('gesture', 'runtime:=tensorflow', 'onnx'),
    ('gesture', 'geometry:=round', 'square'),
    ('gesture', 'message_type:=std_msgs/msg/String', 'EventPacket'),
    ('gesture', 'name:=a-b', 'node name'),
    ('gesture', 'event_stream_name:=1a', 'node name'),
    ('gesture', 'namespace:=a//b', 'namespace'),
    ('gesture', 'enclave:=a b', 'namespace'),
    ('multi_camera', 'cameras:=left a-b', 'namespace'),
    ('multi_camera', 'cameras:=left left', 'twice'),
    ('multi_camera', 'events_topic:=/dv/events', 'leave out the first /'),
    ('gesture', 'events_topic:=a b', 'topic name'),
    ('gesture', 'log_level:=loud', 'debug'),
    ('gesture', 'params_file:=absent.yaml', 'no such file'),
    ('gesture', 'name:=event_stream', 'two nodes are called /event_stream'),
    ('demo', 'gesture_s:=abc', 'not a number'),
    ('demo', 'sensor:=eye', 'dvs128'),
    ('demo', 'framing:=close', 'upper_body'),
    ('demo', 'gestures:=[jumping]', 'hand_clapping'),
    ('demo', 'gestures:=hand_clapping', 'not a list'),
    ('gesture', 'cameras:=left right', 'use multi_camera.launch.py instead'),
    ('demo', 'cameras:=left right', 'use multi_camera.launch.py instead'),
    ('replay', 'rate:=abc', 'not a number'),
    ('replay', 'bag:=absent.mcap', 'no such file'),
    ('replay', 'label_table:=absent.csv', 'no such file'),
    ('replay', 'cameras:=left right', 'use multi_camera.launch.py instead'),
    ('behavior', 'armed:=perhaps', 'neither true nor false'),
    ('behavior', 'table:=absent.yaml', 'no such file'),
    ('behavior', 'cmd_vel_topic:=a b', 'topic name'),
    ('behavior', 'cameras:=left right', 'use multi_camera.launch.py instead'),
])
def test_a_wrong_argument_is_named_before_anything_starts(launch, name, wrong, reason):
    needed = {argument: value for argument, value in NEEDED.get(name, {}).items()
              if argument not in wrong}
    launched = launch(name, wrong, **needed)
    assert launched.status() == 1
    line = launched.output.splitlines()[-1]
    assert reason in line and wrong.split(':=')[0] in line or 'two nodes' in line, line
    assert not launched.pids()


@pytest.mark.parametrize('name', NEEDED)
def test_what_has_no_default_must_be_given(launch, name):
    launched = launch(name)
    assert launched.status() == 1
    assert set(NEEDED[name]) <= set(re.findall(r'\w+', launched.output)) and not launched.pids()


def test_several_cameras_have_a_classifier_together():
    texts = {each.name: each.default for each in MULTI_CAMERA}
    processes = multi_camera_processes(read_arguments(
        MULTI_CAMERA, {**texts, 'cameras': 'left  right', 'view': 'true'}))
    assert [(each.executable, each.namespace) for each in processes] == [
        ('event_stream', 'left'), ('event_stream', 'right'), ('gesture_classifier', ''),
        ('event_viewer', 'left'), ('event_viewer', 'right')]
    assert processes[2].parameters('/') == {
        '/gesture_classifier': {'ros__parameters': {'streams': ['left', 'right']}}}


def test_choices_are_those_of_the_nodes():
    geometry, = (each for each in GESTURE if each.name == 'geometry')
    for mode in MODES:
        assert geometry.read(mode) == mode and mode in geometry.description


def test_cameras_of_several_namespaces_share_a_network(ros, launch):
    launched = launch('multi_camera', cameras='left right')
    scores = {name: ros.listen(Classification, f'{name}/gesture_scores', GESTURE_QOS)
              for name in ('left', 'right')}
    for name in scores:
        Camera(ros, f'/{name}/events').start()
    ros.wait_for(lambda: all(scores.values()), 'scores of both')
    assert sorted(name for name, _ in STARTED.findall(launched.output)) == [
        'event_stream', 'event_stream', 'gesture_classifier']


@pytest.mark.parametrize('composed', ['false', 'true'])
@pytest.mark.parametrize('namespace', ['', 'robot'])
def test_renamed_nodes_use_the_topics_that_are_named(ros, launch, composed, namespace):
    launched = launch('gesture', name='knower', event_stream_name='reader', composed=composed,
                      events_topic='/cam/events', event_stream_topic='/mid/stream',
                      gesture_scores_topic='/out/scores', gesture_topic='/out/gesture',
                      gesture_labels_topic='/out/labels', window_ms='900',
                      **({'namespace': namespace} if namespace else {}))
    scores = ros.listen(Classification, '/out/scores', GESTURE_QOS)
    ros.listen(UInt8MultiArray, '/mid/stream', GESTURE_QOS)
    camera = Camera(ros, '/cam/events')
    camera.start()
    ros.wait_for(lambda: scores, 'scores')
    root = f'/{namespace}' if namespace else '/'
    names = ros.wait_for(lambda: [name for name, where in ros.node.get_node_names_and_namespaces()
                                  if where == root and name in ('knower', 'reader')], 'nodes')
    assert sorted(names) == ['knower', 'reader']
    topics = {name for node in names
              for name, _ in ros.node.get_publisher_names_and_types_by_node(node, root)}
    assert {'/mid/stream', '/out/gesture', '/out/labels', '/out/scores'} <= topics
    assert parameter(ros, f'{root.rstrip("/")}/knower', 'window_ms') == 900
    assert len(launched.pids()) == (1 if composed == 'true' else 2)


@pytest.mark.parametrize('name, arguments, sections', [
    ('gesture', {'view': 'true', 'learn': 'true'}, {
        'event_stream': {'batch_us': 4000}, 'gesture_classifier': {'queue_size': 9},
        'event_viewer': {'rate_hz': 5.0}, 'gesture_trainer': {'person': 'ada'}}),
    ('gesture', {'composed': 'true'}, {
        'event_stream': {'batch_us': 4000}, 'gesture_classifier': {'queue_size': 9}}),
    ('demo', {}, {'simulated_camera': {'gesture_s': 0.5, 'width': 64, 'frame_id': 'eye'}}),
    ('replay', {}, {'event_player': {'rate': 0.5, 'loop': True, 'height': 130}}),
    ('behavior', {}, {'gesture_behavior': {'armed': True}}),
])
def test_params_file_reaches_every_node(ros, launch, tmp_path, name, arguments, sections):
    params_file = tmp_path / 'params.yaml'
    everywhere = {'use_sim_time': True, 'width': 64, 'folder': str(tmp_path / 'learned')}
    params_file.write_text(yaml.safe_dump({
        '/**': {'ros__parameters': everywhere},
        **{node: {'ros__parameters': given} for node, given in sections.items()}}))
    if name == 'replay':
        arguments = {'bag': save(tmp_path / 'clip.npz', [('left', 0.5)])}
    launch(name, params_file=params_file, **arguments)
    for node in {**sections, 'event_stream': {}}:
        for key, value in {'use_sim_time': True, **sections.get(node, {})}.items():
            assert parameter(ros, node, key) == value, (node, key)
    assert parameter(ros, 'event_stream', 'width') == 64
    if name == 'replay':
        assert parameter(ros, 'event_player', 'width') == 0, 'that of the picture'


def test_each_process_has_the_enclave_of_its_executable(ros, launch):
    launch('gesture', enclave='/snn_gesture_ros', name='knower')
    ros.wait_for(lambda: {
        (name, enclave)
        for name, _, enclave in ros.node.get_node_names_and_namespaces_with_enclaves()} >= {
            ('event_stream', '/snn_gesture_ros/event_stream'),
            ('knower', '/snn_gesture_ros/gesture_classifier')}, 'the nodes in their enclaves')


def test_arguments_win_against_the_params_file(ros, launch, tmp_path):
    params_file = tmp_path / 'params.yaml'
    params_file.write_text(yaml.safe_dump({
        '/**': {'ros__parameters': {'window_ms': 600.0, 'use_sim_time': True}},
        'gesture_classifier': {'ros__parameters': {'window_ms': 700.0, 'end_threshold': 0.3}}}))
    launch('gesture', params_file=params_file, window_ms='1000', use_sim_time='false')
    assert parameter(ros, 'gesture_classifier', 'window_ms') == 1000
    assert parameter(ros, 'gesture_classifier', 'end_threshold') == 0.3
    assert parameter(ros, 'event_stream', 'use_sim_time') is False


@pytest.mark.parametrize('name, arguments', [
    ('gesture', {}), ('gesture', {'composed': 'true'}), ('gesture', {'respawn': 'false'}),
    ('behavior', {}), ('demo', {})])
def test_a_node_that_cannot_start_ends_the_launch(launch, tmp_path, name, arguments):
    params_file = tmp_path / 'params.yaml'
    params_file.write_text(yaml.safe_dump({'/**': {'ros__parameters': {'queue_size': -1}}}))
    launched = launch(name, params_file=params_file, **arguments)
    assert launched.status() == 1
    assert 'queue_size must be between' in launched.output
    assert len(launched.pids()) == len(set(launched.pids())) <= 3


@pytest.mark.parametrize('composed', ['false', 'true'])
def test_killed_nodes_are_started_again(ros, launch, composed):
    launched = launch('gesture', composed=composed)
    scores = ros.listen(Classification, 'gesture_scores', GESTURE_QOS)
    Camera(ros).start()
    ros.wait_for(lambda: scores, 'scores')
    for executable in sorted({name for name, _ in STARTED.findall(launched.output)}):
        launched.kill(executable)
        scores.clear()
        ros.wait_for(lambda: ros.node.count_publishers('gesture_scores') and scores,
                     f'scores after a kill of {executable}')


def test_a_node_that_crashes_again_and_again_ends_the_launch(ros, launch):
    launched = launch('gesture')
    ros.wait_for(lambda: launched.pids('event_stream'), 'the node')
    for _ in range(2):
        launched.kill('event_stream', signal.SIGABRT)
    os.kill(launched.pids('event_stream')[-1], signal.SIGABRT)
    assert launched.status() == 1
    assert 'event_stream crashed 3 times' in launched.output


def test_without_respawn_killed_nodes_stay_dead(ros, launch):
    launched = launch('gesture', respawn='false')
    ros.wait_for(lambda: len(launched.pids()) == 2, 'the nodes')
    for pid in launched.pids():
        os.kill(pid, signal.SIGKILL)
    launched.status()
    assert len(launched.pids()) == 2


def test_no_death_arms_a_robot(ros, launch):
    launched = launch('behavior', armed='true')
    assert parameter(ros, 'gesture_behavior', 'armed') is True
    launched.kill('gesture_behavior')
    ros.wait_for(lambda: launched.output.count('; disarmed') == 1, 'the node')
    assert launched.output.count('; armed') == 1


def test_a_recording_that_has_ended_is_not_played_again(ros, launch, tmp_path):
    launched = launch('replay', bag=save(tmp_path / 'clip.npz', [('left', 0.3)]))
    ros.wait_for(lambda: 'end of the recording' in launched.output, 'the end of the recording')
    pid, = launched.pids('event_player')
    ros.wait_for(lambda: not Path(f'/proc/{pid}').exists(), 'the end of the player')
    diagnostics = ros.listen(DiagnosticArray, '/diagnostics')
    ros.wait_for(lambda: len(diagnostics) > 8, 'some seconds')
    assert launched.pids('event_player') == [pid]


def test_a_report_is_written_and_ends_the_launch(launch, halves, tmp_path):
    labels = tmp_path / 'shown.csv'
    labels.write_text('start,end,label\n0,1,left\n')
    launched = launch('replay', bag=save(tmp_path / 'clip.npz', [('left', 1)]), checkpoint=halves,
                      report=tmp_path / 'live', label_table=labels)
    assert launched.status() == 0, launched.output
    assert (tmp_path / 'live' / 'report.html').is_file()


def test_a_report_that_cannot_be_written_is_an_error(launch, tmp_path):
    labels = tmp_path / 'shown.csv'
    labels.write_text('when,what\n')
    launched = launch('replay', bag=save(tmp_path / 'clip.npz', [('left', 1)]),
                      report=tmp_path / 'live', label_table=labels)
    assert launched.status() == 1
    assert 'must name the columns' in launched.output
