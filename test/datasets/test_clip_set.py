# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Clip sets: written part by part, read by memory map, selected and mixed."""
import pickle

import numpy as np
import pytest
from snn_gesture_ros.datasets.clip_set import Clip, ClipSet, ClipSetWriter
from snn_gesture_ros.events.packet import PACKED_EVENT

DESCRIPTION = {'made_by': 'test', 'labels': ('wave', 'clap')}


def make_clip(seed, label='wave', split='train', duration_us=100_000):
    rng = np.random.default_rng(seed)
    events = np.empty(int(rng.integers(0, 500)), PACKED_EVENT)
    events['dt_us'] = np.sort(rng.integers(0, duration_us, len(events)))
    events['pixel'] = rng.integers(0, 2 * 128 * 128, len(events))
    return Clip(label, f'person {seed}', f'recording {seed}', split, duration_us), events


@pytest.fixture
def folder(tmp_path):
    """Give a set of two parts, six clips."""
    writer = ClipSetWriter(tmp_path / 'set', DESCRIPTION)
    writer.write('b', [make_clip(seed, 'clap', 'test') for seed in (3, 4)])
    writer.write('a', [make_clip(seed) for seed in (0, 1, 2)] + [make_clip(5, 'clap')])
    return tmp_path / 'set'


def test_what_is_written_is_read(folder):
    clips = ClipSet(folder)
    expected = [make_clip(0), make_clip(1), make_clip(2), make_clip(5, 'clap'),
                make_clip(3, 'clap', 'test'), make_clip(4, 'clap', 'test')]
    assert clips.clips == [clip for clip, _ in expected]
    assert len(clips) == 6
    for (clip, events), (expected_clip, expected_events) in zip(clips, expected):
        assert clip == expected_clip
        assert events.dtype == PACKED_EVENT and (events == expected_events).all()
    assert clips.descriptions == [{'made_by': 'test', 'labels': ['wave', 'clap']}]


def test_events_are_a_read_only_view_of_the_file(folder):
    events = ClipSet(folder).events(0)
    assert not events.flags.owndata
    with pytest.raises(ValueError, match='read-only'):
        events['pixel'] = 0


def test_select(folder):
    clips = ClipSet(folder)
    claps = clips.select(labels=['clap'])
    assert [clip.person for clip in claps.clips] == ['person 5', 'person 3', 'person 4']
    assert (claps.events(2) == clips.events(5)).all()
    assert [clip.person for clip in claps.select('train').clips] == ['person 5']
    assert len(clips.select('validation')) == 0


def test_renamed(folder):
    clips = ClipSet(folder)
    before = [clip.label for clip in clips.clips]
    renamed = clips.renamed({before[0]: 'none'})
    assert [clip.label for clip in renamed.clips] == [
        'none' if label == before[0] else label for label in before]
    assert set(before) - {before[0]}
    assert [clip.label for clip in clips.clips] == before
    assert (renamed.events(0) == clips.events(0)).all()
    with pytest.raises(ValueError, match='no clip has the label snap'):
        clips.renamed({'snap': 'none'})


def test_joined_is_a_mixture(folder, tmp_path):
    ClipSetWriter(tmp_path / 'other', {'made_by': 'other'}).write('a', [make_clip(9, 'clap')])
    mixed = ClipSet.joined([ClipSet(folder).select('train'), ClipSet(tmp_path / 'other')])
    assert len(mixed) == 5
    assert (mixed.events(4) == make_clip(9)[1]).all()
    assert [text['made_by'] for text in mixed.descriptions] == ['test', 'other']


def test_other_processes_map_the_file_again(folder):
    clips = ClipSet(folder)
    whole = sum(len(clips.events(i)) for i in range(len(clips)))
    pickled = pickle.dumps(clips)
    assert len(pickled) < 8 * whole
    assert (pickle.loads(pickled).events(5) == clips.events(5)).all()


