# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Nodes and commands where neither a home nor the package can be written."""
import os
from pathlib import Path
import shutil
import subprocess
import sys

import pytest
from rcl_interfaces.srv import GetParameters
import snn_gesture_ros
from test_privacy import recording, ros_name

assert recording
WITHOUT_RIGHTS = """
import ctypes, os, sys
for capability in (1, 2):       # with which root writes and reads what it may not
    ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


class Sealed:
    """A copy of the package and a home that nobody can write."""

    def __init__(self, folder: Path):
        """Copy the package, without any code that was compiled."""
        self.folder = folder
        shutil.copytree(Path(snn_gesture_ros.__file__).parent, folder / 'snn_gesture_ros',
                        ignore=shutil.ignore_patterns('__pycache__'))
        (folder / 'home').mkdir()
        self.environment = {
            'PYTHONPATH': f'{folder}:{os.environ.get("PYTHONPATH", "")}', 'HOME': f'{folder}/home',
            'TMPDIR': f'{folder}/tmp'}
        (folder / 'tmp').mkdir()

    def close(self) -> None:
        """Let nobody write."""
        for path in (self.folder / 'home', self.folder / 'snn_gesture_ros'):
            for each in (path, *path.rglob('*')):
                each.chmod(0o555)

    def environment_of(self, environment) -> dict:
        """Give the variables of a process."""
        return {**{name: value for name, value in environment.items()
                   if not name.startswith(('XDG_', 'ROS_LOG', 'ROS_HOME', 'NUMBA'))},
                **self.environment}

    @staticmethod
    def command(*words) -> list:
        """Give the command that runs another one without the rights of root."""
        return [sys.executable, '-c', WITHOUT_RIGHTS, *map(str, words)]


@pytest.fixture
def sealed(tmp_path):
    """Give a package that nobody can write, without compiled code."""
    package = Sealed(tmp_path / 'sealed')
    package.close()
    return package


def start(ros, sealed, name, **parameters):
    """Start a node of the sealed package; wait until it answers."""
    command = sealed.command(shutil.which(name), '--ros-args')
    for key, value in parameters.items():
        command += ['-p', f'{key}:={value}']
    process = ros.run(name, command, sealed.environment_of(ros.environment))
    ros.client(GetParameters, f'/{ros_name(name)}/get_parameters')
    return process


@pytest.mark.parametrize('name, parameters', [
    ('event_stream', {'message_type': 'event_camera_msgs/msg/EventPacket'}),
    ('gesture_classifier', {}), ('gesture_pipeline', {}), ('event_viewer', {}),
    ('simulated_camera', {}), ('event_player', {'recording': 'RECORDING'}),
    ('gesture_behavior', {})])
def test_nodes_start_without_a_home(ros, sealed, recording, name, parameters):
    process = start(ros, sealed, name, **{
        key: recording if value == 'RECORDING' else value for key, value in parameters.items()})
    assert process.poll() is None
    assert not list((sealed.folder / 'home').iterdir())
    assert 'Traceback' not in ros.output(process)


def test_a_trainer_without_a_home_says_so(ros, sealed):
    command = sealed.command(shutil.which('gesture_trainer'))
    found = subprocess.run(command, env=sealed.environment_of(ros.environment),
                           capture_output=True, text=True)
    assert found.returncode == 1 and 'Traceback' not in found.stderr
    assert f'{sealed.folder}/home/.ros/snn_gesture cannot be written: Permission' in found.stderr


@pytest.mark.parametrize('words', [
    'info fast', 'info RECORDING', 'view RECORDING --checkpoint fast --output OUT/view.png',
    'evaluate RECORDING --label hand_clapping --output OUT/evaluation',
    'drive hand_clapping:1 --output OUT/path.png'])
def test_commands_run_without_a_home(ros, sealed, tmp_path, recording, words):
    words = words.replace('RECORDING', str(recording)).replace('OUT', str(tmp_path)).split()
    found = subprocess.run(sealed.command(shutil.which('snn-gesture'), *words),
                           env=sealed.environment_of(ros.environment), capture_output=True,
                           text=True)
    assert found.returncode == 0, found.stderr
    assert 'Traceback' not in found.stderr


TWICE = """
from snn_gesture_ros.compiled import njit


@njit()
def twice(number):
    return 2 * number


@njit(nogil=True)
def four_times(number):
    return twice(twice(number))
"""
CALL = """
import resource
import sys
if sys.argv[1] == 'full':
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
sys.dont_write_bytecode = True
import twice
assert twice.four_times(3) == 12
print(sum(twice.four_times.stats.cache_hits.values()), file=sys.stderr)
"""


class Compiled:
    """A module with compiled functions, called by processes."""

    def __init__(self, folder):
        """Write the module."""
        self.folder = folder
        (folder / 'home').mkdir(parents=True)
        (folder / 'twice.py').write_text(TWICE)
        self.environment = {
            **{name: value for name, value in os.environ.items()
               if not name.startswith(('XDG_', 'NUMBA'))},
            'PYTHONPATH': f'{folder}:{os.environ.get("PYTHONPATH", "")}', 'HOME': f'{folder}/home'}

    def hits(self, disk='good') -> int:
        """Call it in a process; give how much of it had not to be compiled."""
        found = subprocess.run(Sealed.command(sys.executable, '-c', CALL, disk), text=True,
                               env=self.environment, capture_output=True)
        assert found.returncode == 0, found.stderr
        return int(found.stderr)

    @property
    def files(self) -> list:
        """Give the files of the cache."""
        return sorted(self.folder.rglob('*.nb[ci]'))


@pytest.fixture
def compiled(tmp_path):
    """Give a module with compiled functions."""
    return Compiled(tmp_path / 'compiled')


def test_code_is_compiled_once(compiled):
    assert [compiled.hits() for _ in range(2)] == [0, 1]
    for path in (*compiled.folder.rglob('*'), compiled.folder):
        path.chmod(0o444 if path.is_file() else 0o555)
    assert compiled.hits() == 1


def test_damaged_code_is_compiled_again(compiled):
    compiled.hits()
    for kind, damage in ('*.nbi', b''), ('*.nbc', b'damaged'):
        for path in compiled.folder.rglob(kind):
            path.write_bytes(damage)
        assert [compiled.hits() for _ in range(2)] == [0, 1]


def test_a_full_disk_costs_time_alone(compiled):
    assert compiled.hits('full') == 0
    assert compiled.files == []


def test_no_function_has_a_cache_of_numbas_own():
    package = Path(snn_gesture_ros.__file__).parent
    sources = {path.name: path.read_text() for path in package.rglob('*.py')}
    assert [name for name, text in sources.items()
            if 'cache=True' in text or 'from numba import' in text] == []
