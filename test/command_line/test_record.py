# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The verb `record`, as a process: from a camera to a file with labels that `import` reads."""
import csv
import os
import shutil
import signal
import subprocess

from event_files import EVT3, make_events, needs_data, read_all, save_npz
import numpy as np
import pytest
from snn_gesture_ros.command_line.main import main
from snn_gesture_ros.datasets.clip_set import ClipSet
from snn_gesture_ros.datasets.labeled_recordings import hand_over_labels, LabelTable
from snn_gesture_ros.recordings.bag_writer import journal_of
from snn_gesture_ros.recordings.facts import gather_facts
from snn_gesture_ros.recordings.opening import open_recording
from std_msgs.msg import String


def start_record(ros, output, *words, within=()):
    """Start the command, by `within`; its output goes to a file, as that of the nodes."""
    log = (output.parent / 'record.log').open('w')
    process = subprocess.Popen(
        [*within, shutil.which('snn-gesture'), 'record', str(output), '--topic', '/events',
         *words], env=ros.environment, stdout=log, stderr=subprocess.STDOUT)
    process.log_path = output.parent / 'record.log'
    ros._processes.append(process)
    return process


def finished(ros, process, what):
    ros.wait_for(lambda: process.poll() is not None, what)
    return process.returncode


def play(ros, source, **parameters):
    """Play a recording to its end, once the recorder listens."""
    player = ros.start('event_player', recording=source, **parameters)
    assert finished(ros, player, 'the end of the recording') == 0, ros.output(player)


def interrupt(ros, process):
    process.send_signal(signal.SIGINT)
    return finished(ros, process, 'the recorder to finish')


def read_labels(folder):
    with (folder / 'labels.csv').open(newline='') as file:
        return list(csv.DictReader(file))


def has_event(journal):
    """Tell whether something can be read of a recording that is being made."""
    try:
        with open_recording(journal) as recording:
            return any(len(events) for events in recording.events())
    except (OSError, ValueError):
        return False


@pytest.fixture
def camera(ros, tmp_path):
    """Give the events of a camera that sends for two minutes, once somebody listens."""
    (tmp_path / 'camera').mkdir()
    events = make_events(2_400_000, start_us=5_000_000, duration_us=120_000_000)
    source = save_npz(tmp_path / 'camera' / 'events.npz', events)
    ros.start('event_player', recording=source)
    return events


@pytest.mark.parametrize('name', ['a.npz', 'a.h5', 'a', 'a.mcap', 'a.db3'])
def test_all_that_is_played_is_recorded(ros, tmp_path, name):
    events = make_events(20_000, start_us=1_700_000_000_000_000, duration_us=1_000_000)
    source = save_npz(tmp_path / 'source.npz', events)
    (tmp_path / 'out').mkdir()
    record = start_record(ros, tmp_path / 'out' / name)
    play(ros, source)
    assert interrupt(ros, record) == 0, ros.output(record)
    assert (read_all(tmp_path / 'out' / name) == events).all()
    with open_recording(tmp_path / 'out' / name) as recording:
        assert (gather_facts(recording).width, gather_facts(recording).damage) == (128, None)
    assert sorted(os.listdir(tmp_path / 'out')) == sorted([name, 'record.log'])


@needs_data
def test_messages_of_a_real_camera_are_recorded_as_they_are(ros, tmp_path):
    record = start_record(ros, tmp_path / 'bag')
    play(ros, EVT3)
    assert interrupt(ros, record) == 0, ros.output(record)
    with open_recording(tmp_path / 'bag') as recording:
        facts = gather_facts(recording)
    assert (facts.encoding, facts.messages, facts.lost) == ('evt3', 517, 0)
    assert (facts.off, facts.on) == (218291, 125183)
    assert facts.sum_time_us == 2885601049874
    assert '343474 events in 517 messages, 0 messages lost' in ros.output(record)


