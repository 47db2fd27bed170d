# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Recordings of every format, those that tests write and the real ones in ../shared/data."""
import shutil

from event_files import (
    AEDAT4, ARRAY, batches, EVT3, LIBCAER_CMP, make_array, make_events, make_packet, needs_data,
    PACKET, read_all, write_bag)
import numpy as np
import pytest
from snn_gesture_ros.events.cdr import encode_event_array, encode_event_packet, EventPacketMessage
from snn_gesture_ros.events.encoders import encode_evt3
from snn_gesture_ros.events.event import EVENT
from snn_gesture_ros.recordings.facts import gather_facts
from snn_gesture_ros.recordings.opening import open_recording
from snn_gesture_ros.recordings.recording import find_sensor_size, UnreadableRecording


@pytest.mark.parametrize('storage', ['SQLITE3', 'MCAP'])
def test_bag_gives_the_messages_as_they_are(tmp_path, storage):
    sent = []
    for i, events in enumerate(batches()):
        sent += [('/a/events', ARRAY, make_array(events)),
                 ('/chatter', 'std_msgs/msg/String', b'\0\1\0\0\1\0\0\0\0'),
                 ('/b/events', PACKET, make_packet(events, i))]
    path = write_bag(tmp_path / 'bag', sent, storage)
    with open_recording(path) as bag:
        assert bag.topics == {'/a/events': ARRAY, '/b/events': PACKET}
        messages = list(bag.messages())
        assert [(m.topic, m.message_type, m.data) for m in messages] == [
            row for row in sent if row[0] != '/chatter']
        assert [m.t_ns for m in messages] == [i * 1_000_000 for i in range(15) if i % 3 != 1]
        only = list(bag.messages(['/b/events']))
        assert only == [m for m in messages if m.topic == '/b/events']


@pytest.mark.parametrize('topic', ['/a/events', '/b/events'])
def test_bag_gives_the_events_of_a_topic(tmp_path, topic):
    path = write_bag(tmp_path / 'bag', [row for i, events in enumerate(batches()) for row in [
        ('/a/events', ARRAY, make_array(events)), ('/b/events', PACKET, make_packet(events, i))]])
    assert (read_all(path, topic) == np.concatenate(batches())).all()
    with pytest.raises(UnreadableRecording, match='choose one: /a/events, /b/events'):
        read_all(path)
    with pytest.raises(UnreadableRecording, match='/c has no events'):
        read_all(path, '/c')


@pytest.mark.parametrize('storage, suffix', [('SQLITE3', '.db3'), ('MCAP', '.mcap')])
def test_bag_without_metadata_is_read_file_by_file(tmp_path, storage, suffix):
    folder = tmp_path / 'split'
    folder.mkdir()
    for i, events in enumerate(batches(12)):
        part = write_bag(tmp_path / str(i), [('/events', ARRAY, make_array(events))], storage)
        shutil.move(next(part.glob('*' + suffix)), folder / f'split_{i}{suffix}')
    assert (read_all(folder) == np.concatenate(batches(12))).all()
    assert (read_all(folder / f'split_3{suffix}') == batches(4)[3]).all()


@pytest.mark.parametrize('storage', ['SQLITE3', 'MCAP'])
@pytest.mark.parametrize('change', [
    lambda text: '', lambda text: 'hello: 1', lambda text: '{{{ no yaml: [', lambda text: None,
    lambda text: text.replace('- bag.', '- other.'), lambda text: text.replace('/events', '/else'),
    lambda text: text.replace(ARRAY, 'std_msgs/msg/String')])
def test_bag_is_read_though_its_metadata_is_wrong(tmp_path, storage, change):
    path = write_bag(tmp_path / 'bag', [('/events', ARRAY, make_array(e)) for e in batches()],
                     storage)
    metadata = path / 'metadata.yaml'
    with open_recording(path) as recording:
        assert not recording.notes
    changed = change(metadata.read_text())
    if changed is None:
        metadata.write_bytes(b'\xff\0')
    else:
        metadata.write_text(changed)
    assert (read_all(path) == np.concatenate(batches())).all()
    with open_recording(path) as recording:
        note, = recording.notes
    assert note.startswith(f'{path}: metadata.yaml is damaged or of another bag')


