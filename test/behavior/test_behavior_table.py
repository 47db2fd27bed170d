# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The table of gestures: what is read, and what is refused with a line that says what to do."""
import os
import time

from paths import PROJECT
from peak_memory import forget_peak, peak_kb
import pytest
from snn_gesture_ros.behavior.table import (
    Arm, Call, Cancel, Disarm, Drive, Goal, Publish, read_table, Stop)
from snn_gesture_ros.labels import DVS128_GESTURES

STOCK = PROJECT / 'config' / 'behavior.yaml'
VELOCITY = """
velocity:
  linear: {max: 0.5, acceleration: 1, deceleration: 2}
  angular: {max: 1.5, acceleration: 3, deceleration: 6}
"""
STOP = '- {gesture: clap, do: stop, min_score: 0.4, hold_ms: 0}\n'
SURE = 'min_score: 0.7, hold_ms: 200'


@pytest.fixture
def read(tmp_path):
    """Give a function that reads a table from its text."""
    def read_text(text):
        path = tmp_path / 'table.yaml'
        path.write_text(text)
        return read_table(path)
    return read_text


def rows(*lines):
    """Give a table with a stop and other rows, the first of which is row 2."""
    return f'{VELOCITY}rows:\n{STOP}' + ''.join(f'- {{{line}}}\n' for line in lines)


def test_stock_table_drives_by_gestures_of_the_shipped_network():
    table = read_table(STOCK)
    assert {row.gesture for row in table.rows} < set(DVS128_GESTURES)
    assert {Arm, Disarm, Drive, Stop} == {type(row.does) for row in table.rows}
    assert table.max_age_ms <= 450, 'zero within half a second of the death of the classifier'
    assert table.velocity.topic == 'cmd_vel' and not table.velocity.stamped


def test_commented_rows_of_the_stock_table_can_be_used(tmp_path):
    text = STOCK.read_text()
    head, _, examples = text.partition('  # Other things')
    lines = [line.replace('  # ', '  ', 1) for line in examples.splitlines()[1:]]
    (tmp_path / 'table.yaml').write_text('\n'.join([head, *lines]))
    does = {type(row.does): row.does for row in read_table(tmp_path / 'table.yaml').rows}
    assert does[Publish] == Publish('speech', 'std_msgs/msg/String', {'data': 'hello'})
    assert does[Call] == Call('clear', 'std_srvs/srv/Empty', {})
    assert does[Goal] == Goal('spin', 'nav2_msgs/action/Spin', {'target_yaw': 3.14}, True)


def test_every_field_arrives(read):
    table = read('max_age_ms: 200\n' + rows(
        f'gesture: wave, do: drive, linear_x: 0.5, angular_z: -1, duration_ms: 300, {SURE}',
        'gesture: roll, do: goal, action: dock, type: a/action/B, goal: {x: 1}, '
        f'cancel_at_end: false, release_ms: 50, {SURE}',
        f'gesture: drums, do: cancel, action: dock, {SURE}'))
    stop, wave, roll, drums = table.rows
    assert table.max_age_ms == 200
    assert table.velocity.linear == (0.5, 1, 2) and table.velocity.angular == (1.5, 3, 6)
    assert stop.does == Stop() and (stop.min_score, stop.hold_ms) == (0.4, 0)
    assert wave.does == Drive((0.5, 0, 0, 0, 0, -1), 300)
    assert (wave.name, wave.gesture, wave.release_ms) == ('row 2 (wave)', 'wave', 200)
    assert roll.does == Goal('dock', 'a/action/B', {'x': 1}, False) and roll.release_ms == 50
    assert drums.does == Cancel('dock')


def test_table_without_drives_needs_no_velocity(read):
    table = read(f'rows:\n- {{gesture: wave, do: publish, topic: t, type: a/msg/B, {SURE}}}')
    assert table.velocity is None