def test_gestures_are_asked_for_and_can_be_imported(ros, camera, tmp_path):
    output = tmp_path / 'ann' / 'drums.h5'
    output.parent.mkdir()
    record = start_record(ros, output, '--labels', 'air_drums', 'none', '--examples', '2',
                          '--seconds', '0.5', '--countdown', '1', '--person', 'ann',
                          '--rotation', '270')
    assert finished(ros, record, 'all gestures') == 0, ros.output(record)
    lines = ros.output(record)
    assert 'air_drums (1 of 2) in 1 now, done' in lines and 'none (2 of 2) in 1 now' in lines
    rows = read_labels(output.parent)
    assert [row['label'] for row in rows] == ['air_drums', 'none'] * 2
    assert {(row['file'], row['person'], row['rotation']) for row in rows} == {
        ('drums.h5', 'ann', '270')}
    times = [float(row[name]) for row in rows for name in ('start_s', 'end_s')]
    assert times == sorted(times) and times[0] > 0.9
    with open_recording(output) as recording:
        assert times[-1] <= gather_facts(recording).duration_s + 0.5
    assert main(['import', str(output.parent), str(tmp_path / 'set')]) == 0
    clips = ClipSet(tmp_path / 'set')
    assert len(clips) == 4 and {clip.person for clip in clips.clips} == {'ann'}
    assert all(400_000 < clip.duration_us < 5_000_000 for clip in clips.clips)
    assert all(len(clips.events(i)) for i in range(4))


def test_labels_from_a_topic(ros, camera, tmp_path):
    labels = ros.node.create_publisher(String, '/label', 10)
    record = start_record(ros, tmp_path / 'a.npz', '--label-topic', '/label')
    ros.wait_for(lambda: labels.get_subscription_count(), 'the recorder to listen')
    journal = tmp_path / 'a.npz.unfinished.mcap'
    ros.wait_for(lambda: has_event(journal), 'events')
    for text in ('air_drums', 'air_drums', 'none', '', '', 'air_guitar', 'air_guitar'):
        labels.publish(String(data=text))
        size = journal.stat().st_size
        ros.wait_for(lambda: journal.stat().st_size > size + 100_000, f'events of {text}')
    assert interrupt(ros, record) == 0, ros.output(record)
    rows = read_labels(tmp_path)
    assert [row['label'] for row in rows] == ['air_drums', 'none', 'air_guitar']
    assert rows[0]['end_s'] == rows[1]['start_s']
    assert float(rows[1]['end_s']) < float(rows[2]['start_s']) < float(rows[2]['end_s'])
    with open_recording(tmp_path / 'a.npz') as recording:
        assert float(rows[2]['end_s']) < gather_facts(recording).duration_s + 2


def test_what_a_killed_process_has_recorded_is_not_lost(ros, camera, tmp_path):
    output = tmp_path / 'out' / 'a.npz'
    output.parent.mkdir()
    words = ['--labels', 'wave', '--examples', '9999', '--seconds', '0.3', '--countdown', '0']
    record = start_record(ros, output, *words)
    ros.wait_for(lambda: (output.parent / 'labels.csv').exists(), 'a label')
    ros.wait_for(lambda: len(read_labels(output.parent)) >= 2, 'a second label')
    journal = output.parent / 'a.npz.unfinished.mcap'
    ros.wait_for(lambda: has_event(journal), 'events on the disk')
    record.kill()
    assert finished(ros, record, 'its end') == -signal.SIGKILL
    assert not output.exists()
    again = start_record(ros, output, *words)
    assert finished(ros, again, 'its end') == 1
    assert f'was not finished: make {output.name} of it with snn-gesture convert' in ros.output(
        again)
    assert main(['convert', str(journal), str(output)]) == 1  # which says that it is cut off
    recorded = read_all(output)
    assert len(recorded) > 1000 and (recorded == camera[:len(recorded)]).all()
    rows = read_labels(output.parent)
    assert {row['file'] for row in rows} == {'a.npz'}
    start_s, end_s = float(rows[0]['start_s']), float(rows[0]['end_s'])
    assert 0 <= start_s < end_s <= (recorded['t'][-1] - recorded['t'][0]) / 1e6 + 0.5
    assert main(['import', str(output.parent), str(tmp_path / 'set')]) == 0
    assert len(ClipSet(tmp_path / 'set')) == len(rows)


