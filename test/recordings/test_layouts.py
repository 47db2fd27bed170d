# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Layouts of other programs, written here: columns, text, DAT, AEDAT, RAW, bags of ROS 1."""
from contextlib import closing
import gzip
import json
import sqlite3
import struct

from event_files import (
    ARRAY, batches, encode_evt21, make_array, make_events, make_packet, PACKET, read_all)
import h5py
import numpy as np
import pytest
from snn_gesture_ros.command_line.main import main
from snn_gesture_ros.events.cdr import encode_event_array, encode_event_packet, EventPacketMessage
from snn_gesture_ros.events.encoders import encode_evt3, encode_mono
from snn_gesture_ros.recordings.facts import gather_facts
from snn_gesture_ros.recordings.opening import open_recording
from snn_gesture_ros.recordings.recording import UnreadableRecording
from test_formats import AEDAT2_HEADER
import zstandard

EPOCH_US = 1_500_000_000_000_000


def columns(events, order, t_scale=1e-6, off=0):
    """Give events as float64 [n, 4] in an order of columns."""
    table = {'t': events['t'] * t_scale, 'x': events['x'], 'y': events['y'],
             'p': np.where(events['p'], 1, off)}
    return np.stack([table[name].astype(np.float64) for name in order], axis=1)


def put(file, **datasets):
    for path, values in datasets.items():
        file[path.replace('__', '/')] = values


def mvsec(file, events):
    put(file, davis__left__events=columns(events, 'xytp', off=-1),
        davis__left__imu=np.zeros((9, 6)), davis__left__image_raw=np.zeros((2, 4, 4), np.uint8))


def tum_vie(file, events):
    put(file, events__t=events['t'] - 7, events__x=events['x'], events__y=events['y'],
        events__p=events['p'], ms_to_idx=np.arange(5), t_offset=np.array([7]))


def v2e(file, events):
    put(file, events=np.stack([events[n] for n in 'txyp'], axis=1).astype(np.uint32))


def esim(file, events):
    put(file, events__ts=events['t'] / 1e6, events__xs=events['x'].astype(np.int16),
        events__ys=events['y'].astype(np.int16), events__ps=events['p'].astype(bool))


def byte_minus_one(file, events):
    put(file, events__t=events['t'], events__x=events['x'], events__y=events['y'],
        events__p=np.where(events['p'], 1, 255).astype(np.uint8))


def compound(file, events):
    table = np.zeros(len(events), [('timestamp', 'f8'), ('x', 'i2'), ('y', 'i2'),
                                   ('polarity', '?')])
    table['timestamp'], table['polarity'] = events['t'] / 1e6, events['p']
    table['x'], table['y'] = events['x'], events['y']
    put(file, camera__events=table)


def nanoseconds(file, events):
    put(file, events__t_ns=events['t'] * 1000, events__x=events['x'], events__y=events['y'],
        events__p=events['p'])


@pytest.mark.parametrize('start_us', [0, EPOCH_US])
@pytest.mark.parametrize('write', [
    mvsec, tum_vie, v2e, esim, byte_minus_one, compound, nanoseconds])
def test_hdf5_as_published(tmp_path, write, start_us):
    if write == v2e and start_us:
        pytest.skip('v2e stores 32 bits')
    events = make_events(100_000, start_us, 3_000_000)
    with h5py.File(tmp_path / 'a.h5', 'w') as file:
        write(file, events)
    assert (read_all(tmp_path / 'a.h5') == events).all()


def test_hdf5_with_a_dataset_of_unknown_compression_beside_the_events(tmp_path):
    """The events do not cost, and the note names what is not read."""
    events = make_events()
    with h5py.File(tmp_path / 'a.h5', 'w') as file:
        tum_vie(file, events)
        options = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        options.set_chunk((10,))
        options.set_filter(0x8ECF, h5py.h5z.FLAG_OPTIONAL)
        h5py.h5d.create(file.id, b'other', h5py.h5t.NATIVE_INT32, h5py.h5s.create_simple((10,)),
                        options)
    assert (read_all(tmp_path / 'a.h5') == events).all()
    with open_recording(tmp_path / 'a.h5') as recording:
        assert 'other: not read' in recording.notes[0]