def test_unfinished_part_does_not_count_and_is_made_again(folder):
    writer = ClipSetWriter(folder, DESCRIPTION)
    assert writer.has('a') and writer.has('b') and not writer.has('c')
    (folder / 'parts' / 'b.json').unlink()
    (folder / 'parts' / 'c.json.tmp').write_text('{')
    assert not writer.has('b')
    assert len(ClipSet(folder)) == 4
    writer.write('b', [make_clip(7)])
    assert [clip.person for clip in ClipSet(folder).clips][4:] == ['person 7']


def test_part_without_clips(folder):
    ClipSetWriter(folder, DESCRIPTION).write('c', [])
    assert len(ClipSet(folder)) == 6


def test_writer_refuses_a_set_made_in_another_way(folder):
    with pytest.raises(ValueError, match="made_by: 'test', now 'me'.*another folder") as error:
        ClipSetWriter(folder, {**DESCRIPTION, 'made_by': 'me'})
    assert '\n' not in str(error.value) and 'labels' not in str(error.value)


def test_writer_refuses_a_folder_of_other_files(tmp_path):
    (tmp_path / 'thesis.tex').write_text('precious')
    with pytest.raises(ValueError, match='has other files'):
        ClipSetWriter(tmp_path, DESCRIPTION)


@pytest.mark.parametrize('change, reason', [
    ({'dt_us': [5, 4]}, 'order of time'), ({'dt_us': [5, 100_000]}, 'within its duration'),
    ({'pixel': [0, 2 * 128 * 128]}, 'not on the frame')])
def test_writer_refuses_wrong_events(tmp_path, change, reason):
    events = np.zeros(2, PACKED_EVENT)
    for name, values in change.items():
        events[name] = values
    writer = ClipSetWriter(tmp_path / 'set', DESCRIPTION)
    with pytest.raises(ValueError, match=reason):
        writer.write('a', [(make_clip(0)[0], events)])
    assert not writer.has('a')


@pytest.mark.parametrize('values', [{'split': 'dev'}, {'duration_us': 0}, {'onset_us': 100},
                                    {'onset_us': -1}, {'offset_us': 101},
                                    {'onset_us': 50, 'offset_us': 50}])
def test_impossible_clips(values):
    with pytest.raises(ValueError, match='split|duration'):
        Clip(**{'label': 'wave', 'person': 'a', 'recording': 'a', 'split': 'train',
                'duration_us': 100, **values})


def test_folders_that_are_no_clip_set(tmp_path):
    (tmp_path / 'clip_set.json').write_text('{"format": "else"}')
    (tmp_path / 'file').write_text('')
    for path, reason in [(tmp_path, "format is 'else'"), (tmp_path / 'nowhere', 'it has no clip'),
                         (tmp_path / 'file', 'it is a file')]:
        with pytest.raises(ValueError, match=reason):
            ClipSet(path)
    (tmp_path / 'clip_set.json').write_text('[')
    with pytest.raises(ValueError, match='is damaged'):
        ClipSet(tmp_path)


def test_set_without_a_finished_part(tmp_path):
    ClipSetWriter(tmp_path / 'set', DESCRIPTION)
    with pytest.raises(ValueError, match='is empty'):
        ClipSet(tmp_path / 'set')


@pytest.mark.parametrize('name, size, reason', [
    ('a.npy', 0, 'cut off'), ('a.npy', 40, 'cut off'), ('a.npy', -8, 'cut off'),
    ('a.npy', None, 'missing'), ('b.json', 0, 'delete this file'), ('b.json', 50, 'delete this')])
def test_damaged_files_are_named(folder, name, size, reason):
    path = folder / 'parts' / name
    if size is None:
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(ValueError, match=reason) as error:
        ClipSet(folder)
    assert str(error.value).startswith(f'{path}: the clip set is damaged')
    assert '\n' not in str(error.value)


def test_part_with_other_clips_than_its_list(folder):
    parts = folder / 'parts'
    (parts / 'a.npy').write_bytes((parts / 'b.npy').read_bytes())
    with pytest.raises(ValueError, match='a.npy.*other clips'):
        ClipSet(folder)
