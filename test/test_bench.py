# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The benchmark measures two ways to the same events."""
from itertools import cycle
import json

import numpy as np
import pytest
from snn_gesture_ros.command_line import bench
from snn_gesture_ros.command_line.main import main
from snn_gesture_ros.events.event import EVENT

EVENTS = bench.make_events()
CASES = bench.make_cases(EVENTS)


DECODING = [case for case in CASES if 'frames' not in case.name and 'same' not in case.name]


@pytest.mark.parametrize('case', DECODING, ids=lambda c: f'{c.name}-{c.reference_name}')
def test_both_ways_give_the_events_that_were_sent(case):
    message, = case.messages
    assert (case.ours(message) == EVENTS).all()
    other = case.reference(message)
    if not isinstance(other, np.ndarray):
        other = np.array(
            [(e.ts.sec * 1_000_000 + e.ts.nanosec // 1000, e.x, e.y, e.polarity)
             for e in other.events], EVENT)
    assert (other == EVENTS).all()


def test_both_ways_give_the_same_frames():
    case, = [case for case in CASES if case.name == 'EventArray to frames']
    messages = cycle(case.messages)
    found = []
    while len(found) < bench.TIME_STEPS:
        found += case.ours(next(messages))
    window_us = bench.TIME_STEPS * bench.FRAME_US
    for message in case.messages[:window_us // bench.STREAM_SPACING_US]:
        frames = case.reference(message)
    assert (np.array([frame.counts for frame in found]) == frames).all()


def test_row_compares_ours_with_the_reference():
    nothing = bench.Case('nothing', [b''], len, lambda _: sum(range(20_000)), 'a sum')
    row, = bench.measure([nothing], rounds=3)
    assert row['name'] == 'nothing' and row['reference_name'] == 'a sum'
    assert row['unit'] == 'M events/s'
    assert row['ratio'] == row['ours'] / row['reference'] > 1


def test_command_prints_a_table_or_json(capsys):
    assert main(['bench', '--json']) == 0
    rows = json.loads(capsys.readouterr().out)
    names = [row['name'] for row in rows]
    assert {'EventArray', 'mono', 'evt3', 'libcaer', 'libcaer_cmp'} <= set(names)
    assert all(row['ours'] > 0 and row['reference'] > 0 for row in rows)
    table = bench.as_table(rows)
    assert bench.cpu_model() in table and all(name in table for name in names)