@pytest.mark.parametrize('arrays', [
    lambda e: {'events': e}, lambda e: {'arr_0': columns(e, 'txyp')},
    lambda e: {'events_xy': np.stack([e['x'], e['y']], 1), 'events_t': e['t'] / 1e6,
               'events_p': e['p']},
    lambda e: {'ts': e['t'], 'xs': e['x'], 'ys': e['y'], 'pols': e['p']},
    lambda e: {'timestamps': e['t'] * 1000 + 10**18, 'x': e['x'], 'y': e['y'], 'p': e['p']},
    lambda e: {'t': e['t'], 'x': e['x'].astype(float), 'y': e['y'], 'p': e['p'] * 2.0 - 1},
    lambda e: {'events': np.asfortranarray(columns(e, 'xypt', t_scale=1))}])
@pytest.mark.parametrize('save', [np.savez, np.savez_compressed])
def test_npz_as_published(tmp_path, arrays, save):
    events = make_events(150_000, duration_us=3_000_000)
    save(tmp_path / 'a.npz', **arrays(events))
    found = read_all(tmp_path / 'a.npz')
    found['t'] -= found['t'][0] - events['t'][0]
    assert (found == events).all()


@pytest.mark.parametrize('order', ['txyp', 'xytp', 'xypt'])
@pytest.mark.parametrize('t_scale', [1, 1e-6])
def test_npy(tmp_path, order, t_scale):
    events = make_events(150_000, EPOCH_US, 3_000_000)
    np.save(tmp_path / 'a.npy', columns(events, order, t_scale))
    assert (read_all(tmp_path / 'a.npy') == events).all()
    np.save(tmp_path / 'b.npy', events)
    assert (read_all(tmp_path / 'b.npy') == events).all()


def lines(events, pattern, start=''):
    return start + ''.join(pattern.format(t=t, s=f'{t // 10**6}.{t % 10**6:06}', x=x, y=y, p=p)
                           for t, x, y, p in events.tolist())


@pytest.mark.slow
@pytest.mark.parametrize('pattern, start, size', [
    ('{s} {x} {y} {p}\n', '', None), ('{s} {x} {y} {p}\n', '240 180\n', (240, 180)),
    ('{s} {x} {y} {p}\n', '#!events.txt\n# Format: time (float s), x, y, polarity\n', None),
    ('{t},{x},{y},{p}\r\n', 'timestamp,x,y,polarity\r\n', None),
    ('{x},{y},{p},{t}\n', '%geometry:1280,720\n', (1280, 720)),
    ('{x},{y},{p},{t}\n', '% geometry 1280x720\n', (1280, 720)),
    ('{t}000;{y};{x};{p}.0\n', 'time_ns;y;x;pol\n', None),
    ('9,{x},{y},{s},True{p}\n', 'index,x,y,"time (s)",polarity\n', None),
    ('{t}, , {x}, {y}, {p},7\n', 't,empty,x,y,p,other\n', None)])
@pytest.mark.parametrize('pack', [False, True])
def test_text(tmp_path, pattern, start, size, pack):
    events = make_events(70_000, 1_000_000, 5_000_000)
    text = lines(events, pattern, start).replace('True0', 'False').replace('True1', 'True')
    path = tmp_path / ('a.csv.gz' if pack else 'a.txt')
    path.write_bytes(gzip.compress(text.encode(), 1) if pack else text.encode())
    assert (read_all(path) == events).all()
    with open_recording(path) as recording:
        assert (recording.width, recording.height) == (size or (None, None))


def test_text_in_which_a_line_is_not_an_event(tmp_path):
    events = make_events(100_000)
    text = lines(events, '{t} {x} {y} {p}\n').splitlines()
    text[90_000] = '12 oops'
    (tmp_path / 'a.txt').write_text('\n'.join(text))
    with open_recording(tmp_path / 'a.txt') as recording:
        facts = gather_facts(recording)
    assert facts.events == 90_000 and "line 90001 is not an event: '12 oops'" in facts.damage


