# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Recordings of other programs: AEDAT 2.0, Prophesee RAW, HDF5, and bags that are cut off."""
import os
import shutil

from event_files import (
    ARRAY, batches, encode_raw, EVT3, LIBCAER_CMP, long_events, make_array, make_events,
    make_packet, needs_data, PACKET, RAW_FORMATS, RAW_HEADER, read_all, write_bag)
import h5py
import numpy as np
import pytest
from snn_gesture_ros.command_line.main import main
from snn_gesture_ros.events.cdr import read_event_packet
from snn_gesture_ros.events.event import EVENT
from snn_gesture_ros.recordings.facts import gather_facts
from snn_gesture_ros.recordings.opening import open_recording
from snn_gesture_ros.recordings.recording import UnreadableRecording


@pytest.mark.parametrize('name', RAW_FORMATS)
def test_raw(tmp_path, name):
    """Read several buffers, and times that roll over: EVT 3.0 after 16.8 s, the others never."""
    events = long_events(60)
    path = tmp_path / 'a.raw'
    path.write_bytes(encode_raw(name, events))
    with open_recording(path) as recording:
        assert (recording.width, recording.height) == (1280, 720)
        assert len(list(recording.events())) > 2
        assert (np.concatenate(list(recording.events())) == events).all()
        facts = gather_facts(recording)
    assert (facts.encoding, facts.events, facts.damage) == (name.split()[0], len(events), None)


@pytest.mark.parametrize('name', ['evt2', 'evt21'])
def test_raw_times_go_on_after_their_34_bits(tmp_path, name):
    events = make_events(1000, (1 << 34) - 5000)
    (tmp_path / 'a.raw').write_bytes(encode_raw(name, events))
    assert (read_all(tmp_path / 'a.raw') == events).all()


def test_raw_evt21_vectors_and_triggers(tmp_path):
    words = np.array([8 << 60 | 1 << 32, 1 << 60 | 5 << 54 | 64 << 43 | 9 << 32 | 0x80000005,
                      10 << 60 | 6 << 54 | 1 << 32, 10 << 60 | 7 << 54, 14 << 60], '<u8')
    (tmp_path / 'a.raw').write_bytes(
        RAW_HEADER.format(*RAW_FORMATS['evt21']).encode() + words.tobytes())
    assert read_all(tmp_path / 'a.raw').tolist() == [
        (69, 64, 9, 1), (69, 66, 9, 1), (69, 95, 9, 1)]
    with open_recording(tmp_path / 'a.raw') as recording:
        assert recording.triggers() == (1, 1, 70 + 71)


def test_raw_evt2_triggers(tmp_path):
    words = np.array([10 << 28 | 1, 8 << 28 | 1, 10 << 28 | 6 << 22 | 1, 10 << 28 | 7 << 22],
                     '<u4')
    (tmp_path / 'a.raw').write_bytes(
        RAW_HEADER.format(*RAW_FORMATS['evt2']).encode() + words.tobytes())
    with open_recording(tmp_path / 'a.raw') as recording:
        assert recording.triggers() == (1, 1, 70 + 71)


def test_triggers_before_a_cut_are_told(tmp_path):
    words = np.array([8 << 28 | 1, 1 << 28 | 6 << 22, 10 << 28 | 6 << 22 | 1], '<u4')
    (tmp_path / 'a.raw').write_bytes(
        RAW_HEADER.format(*RAW_FORMATS['evt2']).encode() + words.tobytes() + b'\0\0\0')
    with open_recording(tmp_path / 'a.raw') as recording:
        facts = gather_facts(recording)
    assert facts.damage and (facts.events, facts.triggers_rising) == (1, 1)


@pytest.mark.parametrize('line', [
    'format EVT2; height=480; width=640', 'format evt2;height=480;width=640',
    'format EVT2 ;height = 480 ;width = 640', 'evt 2.0\n% geometry 640x480'])
