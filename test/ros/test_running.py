# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How the processes of nodes end."""
import os
import signal
import subprocess
import sys

import pytest

NODE = """
import re, sys
from rclpy.node import Node
from snn_gesture_ros.ros.running import run_node

class Stubborn(Node):
    def __init__(self):
        super().__init__('stubborn')
        self._timer = self.create_timer(0.01, self._begin)

    def _begin(self):
        print('ready', flush=True)
        self._timer.cancel()

    def destroy_node(self):
        if 'stuck' in sys.argv:
            re.match('(a+)+$', 60 * 'a' + 'b')      # for ages, without letting Python run
        super().destroy_node()

run_node(Stubborn, conclude=lambda node: print('concluded', node.get_name(), flush=True))
"""

ANNOUNCING = """
import os
from rclpy.node import Node
from snn_gesture_ros.ros.running import PROFILES, run_node

class Announcing(Node):
    def __init__(self):
        super().__init__('announcing')
        self.create_timer(0.01, self._end)

    def _end(self):
        print(*map(os.environ.get, PROFILES))
        raise SystemExit

run_node(Announcing)
"""

FAILING = """
import sys
from rclpy.node import Node
from snn_gesture_ros.ros.running import run_node

class Failing(Node):
    def __init__(self):
        super().__init__('failing')
        if 'at_start' in sys.argv:
            raise ValueError('it cannot start')
        self.create_timer(0.01, self._fail)

    def _fail(self):
        raise ValueError('it fails')

run_node(Failing)
"""


@pytest.mark.parametrize('argument, status, lines', [('at_start', 1, 1), ('', os.EX_SOFTWARE, 3)])
def test_a_node_that_fails_has_another_status_than_one_that_cannot_start(
        ros, argument, status, lines):
    node = subprocess.run([sys.executable, '-c', FAILING, argument], env=ros.environment,
                          capture_output=True, text=True)
    assert node.returncode == status, node.stderr
    assert len(node.stderr.splitlines()) >= lines
    assert ('Traceback' in node.stderr) == (lines > 1)


@pytest.mark.parametrize('argument, status', [('', 0), ('stuck', 1)])
@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_node_ends_though_its_middleware_does_not(ros, argument, status, number):
    node = subprocess.Popen([sys.executable, '-c', NODE, argument], env=ros.environment,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert node.stdout.readline() == 'ready\n'
        node.send_signal(number)
        output, errors = node.communicate(timeout=60)
    finally:
        node.kill()
    assert output == 'concluded stubborn\n'
    assert node.returncode == status, errors
    assert ('destroy_node' in errors) == bool(status)


@pytest.mark.parametrize('name, parameters, reason', [
    ('gesture_classifier', {'checkpoint': '/no/such'}, 'no checkpoint /no/such'),
    ('gesture_classifier', {'window_ms': -1}, 'window_ms must be between'),
    ('gesture_pipeline', {'checkpoint': '/no/such'}, 'no checkpoint /no/such'),
    ('event_stream', {'message_type': 'a/b'}, 'a/b is not an event message'),
    ('event_stream', {'geometry': 'oval'}, "geometry 'oval' is not one of"),
    ('event_player', {'recording': '/no/such'}, '/no/such: No such file'),
    ('gesture_trainer', {'folder': '/proc/no'}, 'folder /proc/no cannot be written: No such file'),
    ('simulated_camera', {'sensor': 'eye'}, "sensor 'eye' is not one of"),
])
def test_a_node_that_cannot_start_says_why_once(ros, name, parameters, reason):
    node = ros.start(name, **parameters)
    ros.wait_for(lambda: node.poll() is not None, 'the end')
    output = ros.output(node)
    assert node.returncode == 1 and output.count(reason) == 1 and len(output.splitlines()) == 1
    assert 'Node' not in output and 'Error' not in output
    assert name in output or name == 'gesture_pipeline'


def test_a_report_that_cannot_be_written_is_one_line(ros, tmp_path):
    (tmp_path / 'file').touch()
    node = ros.start('gesture_evaluator', recording=tmp_path, output=tmp_path / 'file' / 'folder')
    ros.wait_for(lambda: node.poll() is not None or ros.node.count_subscribers('/gesture_scores'),
                 'the node')
    node.send_signal(signal.SIGINT)
    ros.wait_for(lambda: node.poll() is not None, 'the end')
    assert node.returncode == 1 and 'Traceback' not in ros.output(node)


def profiles_of_a_node(environment):
    """Give what a node has in the environment variables of Fast DDS, and its errors."""
    node = subprocess.run([sys.executable, '-c', ANNOUNCING], env=environment,
                          capture_output=True, text=True)
    assert node.returncode == 0, node.stderr
    return node.stdout.split(), node.stderr


def test_nodes_announce_themselves_as_fast_dds_reads_in_the_installed_file(ros):
    paths, errors = profiles_of_a_node(ros.environment)
    assert all(path.endswith('share/snn_gesture_ros/config/discovery.xml') for path in paths)
    assert errors == ''


def test_profiles_of_the_user_stay(ros, tmp_path):
    own = tmp_path / 'own.xml'
    own.write_text('<dds xmlns="http://www.eprosima.com"><profiles/></dds>')
    paths, _ = profiles_of_a_node(ros.environment | {'FASTDDS_DEFAULT_PROFILES_FILE': str(own)})
    assert paths == ['None', str(own)]
