# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Names and texts of others: what controls a terminal or is markup is only shown."""
import io
import os
from types import SimpleNamespace

import numpy as np
import pytest
from rich.table import Table
from scenes import save
from snn_gesture_ros.command_line import demo, doctor
from snn_gesture_ros.command_line.main import main
from snn_gesture_ros.command_line.terminal import make_console
from snn_gesture_ros.doctor.diagnosis import diagnose, launch
from snn_gesture_ros.doctor.findings import EventTopic, Findings, OurNode
from snn_gesture_ros.network.classifier import NetworkSettings
from snn_gesture_ros.printable import printable
from snn_gesture_ros.report.pages import table
from snn_gesture_ros.settings import make_settings
from snn_gesture_ros.viewing.image import Gesture, write_caption

CLEAR, TITLE, BACKWARDS, FORGED = '\x1b[2J', '\x1b]0;mine\x07', '\u202e', '\nforged'
HOSTILE = (f'{CLEAR}{TITLE}\r\x9b1m{BACKWARDS}[bold]:dog:[/oops]<script>alert(1)</script>|`x`'
           f'{FORGED}')
ACTING = FORGED, '\x1b', '\x07', '\r', '\x9b', BACKWARDS


def assert_harmless(text):
    assert text and not any(each in text for each in ACTING)


@pytest.mark.parametrize('text, shown', [
    ('plain [bold] ü 手', 'plain [bold] ü 手'), ('a\tb\n', 'a\tb\n'), ('1\u202f000', '1\u202f000'),
    ('\x1b[2J', r'\x1b[2J'), ('\r', r'\r'), ('\x9b', r'\x9b'), ('\u202e', r'\u202e'),
    (os.fsdecode(b'a\xff'), r'a\udcff')])
def test_what_is_not_printable_is_escaped(text, shown):
    assert printable(text) == shown


@pytest.fixture
def hostile_file(tmp_path):
    name = HOSTILE.replace('/', '').replace('\n', '') + os.fsdecode(b'\xff')
    return save(tmp_path / f'{name}.npz', [('left', 0.2)])


def test_verbs_show_file_names_harmlessly(hostile_file, tmp_path, capsys):
    for words in (['info', str(hostile_file)],
                  ['convert', str(hostile_file), str(tmp_path / f'{CLEAR}.csv')],
                  ['frames', str(hostile_file), str(tmp_path / f'{CLEAR}.npz')]):
        assert main(words) == 0
        output = capsys.readouterr()
        assert_harmless(output.out + output.err)


@pytest.mark.parametrize('words, status', [
    (['info', f'{CLEAR}{TITLE}\r.npz'], 1), (['info', f'{HOSTILE}.npz'], 2), ([HOSTILE], 2),
    (['info', 'a', f'--{HOSTILE}'], 2),
    (['view', 'a', '--frame-ms', HOSTILE], 2)])
def test_errors_show_words_harmlessly(words, status, capsys):
    try:
        assert main(words) == status
    except SystemExit as end:
        assert end.code == status
    output = capsys.readouterr()
    assert_harmless(output.err)
    assert output.err.count('\n') == 1 and 'Traceback' not in output.err


def test_files_of_a_folder_forge_no_line(tmp_path, capsys):
    (tmp_path / f'a{FORGED}.npz').write_bytes(b'no recording')
    assert main(['frames', str(tmp_path), str(tmp_path / 'out')]) == 1
    assert main(['evaluate', str(tmp_path), '--output', str(tmp_path / 'out')]) == 1
    assert_harmless(capsys.readouterr().err)


@pytest.mark.parametrize('text', [f'a{FORGED}', CLEAR, BACKWARDS])
def test_parameters_of_nodes_that_logs_would_show_are_printable(text):
    with pytest.raises(ValueError, match='^checkpoint must be one line of printable') as error:
        make_settings(NetworkSettings, {'checkpoint': text})
    assert str(error.value).isprintable()
    assert make_settings(NetworkSettings, {'checkpoint': '/a b/ü\u3000手.onnx'})


def test_an_evaluation_shows_names_and_labels_as_text(hostile_file, halves, tmp_path, capsys):
    labels = tmp_path / 'labels.csv'
    labels.write_text(f'start,end,label\n0,0.2,"{HOSTILE}"\n')
    assert main(['evaluate', str(hostile_file), '--checkpoint', str(halves), '--label-table',
                 str(labels), '--output', str(tmp_path / 'out')]) == 0
    output = capsys.readouterr()
    assert_harmless(output.out + output.err)
    assert '[bold]' in output.out and '🐶' not in output.out
    page = (tmp_path / 'out/report.html').read_text(errors='surrogateescape')
    assert '<script>alert' not in page and '&lt;script&gt;alert' in page


def test_the_doctor_shows_names_of_the_network_as_text(capsys):
    findings = Findings(
        'jazzy', 'rmw', 0, 'SUBNET', {'vision_msgs': True},
        topics=[EventTopic(f'/{HOSTILE}', HOSTILE)],
        nodes=[OurNode(f'/{HOSTILE}', 'event_stream', message=HOSTILE)])
    doctor.show(findings, diagnose(findings))
    output = capsys.readouterr().out
    assert_harmless(output)
    assert '[bold]' in output
    assert launch('/a; reboot').endswith("events_topic:='/a; reboot'")


def test_the_demo_shows_gestures_as_text():
    observer = SimpleNamespace(latencies_ms=[], best=(HOSTILE, 0.5), truth=HOSTILE,
                               gesture=HOSTILE, snapshots=[])
    console = make_console(file=io.StringIO(), width=300)
    console.print(demo.view(observer))
    assert_harmless(console.file.getvalue())


def test_a_terminal_has_colors_and_no_other_control():
    console = make_console(file=io.StringIO(), force_terminal=True, width=300)
    cells = Table(HOSTILE, title=HOSTILE)
    cells.add_row(HOSTILE, style='red')
    console.print(cells)
    console.print(HOSTILE, style='bold')
    text = console.file.getvalue()
    assert '\x1b[31m' in text
    assert not any(each in text for each in (CLEAR, TITLE, '\x9b', BACKWARDS))


def test_a_report_and_an_image_take_any_label():
    row = table(('label',), [(HOSTILE,)]).splitlines()[-1]
    assert_harmless(row)
    assert '<script' not in row and row.replace(r'\|', '').count('|') == 2
    write_caption(np.zeros((32, 64, 3), np.uint8), Gesture(HOSTILE, np.nan, True))