def test_interrupted_gesture_does_not_count(ros, camera, tmp_path):
    record = start_record(ros, tmp_path / 'a.npz', '--labels', 'wave', '--seconds', '999',
                          '--countdown', '0')
    ros.wait_for(lambda: 'now' in ros.output(record), 'the first gesture')
    assert interrupt(ros, record) == 0, ros.output(record)
    assert len(read_all(tmp_path / 'a.npz')) and not (tmp_path / 'labels.csv').exists()


def test_without_a_camera_nothing_is_recorded(ros, tmp_path):
    record = start_record(ros, tmp_path / 'a.npz')
    ros.wait_for(lambda: 'waiting for a publisher of /events' in ros.output(record), 'its start')
    assert interrupt(ros, record) == 1
    assert '/events: no message arrived' in ros.output(record)
    assert os.listdir(tmp_path) == ['record.log']


@pytest.mark.parametrize('output, words, status, reason', [
    ('a.txt', [], 2, 'suffix .txt'), ('source.npz', [], 1, '--force replaces it'),
    ('source.npz', ['--labels', 'a', '--label-topic', '/l'], 2, 'not from both')])
def test_what_cannot_be_recorded_is_one_line(tmp_path, capsys, output, words, status, reason):
    save_npz(tmp_path / 'source.npz', make_events())
    assert main(['record', str(tmp_path / output), *words]) == status
    error = capsys.readouterr().err
    assert reason in error and error.count('\n') == 1
    assert os.listdir(tmp_path) == ['source.npz']


@pytest.mark.parametrize('option, value', [
    ('--examples', '0'), ('--countdown', '-1'), ('--seconds', 'long')])
def test_numbers_out_of_range_are_bad_usage(tmp_path, capsys, option, value):
    with pytest.raises(SystemExit) as stopped:
        main(['record', str(tmp_path / 'a.npz'), option, value])
    assert stopped.value.code == 2
    assert f'{option}: {value} is not a number from' in capsys.readouterr().err


def test_rotation_goes_with_the_labels(tmp_path, capsys):
    LabelTable(tmp_path / 'a.npz', rotation=270).add(0, 1000, 'wave')
    assert [(row['label'], row['rotation']) for row in read_labels(tmp_path)] == [('wave', '270')]
    with pytest.raises(ValueError, match='no column person.*without --person'):
        LabelTable(tmp_path / 'b.npz', 'ann')
    assert main(['record', str(tmp_path / 'c.npz'), '--rotation', '90']) == 2
    assert '--rotation is written with labels' in capsys.readouterr().err


def add_labels(recording, *labels, person='', replace=False):
    """Label seconds of a recording, one after the other, and finish it."""
    table = LabelTable(recording, person, replace)
    for start_s, label in enumerate(labels):
        table.add(1_000_000 * start_s, 1_000_000 * (start_s + 1), label)
    table.finish()


def test_rows_are_added_to_a_table_that_is_there(tmp_path):
    table = tmp_path / 'labels.csv'
    table.write_text('file,start_s,end_s,label,split,person\nb.npz,0,1,clap,test,bob\n')
    add_labels(tmp_path / 'a.npz', 'wave', 'wave, slowly', person='ann')
    assert [tuple(row.values()) for row in read_labels(tmp_path)] == [
        ('b.npz', '0', '1', 'clap', 'test', 'bob'),
        ('a.npz', '0.000000', '1.000000', 'wave', '', 'ann'),
        ('a.npz', '1.000000', '2.000000', 'wave, slowly', '', 'ann')]
    with pytest.raises(ValueError, match='rows of a.npz already'):
        LabelTable(tmp_path / 'a.npz')
    add_labels(tmp_path / 'a.npz', 'none', replace=True)
    assert [row['label'] for row in read_labels(tmp_path)] == ['clap', 'none']
    table.write_text('file,start_s,end_s,label\nb.npz,0,1,clap')
    with pytest.raises(ValueError, match='no column person'):
        LabelTable(tmp_path / 'a.npz', 'ann')
    add_labels(tmp_path / 'a.npz', 'wave')
    assert [row['label'] for row in read_labels(tmp_path)] == ['clap', 'wave']


