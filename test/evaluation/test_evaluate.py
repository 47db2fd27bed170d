# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The verb `evaluate`, on recordings whose figures are known."""
import csv
from html.parser import HTMLParser
import json
from pathlib import Path
import re
import shutil
import subprocess
import sys
import time

from dvs128_download import pack, write_download
from event_files import ARRAY, write_bag
import numpy as np
from paths import PROJECT
import pytest
from scenes import EVENTS_A_MS, events_of, save, SENSOR
from snn_gesture_ros.command_line.main import main
from snn_gesture_ros.evaluation.run import Samples
from snn_gesture_ros.evaluation.sources import find_sources, Labels, Part, Source
from snn_gesture_ros.events.cdr import encode_event_array
from snn_gesture_ros.events.event import EVENT
from snn_gesture_ros.frames.frame_stream import Frame
from snn_gesture_ros.recordings.opening import open_recording
from snn_gesture_ros.recordings.stored_messages import StoredMessages


@pytest.fixture
def evaluate(halves, tmp_path, capsys):
    """Give a function that evaluates with the network `halves`; it returns status and report."""
    def call(*words, output='out', workers=1):
        status = main(['evaluate', *map(str, words), '--checkpoint', str(halves),
                       '--smoothing-ms', '50', '--output', str(tmp_path / output),
                       '--workers', str(workers)])
        call.printed = capsys.readouterr()
        path = tmp_path / output / 'report.json'
        return status, json.loads(path.read_text()) if path.exists() else None
    return call


REQUIREMENTS = PROJECT / 'requirements'
ALONE = """
import sys
sys.modules.update(dict.fromkeys(sys.argv.pop(1).split()))
from snn_gesture_ros.command_line.main import main
sys.exit(main())
"""


def names_in(*files):
    """Give the names of the packages that files of requirements have."""
    return {re.match(r'[\w-]+', line)[0].replace('-', '_') for file in files
            for line in (REQUIREMENTS / f'{file}.txt').read_text().splitlines()
            if line and not line.startswith('#')}


