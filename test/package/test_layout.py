# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The core knows nothing of ROS, and one who reads files needs no torch."""
import ast
from importlib import import_module
import os
import shutil
import subprocess
import sys
from xml.etree import ElementTree

from ament_index_python.packages import get_package_prefix, get_packages_with_prefixes
from paths import PROJECT
import pytest
import yaml

PACKAGE = PROJECT / 'snn_gesture_ros'
ROS = ('rclpy', 'rcl_interfaces', 'rosgraph_msgs', 'builtin_interfaces', 'std_msgs', 'vision_msgs',
       'diagnostic_msgs', 'sensor_msgs', 'dv_ros2_msgs', 'dvs_msgs', 'prophesee_event_msgs',
       'event_camera_msgs', 'geometry_msgs', 'std_srvs', 'launch', 'launch_ros')
CLIENTS = ('behavior/row_actions.py', 'doctor/inspector.py', 'demo/observer.py',
           'demo/scripted_gestures.py', 'viewing/live_events.py')
"""What one node or one verb of the command line does with ROS, beside what it is for."""
CORE = sorted(path for path in PACKAGE.rglob('*.py')
              if path.relative_to(PACKAGE).parts[0] not in (
                  'ros', 'nodes', 'command_line', 'benchmarks', 'launching')
              and str(path.relative_to(PACKAGE)) not in CLIENTS)


def imported(path):
    """Give the top-level names that a file imports, wherever in it."""
    for item in ast.walk(ast.parse(path.read_text())):
        if isinstance(item, ast.Import):
            yield from (name.name for name in item.names)
        elif isinstance(item, ast.ImportFrom):
            assert item.level == 0, f'{path}: relative import'
            yield item.module


@pytest.mark.parametrize('path', CORE, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_core_imports_no_ros(path):
    for name in imported(path):
        assert name.split('.')[0] not in ROS
        assert not name.startswith(('snn_gesture_ros.nodes', 'snn_gesture_ros.ros'))


@pytest.mark.parametrize('module, forbidden', [
    ('snn_gesture_ros.events.stream', 'torch'),
    ('snn_gesture_ros.recordings.recording', 'torch'),
    ('snn_gesture_ros.recordings.recording', 'rosbags'),
    ('snn_gesture_ros.recordings.opening', 'h5py'),
    ('snn_gesture_ros.recordings.converting', 'mcap'),
    ('snn_gesture_ros.command_line.main', 'torch'),
    ('snn_gesture_ros.simulation.camera', 'torch'),
    ('snn_gesture_ros.network.checkpoint_files', 'torch'),
    ('snn_gesture_ros.nodes.event_stream', 'pytorch_lightning'),
    ('snn_gesture_ros.nodes.gesture_classifier', 'pytorch_lightning'),
    ('snn_gesture_ros.nodes.gesture_classifier', 'torchmetrics'),
    ('snn_gesture_ros.nodes.gesture_classifier', 'matplotlib'),
    ('snn_gesture_ros.nodes.gesture_classifier', 'jinja2'),
    ('snn_gesture_ros.nodes.gesture_evaluator', 'jinja2'),
    ('snn_gesture_ros.evaluation.report_files', 'torch'),
    ('snn_gesture_ros.evaluation.evaluating', 'torch'),
    ('snn_gesture_ros.evaluation.evaluating', 'distributed'),
    ('snn_gesture_ros.nodes.event_viewer', 'torch'),
    ('snn_gesture_ros.nodes.event_viewer', 'tkinter'),
    ('snn_gesture_ros.viewing.film', 'av'),
    ('snn_gesture_ros.nodes.gesture_behavior', 'torch'),
    ('snn_gesture_ros.nodes.gesture_trainer', 'torch'),
    ('snn_gesture_ros.learning.learn', 'pytorch_lightning'),
    ('snn_gesture_ros.learning.learn', 'torchmetrics'),
])
def test_heavy_libraries_are_imported_only_where_used(module, forbidden):
    if module == 'snn_gesture_ros.learning.learn':
        pytest.importorskip('spikingjelly', reason='requirements/spikingjelly.txt')
    code = f'import sys, {module}; sys.exit({forbidden!r} in sys.modules)'
    assert subprocess.run([sys.executable, '-c', code], cwd=PROJECT).returncode == 0


@pytest.mark.parametrize('file, nodes', [
    ('gesture', ('event_stream', 'gesture_classifier', 'event_viewer')),
    ('simulated_camera', ('simulated_camera',)),
    ('event_player', ('event_player',)),
    ('gesture_trainer', ('gesture_trainer',)),
])
def test_parameter_files_are_what_the_nodes_declare(file, nodes):
    declared = {spec.name: spec.default for node in nodes
                for spec in import_module(f'snn_gesture_ros.nodes.{node}').PARAMETERS}
    path = PROJECT / 'config' / f'{file}.yaml'
    given = yaml.safe_load(path.read_text())['/**']['ros__parameters']
    assert given.keys() == declared.keys()
    for name, value in given.items():
        assert (tuple(value) if isinstance(value, list) else value) == declared[name]


def test_parameter_files_are_not_stale(tmp_path):
    script = PROJECT / 'scripts' / 'write_parameter_files.py'
    result = subprocess.run([sys.executable, script, '--check'], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    (tmp_path / 'scripts').mkdir()
    copy = shutil.copy(script, tmp_path / 'scripts')
    shutil.copytree(PROJECT / 'config', tmp_path / 'config')
    stale = tmp_path / 'config' / 'gesture.yaml'
    text = stale.read_text()
    stale.write_text(text.replace('start_threshold: 0.7', 'start_threshold: 0.8'))
    result = subprocess.run([sys.executable, copy, '--check'], capture_output=True, text=True)
    assert result.returncode == 1 and 'gesture.yaml is stale' in result.stderr
    assert subprocess.run([sys.executable, copy]).returncode == 0
    assert stale.read_text() == text


def test_ros_packages_that_are_imported_are_dependencies():
    declared = {item.text for item in ElementTree.parse(PROJECT / 'package.xml').iter()
                if item.tag == 'exec_depend'}
    sources = [*PACKAGE.rglob('*.py'), *(PROJECT / 'launch').glob('*.py')]
    found = {name.split('.')[0] for path in sources for name in imported(path)}
    used = {name for name in found if name in ROS or name in get_packages_with_prefixes()}
    assert used - {PACKAGE.name} <= declared
    assert 'python3-onnxruntime-pip' in declared


def test_the_command_is_on_the_path_of_a_workspace():
    prefix = get_package_prefix(PACKAGE.name)
    script = f'. {prefix}/share/{PACKAGE.name}/package.sh; snn-gesture view --help'
    environment = {**os.environ, 'COLCON_CURRENT_PREFIX': prefix, 'PATH': '/usr/bin:/bin'}
    result = subprocess.run(['sh', '-c', script], env=environment, capture_output=True, text=True)
    assert result.returncode == 0 and 'snn-gesture view' in result.stdout, result.stderr


def test_every_parameter_is_described():
    from snn_gesture_ros.ros.parameters import all_parameters
    declared = all_parameters()
    assert set(declared) == {
        'event_player', 'event_stream', 'event_viewer', 'gesture_behavior', 'gesture_classifier',
        'gesture_evaluator', 'gesture_trainer', 'simulated_camera'}
    for parameters in declared.values():
        for spec in parameters:
            assert len(spec.description) > 10
            assert (spec.minimum is None) == (spec.maximum is None)
