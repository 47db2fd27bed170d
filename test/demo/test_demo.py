# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The demo: the whole path, from a simulated camera to a verdict."""
import json
import shutil
import subprocess

from PIL import Image
from snn_gesture_ros.demo.score import Announced, match_announcements, Shown

S = 10**9


def test_verdicts():
    shown = [Shown('clap', 10 * S, 12 * S), Shown('wave', 14 * S, 16 * S),
             Shown('drums', 18 * S, 20 * S)]
    announced = [Announced('roll', 5 * S, 0.8), Announced('wave', 11 * S, 0.8),
                 Announced('clap', 11 * S + 1, 0.9), Announced('clap', 17 * S - 1, 0.7),
                 Announced('drums', 22 * S, 0.9)]
    outcomes, false = match_announcements(shown, announced)
    assert [outcome.verdict for outcome in outcomes] == ['right', 'wrong', 'missed']
    assert outcomes[0].announced == announced[2]
    assert outcomes[1].announced == announced[3]
    assert false == [announced[0], announced[1], announced[4]]


def test_demo_recognizes_what_is_shown(tmp_path):
    result = subprocess.run([shutil.which('snn-gesture'), 'demo', '--output', tmp_path],
                            capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    summary = json.loads(result.stdout.splitlines()[-1])
    assert summary['shown'] == 5
    assert summary['right'] == 5
    assert summary['wrong'] == summary['missed'] == 0
    assert summary['decisions'] > 100
    assert summary['events_per_s'] > 1000
    assert 0 < summary['latency_p50_ms'] <= summary['latency_p95_ms']
    with Image.open(summary['picture']) as picture:
        assert picture.height > 5 * 128


def test_bad_recording_ends_the_demo_with_one_line(tmp_path):
    result = subprocess.run([shutil.which('snn-gesture'), 'demo', tmp_path / 'missing.bag'],
                            capture_output=True, text=True, cwd=tmp_path)
    assert result.returncode == 1
    assert 'missing.bag' in result.stderr and 'Traceback' not in result.stderr
