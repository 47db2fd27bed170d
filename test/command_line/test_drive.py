# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The verb `drive`: gestures lead a simulated robot, through the real node."""
import json
import math
from pathlib import Path
import shutil
import subprocess

from PIL import Image
import pytest
from snn_gesture_ros.demo.robot_path import Command, simulate_drive
from snn_gesture_ros.nodes.gesture_behavior import find_table


def test_a_command_lasts_until_the_next():
    _, poses = simulate_drive([Command(1.0, 0.5, 0.0), Command(3.0, 0.0, 0.0)], 10.0)
    assert poses[-1] == pytest.approx([1.0, 0, 0])


def test_a_curve_is_a_circle():
    _, poses = simulate_drive([Command(0.0, 1.0, 1.0)], math.tau + 0.01)
    assert poses[-1] == pytest.approx([0, 0, math.tau], abs=0.02)
    assert poses[:, 1].max() == pytest.approx(2, abs=0.01), 'to the left'


def run(*words, folder):
    pytest.importorskip('matplotlib', reason='requirements/evaluation.txt')
    return subprocess.run([shutil.which('snn-gesture'), 'drive', *words], cwd=folder,
                          capture_output=True, text=True)


def test_gestures_lead_the_robot(tmp_path):
    stock = Path(find_table('')).read_text()
    assert 'max_age_ms: 350' in stock
    # So that a machine that stalls does not let the watchdog expire.
    (tmp_path / 'patient.yaml').write_text(stock.replace('max_age_ms: 350', 'max_age_ms: 2000'))
    result = run('none:0.3', 'arm_roll:1.3', 'right_arm_clockwise:2', 'hand_clapping:0.5',
                 '--table', 'patient.yaml', folder=tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
    summary = json.loads(result.stdout.splitlines()[-1])
    assert 0.2 < summary['x_m'] < 0.6 and summary['y_m'] == summary['heading_rad'] == 0
    with Image.open(tmp_path / summary['picture']) as picture:
        assert picture.width > 500


@pytest.mark.parametrize('words, status, reason', [
    (['jumping:1'], 2, 'jumping:1: the gestures of the table are air_drums'),
    (['none'], 2, 'none: write GESTURE:SECONDS'),
    (['none:-1'], 2, 'none:-1: write GESTURE:SECONDS'),
    (['none:1', '--table', 'missing.yaml'], 1, 'missing.yaml: No such file'),
])
def test_bad_words_end_the_command_with_one_line(tmp_path, words, status, reason):
    result = run(*words, folder=tmp_path)
    assert result.returncode == status
    assert reason in result.stderr and len(result.stderr.splitlines()) == 1
