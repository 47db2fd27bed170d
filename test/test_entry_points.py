# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Signals while a command still imports, which takes most of its start."""
import os
from pathlib import Path
import shutil
import signal
import subprocess

import pytest

NODES = ('event_player', 'event_stream', 'event_viewer', 'gesture_behavior', 'gesture_classifier',
         'gesture_evaluator', 'gesture_pipeline', 'gesture_trainer', 'simulated_camera')
SITE = """
import os, signal, sys
class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == os.environ['AT']:
            os.kill(os.getpid(), int(os.environ['SIGNAL']))
sys.meta_path.insert(0, Interrupt())
"""


@pytest.fixture
def interrupted(ros, tmp_path):
    """Give a function that runs a command and sends a signal as it imports a module."""
    (tmp_path / 'sitecustomize.py').write_text(SITE)

    def run(number, module, name, *words):
        environment = {**ros.environment, 'AT': module, 'SIGNAL': str(int(number)),
                       'PYTHONPATH': f'{tmp_path}:{os.environ["PYTHONPATH"]}'}
        return subprocess.run([shutil.which(name), *words], env=environment, text=True,
                              timeout=60, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return run


@pytest.mark.parametrize('name', NODES)
@pytest.mark.parametrize('module', ['rclpy', ''], ids=['rclpy', 'itself'])
def test_ctrl_c_ends_a_node_that_imports_without_a_word(interrupted, name, module):
    result = interrupted(signal.SIGINT, module or f'snn_gesture_ros.nodes.{name}', name)
    assert result.returncode == 0
    assert 'Traceback' not in result.stdout and 'KeyboardInterrupt' not in result.stdout
    assert name == 'gesture_behavior' or not result.stdout


@pytest.mark.parametrize('module', ['numpy', 'h5py', 'snn_gesture_ros.command_line.info',
                                    'snn_gesture_ros.command_line.main'])
@pytest.mark.parametrize('number, status', [
    (signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_the_command_without_a_word(interrupted, module, number, status):
    result = interrupted(number, module, 'snn-gesture', 'info', 'fast')
    assert (result.returncode, result.stdout) == (status, '')


def test_the_robot_stands_whatever_ends_the_node_while_it_starts(interrupted):
    for number in (signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM):
        result = interrupted(number, 'numpy', 'gesture_behavior')
        assert result.returncode == 0 and 'Traceback' not in result.stdout


@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_command_that_a_signal_ends_leaves_no_node(ros, tmp_path, number):
    command = ros.run('drive', ['snn-gesture', 'drive', 'none:60', '--output',
                                str(tmp_path / 'drive.png')])
    children = Path(f'/proc/{command.pid}/task/{command.pid}/children')

    def started():
        nodes = [Path(f'/proc/{pid}') for pid in children.read_text().split()]
        return [node for node in nodes if 'rclpy' in (node / 'maps').read_text()]

    nodes = ros.wait_for(started, 'the node')
    command.send_signal(number)
    ros.wait_for(lambda: command.poll() is not None, 'the end')
    assert command.returncode == 128 + number and 'Traceback' not in ros.output(command)
    ros.wait_for(lambda: not any(node.exists() for node in nodes), 'the end of its nodes')
