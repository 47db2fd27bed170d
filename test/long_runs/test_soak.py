# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The command `make soak`: a short run of it, and that it finds what it is for."""
import json
import os
from pathlib import Path
import subprocess
import sys

from memory import STEPS
from paths import PROJECT
import pytest
from ros_domain import TIMEOUT_S
from snn_gesture_ros.recordings.opening import open_recording
from snn_gesture_ros.recordings.stored_messages import StoredMessages
from soak import LOADS, PERSON, report, RESTART_EVERY, settle, Usage, usage, write_noise

SOAK = [sys.executable, PROJECT / 'test' / 'soak.py']
SCENE = '100 000 events/s'
SENT = {'messages': 50, 'events': 4000}
BEFORE = ({'message_type': 'a', 'messages': 7, 'events_in': 700, 'malformed': 0, 'late': 3,
           'events_out': 690, 'out_of_range': 0},
          {'events_in': 690, 'late_events': 1, 'events_used': 689, 'lost': 0, 'malformed': 0})


def after(stream=(), classifier=()):
    """Give states before and after a load in which all 50 messages came, and what is changed."""
    return tuple((before, {**before, **{name: before[name] + more for name, more in {
        **grown, **dict(changed)}.items()}}) for before, changed, grown in zip(
            BEFORE, (stream, classifier), (
                {'messages': 50, 'events_in': 5000, 'events_out': 5000},
                {'events_in': 5000, 'events_used': 5000})))


def test_every_event_of_a_load_is_found_again():
    account = settle(SCENE, SENT, *after())
    assert account.unaccounted == 0 and account.sent == account.used == 5000


@pytest.mark.parametrize('stream, classifier, unaccounted', [
    ({'events_in': 4999}, {}, 2),       # not come, and passed on nevertheless
    ({'events_out': 4990}, {}, 20),     # gone in event_stream, and come nevertheless
    ({}, {'events_in': 4950, 'events_used': 4950}, 50),
    ({}, {'events_used': 4900}, 100),
    ({'messages': 51, 'events_in': 5100}, {}, 201),
])
def test_what_no_counter_has_is_not_accounted_for(stream, classifier, unaccounted):
    assert settle(SCENE, SENT, *after(stream, classifier)).unaccounted == unaccounted


def test_what_dds_lost_is_counted_apart():
    fewer = {'events_in': 4900, 'events_out': 4900}
    account = settle(SCENE, SENT, *after(
        {'messages': 49, **fewer}, {'events_in': 4800, 'events_used': 4800, 'lost': 1}))
    assert account.messages_lost == 1 and account.events_lost == 100
    assert account.packets_lost == 1 and account.packet_events_lost == 100
    assert account.unaccounted == 0


def test_counters_start_again_with_another_type_of_messages():
    (before, now), classifier = after()
    grown = {name: value - before[name] for name, value in now.items() if name != 'message_type'}
    account = settle(SCENE, SENT, (before, {'message_type': 'b', **grown}), classifier)
    assert account.unaccounted == 0


def test_events_of_a_person_that_are_filtered_are_not_missing():
    account = settle(PERSON, SENT, *after({'events_in': 4000, 'late': 10, 'events_out': 3000},
                                          {'events_in': 3000, 'events_used': 3000}))
    assert account.filtered == 990 and account.unaccounted == 0


def test_noise_has_equally_many_events_in_each_message(tmp_path):
    write_noise(tmp_path / 'bag', 10, 1.5)
    with open_recording(tmp_path / 'bag') as recording:
        assert sum(1 for _ in StoredMessages(recording, None, None, 'camera').since(0)) == 1500
    with open_recording(tmp_path / 'bag') as recording:
        assert sum(map(len, recording.events())) == 15000


def test_the_usage_of_a_process_is_read():
    handle = Path(os.devnull).open()
    used = usage(os.getpid())
    handle.close()
    assert usage(os.getpid()).handles == used.handles - 1
    assert 10 < used.private_mb < 10_000 and used.shared_mb >= 0 and used.threads >= 1


class Leaking:
    """What a soak measures of a node that leaks."""

    accounts, restarts = [], [(RESTART_EVERY, 'event_stream', 'SIGKILL', 1.7, 'scores')]

    def __init__(self, by_hour):
        self._by_hour = by_hour

    def slopes(self):
        """Give one slope."""
        from slopes import Slope
        return {('event_stream', 'handles'): (
            20.0, Slope(self._by_hour, self._by_hour - 0.1, self._by_hour + 0.1))}


def test_what_grows_is_a_fault():
    assert report(Leaking(0.2))[1] == []
    text, (fault,) = report(Leaking(3.0))
    assert 'handles of event_stream grows by 3.00' in fault
    assert '| event_stream | handles | 20.0  | +3.00 (+2.90 to +3.10)  |' in text
    assert '| 4 | event_stream | SIGKILL | 1.7 | scores |' in text


def test_a_folder_that_is_there_is_not_written_to(tmp_path):
    command = subprocess.run([*SOAK, '--hours', '1', '--output', tmp_path],
                             capture_output=True, text=True)
    assert command.returncode == 1
    assert command.stderr == f'make soak: {tmp_path}: File exists\n'


def test_a_short_run_accounts_for_every_event(tmp_path):
    command = subprocess.run([*SOAK, '--hours', '0.003', '--output', tmp_path / 'out'],
                             capture_output=True, text=True, timeout=TIMEOUT_S * len(LOADS))
    assert command.returncode == 0, command.stdout + command.stderr
    lines = [json.loads(line) for line in (tmp_path / 'out/samples.jsonl').open()]
    loads = {line['load']: line for line in lines if 'load' in line}
    assert set(loads) == set(LOADS) - {PERSON}, 'in whose time event_stream is killed'
    assert all(line['sent'] and not line['unaccounted'] for line in loads.values())
    nodes = {line['node'] for line in lines if 'node' in line}
    assert nodes == {'event_stream', 'gesture_classifier', 'gesture_behavior', 'gesture_trainer'}
    samples = [line for line in lines if 'node' in line]
    assert all(line[name] > 0 for line in samples for name in Usage._fields
               if name != 'shared_mb')
    assert any(line['shared_mb'] > 0 for line in samples), 'gesture_behavior may use none'
    restart, = [line for line in lines if 'restarted' in line]
    assert restart['restarted'] == 'event_stream' and restart['by'] == 'SIGKILL'
    assert '| unaccounted | 0 |' in (tmp_path / 'out/report.md').read_text()


def test_the_memory_of_a_classifier_is_measured_for_one_thing_at_a_time():
    command = subprocess.run([sys.executable, PROJECT / 'test' / 'memory.py', '--seconds', '0.1'],
                             capture_output=True, text=True, timeout=TIMEOUT_S * 2)
    assert command.returncode == 0, command.stdout + command.stderr
    rows = command.stdout.splitlines()[2:]
    assert [row.split(' | ')[0][2:] for row in rows] == [step.__doc__[:-1] for step in STEPS]
    assert all(float(row.split(' | ')[2]) > 10 for row in rows)