@pytest.mark.parametrize('line, reason', [
    (f'do: stop, {SURE}', 'row 2: gesture is missing: give a label'),
    (f'gesture: none, do: stop, {SURE}', 'row 2 (none): none is the absence'),
    (f'gesture: 3, do: stop, {SURE}', 'row 2: gesture must be a label of the classifier, not 3'),
    (f'gesture: wave, {SURE}', 'row 2 (wave): do is missing: give one of drive, publish'),
    (f'gesture: wave, do: [drive], {SURE}', 'row 2 (wave): do must be one of'),
    (f'gesture: wave, do: {{a: 1}}, {SURE}', "disarm, not {'a': 1}"),
    (f'gesture: wave, do: dance, {SURE}', "stop, arm, disarm, not 'dance'"),
    ('gesture: wave, do: stop, hold_ms: 0', 'min_score is missing: give a number from 0.01 to 1'),
    ('gesture: wave, do: stop, min_score: 0.5', 'hold_ms is missing: give a number from 0'),
    ('gesture: wave, do: stop, min_score: 70, hold_ms: 0', 'min_score must be a number from 0.01 '
     'to 1, not 70'),
    ('gesture: wave, do: stop, min_score: 0, hold_ms: 0', 'min_score must be a number'),
    ('gesture: wave, do: stop, min_score: true, hold_ms: 0', 'min_score must be a number'),
    ('gesture: wave, do: stop, min_score: .nan, hold_ms: 0', 'min_score must be a number'),
    ('gesture: wave, do: stop, min_score: 0.5, hold_ms: soon', "not 'soon'"),
    (f'gesture: wave, do: drive, {SURE}', 'row 2 (wave): give a velocity: linear_x'),
    (f'gesture: wave, do: drive, linear_x: 5, {SURE}', 'linear_x must be a number from -0.5 to '
     '0.5, not 5'),
    (f'gesture: wave, do: drive, angular_z: -2, {SURE}', 'from -1.5 to 1.5'),
    (f'gesture: wave, do: drive, linear_x: .inf, {SURE}', 'linear_x must be a number'),
    (f'gesture: wave, do: drive, linear: 1, linear_x: 0.1, {SURE}', 'row 2 (wave): linear is not '
     'known; known are gesture, do, linear_x'),
    (f'gesture: wave, do: stop, topic: t, {SURE}', 'topic is not known'),
    (f'gesture: wave, do: publish, type: a/msg/B, {SURE}', 'topic is missing: give a topic'),
    (f'gesture: wave, do: publish, topic: t, {SURE}', 'type is missing: give a type such as'),
    (f'gesture: wave, do: publish, topic: t, type: a/msg/B, message: hello, {SURE}',
     'message must be the fields of a message'),
    (f'gesture: wave, do: goal, action: d, type: a/action/B, cancel_at_end: 1, {SURE}',
     'cancel_at_end must be true or false'),
    (f'gesture: wave, do: goal, action: d, type: a/action/B, goal: {{speed: 5}}, {SURE}',
     'row 2 (wave): goal: speed must be a number from -0.5 to 0.5, not 5'),
    (f'gesture: wave, do: goal, action: d, type: a/action/B, goal: {{speed: .nan}}, {SURE}',
     'goal: speed must be a number'),
    (f'gesture: wave, do: cancel, action: dock, {SURE}', 'no row has do: goal for the action '
     'dock'),
    (f'gesture: wave, gesture: roll, do: stop, {SURE}', 'line 7: gesture is given twice'),
    (f'gesture: wave, do: publish, topic: t, type: a/msg/B, message: {{d: 2026-13-45}}, {SURE}',
     'line 7: 2026-13-45 cannot be read: month must be in 1..12'),
    ('gesture: wave, do: stop, min_score: !!bool maybe', 'line 7: maybe cannot be read'),
    (f'gesture: wave, do: drive, linear_x: 1.0e+999, {SURE}',
     'line 7: 1.0e+999 cannot be read: the number is too large'),
])
def test_bad_rows_are_refused(read, line, reason):
    with pytest.raises(ValueError) as error:
        read(rows(line))
    assert reason in str(error.value)
    assert 'table.yaml' in str(error.value) and '\n' not in str(error.value)