def test_lost_and_malformed_messages_are_counted(tmp_path):
    parts = batches(6)
    sent = [make_packet(events, seq) for seq, events in enumerate(parts)]
    kept = [sent[0], sent[1][:100], sent[2], sent[5]]
    path = write_bag(tmp_path / 'bag', [('/events', PACKET, data) for data in kept])
    with open_recording(path) as recording:
        facts = gather_facts(recording)
    assert (facts.messages, facts.malformed, facts.lost) == (4, 1, 3)
    assert facts.events == 3000


@pytest.mark.parametrize('size', [(0, 0), (0, 128), (1 << 30, 1 << 30)])
@pytest.mark.parametrize('message_type', [ARRAY, PACKET])
def test_messages_of_sensors_that_do_not_exist_are_malformed(tmp_path, size, message_type):
    events = make_events()
    data = (encode_event_array(events, 0, '', *size) if message_type == ARRAY else
            encode_event_packet(EventPacketMessage(
                0, '', *size, 0, 0, 'evt3', False, encode_evt3(events))))
    path = write_bag(tmp_path / 'bag', [('/events', message_type, data)])
    with open_recording(path) as recording:
        facts = gather_facts(recording)
    assert (facts.malformed, facts.events, facts.out_of_range) == (1, 0, 0)
    assert 'pixels in the message: impossible' in facts.malformed_reason
    with pytest.raises(UnreadableRecording, match='no message can be read: the sensor is'):
        read_all(path)


@pytest.mark.parametrize('width', [0, -5])
def test_size_that_no_sensor_has_is_not_known(tmp_path, width):
    from h5py import File
    events = make_events()
    columns = {name: events[name] for name in 'txyp'}
    np.savez(tmp_path / 'a.npz', **columns, width=width, height=width)
    with File(tmp_path / 'a.h5', 'w') as file:
        group = file.create_group('events')
        for name, column in columns.items():
            group[name] = column
        group.attrs.update(width=width, height=width)
    (tmp_path / 'a.raw').write_bytes(
        b'% format EVT3;height=0;width=0\n% end\n' + encode_evt3(events).tobytes())
    for name in ('a.npz', 'a.h5', 'a.raw'):
        with open_recording(tmp_path / name) as recording:
            facts = gather_facts(recording)
            assert (facts.width, facts.events, facts.out_of_range) == (None, 1000, 0)
            assert find_sensor_size(recording) == (128, 128)


def test_unknown_encoding_is_an_error(tmp_path):
    data = encode_event_packet(EventPacketMessage(
        0, '', 128, 128, 0, 0, 'evt9', False, np.zeros(4, np.uint8)))
    path = write_bag(tmp_path / 'bag', [('/events', PACKET, data)])
    with open_recording(path) as recording, pytest.raises(ValueError, match="'evt9'"):
        gather_facts(recording)


def test_events_outside_the_sensor_are_counted_apart(tmp_path):
    events = make_events()
    data = encode_event_array(events, 0, '', 128, 64)
    path = write_bag(tmp_path / 'bag', [('/events', ARRAY, data)])
    with open_recording(path) as recording:
        facts = gather_facts(recording)
    inside = events[events['x'] < 64]
    assert (facts.events, facts.out_of_range) == (len(inside), 1000 - len(inside))
    assert facts.sum_time_us == inside['t'].sum()


def test_sum_of_times_does_not_overflow(tmp_path):
    events = make_events(start_us=2**56)
    np.savez(tmp_path / 'a.npz', **{name: events[name] for name in 'txyp'})
    with open_recording(tmp_path / 'a.npz') as recording:
        assert gather_facts(recording).sum_time_us == sum(events['t'].tolist())


@pytest.mark.parametrize('save', [np.savez, np.savez_compressed])
def test_npz(tmp_path, save):
    events = make_events(count=150_000, duration_us=1_000_000)
    columns = {name: events[name].astype(np.int64) for name in 'txyp'}
    columns['p'] = columns['p'] * 2 - 1
    save(tmp_path / 'a.npz', **columns)
    assert (read_all(tmp_path / 'a.npz') == events).all()


