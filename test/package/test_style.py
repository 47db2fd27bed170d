# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The code keeps to the style that setup.cfg sets."""

import subprocess
import sys

from paths import PROJECT
import pytest


def test_flake8_finds_nothing():
    pytest.importorskip('flake8', reason='requirements/test.txt')
    sources = ['launch', 'scripts', 'snn_gesture_ros', 'test', 'setup.py']
    result = subprocess.run([sys.executable, '-m', 'flake8', *sources], cwd=PROJECT,
                            capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
