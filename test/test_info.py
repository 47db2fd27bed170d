# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The command `snn-gesture` and its verb `info`."""
import json
from pathlib import Path
import subprocess
import sys

import numpy as np
import pytest
from snn_gesture_ros.command_line.main import main

KEYS = {'events', 'on', 'off', 'triggers_rising', 'triggers_falling', 'width', 'height',
        't_first_us', 't_last_us', 'sum_time_us', 'duration_s', 'rate_eps', 'messages', 'lost',
        'malformed', 'format', 'encoding', 'topic'}
AEDAT4 = (Path(__file__).resolve().parents[2]
          / 'shared' / 'data' / 'aedat4' / 'dvxplorer_320x240.aedat4')


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / 'wave.npz'
    t = np.arange(100) * 10_000 + 5
    np.savez(path, t=t, x=t % 128, y=t % 127, p=np.arange(100) % 4 == 0)
    return path


def test_json(recording, capsys):
    assert main(['info', str(recording), '--json']) == 0
    facts = json.loads(capsys.readouterr().out)
    assert KEYS <= set(facts)
    assert (facts['events'], facts['on'], facts['off']) == (100, 25, 75)
    assert (facts['t_first_us'], facts['t_last_us']) == (5, 990_005)
    assert facts['sum_time_us'] == 10_000 * 99 * 50 + 500
    assert facts['duration_s'] == pytest.approx(0.99)
    assert facts['rate_eps'] == pytest.approx(100 / 0.99)
    assert facts['width'] is None and facts['messages'] is None and facts['damage'] is None


def test_table(recording, capsys):
    assert main(['info', str(recording)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert 'events       100 (25 ON, 75 OFF)' in lines
    assert 'camera time  5 to 990005 us' in lines
    assert not any(line.startswith('sensor') for line in lines)


def test_recording_without_events(tmp_path, capsys):
    none = np.zeros(0, np.int64)
    np.savez(tmp_path / 'none.npz', t=none, x=none, y=none, p=none)
    assert main(['info', str(tmp_path / 'none.npz'), '--json']) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts['events'] == 0 and facts['t_first_us'] is None and facts['rate_eps'] is None
    assert main(['info', str(tmp_path / 'none.npz')]) == 0


@pytest.mark.parametrize('content', [None, b'', b'hello', b'SQLite format 3\0 cut off',
                                     b'\x89MCAP0\r\n cut off', b'PK\x03\x04 cut off'])
@pytest.mark.parametrize('suffix', ['.db3', '.mcap', '.npz', '.aedat4', ''])
def test_bad_file_is_one_line_and_status_1(tmp_path, capsys, content, suffix):
    path = tmp_path / f'bad{suffix}'
    if content is not None:
        path.write_bytes(content)
    assert main(['info', str(path)]) == 1
    output = capsys.readouterr()
    assert output.out == ''
    assert output.err.startswith(f'snn-gesture: {path}: ') and output.err.count('\n') == 1


def test_topic_of_a_recording_without_topics(recording, capsys):
    assert main(['info', str(recording), '--topic', '/events']) == 1
    assert capsys.readouterr().err.endswith('wave.npz: npz has no topics\n')


@pytest.mark.skipif(not AEDAT4.exists(), reason=f'no real recording {AEDAT4}')
def test_cut_off_file_is_shown_as_far_as_it_goes(tmp_path, capsys):
    pytest.importorskip('aedat')
    path = tmp_path / 'cut.aedat4'
    path.write_bytes(AEDAT4.read_bytes()[:400_000])
    assert main(['info', str(path), '--json']) == 1
    output = capsys.readouterr()
    facts = json.loads(output.out)
    assert facts['events'] > 0
    assert output.err == f'snn-gesture: {facts["damage"]}\n'


@pytest.mark.parametrize('words', [[], ['info'], ['juggle'], ['info', 'a', 'b'],
                                   ['info', 'a', '--loud'], ['--', 'info']])
def test_bad_usage_is_status_2(words, capsys):
    with pytest.raises(SystemExit) as exit_:
        main(words)
    assert exit_.value.code == 2
    assert 'usage: snn-gesture' in capsys.readouterr().err


def test_help_lists_the_verbs(capsys):
    with pytest.raises(SystemExit) as exit_:
        main(['--help'])
    assert exit_.value.code == 0
    assert {'info', 'bench', 'demo'} <= set(capsys.readouterr().out.split())


def test_info_imports_no_torch(recording):
    code = ('import sys; from snn_gesture_ros.command_line.main import main; '
            f'main(["info", {str(recording)!r}]); sys.exit("torch" in sys.modules)')
    assert subprocess.run([sys.executable, '-c', code], capture_output=True).returncode == 0