@pytest.mark.parametrize('change, reason', [
    ({'p': None}, 'the file has t, x, y'),
    ({'x': np.linspace(0, 1, 10)}, 'x must be whole numbers'),
    ({'x': np.arange(9)}, 'the same length'),
    ({'y': np.arange(10) - 1}, 'y must be between 0 and 65535'),
    ({'x': np.arange(10) + 65_530}, 'x must be between 0 and 65535'),
    ({'p': np.array([object()] * 10)}, 'Python objects')])
def test_npz_that_is_no_recording(tmp_path, change, reason):
    columns = dict.fromkeys('txyp', np.arange(10)) | change
    np.savez(tmp_path / 'a.npz', **{k: v for k, v in columns.items() if v is not None})
    with pytest.raises(UnreadableRecording, match=reason):
        read_all(tmp_path / 'a.npz')


@pytest.mark.parametrize('width, height', [(-5, -5), (1 << 40, 9), (0, 0)])
def test_npz_with_a_size_that_cannot_be(tmp_path, width, height):
    columns = dict.fromkeys('txyp', np.arange(10))
    np.savez(tmp_path / 'a.npz', **columns, width=width, height=height)
    with open_recording(tmp_path / 'a.npz') as recording:
        assert recording.width is None and recording.height is None


def test_slices_follow_camera_time(tmp_path):
    events = make_events(count=200_000, duration_us=3_000_000)
    events['t'][150_000:] += 1_000_000
    np.savez(tmp_path / 'a.npz', **{name: events[name] for name in 'txyp'})
    with open_recording(tmp_path / 'a.npz') as recording:
        slices = list(recording.slices(1500))
    assert (np.concatenate(slices) == events).all()
    numbers = [np.unique(part['t'] // 1500) for part in slices]
    assert all(len(number) == 1 for number in numbers)
    assert (np.diff(np.concatenate(numbers)) > 0).all()


def test_slices_end_where_the_camera_was_restarted(tmp_path):
    events = make_events(count=3000, duration_us=600_000)
    events['t'][2000:] -= 350_000
    np.savez(tmp_path / 'a.npz', **{name: events[name] for name in 'txyp'})
    with open_recording(tmp_path / 'a.npz') as recording:
        slices = list(recording.slices(1000))
        assert gather_facts(recording).restarts == 1
    assert (np.concatenate(slices) == events).all()
    assert all(np.ptp(part['t']) < 1000 for part in slices)
    np.random.default_rng(0).shuffle(events)
    np.savez(tmp_path / 'a.npz', **{name: events[name] for name in 'txyp'})
    with open_recording(tmp_path / 'a.npz') as recording:
        assert len(list(recording.slices(1000))) < 20, 'out of order, which is no restart'


def test_slices_keep_events_that_are_out_of_order(tmp_path):
    events = np.zeros(4, EVENT)
    events['t'] = [5, 12, 8, 21]
    np.savez(tmp_path / 'a.npz', **{name: events[name] for name in 'txyp'})
    with open_recording(tmp_path / 'a.npz') as recording:
        assert [part['t'].tolist() for part in recording.slices(10)] == [[5], [12, 8], [21]]


@pytest.mark.parametrize('content, reason', [
    (b'', 'the file is empty'), (b'hello', 'is text without events'),
    (b'PK\x03\x04 no archive', 'cut off or damaged'),
    (b'#!AER-DAT4.0\r\n' + bytes(200), 'cut off or damaged'),
    (b'\1\2\3\4', 'of no format that is read .rosbag2, .*give the --encoding')])
def test_other_files(tmp_path, content, reason):
    path = tmp_path / 'file'
    path.write_bytes(content)
    with pytest.raises(UnreadableRecording, match=reason):
        open_recording(path)


@pytest.mark.parametrize('storage', ['SQLITE3', 'MCAP'])
def test_damaged_bags(tmp_path, storage):
    path = write_bag(tmp_path / 'bag', [('/events', ARRAY, make_array(e)) for e in batches(50)],
                     storage)
    file = next(f for f in path.iterdir() if f.suffix != '.yaml')
    data = file.read_bytes()
    for size in (20, len(data) // 2, len(data) - 10):
        file.write_bytes(data[:size])
        for target in (path, file):
            with pytest.raises(UnreadableRecording, match='may be cut off') as error:
                read_all(target)
            assert '\n' not in str(error.value)
    file.unlink()
    with pytest.raises(UnreadableRecording, match='missing'):
        open_recording(path)


@pytest.mark.parametrize('compression', ['NONE', 'LZ4', 'ZSTD'])
@pytest.mark.parametrize('chunk_bytes', [1 << 30, 300_000])
def test_mcap_is_read_to_the_cut_also_within_a_chunk(tmp_path, compression, chunk_bytes):
    from mcap.writer import CompressionType, Writer
    parts = batches(300)
    with (tmp_path / 'a.mcap').open('wb') as file:
        writer = Writer(file, chunk_bytes, getattr(CompressionType, compression))
        writer.start('ros2')
        channel = writer.register_channel(
            '/events', 'cdr', writer.register_schema(ARRAY, 'ros2msg', b''))
        for number, events in enumerate(parts):
            writer.add_message(channel, number, make_array(events), number)
        writer.finish()
    whole = (tmp_path / 'a.mcap').read_bytes()
    (tmp_path / 'a.mcap').write_bytes(whole[:len(whole) // 2])
    found = []
    with open_recording(tmp_path / 'a.mcap') as bag, pytest.raises(
            UnreadableRecording, match='may be cut off'):
        found += bag.events()
    assert 130 < len(found) < 160, 'nearly half, by the blocks of the compression'
    assert (np.concatenate(found) == np.concatenate(parts[:len(found)])).all()


def test_folders_and_bags_without_events(tmp_path):
    with pytest.raises(UnreadableRecording, match='no .db3 or .mcap file'):
        open_recording(tmp_path)
    path = write_bag(tmp_path / 'bag', [('/a', 'std_msgs/msg/String', b'\0\1\0\0\1\0\0\0\0')])
    with pytest.raises(UnreadableRecording, match='no topic with events'):
        open_recording(path)
    with pytest.raises(FileNotFoundError):
        open_recording(tmp_path / 'nowhere')


@needs_data
@pytest.mark.parametrize('path', [EVT3, EVT3 / 'test_events_1.db3'])
def test_real_evt3(path):
    """
    Agree with the check sum of event_camera_py.

    The bag begins with a rising edge, before the first event, so that it has one more rising
    than falling; the sum of the times contains it.
    """
    with open_recording(path) as recording:
        facts = gather_facts(recording)
    assert (facts.width, facts.height, facts.encoding) == (640, 480, 'evt3')
    assert (facts.off, facts.on, facts.events) == (218291, 125183, 343474)
    assert (facts.triggers_rising, facts.triggers_falling) == (2079, 2078)
    assert facts.sum_time_us == 2885601049874
    assert facts.t_first_us == 7139845
    assert (facts.messages, facts.lost, facts.malformed) == (517, 0, 0)


@needs_data
@pytest.mark.parametrize('path', [LIBCAER_CMP, LIBCAER_CMP / 'test_events_2_0.mcap'])
def test_real_libcaer_cmp(path):
    with open_recording(path) as recording:
        facts = gather_facts(recording)
    assert (facts.width, facts.height, facts.encoding) == (346, 260, 'libcaer_cmp')
    assert (facts.off, facts.on, facts.out_of_range) == (360223, 211043, 0)
    assert (facts.messages, facts.lost, facts.malformed) == (100, 0, 0)
    assert (facts.triggers_rising, facts.triggers_falling) == (0, 0)


@needs_data
def test_real_aedat4():
    with open_recording(AEDAT4) as recording:
        facts = gather_facts(recording)
    assert (facts.width, facts.height) == (320, 240)
    assert facts.events == 111954 == facts.on + facts.off
    assert (np.diff(read_all(AEDAT4)['t']) >= 0).all()


@needs_data
def test_real_aedat4_cut_off_gives_what_comes_before(tmp_path):
    path = tmp_path / 'cut.aedat4'
    path.write_bytes(AEDAT4.read_bytes()[:400_000])
    with open_recording(path) as recording:
        facts = gather_facts(recording)
    assert 0 < facts.events < 111954
    assert 'cut off' in facts.damage
    path.write_bytes(AEDAT4.read_bytes()[:100])
    with pytest.raises(UnreadableRecording, match='cut off'):
        open_recording(path)