def test_the_requirements_of_a_robot_are_enough(tmp_path):
    others = names_in('torch', 'spikingjelly', 'training', 'evaluation', 'cluster', 'benchmarks')
    recording = save(tmp_path / 'left.npz', [('left', 1)])
    result = subprocess.run([
        sys.executable, '-c', ALONE, ' '.join(others - names_in('runtime')), 'evaluate',
        str(recording), '--label', 'hand_clapping', '--output', str(tmp_path / 'out')],
        capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert (tmp_path / 'out' / 'report.html').is_file()


def test_figures_of_a_known_recording(evaluate, tmp_path):
    recording = save(tmp_path / 'both.npz', [('left', 1), (None, 1), ('right', 1), ('left', 1)])
    labels = tmp_path / 'shown.csv'
    labels.write_text('start,end,label\n0,1,left\n1.19,2,none\n2,3,right\n3,4,right\n')
    status, report = evaluate(recording, '--label-table', labels)
    assert status == 0
    entries = report['recordings']
    assert [entry['truth'] for entry in entries] == ['left', 'none', 'right', 'right']
    assert [entry['predicted'] for entry in entries] == ['left', 'none', 'right', 'left']
    # Of 50 frames a second, those whose window of four a gesture fills to 60 %.
    assert [entry['decisions'] for entry in entries] == [47, 37, 49, 49]
    assert [entry['right_decisions'] for entry in entries[:3]] == [47, 37, 49]
    assert entries[3]['right_decisions'] <= 4
    right = sum(entry['right_decisions'] for entry in entries)
    decisions = sum(entry['decisions'] for entry in entries)
    assert report['accuracy'] == {'by_decision': right / decisions,
                                  'by_gesture': pytest.approx(2 / 3), 'by_recording': 0.75}
    assert (report['gestures'], report['missed'], report['repeated_announcements']) == (3, 1, 0)
    assert [item['verdict'] for item in report['announcements']] == ['right', 'right', 'false']
    minutes = (1 + 0.81 + 1 + 1) / 60
    assert report['labelled_minutes'] == pytest.approx(minutes, rel=1e-3)
    assert report['false_announcements_per_minute'] == pytest.approx(1 / minutes, rel=1e-3)
    assert 0.02 < report['delay_s']['median'] < 0.2
    assert report['delay_s']['never'] == pytest.approx(1 / 3)
    row = report['labels']['right']
    assert row['decisions'] == sum(report['confusion']['counts'][1])
    assert (row['precision'], row['gestures'], row['announced']) == (1.0, 2, 0.5)
    assert report['events'] == 3 * 1000 * EVENTS_A_MS


def test_pause_ends_a_gesture_and_the_next_is_announced_again(evaluate, tmp_path):
    recording = save(tmp_path / 'left.npz', [('left', 0.6), (None, 1.5), ('left', 0.6)])
    status, report = evaluate(recording)
    assert status == 0
    entry, = report['recordings']
    assert entry['truth'] == 'left'     # the file's name says so
    assert entry['announced'] == ['left', 'left'] and entry['repeated'] == 1
    rows = list(csv.DictReader((tmp_path / 'out' / 'decisions.csv').open()))
    times_s = [float(row['t_s']) for row in rows]
    # Time passes where no events come: a decision for each frame, but for the margin.
    assert len([t_s for t_s in times_s if 0.7 < t_s < 2.0]) == pytest.approx(65, abs=2)
    resting = [row for row in rows if 0.8 < float(row['t_s']) < 2.0]
    assert {row['best'] for row in resting} == {'none'}
    assert sum(int(row['right'] or 0) for row in rows) == entry['right_decisions']


def test_messages_without_events_are_silence(evaluate, tmp_path):
    npz = save(tmp_path / 'left.npz', [('left', 0.6), (None, 1.5), ('left', 0.6)])
    with open_recording(npz) as recording:
        by_ms = {t_ns // 1_000_000: data for t_ns, data in StoredMessages(recording)}
    empty = encode_event_array(np.zeros(0, EVENT), 0, '', SENSOR, SENSOR)
    bag = write_bag(tmp_path / 'bag', [
        ('/events', ARRAY, by_ms.get(ms, empty)) for ms in range(min(by_ms), max(by_ms) + 1)])
    _, expected = evaluate(npz, output='npz')
    _, report = evaluate(bag, '--label', 'left', output='bag')
    assert report['recordings'][0]['announced'] == ['left', 'left']
    assert report['decisions'] == pytest.approx(expected['decisions'], abs=1)


def test_same_bytes_give_the_same_numbers(evaluate, tmp_path):
    folder = tmp_path / 'recordings'
    for number, side in enumerate(('left', 'right', 'left')):
        save(folder / f'{side}_{number}.npz', [(side, 0.5)], seed=number)
    (status, first), (_, second) = (
        evaluate(folder, output=name, workers=workers) for name, workers in (('a', 1), ('b', 2)))
    assert status == 0 and first['accuracy']['by_recording'] == 1
    assert [entry['truth'] for entry in first['recordings']] == ['left', 'left', 'right']
    first.pop('timing'), second.pop('timing')
    assert first == second
    assert (tmp_path / 'a' / 'decisions.csv').read_bytes() == (
        tmp_path / 'b' / 'decisions.csv').read_bytes()


def test_bag_gives_what_its_events_give(evaluate, tmp_path):
    npz = save(tmp_path / 'left.npz', [('left', 0.5)])
    with open_recording(npz) as recording:
        messages = [('/events', ARRAY, data) for _, data in StoredMessages(recording)]
    bag = write_bag(tmp_path / 'bag', messages)
    _, from_npz = evaluate(npz, '--label', 'left', output='npz')
    _, from_bag = evaluate(bag, '--label', 'left', output='bag')
    assert from_npz['accuracy']['by_decision'] == 1
    for name in ('accuracy', 'confusion', 'delay_s', 'events', 'decisions'):
        assert from_npz[name] == from_bag[name], name


def test_parameters_are_those_of_the_nodes(evaluate, tmp_path, capsys):
    from snn_gesture_ros.nodes.event_stream import PARAMETERS as STREAM
    from snn_gesture_ros.nodes.gesture_classifier import PARAMETERS as CLASSIFIER
    recording = save(tmp_path / 'right.npz', [('right', 0.5)])
    _, report = evaluate(recording, '--flip-x')
    declared = json.loads(json.dumps({
        spec.name: spec.default for spec in (*STREAM, *CLASSIFIER)}))
    changed = {name for name, value in report['settings'].items() if value != declared[name]}
    assert changed == {'checkpoint', 'smoothing_ms', 'flip_x'}
    assert declared.keys() - report['settings'].keys() == {
        'autostart', 'events_from', 'message_type', 'queue_size', 'stream_from', 'streams'}
    assert report['recordings'][0]['predicted'] == 'left'      # it is mirrored
    _, slower = evaluate(recording, '--window-ms', '160', '--start-threshold', '0.999')
    assert slower['decisions'] < report['decisions']


def test_rotation_is_that_of_the_option_or_the_table(evaluate, tmp_path, capsys):
    recording = save(tmp_path / 'right.npz', [('right', 0.5)])
    _, report = evaluate(recording, '--rotation', '180')
    assert report['recordings'][0]['predicted'] == 'left'
    table = tmp_path / 'labels.csv'
    table.write_text('file,start_s,end_s,label,rotation,flip_x\n'
                     'right.npz,,,right,,\nright.npz,,,left,180,\nright.npz,,,left,,true\n')
    status, report = evaluate(recording)
    assert status == 0 and report['accuracy']['by_recording'] == 1
    assert [Path(entry['path']).name for entry in report['recordings']] == [
        'right.npz', 'right.npz (turned by 180)', 'right.npz (mirrored)']
    _, report = evaluate(recording, '--rotation', '180')
    assert [entry['predicted'] for entry in report['recordings']] == ['left', 'left', 'right']
    assert main(['evaluate', str(recording), '--rotation', '45']) == 2
    assert 'rotation 45 is not one of 0, 90, 180, 270' in capsys.readouterr().err


@pytest.mark.parametrize('name, rotation', [
    ('sit_to_stand_turned_90', '90'), ('walking_to_camera_turned_180', '180')])
def test_people_before_a_turned_camera_make_no_gesture(shared_data, tmp_path, name, rotation):
    recording = shared_data / 'no_gesture' / f'{name}.aedat'
    if not recording.exists():
        pytest.skip(f'{recording} is not on this machine')
    assert main(['evaluate', str(recording), '--label', 'none', '--rotation', rotation,
                 '--output', str(tmp_path)]) == 0
    report = json.loads((tmp_path / 'report.json').read_text())
    assert report['false_announcements'] == 0 and report['labelled_minutes'] > 0.2


def test_nothing_is_judged_without_labels(evaluate, tmp_path):
    recording = save(tmp_path / 'scene.npz', [('left', 0.5), ('right', 0.5)])
    status, report = evaluate(recording)
    assert status == 0
    assert [item['label'] for item in report['announcements']] == ['left', 'right']
    assert {item['verdict'] for item in report['announcements']} == {'unjudged'}
    assert set(report['accuracy'].values()) == {None}
    assert report['false_announcements_per_minute'] is None
    assert 'nothing is labeled' in evaluate.printed.out


def test_none_makes_every_announcement_false(evaluate, tmp_path):
    recording = save(tmp_path / 'scene.npz', [('left', 0.5), ('right', 0.5)])
    _, report = evaluate(recording, '--label', 'none')
    assert report['false_announcements'] == 2 and report['gestures'] == 0
    assert report['false_announcements_per_minute'] == pytest.approx(120, rel=0.01)
    assert report['accuracy']['by_decision'] == 0


def test_restart_of_the_camera_is_told(evaluate, tmp_path):
    events = np.concatenate([events_of([('left', 0.5)]), events_of([('right', 0.5)])])
    np.savez(tmp_path / 'a.npz', **{name: events[name] for name in 'txyp'})
    status, report = evaluate(tmp_path / 'a.npz')
    assert status == 0
    restarted, late = report['notes']
    assert restarted == f'{tmp_path / "a.npz"}: 1 restarts of the clock of the camera'
    assert 'events were dropped: their times do not fit' in late


@pytest.mark.parametrize('start_us', [5_000_000, 0])
def test_what_follows_a_restart_is_judged_by_its_own_label(evaluate, tmp_path, start_us):
    events = np.concatenate([events_of([('left', 1)]), events_of([('right', 1)], start_us)])
    np.savez(tmp_path / 'a.npz', **{name: events[name] for name in 'txyp'})
    (tmp_path / 'a_labels.csv').write_text('start,end,label\n0,1,left\n1,2,right\n')
    status, report = evaluate(tmp_path / 'a.npz')
    assert status == 0
    assert [part['predicted'] for part in report['recordings']] == ['left', 'right']
    assert report['accuracy']['by_decision'] > 0.9
    assert report['false_announcements'] == 0


@pytest.mark.slow
def test_one_event_that_lies_costs_nothing_but_itself(evaluate, tmp_path):
    events = events_of([('left', 1), ('right', 1)])
    reports = []
    for place in (None, 20_000, 0, -1):
        lying = events.copy()
        if place is not None:
            lying['t'][place] += 3_600_000_000
        np.savez(tmp_path / 'a.npz', **{name: lying[name] for name in 'txyp'})
        (tmp_path / 'a_labels.csv').write_text('start,end,label\n0,1,left\n1,2,right\n')
        status, report = evaluate(tmp_path / 'a.npz')
        assert status == 0
        reports.append(report)
    for report in reports:
        assert [part['predicted'] for part in report['recordings']] == ['left', 'right']
        assert report['accuracy']['by_decision'] == pytest.approx(
            reports[0]['accuracy']['by_decision'], abs=0.02)


@pytest.mark.parametrize('width, is_told', [(SENSOR, False), (90, True)])
def test_events_outside_the_sensor_are_told(evaluate, tmp_path, width, is_told):
    events = events_of([('left', 0.5), ('right', 0.5)])
    np.savez(tmp_path / 'a.npz', **{name: events[name] for name in 'txyp'}, width=width,
             height=SENSOR)
    status, report = evaluate(tmp_path / 'a.npz')
    assert status == 0
    outside = np.count_nonzero(events['x'] >= width)
    assert bool(report['notes']) == is_told == (
        f'a.npz: {outside} events are outside the sensor' in str(report['notes']))


def test_of_a_cut_recording_what_comes_before_is_evaluated(evaluate, tmp_path):
    npz = save(tmp_path / 'left.npz', [('left', 2)])
    with open_recording(npz) as recording:
        bag = write_bag(tmp_path / 'left', [
            ('/events', ARRAY, data) for _, data in StoredMessages(recording)], 'MCAP')
    file = bag / 'left.mcap'
    file.write_bytes(file.read_bytes()[:file.stat().st_size // 2])
    (bag / 'metadata.yaml').write_text('')
    status, report = evaluate(bag)
    assert status == 1 and report['damaged'] == []
    entry, = report['recordings']
    assert entry['announced'] == ['left'] and 0.8 < entry['end_s'] < 1.2
    wrong, cut = report['notes']
    assert wrong.startswith(f'{bag}: metadata.yaml is damaged')
    assert 'may be cut off' in cut and cut.endswith('; what comes before is evaluated')
    assert 'what comes before is evaluated' in ' '.join(evaluate.printed.out.split())
    assert cut in (tmp_path / 'out' / 'report.html').read_text()


def test_damaged_recording_among_others_is_named(evaluate, tmp_path):
    folder = tmp_path / 'recordings'
    save(folder / 'left.npz', [('left', 0.5)])
    save(folder / 'right.npz', [('right', 0.5)])
    damaged = folder / 'damaged.npz'
    damaged.write_bytes((folder / 'left.npz').read_bytes()[:3000])
    status, report = evaluate(folder, workers=2)
    assert status == 1
    assert report['accuracy']['by_recording'] == 1 and len(report['recordings']) == 2
    assert [item['path'] for item in report['damaged']] == [str(damaged)]
    assert str(damaged) in evaluate.printed.err
    assert str(damaged) in (tmp_path / 'out' / 'report.html').read_text()
    shutil.rmtree(tmp_path / 'out')
    status, report = evaluate(damaged)
    assert (status, report) == (1, None)
    line, = [line for line in evaluate.printed.err.splitlines() if 'evaluating' not in line]
    assert line.startswith(f'snn-gesture: {damaged}: the file is cut off')


def test_labels_that_do_not_fit(evaluate, tmp_path):
    recording = save(tmp_path / 'left.npz', [('left', 0.5)])
    table = tmp_path / 'table.csv'
    table.write_text('start,end,label\n0,0.5,left\n700,900,left\n0,0.4,snap\n')
    status, report = evaluate(recording, '--label-table', table)
    assert status == 0 and report['gestures'] == 1
    assert any('snap' in note for note in report['notes'])
    assert any('where there are no events' in note for note in report['notes'])
    table.write_text('start,end,label\n700,900,left\n')
    assert evaluate(recording, '--label-table', table)[0] == 1
    assert 'in seconds since the first event' in evaluate.printed.err


class Page(HTMLParser):
    """What a page refers to, and its words."""

    def __init__(self, text):
        super().__init__()
        self.links, self.tags, self.words = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.links += [value for name, value in attributes if name in ('src', 'href', 'srcset')]

    def handle_data(self, data):
        self.words += data.split()


def test_page_needs_no_other_file(evaluate, tmp_path):
    recording = save(tmp_path / '<b>&left.npz', [('left', 0.5), ('right', 0.5)])
    _, report = evaluate(recording, '--label', 'left')
    text = (tmp_path / 'out' / 'report.html').read_text()
    page = Page(text)
    assert page.links and all(link.startswith('data:image/png;base64,') for link in page.links)
    assert '://' not in text
    assert 'url(' not in text and '@import' not in text and 'script' not in page.tags
    assert page.tags.count('svg') == 4 and 'b' not in page.tags[:page.tags.index('header')]
    assert '&lt;b&gt;&amp;left.npz' in text
    assert f'{100 * report["accuracy"]["by_decision"]:.0f}' in page.words


def test_json_on_the_terminal_is_the_report(tmp_path, halves):
    recording = save(tmp_path / 'left.npz', [('left', 0.5)])
    result = subprocess.run(
        [shutil.which('snn-gesture'), 'evaluate', recording.name, '--json', '--checkpoint',
         halves], cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    report = json.loads((tmp_path / 'evaluation' / 'report.json').read_text())
    assert json.loads(result.stdout) == report
    assert report['timing']['processing_ms']['p99'] >= report['timing']['processing_ms']['p50'] > 0
    assert report['timing']['events_per_s'] > 0
    assert report['command'].endswith(f'--json --checkpoint {halves}')


@pytest.mark.parametrize('words, status, reason', [
    (['{here}/absent.npz'], 1, 'No such file'), (['{here}'], 1, 'there is no recording'),
    (['a.npz', '--start-threshold', '2'], 2, 'start_threshold must be between 0.0 and 1.0'),
    (['a.npz', '--width', '3'], 2, 'width must be between 8 and 1024'),
    (['a.npz', '--min-events', 'few'], 2, '--min-events'),
    (['a.npz', '--end-threshold', '0.9'], 2, 'end_threshold <= start_threshold'),
    (['a.npz', '--geometry', 'round'], 2, "--geometry: invalid choice: 'round'"),
    (['a.npz', '--geometry', 'region'], 2, 'region must be x, y, width, height'),
    (['a.npz', '--slicing', 'foo'], 2, '--slicing: invalid'),
    (['a.npz', '--state', 'foo'], 2, '--state: invalid'),
    (['a.npz', '--runtime', 'foo'], 2, '--runtime: invalid'),
    (['a.npz', '--device', 'gpu'], 2, 'is not auto, cpu, cuda'),
    (['a.npz', '--slicing', 'count', '--window-events', '3'], 2, 'needs window_events of at'),
    (['a.npz', '--label', 'nome'], 2, "'nome' is not one of hand_clapping, "),
    (['a.npz', '--label', ''], 2, "'' is not one of hand_clapping, "),
    (['a.npz', '--cluster', 'junk'], 2, "'junk' is not an address"),
    (['a.npz', '--workers', '0'], 2, '--workers: 0 is not a whole number of 1 or more'),
    (['a.npz', '--label', 'none', '--label-table', 'a.csv'], 2, 'give one of them'),
    (['{here}/DvsGesture.tar.gz'], 1, 'cut off or damaged'), ([], 2, 'RECORDING')])
def test_bad_usage_and_bad_data_are_told_apart(tmp_path, capsys, words, status, reason):
    (tmp_path / 'DvsGesture.tar.gz').write_bytes(b'\x1f\x8b')
    words = [word.format(here=tmp_path) for word in words]
    try:
        found = main(['evaluate', *words, '--output', str(tmp_path / 'out')])
    except SystemExit as error:
        found = error.code
    errors = capsys.readouterr().err
    assert (found, reason in errors) == (status, True), errors
    assert errors.count('\n') == 1
    assert not (tmp_path / 'out').exists()


def found(*paths, root, **labels):
    """Give the parts of each recording by its path from a folder."""
    return {str(source.path.relative_to(root)): source.parts
            for source in find_sources(paths, Labels(**labels))[0]}


def test_labels_are_found_by_themselves(tmp_path):
    for name in ('hand_clapping_3.npz', 'left-hand-wave/7.mcap', 'own/1.aedat4', 'own/notes.txt',
                 'table/a.npz', 'table/b.npz', 'table/deep/c.npz', 'plain/x.npz', '.hidden/y.npz',
                 'bag/bag_0.db3', 'bag/bag_1.db3', 'bag/metadata.yaml', 'cut/cut_0.mcap',
                 'several/x.mcap', 'table/bag/metadata.yaml'):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).touch()
    (tmp_path / 'own' / '1_labels.csv').write_text('start_s,end_s,label\n,2.5,snap\n')
    (tmp_path / 'bag_labels.csv').write_text('start,end,label\n1,,none\n')
    (tmp_path / 'table' / 'labels.csv').write_text(
        'file,start_s,end_s,label\na.npz,0,1,wave\na.npz,1,2,none\ndeep/c.npz,,,roll\n'
        'gone.npz,,,roll\n')
    whole = [Part(label, 0, None) for label in ('hand_clapping', 'left_hand_wave', 'roll')]
    assert found(tmp_path, root=tmp_path) == {
        'bag': (Part('none', 1_000_000, None),), 'cut': (), 'hand_clapping_3.npz': (whole[0],),
        'left-hand-wave/7.mcap': (whole[1],), 'own/1.aedat4': (Part('snap', 0, 2_500_000),),
        'plain/x.npz': (), 'several/x.mcap': (), 'table/deep/c.npz': (whole[2],),
        'table/gone.npz': (whole[2],),
        'table/a.npz': (Part('wave', 0, 1_000_000), Part('none', 1_000_000, 2_000_000))}
    assert found(tmp_path / 'table' / 'a.npz', root=tmp_path)['table/a.npz'][0].label == 'wave'
    assert found(tmp_path / 'plain', root=tmp_path, names=('plain',)) == {
        'plain/x.npz': (Part('plain', 0, None),)}
    assert found(tmp_path / 'table' / 'bag', root=tmp_path) == {'table/bag': ()}
    everything = found(tmp_path / 'table', root=tmp_path, label='none')
    assert set(everything) == {'table/a.npz', 'table/b.npz', 'table/bag', 'table/deep/c.npz'}
    assert set(everything.values()) == {(Part('none', 0, None),)}


@pytest.mark.parametrize('name, label', [
    ('user3_right_hand_wave', 'right_hand_wave'), ('right_hand_wave_user3_led', 'right_hand_wave'),
    ('Right Hand Wave-2', 'right_hand_wave'), ('2024-01-01 rightHandWave3', 'right_hand_wave'),
    ('right_hand_wave_then_none', None), ('nonetheless', None), ('wave_7', 'wave'),
    ('wave_fast_1', 'wave_fast'), ('right-arm-counter-clockwise', 'right_arm_counter_clockwise')])
def test_label_in_a_name(tmp_path, name, label):
    (tmp_path / 'a').mkdir()
    (tmp_path / 'a' / f'{name}.npz').touch()
    parts, = found(tmp_path, root=tmp_path, names=('wave', 'wave_fast', '7')).values()
    assert [part.label for part in parts] == ([label] if label else [])


def test_recordings_without_labels_are_named(evaluate, tmp_path):
    folder = tmp_path / 'recordings'
    for name in ('left', 'scene', 'other'):
        save(folder / f'{name}.npz', [('left', 0.5)])
    status, report = evaluate(folder)
    line = ('2 of 3 recordings have no label, and announcements in them are not evaluated: '
            'other.npz, scene.npz')
    assert status == 0 and report['notes'] == [line]
    assert line in evaluate.printed.out.splitlines()


def test_download_of_dvs128_gesture_is_evaluated(evaluate, tmp_path):
    download = write_download(tmp_path / 'DvsGesture')
    sources, left_out = find_sources([tmp_path], Labels())
    assert [source.path.name for source in sources] == [
        'user24_fluorescent.aedat', 'user29_natural.aedat']
    assert len(left_out) == 3 and 'user01_led.aedat: DVS128 Gesture has it for training' in str(
        left_out)
    source = find_sources([download / 'user01_fluorescent.aedat'], Labels())[0][0]
    assert source.path == download / 'user01_fluorescent.aedat' and source.camera_time
    assert len(source.parts) == 12 and source.parts[1].label == 'right_hand_wave'
    assert len(source.notes) == 6 and 'skipped' in source.notes[0]
    status, report = evaluate(download / 'user01_led.aedat', '--checkpoint', 'fast')
    assert status == 0
    assert len(report['recordings']) == 11
    assert report['recordings'][3]['start_s'] == pytest.approx(0.75, abs=1e-3)


def test_archive_of_dvs128_gesture_gives_what_its_folder_gives(evaluate, tmp_path):
    download = write_download(tmp_path / 'DvsGesture')
    archive = pack(download)
    (status, packed), (_, unpacked) = (
        evaluate(path, output=f'of_{path.name}', workers=2) for path in (archive, download))
    assert status == 0
    assert (f'{archive}: its 2 recordings for test are evaluated, 3 for training are left out'
            in packed['notes'])
    assert {Path(entry['path']).name for entry in packed['recordings']} == {
        'user24_fluorescent.aedat', 'user29_natural.aedat'}
    assert len(packed['recordings']) == 22 and packed['decisions'] > 100
    for entry, other in zip(packed['recordings'], unpacked['recordings']):
        assert {**entry, 'path': Path(entry['path']).name} == {
            **other, 'path': Path(other['path']).name}
    assert evaluate(archive, '--label', 'none')[0] == 1
    assert 'has its own labels' in evaluate.printed.err
    assert evaluate(archive, '--cluster', 'tcp://127.0.0.1:9')[0] == 1
    assert 'unpack it, and name its folder' in evaluate.printed.err
    whole = archive.read_bytes()
    archive.write_bytes(whole[:len(whole) // 2])
    assert evaluate(archive)[0] == 1
    assert 'the archive is cut off or damaged' in evaluate.printed.err


def test_recordings_that_no_table_lists_are_named(evaluate, tmp_path):
    folder = tmp_path / 'recordings'
    for name in ('left', 'right', 'more/left', 'own/left'):
        save(folder / f'{name}.npz', [('left', 0.5)])
    (folder / 'labels.csv').write_text('file,start_s,end_s,label\nleft.npz,,,left\n')
    (folder / 'own' / 'left_labels.csv').write_text('start,end,label\n0,0.5,left\n')
    status, report = evaluate(folder)
    assert status == 0
    assert [entry['path'] for entry in report['recordings']] == [
        str(folder / 'left.npz'), str(folder / 'own' / 'left.npz')]
    for name in ('right.npz', 'more/left.npz'):
        note = f'{folder / name}: no table of labels lists it; left out'
        assert note in report['notes'] and note in evaluate.printed.out.replace('\n', '')
    table = tmp_path / 'other.csv'
    table.write_text('file,start_s,end_s,label\nelsewhere.npz,,,left\n')
    assert evaluate(folder / 'left.npz', '--label-table', table)[0] == 1
    assert 'left.npz: no table of labels lists it' in evaluate.printed.err


def test_topics_and_sizes_of_a_table(tmp_path):
    (tmp_path / 'labels.csv').write_text(
        'file,start_s,end_s,label,topic,sensor\n'
        'a.mcap,,,wave,/left,\na.mcap,,,none,/right,64x32\n')
    (tmp_path / 'a.mcap').touch()
    part = Part('wave', 0, None)
    assert find_sources([tmp_path], Labels(topic='/other')) == ([
        Source(tmp_path / 'a.mcap', (part,), topic='/left'),
        Source(tmp_path / 'a.mcap', (part._replace(label='none'),), topic='/right',
               sensor_size=(64, 32))], [])


@pytest.mark.parametrize('text, reason', [
    ('start,end\n0,1\n', 'label is missing'), ('start,end,label\n2,1,a\n', 'line 2: end must'),
    ('start,end,label\n0,soon,a\n', "end 'soon' is not a number"),
    ('start,end,label\n0,1,\n', 'line 2: the label is empty')])
def test_wrong_tables_are_named(tmp_path, text, reason):
    (tmp_path / 'a.npz').touch()
    (tmp_path / 'a.csv').write_text(text)
    with pytest.raises(ValueError, match=reason) as error:
        find_sources([tmp_path], Labels(tmp_path / 'a.csv'))
    assert str(tmp_path / 'a.csv') in str(error.value)


def test_table_of_one_recording_is_not_for_two(tmp_path):
    for name in ('a.npz', 'b.npz'):
        (tmp_path / name).touch()
    (tmp_path / 'a.csv').write_text('start,end,label\n0,1,wave\n')
    with pytest.raises(ValueError, match='is for one recording, there are 2'):
        find_sources([tmp_path], Labels(tmp_path / 'a.csv'))


@pytest.mark.parametrize('count', [0, 1, 15, 16, 100, 1000])
def test_samples_are_the_busiest_frames_of_equal_stretches(count):
    samples = Samples()
    events = np.random.default_rng(count).permutation(count).tolist()
    for number, busy in enumerate(events):
        samples.add(Frame(None, busy, number))
    times = [frame.t_newest_us for frame in samples.frames]
    assert times == sorted(times)
    assert len(times) == count if count < 16 else 8 <= len(times) <= 16
    if count:
        stretch = 2 ** max(int(np.ceil(np.log2((count + 1) / 16))), 0)
        assert [frame.events for frame in samples.frames] == [
            max(events[first:first + stretch]) for first in range(0, count, stretch)]


@pytest.mark.slow
def test_cluster_gives_the_same_though_a_worker_is_killed(evaluate, tmp_path):
    distributed = pytest.importorskip('distributed', reason='requirements/cluster.txt')
    folder = tmp_path / 'recordings'
    for number in range(8):
        save(folder / f'left_{number}.npz', [('left', 1.0)], seed=number)
    _, expected = evaluate(folder, output='here')
    contact = tmp_path / 'scheduler.json'
    start = [sys.executable, '-m']
    processes = [subprocess.Popen([
        *start, 'distributed.cli.dask_scheduler', '--host', '127.0.0.1', '--port', '0',
        '--no-dashboard', '--scheduler-file', str(contact)], stderr=subprocess.DEVNULL)]
    try:
        workers = {name: subprocess.Popen([
            *start, 'distributed.cli.dask_worker', '--scheduler-file', str(contact),
            '--no-nanny', '--no-dashboard', '--nthreads', '2', '--name', name], cwd=tmp_path,
            stderr=subprocess.DEVNULL) for name in ('stays', 'goes')}
        processes += workers.values()
        deadline = time.monotonic() + 300
        with distributed.Client(scheduler_file=str(contact), timeout=300) as client:
            client.wait_for_workers(2, timeout=300)
            address = json.loads(contact.read_text())['address']
            doomed = next(key for key, worker in client.scheduler_info()['workers'].items()
                          if worker['name'] == 'goes')
            command = subprocess.Popen([
                shutil.which('snn-gesture'), 'evaluate', str(folder), '--cluster', address,
                '--checkpoint', expected['settings']['checkpoint'], '--smoothing-ms', '50',
                '--output', 'there'], cwd=tmp_path, stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE, text=True)
            while not client.processing().get(doomed):
                assert command.poll() is None, command.stderr.read()
                assert time.monotonic() < deadline, 'the worker had nothing to do'
            workers['goes'].kill()
            _, errors = command.communicate(timeout=300)
        assert command.returncode == 0, errors
    finally:
        for process in processes:
            process.kill()
            process.wait()
    report = json.loads((tmp_path / 'there' / 'report.json').read_text())
    for told in (report, expected):
        told.pop('timing'), told.pop('command')
    assert report == expected and expected['accuracy']['by_recording'] == 1


def test_cluster_that_is_not_there(evaluate, tmp_path):
    pytest.importorskip('distributed', reason='requirements/cluster.txt')
    recording = save(tmp_path / 'left.npz', [('left', 0.2)])
    status, report = evaluate(recording, '--cluster', 'tcp://127.0.0.1:9')
    assert (status, report) == (1, None)
    assert 'no Dask scheduler answers' in evaluate.printed.err
