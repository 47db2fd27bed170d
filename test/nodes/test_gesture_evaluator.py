# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The gesture_evaluator node: what live nodes do at any speed is what `evaluate` says."""
import csv
import json
import signal

from diagnostic_msgs.msg import DiagnosticArray
import pytest
from rcl_interfaces.srv import GetParameters
from scenes import save
from snn_gesture_ros.command_line.main import main
from snn_gesture_ros.nodes.gesture_evaluator import BEHIND, LISTENING

TRIES = 6
"""Live runs until the machine has kept up."""
SCENES = [('left', 0.8), ('right', 0.8), ('left', 0.8)]
SHOWN = 'start,end,label\n0,0.8,left\n0.8,1.6,right\n1.6,2.4,left\n'


def decisions(folder):
    """Give all that a row tells of each decision, by its time."""
    with (folder / 'decisions.csv').open() as file:
        return {row['t_s']: tuple(row.values()) for row in csv.DictReader(file)}


def counters(diagnostics, node):
    """Give the newest counters of a node."""
    return next(({pair.key: pair.value for pair in message.status[0].values}
                 for message in diagnostics[::-1]
                 if message.status[0].name == node), {})


def live_run(ros, recording, checkpoint, output, rate, **labels):
    """Play a recording to live nodes; give whether the machine kept up."""
    diagnostics = ros.listen(DiagnosticArray, '/diagnostics')
    classifier = ros.start('gesture_classifier', checkpoint=checkpoint, smoothing_ms=50,
                           queue_size=1000, use_sim_time=True)
    evaluator = ros.start('gesture_evaluator', recording=recording, checkpoint=checkpoint,
                          output=output, use_sim_time=True, **labels)
    stream = ros.start('event_stream', use_sim_time=True)
    ros.wait_for(lambda: LISTENING in ros.output(evaluator), 'all that it listens to')
    player = ros.start('event_player', recording=recording, rate=rate, clock=True)
    ros.wait_for(lambda: player.poll() is not None, 'the end of the recording')
    assert player.returncode == 0, ros.output(player)
    heard = len(diagnostics)
    nodes = ('event_stream', 'gesture_classifier')
    ros.wait_for(lambda: all(counters(diagnostics[heard:], name) for name in nodes), 'counters')
    processes = (evaluator, stream, classifier)
    for process in processes:
        process.send_signal(signal.SIGINT)
    ros.wait_for(lambda: all(process.poll() is not None for process in processes), 'the report')
    assert evaluator.returncode == 0, ros.output(evaluator)
    decided = counters(diagnostics, 'gesture_classifier')
    report = json.loads((output / 'report.json').read_text())
    if (counters(diagnostics, 'event_stream')['messages'] != '2400'
            or any(int(decided[name]) for name in BEHIND)):
        return False
    assert report['decisions'] == int(decided['decisions'])
    return True


@pytest.mark.parametrize('rate', [0.5, 1.0, 2.0])
def test_live_is_what_offline_says(ros, halves, tmp_path, rate):
    recording = save(tmp_path / 'clip.npz', SCENES)
    table = tmp_path / 'clip_labels.csv'
    table.write_text(SHOWN)
    offline, live = tmp_path / 'offline', tmp_path / 'live'
    assert main(['evaluate', str(recording), '--checkpoint', str(halves), '--smoothing-ms', '50',
                 '--output', str(offline)]) == 0
    named = {'label_table': table} if rate == 1 else {}
    assert any(live_run(ros, recording, halves, live, rate, **named) for _ in range(TRIES)), (
        'in no try has the machine kept up')
    assert (live / 'report.html').stat().st_size > 10_000
    there, here = (json.loads((folder / 'report.json').read_text()) for folder in (offline, live))
    assert here['timing']['processing_ms'] == {'p50': None, 'p99': None}
    assert there['accuracy']['by_gesture'] == here['accuracy']['by_gesture'] == 1
    rows, live_rows = decisions(offline), decisions(live)
    # Offline goes on after the end; live may lack the last frames, whose end no event tells.
    last_s = max(map(float, live_rows))
    assert last_s > 2.3
    assert live_rows == {t_s: row for t_s, row in rows.items() if float(t_s) <= last_s}
    assert here['announcements'] == there['announcements']
    assert here['recordings'][:2] == there['recordings'][:2]


def test_nothing_heard_is_said(ros, halves, tmp_path):
    recording = save(tmp_path / 'clip.npz', [('left', 0.1)])
    evaluator = ros.start('gesture_evaluator', recording=recording, checkpoint=halves,
                          output=tmp_path / 'live')
    ros.client(GetParameters, '/gesture_evaluator/get_parameters')     # it answers: it has started
    evaluator.send_signal(signal.SIGINT)
    ros.wait_for(lambda: evaluator.poll() is not None, 'its end')
    assert evaluator.returncode == 1
    assert 'is gesture_classifier running?' in ros.output(evaluator)
    assert not (tmp_path / 'live').exists()


def test_wrong_labels_end_the_node_with_the_reason(ros, tmp_path):
    evaluator = ros.start('gesture_evaluator', recording=tmp_path / 'absent.npz')
    ros.wait_for(lambda: evaluator.poll() is not None, 'its end')
    assert evaluator.returncode == 1
    assert 'No such file' in ros.output(evaluator)