def test_gzip_that_is_cut_off(tmp_path):
    packed = gzip.compress(lines(make_events(100_000), '{t} {x} {y} {p}\n').encode(), 1)
    (tmp_path / 'a.txt.gz').write_bytes(packed[:len(packed) // 2])
    with open_recording(tmp_path / 'a.txt.gz') as recording:
        facts = gather_facts(recording)
    assert 0 < facts.events < 100_000 and 'cut off' in facts.damage


@pytest.mark.parametrize('version', [1, 2])
def test_dat(tmp_path, version):
    """Read both layouts, and times that roll over after 71 minutes."""
    events = make_events(200_000, (1 << 32) - 1_000_000, 2_000_000)
    y_shift, p_shift = (9, 17) if version == 1 else (14, 28)
    words = np.zeros((len(events), 2), '<u4')
    words[:, 0] = events['t'] & 0xffffffff
    words[:, 1] = (events['x'] | events['y'].astype(np.uint32) << y_shift
                   | events['p'].astype(np.uint32) << p_shift)
    (tmp_path / 'a.dat').write_bytes(
        b'% Data file containing Event2D events.\n% Version ' + str(version).encode()
        + b'\n% Width 304\n% Height 240\n\0\x08' + words.tobytes())
    assert (read_all(tmp_path / 'a.dat') == events).all()
    with open_recording(tmp_path / 'a.dat') as recording:
        assert (recording.width, recording.height) == (304, 240)


def aedat2_davis(events, width, height):
    words = np.zeros(len(events), [('address', '>u4'), ('t', '>u4')])
    x, y, p = (events[name].astype(np.int64) for name in 'xyp')
    words['address'] = height - 1 - y << 22 | width - 1 - x << 12 | p << 11
    words['t'] = events['t']
    return words.tobytes()


@pytest.mark.parametrize('chip, size, given', [
    ('eu.seebetter.ini.chips.sbret10.SBret10', (240, 180), None),
    ('eu.seebetter.ini.chips.davis.DAVIS240B', (240, 180), None),
    ('eu.seebetter.ini.chips.NewOne', (640, 480), '640x480'), (None, (346, 260), '346x260')])
def test_aedat2_of_older_classes_and_by_size(tmp_path, capsys, chip, size, given):
    events = make_events(1000)
    header = AEDAT2_HEADER + (f'# AEChip: {chip}\r\n' if chip else '')
    path = tmp_path / 'a.aedat'
    path.write_bytes(header.encode() + aedat2_davis(events, *size))
    words = ['--size', given] if given else []
    assert main(['info', str(path), '--json', *words]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts['width'], facts['height'], facts['notes']) == (*size, [])
    assert facts['events'] == 1000 and facts['on'] == int(events['p'].sum())
    with open_recording(path, size=size) as recording:
        assert (np.concatenate(list(recording.events())) == events).all()


def test_aedat1(tmp_path):
    events = make_events(200_000)
    words = np.zeros(len(events), [('address', '>u2'), ('t', '>u4')])
    x, y, p = (events[name].astype(np.int64) for name in 'xyp')
    words['address'], words['t'] = 127 - y << 8 | 127 - x << 1 | 1 - p, events['t']
    (tmp_path / 'a.dat').write_bytes(b'#!AER-DAT1.0\r\n# x\r\n' + words.tobytes())
    assert (read_all(tmp_path / 'a.dat') == events).all()


def test_raw_without_header(tmp_path, capsys):
    """Ask for the encoding, and read the file with it."""
    events = make_events(1000)
    path, output = tmp_path / 'a.raw', tmp_path / 'a.npz'
    path.write_bytes(encode_evt3(events).tobytes())
    assert main(['info', str(path)]) == 1
    assert 'give the --encoding' in capsys.readouterr().err
    assert main(['convert', str(path), str(output), '--encoding', 'evt3', '--size',
                 '320x320']) == 0
    assert (read_all(output) == events).all()
    with open_recording(output) as recording:
        assert (recording.width, recording.height) == (320, 320)


@pytest.mark.parametrize('lines, swapped', [
    ('% format EVT21;height=720;width=1280', False),
    ('% format EVT21;height=720;width=1280;endianness=legacy', True),
    ('% evt 2.1\n% endianness legacy', True), ('% evt 2.1\n% system_ID 49', True),
    ('% evt 2.1\n% system_ID 55', False), ('% evt 2.1\n% system_ID 0', False),
    ('% evt 2.1\n% system_ID 49\n% integrator_name Other', False),
    ('% evt 2.1\n% system_ID 49\n% integrator_name Prophesee', True),
    ('% evt 2.1\n% system_ID 49\n% camera_integrator_name Other\n'
     '% plugin_integrator_name Prophesee', False)])
def test_halves_of_evt21_by_the_makers_rule(tmp_path, lines, swapped):
    events = make_events(1000)
    (tmp_path / 'a.raw').write_bytes(
        f'{lines}\n% end\n'.encode() + encode_evt21(events, swapped))
    assert (read_all(tmp_path / 'a.raw') == events).all()


ROS1_EVENT = np.dtype([('x', '<u2'), ('y', '<u2'), ('s', '<u4'), ('ns', '<u4'), ('p', 'u1')])


def ros1_array(events):
    words = np.zeros(len(events), ROS1_EVENT)
    for name in 'xyp':
        words[name] = events[name]
    words['s'], words['ns'] = events['t'] // 10**6, events['t'] % 10**6 * 1000
    return (struct.pack('<IIII', 1, 2, 3, 6) + b'camera' + struct.pack('<III', 128, 128,
                                                                       len(events))
            + words.tobytes())


def ros1_packet(events, seq):
    payload = encode_mono(events, 0).tobytes()
    return (struct.pack('<IIII', 1, 2, 3, 6) + b'camera'
            + struct.pack('<IIQQI', 128, 128, seq, 0, 4) + b'mono'
            + struct.pack('<BI', 0, len(payload)) + payload)


def write_ros1(path, kind, messages, compression=None):
    from rosbags.rosbag1 import Writer
    writer = Writer(path)
    if compression:
        writer.set_compression(getattr(Writer.CompressionFormat, compression))
    with writer:
        connection = writer.add_connection('/events', kind, msgdef='x', md5sum='0' * 32)
        other = writer.add_connection('/other', 'std_msgs/msg/String', msgdef='x', md5sum='1' * 32)
        for number, data in enumerate(messages):
            writer.write(connection, number * 1_000_000, data)
            writer.write(other, number * 1_000_000, b'\0\0\0\0')


@pytest.mark.parametrize('compression', [None, 'BZ2', 'LZ4'])
@pytest.mark.parametrize('kind', [
    'dvs_msgs/msg/EventArray', 'prophesee_event_msgs/msg/EventArray',
    'event_array_msgs/msg/EventArray', PACKET])
def test_ros1_bag(tmp_path, kind, compression):
    parts = batches(50)
    packed = 'array_msgs' in kind or kind == PACKET
    write_ros1(tmp_path / 'a.bag', kind, [ros1_packet(part, i) if packed else ros1_array(part)
                                          for i, part in enumerate(parts)], compression)
    assert (read_all(tmp_path / 'a.bag') == np.concatenate(parts)).all()
    with open_recording(tmp_path / 'a.bag') as bag:
        assert bag.topics == {'/events': kind}
        assert bag.contents['/other'] == ('std_msgs/msg/String', 50)
        assert [message.t_ns for message in bag.messages()] == [i * 10**6 for i in range(50)]
        data = next(bag.messages()).data
        facts = gather_facts(bag)
    assert (facts.messages, facts.malformed, facts.width) == (50, 0, 128)
    assert data == (encode_event_packet(EventPacketMessage(
        2_000_000_003, 'camera', 128, 128, 0, 0, 'mono', False, encode_mono(parts[0], 0)))
        if packed else encode_event_array(parts[0], 2_000_000_003, 'camera', 128, 128))


def test_ros1_bag_of_a_recorder_that_was_killed(tmp_path):
    """Without an index, and with a last chunk that is cut off."""
    write_ros1(tmp_path / 'a.bag', ARRAY, map(ros1_array, batches(200)))
    whole = (tmp_path / 'a.bag').read_bytes()
    place = whole.index(b'index_pos=') + 10
    index = int.from_bytes(whole[place:place + 8], 'little')
    killed = tmp_path / 'a.bag.active'
    killed.write_bytes(whole[:place] + bytes(8) + whole[place + 8:index])
    with open_recording(killed) as recording:
        facts = gather_facts(recording)
        assert 'did not finish' in recording.notes[0]
    assert (facts.events, facts.damage) == (200_000, None)
    (tmp_path / 'b.bag').write_bytes(whole[:index // 2])
    try:
        with open_recording(tmp_path / 'b.bag') as recording:
            assert 'cut off' in gather_facts(recording).damage
    except UnreadableRecording as error:
        assert 'cut off' in str(error)      # a single chunk


def test_message_of_ros1_that_is_damaged_is_counted(tmp_path):
    good = ros1_array(batches(1)[0])
    write_ros1(tmp_path / 'a.bag', ARRAY, [good, good[:100], b'', good])
    with open_recording(tmp_path / 'a.bag') as recording:
        facts = gather_facts(recording)
    assert (facts.events, facts.messages, facts.malformed) == (2000, 4, 2)


def write_mcap(path, channels, profile='ros2', **options):
    """Write (topic, type, encoding, messages) to an mcap file."""
    from mcap.writer import Writer
    with path.open('wb') as file:
        writer = Writer(file, **options)
        writer.start(profile)
        for topic, kind, encoding, messages in channels:
            channel = writer.register_channel(
                topic, encoding, writer.register_schema(kind, 'x', b''))
            for number, data in enumerate(messages):
                writer.add_message(channel, number, data, number)
        writer.finish()


def test_mcap_of_ros1(tmp_path):
    parts = batches(5)
    write_mcap(tmp_path / 'a.mcap', [
        ('/events', 'dvs_msgs/EventArray', 'ros1', map(ros1_array, parts)),
        ('/tf', 'tf2_msgs/TFMessage', 'ros1', [b''])], 'ros1')
    assert (read_all(tmp_path / 'a.mcap') == np.concatenate(parts)).all()


def test_mcap_with_events_of_an_encoding_that_is_not_read(tmp_path):
    write_mcap(tmp_path / 'a.mcap', [('/events', ARRAY, 'json', [b'{}'])])
    with pytest.raises(UnreadableRecording, match='/events is serialized as json'):
        open_recording(tmp_path / 'a.mcap')


@pytest.mark.parametrize('options', [
    {'use_summary_offsets': False}, {'use_statistics': False}, {'repeat_channels': False},
    {'use_chunking': False}, {'index_types': 0}])
def test_mcap_without_parts_of_its_summary(tmp_path, options):
    from mcap.writer import IndexType
    if 'index_types' in options:
        options = {'index_types': IndexType.NONE}
    parts = batches(50)
    write_mcap(tmp_path / 'a.mcap', [('/events', ARRAY, 'cdr', map(make_array, parts))],
               **options)
    assert (read_all(tmp_path / 'a.mcap') == np.concatenate(parts)).all()


def test_older_name_of_event_packet(tmp_path):
    """event_array_msgs/EventArray is the same bytes, in bags of ROS 2 too."""
    parts = batches(5)
    kind = 'event_array_msgs/msg/EventArray'
    write_mcap(tmp_path / 'a.mcap', [
        ('/events', kind, 'cdr', [make_packet(part, i) for i, part in enumerate(parts)])])
    assert (read_all(tmp_path / 'a.mcap') == np.concatenate(parts)).all()
    assert main(['convert', str(tmp_path / 'a.mcap'), str(tmp_path / 'b')]) == 0
    with open_recording(tmp_path / 'b') as bag:
        assert bag.topics == {'/events': kind}
    assert (read_all(tmp_path / 'b') == np.concatenate(parts)).all()


@pytest.mark.parametrize('content, reason', [
    (b'version https://git-lfs.github.com/spec/v1\noid sha256:0\n', 'git lfs pull'),
    (b'#ROSBAG V1.2\n\0', 'version 1'), (b'#!AER-DAT3.0\r\n\1', 'AEDAT 3.0'),
    (b'Event Stream\2\0', r'\.es'), (b'MATLAB 5.0 MAT-file\0', 'MATLAB'),
    (b'<!DOCTYPE html><html>', 'web page'), (b'BZh9\x17', 'unpack it'),
    (gzip.compress(b'\0\1\2', mtime=0), 'unpack it'), (b'\x89PNG\r\n\x1a\n\0', 'holds no events'),
    (b'a,b\n1,2\n', 'text without events'), (b'\x80\x04\x95', 'pickle'),
    (zstandard.compress(b'\0\1\2'), 'not of a bag; if it was packed, unpack it')])
def test_other_files_are_named(tmp_path, content, reason):
    (tmp_path / 'a').write_bytes(content)
    with pytest.raises(UnreadableRecording, match=reason) as error:
        open_recording(tmp_path / 'a')
    assert 'cut off' not in str(error.value)


def test_another_database_is_no_damaged_bag(tmp_path):
    with closing(sqlite3.connect(tmp_path / 'a.db3')) as database, database:
        database.execute('CREATE TABLE things(id INTEGER)')
    with pytest.raises(UnreadableRecording, match='is not a bag: it has no messages') as error:
        open_recording(tmp_path / 'a.db3')
    assert 'cut off' not in str(error.value)
