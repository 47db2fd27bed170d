# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""config/policy.xml: what each node may do is what it does, no more and no less."""
from fnmatch import fnmatchcase
import runpy
from xml.etree import ElementTree

from paths import PROJECT
import pytest
from rclpy.impl.implementation_singleton import rclpy_implementation
from scenes import save
from sensor_msgs.msg import Image
from snn_gesture_ros.ros.topics import IMAGE_QOS
from test_health import PLAIN

SCRIPT = runpy.run_path(str(PROJECT / 'scripts/write_policy.py'))
RIGHTS = {
    ('topic', 'publish'): 'get_publisher_names_and_types_by_node',
    ('topic', 'subscribe'): 'get_subscriber_names_and_types_by_node',
    ('service', 'reply'): 'get_service_names_and_types_by_node',
    ('service', 'request'): 'get_client_names_and_types_by_node'}
"""The method of rclpy that lists what a node does, by kind of name and right."""
NOT_DISCOVERED = rclpy_implementation.NodeNameNonExistentError


def policy():
    """Give the allowed full names, by executable, node, kind and right."""
    allowed = {}
    for enclave in ElementTree.parse(PROJECT / SCRIPT['POLICY']).iterfind('enclaves/enclave'):
        folder, _, executable = enclave.get('path').rpartition('/')
        assert folder == SCRIPT['ENCLAVE']
        for profile in enclave.iterfind('profiles/profile'):
            assert profile.get('ns') == '/'
            for group in profile:
                (right, answer), = group.attrib.items()
                assert answer == 'ALLOW'
                key = executable, profile.get('node'), group.tag.removesuffix('s'), right
                assert key not in allowed and key[2:] in RIGHTS
                allowed[key] = {full_name(profile.get('node'), name.text) for name in group}
    return allowed


def full_name(node, name):
    return f'/{node}{name[1:]}' if name.startswith('~') else '/' + name.removeprefix('/')


def test_the_file_is_what_the_script_writes():
    assert (PROJECT / SCRIPT['POLICY']).read_text() == SCRIPT['policy'](), 'run make reference'


def test_every_executable_has_an_enclave():
    executables = {name for line in (PROJECT / 'setup.py').read_text().splitlines()
                   if 'entry_points:' in line for name in [line.split("'")[1].split(' = ')[0]]}
    assert {key[0] for key in policy()} == executables - {'snn-gesture'}


def done_by(ros, node, kind, right):
    """Give what a node does now: the full names that it uses with a right."""
    try:
        return {name for name, _ in getattr(ros.node, RIGHTS[kind, right])(node, '/')}
    except NOT_DISCOVERED:
        return set()


def differences(ros, nodes, other_source):
    """
    Compare the nodes that run with the policy.

    :param nodes: by name, the executable that they are in.
    :param other_source: topic that event_viewer does not read, since it reads another.
    """
    allowed, found = policy(), []
    for node, executable in nodes.items():
        for kind, right in RIGHTS:
            names = allowed.get((executable, node, kind, right), set())
            if (node, right) == ('event_viewer', 'subscribe'):
                assert other_source in names
                names = names - {other_source}
            done = done_by(ros, node, kind, right)
            missing = {name for name in done if not any(
                fnmatchcase(name, pattern) for pattern in names)}
            unused = {pattern for pattern in names if not any(
                fnmatchcase(name, pattern) for name in done)}
            found += [(node, kind, right, 'missing', missing)] if missing else []
            found += [(node, kind, right, 'unused', unused)] if unused else []
    return found


@pytest.mark.parametrize('composed', [False, True])
def test_nodes_do_what_the_policy_allows_and_nothing_else(ros, halves, tmp_path, composed):
    recording = save(tmp_path / 'clip.npz', [('left', 0.5)])
    ros.start('simulated_camera')
    ros.wait_for(lambda: ros.node.count_publishers('/events'), 'the camera, which compiles')
    ros.listen(Image, 'event_image', IMAGE_QOS)     # otherwise event_viewer reads no events
    classifying = ('gesture_pipeline',) if composed else ('event_stream', 'gesture_classifier')
    for executable in classifying:
        ros.start(executable, **PLAIN, checkpoint=halves)
    ros.start('event_viewer', source='event_stream' if composed else 'events')
    nodes = {'event_stream': classifying[0], 'gesture_classifier': classifying[-1],
             'event_viewer': 'event_viewer', 'gesture_behavior': 'gesture_behavior',
             'simulated_camera': 'simulated_camera'}
    ros.start('gesture_behavior')
    if not composed:
        nodes.update({name: name for name in (
            'event_player', 'gesture_evaluator', 'gesture_trainer')})
        ros.start('gesture_trainer', folder=tmp_path / 'examples', rehearsal=tmp_path)
        ros.start('gesture_evaluator', recording=recording, label='left', checkpoint=halves,
                  output=tmp_path / 'live')
        ros.start('event_player', recording=recording, loop=True)
    other_source = '/events' if composed else '/event_stream'
    try:
        ros.wait_for(lambda: not differences(ros, nodes, other_source), 'the policy to fit')
    except AssertionError as error:
        raise AssertionError(differences(ros, nodes, other_source)) from error