def test_raw_header_is_read_with_spaces_and_in_lower_case(tmp_path, line):
    events = make_events(100)
    content = encode_raw('evt2', events).split(b'% end\n', 1)[1]
    (tmp_path / 'a.raw').write_bytes(f'% {line}\n% end\n'.encode() + content)
    with open_recording(tmp_path / 'a.raw') as recording:
        assert (recording.encoding, recording.width, recording.height) == ('evt2', 640, 480)
        assert sum(map(len, recording.events())) == 100


def test_wrong_geometry_costs_no_events(tmp_path):
    events = long_events(1)
    path = tmp_path / 'a.raw'
    path.write_bytes(encode_raw('evt3', events).replace(b'width=1280', b'width=640'))
    assert (read_all(path) == events).all()
    with open_recording(path) as recording:
        facts = gather_facts(recording)
    assert facts.out_of_range == np.count_nonzero(events['x'] >= 640) > 0
    assert facts.events + facts.out_of_range == len(events)


def test_raw_without_geometry_and_end(tmp_path):
    events = long_events(1)
    content = encode_raw('evt2', events).split(b'% end\n', 1)[1]
    (tmp_path / 'a.raw').write_bytes(b'% evt 2.0\n% system_ID 30\n' + content)
    with open_recording(tmp_path / 'a.raw') as recording:
        assert (recording.width, recording.height) == (None, None)
        assert (np.concatenate(list(recording.events())) == events).all()
    (tmp_path / 'b.raw').write_bytes(b'% evt 2.0\n% geometry 640x480\n% end\n' + content)
    with open_recording(tmp_path / 'b.raw') as recording:
        assert (recording.width, recording.height) == (640, 480)


def cut_gives_what_comes_before(path, events, size):
    """Cut a file, and expect the first of its events, then the reason."""
    path.write_bytes(path.read_bytes()[:size])
    before = []
    with open_recording(path) as recording, pytest.raises(UnreadableRecording) as error:
        for part in recording.events():
            before.append(part)
    assert 'cut off' in str(error.value) and '\n' not in str(error.value)
    before = np.concatenate(before)
    assert 0 < len(before) < len(events) and (before == events[:len(before)]).all()
    with open_recording(path) as recording:
        assert gather_facts(recording).damage


@pytest.mark.parametrize('name', RAW_FORMATS)
def test_raw_that_is_cut_off(tmp_path, name):
    events = long_events(1)
    (tmp_path / 'a.raw').write_bytes(encode_raw(name, events))
    header = len(RAW_HEADER.format(*RAW_FORMATS[name]))
    cut_gives_what_comes_before(tmp_path / 'a.raw', events, header + 400_001)


@pytest.mark.parametrize('content, reason', [
    (b'% date 2026-01-01\n% end\n\0\x08', 'names no format.* give the --encoding'),
    (b'% evt 4.0\n% end\n', 'names no format of events that is read.* it names 4.0'),
    (b'% evt 3.0', 'header does not end'), (b'% ' + b'x' * 9999, 'header does not end')])
def test_raw_that_cannot_be_read(tmp_path, content, reason):
    (tmp_path / 'a.raw').write_bytes(content)
    with pytest.raises(UnreadableRecording, match=reason):
        open_recording(tmp_path / 'a.raw')


@needs_data
def test_real_evt3_as_raw(tmp_path):
    """Agree with the check sum of event_camera_py, as the bag does that the words come from."""
    with open_recording(EVT3) as bag:
        payloads = [bytes(read_event_packet(m.data).events) for m in bag.messages()]
    (tmp_path / 'a.raw').write_bytes(
        b'% evt 3.0\n% geometry 640x480\n% end\n' + b''.join(payloads))
    with open_recording(tmp_path / 'a.raw') as recording:
        facts = gather_facts(recording)
    assert (facts.off, facts.on, facts.out_of_range) == (218291, 125183, 0)
    assert (facts.triggers_rising, facts.triggers_falling) == (2079, 2078)
    assert facts.sum_time_us == 2885601049874


AEDAT2_HEADER = ('#!AER-DAT2.0\r\n# This is a raw AE data file - do not edit\r\n'
                 '# Timestamps tick is 1 us\r\n')