@pytest.mark.parametrize('text, reason', [
    ('', 'must be fields with values'),
    ('- a\n- b\n', 'must be fields with values'),
    (VELOCITY, 'rows is missing: give a list'),
    ('rows: []', 'rows must be a list of at least one item'),
    ('rows: [3]', 'row 1: must be fields'),
    ('rows: [', 'table.yaml, line 1: '),
    ('rows: "\x00"', 'table.yaml'),
    ('a: &a [1]\nrows: *a', 'line 2: aliases are not supported: write out what *a stands for'),
    ('a: &a {b: 1}\nrows: [{<<: *a}]', 'line 2: aliases are not supported'),
    ('&a rows: &b {c: *b}', 'aliases are not supported: write out what *b stands for'),
    ('a: &a0 [lol, lol]\n' + ''.join(
        f'b{n}: &a{n} [{", ".join([f"*a{n - 1}"] * 9)}]\n' for n in range(1, 30))
     + 'rows: *a29', 'line 2: aliases are not supported'),
    ('rows: ' + '[' * 5000 + ']' * 5000, 'line 1: more than 20 levels of nesting'),
    ('rows: ' + '{a: ' * 5000 + '}' * 5000, 'line 1: more than 20 levels of nesting'),
    ('rows:\n' + '- ' * 5000 + 'a', 'line 2: more than 20 levels'),
    ('rows:\n' + '? ' * 5000 + 'a', 'line 2: more than 20 levels'),
    ('rows:\n' + '- {gesture: wave}\n' * 100_000, 'the file is larger than 100000 bytes'),
    (f'rows: "{"a" * 99_000}"', "not 'aaaaaaaaaaaa...aaaaaaaaaaaaa'"),
    (f'rows: {"9" * 99_000}', 'cannot be read'),
    ('"a\\nb": 1', "line 1: 'a\\nb' is not a name"),
    ('rows: [{gesture: "a\\nb"}]', 'row 1: gesture must be a label of the classifier, not'),
    ('max_age_ms: 5000\n' + rows(), 'max_age_ms must be a number from 100 to 2000'),
    ('speed: 1\n' + rows(), 'speed is not known; known are max_age_ms, velocity, rows'),
    (rows().replace('acceleration: 1', 'acceleration: 0'), 'velocity: linear: acceleration must'),
    (rows().replace('max: 0.5, ', ''), 'velocity: linear: max is missing'),
    (rows().replace('velocity:', 'velocity: 3\nother:'), 'velocity: must be fields'),
    (f'rows:\n{STOP}- {{gesture: wave, do: drive, linear_x: 0.1, {SURE}}}',
     'row 2 (wave): to drive, the table needs a section velocity'),
    (f'rows:\n{STOP}- {{gesture: wave, do: goal, action: d, type: a/action/B, '
     f'goal: {{speed: 0.1}}, {SURE}}}', 'to drive, the table needs a section velocity'),
    (VELOCITY + f'rows:\n- {{gesture: wave, do: drive, linear_x: 0.1, {SURE}}}',
     'no gesture stops the robot: add a row with do: stop'),
])
def test_bad_tables_are_refused(read, text, reason):
    forget_peak()
    start_s, start_kb = time.process_time(), peak_kb()
    with pytest.raises(ValueError) as error:
        read(text)
    assert reason in str(error.value)
    assert '\n' not in str(error.value) and len(str(error.value)) < 500
    assert time.process_time() - start_s < 2, 'at once'
    assert peak_kb() - start_kb < 50_000


@pytest.mark.parametrize('make', [os.mkfifo, lambda path: path.symlink_to('/dev/zero')])
def test_what_is_no_file_is_refused(tmp_path, make):
    make(tmp_path / 'table.yaml')
    with pytest.raises(OSError, match='not a file'):
        read_table(tmp_path / 'table.yaml')
