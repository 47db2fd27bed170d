# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The launch files, with the real launch where it is installed."""
import importlib.util
from pathlib import Path

import pytest

LAUNCH = Path(__file__).resolve().parents[1] / 'launch'
FILES = ('gesture', 'demo', 'replay')


@pytest.fixture(params=FILES)
def description(request):
    """Give the launch description of a file."""
    pytest.importorskip('launch_ros', reason='ros2/launch_ros is on no package index')
    path = LAUNCH / f'{request.param}.launch.py'
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.generate_launch_description()


def test_every_argument_has_a_description(description):
    names = set()
    for argument in description.get_launch_arguments():
        assert len(argument.description) > 10, argument.name
        names.add(argument.name)
    assert {'name', 'namespace', 'params_file', 'use_sim_time', 'log_level', 'events_topic',
            'event_stream_topic', 'gesture_topic', 'gesture_scores_topic', 'gesture_labels_topic',
            'window_ms', 'hop_ms', 'checkpoint', 'device'} <= names
