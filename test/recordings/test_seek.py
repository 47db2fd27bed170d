# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Starting late in a recording gives what skipping from its start gives, and reads less."""
from event_files import ARRAY, make_array, make_events, make_packet, PACKET, write_bag
import numpy as np
import pytest
from snn_gesture_ros.recordings import connection
from snn_gesture_ros.recordings.connection import Chunks, in_time_order
from snn_gesture_ros.recordings.npz import Npz
from snn_gesture_ros.recordings.opening import open_recording
from snn_gesture_ros.recordings.recording import Recording
from snn_gesture_ros.recordings.stored_messages import StoredMessages
from snn_gesture_ros.viewing.film import film
from test_formats_page import READ, write_dat, write_hdf5
from test_layouts import ros1_array, write_mcap, write_ros1

DURATION_US = 5_000_000
EVENTS = make_events(50_000, 1_000_000, DURATION_US)
PARTS = np.array_split(EVENTS, 500)


def times_ns(parts):
    """Give the times of messages as a recorder has them, a bit later than their events."""
    return [int(part['t'][-1]) * 1000 + 7_000_000 for part in parts]


def write_sqlite(path, parts, kind=ARRAY, make=make_array):
    from rosbags import rosbag2
    from snn_gesture_ros.recordings.connection import types_of
    with rosbag2.Writer(path, version=9,
                        storage_plugin=rosbag2.StoragePlugin.SQLITE3) as writer:
        topic = writer.add_connection('/events', kind, typestore=types_of(kind))
        for t_ns, part in zip(times_ns(parts), parts):
            writer.write(topic, t_ns, make(part))


def write_indexed_mcap(path, parts, order=None, **options):
    """Write messages in an order of their numbers to chunks of a few."""
    from mcap.writer import Writer
    with path.open('wb') as file:
        writer = Writer(file, **{'chunk_size': 8000, **options})
        writer.start('ros2')
        channel = writer.register_channel('/events', 'cdr', writer.register_schema(
            ARRAY, 'x', b''))
        stamps = times_ns(parts)
        for number in range(len(parts)) if order is None else order:
            writer.add_message(channel, stamps[number], make_array(parts[number]),
                               stamps[number])
        writer.finish()


def write_indexed_ros1(path, parts):
    from rosbags.rosbag1 import Writer
    writer = Writer(path)
    writer.set_compression(Writer.CompressionFormat.LZ4)
    with writer:
        topic = writer.add_connection('/events', ARRAY, msgdef='x', md5sum='0' * 32)
        for t_ns, part in zip(times_ns(parts), parts):
            writer.write(topic, t_ns, ros1_array(part))


def write_many(write):
    """Give what writes events in their order to a file, for formats that need no parts."""
    return lambda path, parts: write(path, np.concatenate(parts))


def write_aedat4_packets(path, parts):
    from snn_gesture_ros.recordings.aedat4 import Aedat4Writer
    writer = Aedat4Writer(path, 346, 260)
    for part in parts:
        writer.write(part)
    writer.close()


def write_compressed_hdf5(path, parts):
    from snn_gesture_ros.recordings.hdf5 import Hdf5Writer
    writer = Hdf5Writer(path, 346, 260)
    for part in parts:
        writer.write(part)
    writer.close()


INDEXED = {
    'sqlite3': write_sqlite, 'mcap': write_indexed_mcap,
    'DAT': write_many(write_dat), 'HDF5': write_many(write_hdf5),
    'compressed HDF5': write_compressed_hdf5, 'AEDAT 4': write_aedat4_packets,
    **{name: write_many(READ[name]) for name in ('AEDAT 1', 'AEDAT 2', 'npy', 'npz')}}
OTHERS = {'ROS 1': write_indexed_ros1,
          **{name: write_many(READ[name]) for name in (
              'AEDAT 3.1', 'Prophesee RAW', 'text')}}


def skipped(recording, start_us):
    """Give the events from a time on, as one finds them who reads all."""
    events = np.concatenate(list(recording.events()))
    return events[events['t'] >= start_us]


@pytest.mark.parametrize('write', [*INDEXED.values(), *OTHERS.values()],
                         ids=[*INDEXED, *OTHERS])
def test_events_from_a_time_are_those_that_skipping_gives(tmp_path, write):
    write(tmp_path / 'file', PARTS)
    with open_recording(tmp_path / 'file') as recording:
        for start_us in (0, 1_000_001, 2_345_678, 5_999_000, 9_000_000):
            found = np.concatenate(list(recording.events_from(start_us)))
            right = skipped(recording, start_us)
            assert (found[len(found) - len(right):] == right).all()
            assert len(found) > len(right) or start_us <= EVENTS['t'][0]


@pytest.mark.parametrize('write', INDEXED.values(), ids=INDEXED)
def test_most_of_what_is_before_is_not_read(tmp_path, write):
    parts = np.array_split(make_events(1_000_000, 1_000_000, DURATION_US), 500)
    write(tmp_path / 'file', parts)
    with open_recording(tmp_path / 'file') as recording:
        found = sum(map(len, recording.events_from(5_500_000)))
    assert 100_000 <= found < 350_000


@pytest.mark.parametrize('write', [*INDEXED.values(), *OTHERS.values()],
                         ids=[*INDEXED, *OTHERS])