def aedat2(chip, address, t):
    words = np.zeros(len(address), [('address', '>u4'), ('t', '>u4')])
    words['address'], words['t'] = address, np.asarray(t) & 0xffffffff
    chip = f'# AEChip: {chip}\r\n' if chip else ''
    return (AEDAT2_HEADER + chip).encode() + words.tobytes()


@pytest.mark.parametrize('chip', [None, 'ch.unizh.ini.jaer.chip.retina.DVS128'])
def test_aedat2_of_a_dvs128(tmp_path, chip):
    events = make_events(200_000, duration_us=5_000_000)
    t, x, y, p = (events[name].astype(np.int64) for name in 'txyp')
    address = 127 - y << 8 | 127 - x << 1 | 1 - p
    address, t = np.insert(address, 1000, 0x8000), np.insert(t, 1000, t[1000])
    (tmp_path / 'a.aedat').write_bytes(aedat2(chip, address, t))
    assert (read_all(tmp_path / 'a.aedat') == events).all()
    with open_recording(tmp_path / 'a.aedat') as recording:
        assert (recording.width, recording.height) == (128, 128)


def test_aedat2_of_a_davis(tmp_path):
    """Skip pictures and motion, count triggers, and do not take y = 140 for a line of text."""
    pixel = [(35 << 24) + (345 - 7 << 12) + (1 << 11), 259 << 22 | 0 << 12]
    address = [pixel[0], pixel[1], 1 << 31 | 5 << 12, 3 << 30, 0x400 | 3, 0x400 | 2, pixel[0]]
    (tmp_path / 'a.aedat').write_bytes(aedat2(
        'eu.seebetter.ini.chips.davis.Davis346BColor', address, range(10, 17)))
    y = pixel[0] >> 22
    assert read_all(tmp_path / 'a.aedat').tolist() == [
        (10, 345 - (pixel[0] >> 12 & 0x3ff), 259 - y, 1), (11, 345, 0, 0),
        (16, 345 - (pixel[0] >> 12 & 0x3ff), 259 - y, 1)]
    with open_recording(tmp_path / 'a.aedat') as recording:
        assert recording.triggers() == (1, 1, 14 + 15)
        assert (recording.width, recording.height) == (346, 260)


def test_aedat2_times_go_on_where_they_roll_over(tmp_path):
    t = np.arange(0, 3 << 32, 1 << 28) + 7
    (tmp_path / 'a.aedat').write_bytes(aedat2('DVS128', np.zeros(len(t), int), t))
    assert (read_all(tmp_path / 'a.aedat')['t'] == t).all()


def test_aedat2_that_is_cut_off(tmp_path):
    events = make_events(200_000)
    t, x, y, p = (events[name].astype(np.int64) for name in 'txyp')
    (tmp_path / 'a.aedat').write_bytes(aedat2(None, 127 - y << 8 | 127 - x << 1 | 1 - p, t))
    cut_gives_what_comes_before(tmp_path / 'a.aedat', events, 1_000_001)


@pytest.mark.parametrize('content, reason', [
    (aedat2('eu.seebetter.Cochlea', [0], [0]), 'camera Cochlea is not read'),
    (aedat2(None, [1 << 22 | 700 << 12], [0]), 'names no camera.*give its --size'),
    (AEDAT2_HEADER.encode()[:30], 'header does not end')])
def test_aedat2_that_cannot_be_read(tmp_path, content, reason):
    (tmp_path / 'a.aedat').write_bytes(content)
    with pytest.raises(UnreadableRecording, match=reason):
        read_all(tmp_path / 'a.aedat')


def write_columns(group, events):
    for name in 'txyp':
        group.create_dataset(name, data=events[name], chunks=(1000,), compression='gzip')


def write_own(file, events):
    write_columns(file.create_group('events'), events)
    file['events'].attrs.update(width=346, height=260)


def write_prophesee(file, events):
    fields = [('x', '<u2'), ('y', '<u2'), ('p', '<i2'), ('t', '<i8')]
    table = np.zeros(len(events), fields)
    for name in 'txyp':
        table[name] = events[name]
    file.create_group('CD').create_dataset('events', data=table)
    file.attrs['geometry'] = '346x260'


