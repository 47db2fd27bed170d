# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Folders of recordings with a labels.csv, and the verb `import`."""
from event_files import AEDAT31_HEADER, ARRAY, make_array, polarity_packet, write_bag
import numpy as np
import pytest
from snn_gesture_ros.command_line.main import main
from snn_gesture_ros.datasets.clip_set import ClipSet
from snn_gesture_ros.datasets.labeled_recordings import (
    draw_splits, LabeledRecordings, read_table)
from snn_gesture_ros.events.event import EVENT

HEAD = 'file,start_s,end_s,label'


def make_events(width=128, start_us=1_700_000_000_000_000, seed=0):
    """Make two seconds of dense events, so that few of them look like noise."""
    rng = np.random.default_rng(seed)
    events = np.zeros(40_000, EVENT)
    events['t'] = start_us + np.sort(rng.integers(0, 2_000_000, len(events)))
    events['t'][0], events['t'][-1] = start_us, start_us + 2_000_000
    events['x'] = rng.integers(0, width, len(events))
    events['y'] = rng.integers(0, 128, len(events))
    events['p'] = rng.integers(0, 2, len(events))
    return events


def save_npz(path, events):
    path.parent.mkdir(exist_ok=True)
    np.savez(path, **{name: events[name] for name in 'txyp'})


def import_(source, folder, *words):
    return main(['import', str(source), str(folder), *words])


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / 'source'
    folder.mkdir()
    return folder


def test_recordings_of_every_format_give_the_same_clips(source, tmp_path):
    events = make_events()
    save_npz(source / 'sub' / 'a.npz', events)
    for name in ('a', 'b'):
        write_bag(source / f'{name}_bag', [(topic, ARRAY, make_array(events[i:i + 500]))
                                           for i in range(0, len(events), 500)
                                           for topic in (['/l', '/r'] if name == 'b' else ['/l'])])
    early = events.copy()
    early['t'] -= events['t'][0]
    (source / 'a.aedat').write_bytes(AEDAT31_HEADER + polarity_packet(early))
    rows = ['sub/a.npz,0.5,1.25,wave,,', 'a_bag,0.5,1.25,wave,,', 'a.aedat,0.5,1.25,wave,,',
            'b_bag,0.5,1.25,wave,/r,', 'sub/a.npz,,,none,,']
    (source / 'labels.csv').write_text('\n'.join([HEAD + ',topic,remark', *rows]))
    assert import_(source, tmp_path / 'set') == 0
    clips = ClipSet(tmp_path / 'set')
    waves = clips.select(labels=['wave'])
    assert len(waves) == 4 and {clip.duration_us for clip in waves.clips} == {750_000}
    for i in range(4):
        assert len(waves.events(i)) > 2000
        assert (waves.events(i) == waves.events(0)).all()
    whole = clips.select(labels=['none'])
    assert whole.clips[0].duration_us == 2_000_001
    inside = (whole.events(0)['dt_us'] >= 500_000) & (whole.events(0)['dt_us'] < 1_250_000)
    assert (whole.events(0)['pixel'][inside] == waves.events(0)['pixel']).all()
    assert {clip.person for clip in clips.clips} == {'sub/a.npz', 'a_bag', 'a.aedat', 'b_bag'}