def test_old_labels_stay_until_the_new_recording_is_there(tmp_path):
    recording = tmp_path / 'a.npz'
    add_labels(recording, 'wave')
    old = (tmp_path / 'labels.csv').read_text()
    table = LabelTable(recording, replace=True)
    assert (tmp_path / 'labels.csv').read_text() == old
    table.add(0, 1000, 'clap')
    assert [(row['file'], row['label']) for row in read_labels(tmp_path)] == [
        ('a.npz', 'wave'), ('a.npz.unfinished.mcap', 'clap')]
    LabelTable(recording, replace=True)     # the journal was deleted
    assert (tmp_path / 'labels.csv').read_text() == old
    add_labels(recording, replace=True)
    assert not (tmp_path / 'labels.csv').exists()


def test_labels_of_a_journal_are_handed_over_once(tmp_path):
    recording = tmp_path / 'a.npz'
    LabelTable(recording).add(0, 1000, 'clap')
    (tmp_path / 'labels.csv').open('a').write('b.npz,0,1,wave,one cell too many\n')
    for _ in range(2):
        hand_over_labels(journal_of(recording), recording)
        assert [(row['file'], row['label']) for row in read_labels(tmp_path)] == [
            ('a.npz', 'clap'), ('b.npz', 'wave')]


def test_old_labels_stay_where_no_message_comes(ros, tmp_path):
    save_npz(tmp_path / 'a.npz', make_events())
    add_labels(tmp_path / 'a.npz', 'wave')
    old = (tmp_path / 'labels.csv').read_text()
    record = start_record(ros, tmp_path / 'a.npz', '--force', '--labels', 'clap')
    ros.wait_for(lambda: 'waiting for a publisher of /events' in ros.output(record), 'its start')
    assert interrupt(ros, record) == 1
    assert (tmp_path / 'labels.csv').read_text() == old


def test_events_of_the_first_message_are_second_zero(tmp_path):
    """Agree with `import`, which counts from the first event that it reads."""
    events = make_events(1000, start_us=7_000_000, duration_us=2_000_000)
    save_npz(tmp_path / 'a.npz', events)
    LabelTable(tmp_path / 'a.npz').add(500_000, 1_500_000, 'wave')
    hand_over_labels(journal_of(tmp_path / 'a.npz'), tmp_path / 'a.npz')
    assert main(['import', str(tmp_path), str(tmp_path / 'set'), '--raw']) == 0
    inside = events['t'] - events['t'][0]
    assert len(ClipSet(tmp_path / 'set').events(0)) == np.count_nonzero(
        (inside >= 500_000) & (inside < 1_500_000))


@pytest.mark.parametrize('words', [['--topic', 'a b'], ['--label-topic', 'a//b']])
def test_a_topic_that_cannot_be_one(ros, tmp_path, words):
    process = start_record(ros, tmp_path / 'a.mcap', *words)
    assert finished(ros, process, 'the end') == 1
    assert 'must not contain' in ros.output(process)
    assert len(ros.output(process).splitlines()) == 1


def test_a_disk_that_is_full_ends_the_recording_with_the_name(ros, tmp_path, camera):
    output = tmp_path / 'full.mcap'
    process = start_record(ros, output, within=['bash', '-c', 'ulimit -f 64; exec "$@"', 'bash'])
    assert finished(ros, process, 'the end') == 1
    assert 'Traceback' not in ros.output(process)
    assert ros.output(process).splitlines()[-1] == (
        f'snn-gesture: {journal_of(output)}: File too large')
    assert has_event(journal_of(output))