@pytest.mark.parametrize('write, size', [
    (write_own, (346, 260)), (write_prophesee, (346, 260)), (write_columns, (None, None))])
def test_hdf5(tmp_path, write, size):
    events = make_events(150_000, start_us=1_700_000_000_000_000, duration_us=5_000_000)
    with h5py.File(tmp_path / 'a.h5', 'w') as file:
        write(file, events)
    assert (read_all(tmp_path / 'a.h5') == events).all()
    with open_recording(tmp_path / 'a.h5') as recording:
        assert (recording.width, recording.height) == size


def test_hdf5_of_dsec_has_an_offset(tmp_path):
    events = make_events(1000)
    with h5py.File(tmp_path / 'a.h5', 'w') as file:
        write_own(file, events)
        file['t_offset'] = np.int64(49_599_300_523)
    assert (read_all(tmp_path / 'a.h5')['t'] == events['t'] + 49_599_300_523).all()


def test_hdf5_whose_compression_is_not_known(tmp_path):
    table = np.zeros(1000, [('x', '<u2'), ('y', '<u2'), ('p', '<i2'), ('t', '<i8')])
    with h5py.File(tmp_path / 'a.h5', 'w') as file:
        options = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        options.set_chunk((1000,))
        options.set_filter(0x8ECF, h5py.h5z.FLAG_OPTIONAL)
        dataset = h5py.h5d.create(
            file.create_group('CD').id, b'events', h5py.h5t.py_create(table.dtype),
            h5py.h5s.create_simple((1000,)), options)
        dataset.write_direct_chunk((0,), b'compressed')
    with pytest.raises(UnreadableRecording, match='h5py does not have .*take the RAW') as error:
        read_all(tmp_path / 'a.h5')
    assert '\n' not in str(error.value)


@pytest.mark.parametrize('columns, reason', [
    ({'p': None}, 'events need the columns t, x, y and p'),
    ({'x': np.linspace(0, 1, 10)}, 'x must be whole numbers'),
    ({'x': np.arange(9)}, 'the same length'),
    ({'y': np.arange(10) - 1}, 'y must be between 0 and 65535')])
def test_hdf5_that_is_no_recording(tmp_path, columns, reason):
    with h5py.File(tmp_path / 'a.h5', 'w') as file:
        for name, column in (dict.fromkeys('txyp', np.arange(10)) | columns).items():
            if column is not None:
                file[f'events/{name}'] = column
    with pytest.raises(UnreadableRecording, match=reason):
        read_all(tmp_path / 'a.h5')


def test_hdf5_with_a_size_that_cannot_be(tmp_path):
    with h5py.File(tmp_path / 'a.h5', 'w') as file:
        for name in 'txyp':
            file[f'events/{name}'] = np.arange(10)
        file['events'].attrs.update(width=-5, height=9)
    with open_recording(tmp_path / 'a.h5') as recording:
        assert recording.width is None and recording.height is None


def test_hdf5_that_is_cut_off(tmp_path):
    path = tmp_path / 'a.h5'
    with h5py.File(path, 'w') as file:
        write_own(file, make_events(10_000))
    path.write_bytes(path.read_bytes()[:20_000])
    with pytest.raises(UnreadableRecording, match='a.h5: the file is cut off or damaged'):
        open_recording(path)


@pytest.mark.parametrize('kind, make', [(ARRAY, lambda events, _: make_array(events)),
                                        (PACKET, make_packet)])