def test_sensor_that_an_npz_does_not_tell(source, tmp_path):
    save_npz(source / 'a.npz', make_events())
    (source / 'labels.csv').write_text(
        f'{HEAD},sensor\na.npz,,,one,\na.npz,,,two,256x256\n')
    assert import_(source, tmp_path / 'set') == 0
    clips = ClipSet(tmp_path / 'set')
    one, two = (clips.select(labels=[label]).events(0)['pixel'] for label in ('one', 'two'))
    assert max(one % 128) == 127
    assert max(two % 128) == 63 and max(two // 128 % 128) == 63
    assert {clip.label: clip.scale for clip in clips.clips} == {'one': 1.0, 'two': 2.0}


def test_geometry_of_the_picture(source, tmp_path, capsys):
    events = make_events(width=200)
    save_npz(source / 'a.npz', events)
    (source / 'labels.csv').write_text(f'{HEAD},sensor\na.npz,,,wave,200x128\n')
    for name, words, x, y in [
            ('flipped', ['--flip-x', '--flip-y'],
             127 - (events['x'].astype(int) - 36), 127 - events['y']),
            ('turned', ['--rotation', '90', '--flip-x'],
             events['y'], events['x'].astype(int) - 36),
            ('region', ['--geometry', 'region', '--region', '72', '0', '128', '128'],
             events['x'].astype(int) - 72, events['y'])]:
        assert import_(source, tmp_path / name, '--raw', *words) == 0
        pixel = ClipSet(tmp_path / name).events(0)['pixel']
        inside = (x >= 0) & (x < 128) & (y >= 0) & (y < 128)
        assert (pixel == ((events['p'] * 128 + y) * 128 + x)[inside]).all()
    assert ClipSet(tmp_path / 'region').descriptions[0]['geometry'] == 'region 72 0 128 128'
    assert ClipSet(tmp_path / 'turned').descriptions[0]['geometry'] == 'square rotation 90 flip_x'
    assert import_(source, tmp_path / 'whole', '--raw', '--geometry', 'whole') == 0
    assert len(ClipSet(tmp_path / 'whole').events(0)) == len(events)
    assert import_(source, tmp_path / 'flipped', '--raw', '--flip-x') == 1
    assert "geometry: 'square flip_x flip_y', now 'square flip_x'" in capsys.readouterr().err


def test_a_table_tells_how_each_recording_is_seen(source, tmp_path, capsys):
    events = make_events()
    save_npz(source / 'a.npz', events)
    (source / 'labels.csv').write_text(
        f'{HEAD},rotation,flip_x\na.npz,,,right,,\na.npz,,,left,,true\na.npz,,,up,0,\n')
    assert import_(source, tmp_path / 'set', '--raw', '--rotation', '180') == 0
    clips = ClipSet(tmp_path / 'set')
    x, y = events['x'], events['y']
    for label, column, row in [('right', 127 - x, 127 - y), ('left', x, 127 - y), ('up', x, y)]:
        pixel = clips.select(labels=[label]).events(0)['pixel']
        assert (pixel == (events['p'] * 128 + row) * 128 + column).all(), label
    for cells, reason in (('45,', "line 2: rotation '45' is not one of 0, 90, 180, 270"),
                          (',maybe', "line 2: flip_x 'maybe' is neither true nor false")):
        (source / 'labels.csv').write_text(f'{HEAD},rotation,flip_x\na.npz,,,right,{cells}\n')
        assert import_(source, tmp_path / 'other') == 1
        assert reason in capsys.readouterr().err


def test_impossible_geometry_is_refused(source, tmp_path, capsys):
    save_npz(source / 'a.npz', make_events())
    (source / 'labels.csv').write_text(f'{HEAD}\na.npz,,,wave\n')
    for words, status, reason in [
            (['--region', '0', '0', '9', '9'], 2, '--region is for'),
            (['--geometry', 'region'], 2, 'region must be x, y'),
            (['--validation', '0.6', '--test', '0.6'], 2, 'within 0 and 1'),
            (['--geometry', 'region', '--region', '99', '0', '128', '128'], 1,
             'does not fit on the sensor')]:
        assert import_(source, tmp_path / 'set', *words) == status
        assert reason in capsys.readouterr().err.splitlines()[-1]


def rows_of(*persons_and_files, splits=None):
    text = '\n'.join([f'{HEAD},person,split'] + [
        f'{file},0,1,wave,{person},{(splits or {}).get(person, "")}'
        for person, file in persons_and_files])
    return read_table('labels.csv', text.encode())


def test_splits_are_drawn_by_person():
    rows = rows_of(*((f'p{k % 10}', f'{k}.npz') for k in range(40)))
    splits = draw_splits('', rows, 0.2, 0.1)
    assert splits == draw_splits('', rows, 0.2, 0.1)
    by_person = {f'p{k}': {splits[f'{n}.npz'] for n in range(k, 40, 10)} for k in range(10)}
    assert all(len(found) == 1 for found in by_person.values())
    drawn = [min(found) for found in by_person.values()]
    assert [drawn.count(name) for name in ('train', 'validation', 'test')] == [7, 2, 1]
    assert set(draw_splits('', rows, 0.0, 1.0).values()) == {'test'}


def test_splits_are_drawn_by_recording_without_persons():
    splits = draw_splits('', rows_of(*(('', f'{k}.npz') for k in range(3))), 0.1, 0.1)
    assert sorted(splits.values()) == ['test', 'train', 'validation']
    assert draw_splits('', rows_of(('', 'a.npz')), 0.1, 0.1) == {'a.npz': 'train'}


def test_persons_of_one_recording_stay_together():
    rows = rows_of(('p', 'a'), ('q', 'a'), ('q', 'b'), ('r', 'b'), ('', 'c'), ('', 'd'))
    splits = draw_splits('', rows, 0.3, 0.3)
    assert splits['a'] == splits['b']
    assert set(splits.values()) == {'train', 'validation', 'test'}


def test_given_splits_hold_for_the_whole_person():
    rows = rows_of(('p', 'a'), ('p', 'b'), ('q', 'c'), splits={'p': 'test'})
    assert draw_splits('', rows, 0.0, 0.0) == {'a': 'test', 'b': 'test', 'c': 'train'}
    with pytest.raises(ValueError, match='line 3: p is in train already'):
        text = f'{HEAD},person,split\na,,,x,p,train\nb,,,x,p,test'
        draw_splits('', read_table('', text.encode()), 0.0, 0.0)


@pytest.mark.parametrize('text, reason', [
    ('', 'file, start_s, end_s, label is missing'), ('file,label\na,b', 'start_s, end_s is miss'),
    (HEAD, 'has no rows'), (f'{HEAD}\na.npz,0,1', 'line 2: file or label is empty'),
    (f'{HEAD}\na.npz,x,1,wave', "line 2: start_s 'x' is not a number"),
    (f'{HEAD}\na.npz,0,inf,wave', "line 2: end_s 'inf' is not a number"),
    (f'{HEAD}\na.npz,0,1,wave\na.npz,2,1,wave', 'line 3: end_s must be later'),
    (f'{HEAD},split\na.npz,0,1,wave,dev', "line 2: split 'dev' is not one of"),
    (f'{HEAD},sensor\na.npz,0,1,wave,big', "line 2: sensor 'big' is not WIDTH"),
    (f'{HEAD}\n\xff', 'not a table of comma-separated values')])
def test_bad_tables_are_one_line_and_status_1(source, tmp_path, capsys, text, reason):
    (source / 'labels.csv').write_bytes(text.encode('latin-1'))
    assert import_(source, tmp_path / 'set') == 1
    error = capsys.readouterr().err
    assert reason in error and error.count('\n') == 1 and str(source / 'labels.csv') in error
    assert not (tmp_path / 'set').exists()


def test_missing_and_damaged_recordings_are_named_and_added_later(source, tmp_path, capsys):
    for name in ('good', 'gone', 'cut'):
        save_npz(source / f'{name}.npz', make_events())
    gone, cut = (source / 'gone.npz').read_bytes(), (source / 'cut.npz').read_bytes()
    (source / 'gone.npz').unlink()
    (source / 'cut.npz').write_bytes(cut[:1000])
    (source / 'labels.csv').write_text(
        f'{HEAD}\n' + ''.join(f'{name}.npz,0,1,wave\n' for name in ('cut', 'good', 'gone')))
    assert import_(source, tmp_path / 'set') == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert '2 missing or damaged' in error
    assert 'gone.npz: No such file' in error and 'cut.npz: the file is cut off' in error
    assert len(ClipSet(tmp_path / 'set')) == 1
    (source / 'gone.npz').write_bytes(gone)
    (source / 'cut.npz').write_bytes(cut)
    assert import_(source, tmp_path / 'set') == 0
    assert len(ClipSet(tmp_path / 'set')) == 3


def test_row_after_the_end_is_named(source, tmp_path, capsys):
    save_npz(source / 'a.npz', make_events())
    (source / 'labels.csv').write_text(f'{HEAD}\na.npz,0,1,wave\na.npz,5,6,wave\n')
    assert import_(source, tmp_path / 'set') == 1
    assert 'a.npz: line 3 of the table begins after' in capsys.readouterr().err


def test_changed_table_needs_a_new_folder(source, tmp_path, capsys):
    save_npz(source / 'a.npz', make_events())
    (source / 'labels.csv').write_text(f'{HEAD}\na.npz,0,1,wave\n')
    assert import_(source, tmp_path / 'set') == 0
    (source / 'labels.csv').write_text(f'{HEAD}\na.npz,0,1,clap\n')
    assert import_(source, tmp_path / 'set') == 1
    assert 'labels_csv_sha256' in capsys.readouterr().err


@pytest.mark.parametrize('ends', [[], ['--ends']], ids=['whole', 'ends'])
def test_simulated_recordings_can_be_imported(tmp_path, ends):
    assert main(['simulate', str(tmp_path / 'files'), '--as-recordings', '--clips', '3',
                 '--labels', 'air_drums', 'none', '--seconds', '0.4', '--validation', '0.3',
                 *ends]) == 0
    assert import_(tmp_path / 'files', tmp_path / 'set') == 0
    clips = ClipSet(tmp_path / 'set').clips
    assert sum(clip.duration_us for clip in clips) == pytest.approx(6 * 400_000, rel=0.01)
    assert len({clip.recording for clip in clips}) == 6
    assert len({clip.recording for clip in clips if clip.split == 'validation'}) == 2


@pytest.mark.parametrize('shares', [(-0.1, 0.5), (0.6, 0.6)])
def test_impossible_shares(source, shares):
    with pytest.raises(ValueError, match='shares'):
        LabeledRecordings(source, *shares)


def test_sources_that_are_none(source, tmp_path, capsys):
    assert import_(source, tmp_path / 'set') == 1
    assert 'neither DvsGesture.tar.gz' in capsys.readouterr().err
    assert import_(source / 'nowhere', tmp_path / 'set') == 1
    assert 'No such file' in capsys.readouterr().err