def test_film_and_messages_are_those_that_skipping_gives(tmp_path, write, monkeypatch):
    quiet = EVENTS[(EVENTS['t'] < 2_000_000) | (EVENTS['t'] > 5_400_000)]
    write(tmp_path / 'file', [part for part in np.array_split(quiet, 300) if len(part)])

    def look():
        with open_recording(tmp_path / 'file') as recording:
            shots = [[(shot.t_s, shot.counts.tobytes()) for shot in film(
                recording, 10_000, start_s=start_s, end_s=4.6)] for start_s in (2.5, 4.5)]
            messages = [list(StoredMessages(recording).since(round(start_s * 1e9)))
                        for start_s in (0, 0.5, 4.5)]
        return shots, messages
    found = look()
    monkeypatch.setattr(recording_class(tmp_path / 'file'), 'events_from', Recording.events_from)
    assert found == look()
    assert len(found[0][1]) == 10 and found[1][2]
    assert all(t_ns >= 0 for t_ns, *_ in found[1][2])


def recording_class(path):
    with open_recording(path) as recording:
        return type(recording)


@pytest.mark.parametrize('name', ['HDF5', 'npy', 'DAT', 'AEDAT 4', 'sqlite3'])
def test_camera_that_was_restarted_is_read_from_the_start(tmp_path, name):
    """Times do not show the place then."""
    early, late = make_events(20_000, 0, 2_000_000), make_events(20_000, 3_000_000, 4_000_000)
    parts = [*np.array_split(late, 100), *np.array_split(early, 100)]
    if name == 'sqlite3':
        write_bag(tmp_path / 'file', [('/events', ARRAY, make_array(part)) for part in parts])
    else:
        INDEXED[name](tmp_path / 'file', parts)
    with open_recording(tmp_path / 'file') as recording:
        found = np.concatenate(list(recording.events_from(4_000_000)))
    assert (found[-20_000:] == early).all() and (found['t'] >= 4_000_000).sum() == (
        late['t'] >= 4_000_000).sum()


def test_times_of_32_bits_are_unwrapped_at_a_late_place(tmp_path):
    """A DAT file of three hours, whose times roll over twice."""
    events = make_events(20_000, 0, 3 * 3_600_000_000)
    write_dat(tmp_path / 'a.dat', events)
    with open_recording(tmp_path / 'a.dat') as recording:
        found = np.concatenate(list(recording.events_from(9_000_000_000)))
        right = skipped(recording, 9_000_000_000)
    assert (right == events[events['t'] >= 9_000_000_000]).all()
    assert (found[-len(right):] == right).all() and len(found) < 6000


def test_evt3_in_messages_keeps_its_times(tmp_path):
    """Its messages have only the lower bits, so all are read."""
    parts = np.array_split(make_events(40_000, 0, 40_000_000), 400)
    numbers = iter(range(400))
    write_sqlite(tmp_path / 'bag', parts, PACKET, lambda part: make_packet(part, next(numbers)))
    with open_recording(tmp_path / 'bag') as recording:
        found = np.concatenate(list(recording.events_from(30_000_000)))
        assert (found[-5000:] == skipped(recording, 0)[-5000:]).all()


def test_messages_of_mcap_come_in_the_order_of_time(tmp_path):
    """As from several writers: neighbors change places across the borders of chunks."""
    order = [0, *np.arange(1, 499).reshape(-1, 2)[:, ::-1].ravel(), 499]
    write_indexed_mcap(tmp_path / 'a.mcap', PARTS, order)
    with open_recording(tmp_path / 'a.mcap') as recording:
        assert [each.t_ns for each in recording.messages()] == times_ns(PARTS)
        assert (np.concatenate(list(recording.events())) == EVENTS).all()
        late = [each.t_ns for each in recording.messages(start_ns=times_ns(PARTS)[400])]
        assert late[-100:] == times_ns(PARTS)[400:] and len(late) < 110
        assert recording.notes == ()


def test_without_an_index_a_note_says_what_is_late(tmp_path):
    from mcap.writer import IndexType
    order = [1, 0, *range(2, 500)]
    write_indexed_mcap(tmp_path / 'a.mcap', PARTS, order, use_chunking=False,
                       index_types=IndexType.NONE)
    with open_recording(tmp_path / 'a.mcap') as recording:
        assert sum(map(len, recording.events())) == len(EVENTS)
        assert '1 messages are older than one before them' in recording.notes[0]


def test_messages_that_wait_are_bounded(monkeypatch):
    """A file whose last chunk claims the earliest time is not held in memory."""
    monkeypatch.setattr(connection, 'MAX_HELD_BYTES', 1000)
    taken = 0

    def batches():
        nonlocal taken
        for place in range(10_000):
            taken = place
            yield place, [(None, place, bytes(100))]
    messages = in_time_order(batches(), Chunks([(0, 0, 9999), (10_000, 0, 1)]))
    assert [t_ns for _, t_ns, _ in (next(messages) for _ in range(50))] == [*range(50)]
    assert taken < 100


def test_compressed_npz_is_read_from_the_start(tmp_path):
    np.savez_compressed(tmp_path / 'a.npz', **{name: EVENTS[name] for name in 'txyp'})
    with open_recording(tmp_path / 'a.npz') as recording:
        assert isinstance(recording, Npz)
        assert (np.concatenate(list(recording.events_from(3_000_000))) == EVENTS).all()


def test_ros1_and_mcap_without_events_are_still_refused(tmp_path):
    write_mcap(tmp_path / 'a.mcap', [('/events', ARRAY, 'cdr', [])])
    write_ros1(tmp_path / 'a.bag', ARRAY, [])
    for name in ('a.mcap', 'a.bag'):
        with open_recording(tmp_path / name) as recording:
            assert list(recording.events_from(5)) == []