@pytest.mark.parametrize('with_metadata', [True, False])
def test_mcap_that_is_cut_off(tmp_path, kind, make, with_metadata):
    parts = batches(400)
    bag = write_bag(tmp_path / 'bag', [('/events', kind, make(events, i))
                                       for i, events in enumerate(parts)], 'MCAP')
    if not with_metadata:
        (bag / 'metadata.yaml').unlink()
    file = bag / 'bag.mcap'
    size = file.stat().st_size
    whole = file.read_bytes()
    for target in (file, bag):
        file.write_bytes(whole)
        if target == file:
            cut_gives_what_comes_before(file, np.concatenate(parts), size * 3 // 4)
        else:
            file.write_bytes(whole[:size * 3 // 4])
            with open_recording(bag) as recording:
                facts = gather_facts(recording)
            assert 0 < facts.events < 400_000 and 'cut off' in facts.damage


def test_mcap_that_misses_only_its_end(tmp_path):
    bag = write_bag(tmp_path / 'bag', [('/events', ARRAY, make_array(events))
                                       for events in batches(5)], 'MCAP')
    file = bag / 'bag.mcap'
    file.write_bytes(file.read_bytes()[:-10])
    with open_recording(bag) as recording:
        facts = gather_facts(recording)
    assert facts.events == 5000 and 'cut off' in facts.damage


def test_bag_of_several_files_of_which_the_last_is_cut_off(tmp_path):
    folder = tmp_path / 'split'
    folder.mkdir()
    for i, events in enumerate(batches(3)):
        part = write_bag(tmp_path / str(i), [('/events', ARRAY, make_array(events))], 'MCAP')
        (part / f'{i}.mcap').rename(folder / f'split_{i}.mcap')
    last = folder / 'split_2.mcap'
    last.write_bytes(last.read_bytes()[:-10])
    with open_recording(folder) as recording:
        facts = gather_facts(recording)
    assert facts.events == 3000 and 'cut off' in facts.damage


@needs_data
def test_real_mcap_that_is_cut_off(tmp_path):
    path = tmp_path / 'cut.mcap'
    path.write_bytes((LIBCAER_CMP / 'test_events_2_0.mcap').read_bytes()[:2_000_000])
    with open_recording(path) as recording:
        facts = gather_facts(recording)
    assert 0 < facts.events < 360223 + 211043 and 'cut off' in facts.damage
    assert facts.malformed == 0 and facts.lost == 0


@needs_data
@pytest.mark.parametrize('with_metadata', [True, False])
def test_real_sqlite3_that_is_cut_off(tmp_path, with_metadata, capsys):
    bag = tmp_path / 'bag'
    bag.mkdir()
    if with_metadata:
        shutil.copy(EVT3 / 'metadata.yaml', bag)
    file = bag / 'test_events_1.db3'
    whole = (EVT3 / 'test_events_1.db3').read_bytes()
    file.write_bytes(whole[:len(whole) // 2])
    with open_recording(EVT3) as recording:
        messages = [bytes(message.data) for message in recording.messages()]
        events = np.concatenate(list(recording.events()))
    read = []
    with open_recording(bag) as recording, pytest.raises(UnreadableRecording, match='cut off'):
        read.extend(message.data for message in recording.messages())
    assert len(read) > 200 and read == messages[:len(read)]
    assert main(['convert', str(bag), str(tmp_path / 'a.npz')]) == 1
    assert capsys.readouterr().err.count('cut off') == 1
    with open_recording(tmp_path / 'a.npz') as recording:
        kept = np.concatenate(list(recording.events()))
    assert len(kept) > 100_000 and (kept == events[:len(kept)]).all()
    file.write_bytes(whole[:5000])
    with pytest.raises(UnreadableRecording, match='cut off'):
        open_recording(bag)


def test_no_format_keeps_a_file_open(tmp_path):
    """Open and close one of each; Linux names what is open."""
    events = make_events()
    (tmp_path / 'a.raw').write_bytes(encode_raw('evt3', events))
    (tmp_path / 'a.aedat').write_bytes(aedat2(None, [1], [1]))
    with h5py.File(tmp_path / 'a.h5', 'w') as file:
        write_own(file, events.astype(EVENT))
    for path in sorted(tmp_path.iterdir()):
        with open_recording(path) as recording:
            list(recording.events())
    assert not [link for link in os.listdir('/proc/self/fd')
                if os.path.realpath(f'/proc/self/fd/{link}').startswith(str(tmp_path))]
