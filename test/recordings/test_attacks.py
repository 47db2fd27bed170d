# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Odd and hostile files: the right numbers or a true reason, in bounded memory and time."""
import bz2
from contextlib import closing
import sqlite3
import struct
import time
import zipfile

from event_files import ARRAY, batches, make_array, make_events, read_all, write_bag
import h5py
import lz4.frame
import numpy as np
import pytest
from snn_gesture_ros.command_line.main import main
from snn_gesture_ros.recordings import compression
from snn_gesture_ros.recordings.compression import unpack
from snn_gesture_ros.recordings.facts import gather_facts
from snn_gesture_ros.recordings.opening import open_recording
from snn_gesture_ros.recordings.recording import UnreadableRecording
from test_formats_page import write_aedat4
from test_layouts import ros1_array, write_mcap, write_ros1
import zstandard

EVENTS = make_events(2000)


def put(path, **columns):
    """Write the events with some columns changed or added."""
    with h5py.File(path, 'w') as file:
        for name, values in {**{n: EVENTS[n] for n in 'txyp'}, **columns}.items():
            if values is not None:
                file[f'events/{name}'] = values


@pytest.mark.parametrize('off, on', [(0, 255), (255, 1), (0, 1), (0, 65535), (-1, 1)])
def test_polarity_of_bytes(tmp_path, off, on):
    """An image library's white, 255, is ON where the other value is 0."""
    kind = np.int16 if off < 0 else np.uint16 if on > 255 else np.uint8
    put(tmp_path / 'a.h5', p=np.where(EVENTS['p'], on, off).astype(kind))
    assert (read_all(tmp_path / 'a.h5') == EVENTS).all()


def test_polarity_of_two_values_above_zero_is_noted(tmp_path):
    put(tmp_path / 'a.h5', p=EVENTS['p'] + np.uint8(1))
    with open_recording(tmp_path / 'a.h5') as recording:
        list(recording.events())
    assert 'from 1 to 2: all are taken for ON' in recording.notes[0]


def test_times_of_64_bits_without_a_sign(tmp_path):
    times = (1 << 63) + 1000 * EVENTS['t'].astype(np.uint64)
    put(tmp_path / 'a.h5', t=times)
    assert (read_all(tmp_path / 'a.h5')['t'] == times // 1000).all()


def test_times_that_do_not_fit_are_refused(tmp_path):
    put(tmp_path / 'a.h5', t=np.full(2000, np.iinfo(np.int64).min))
    with pytest.raises(UnreadableRecording, match='t has values that are no times'):
        read_all(tmp_path / 'a.h5')


def test_whole_seconds_that_do_not_fit_are_refused(tmp_path):
    put(tmp_path / 'a.h5', t=None, t_s=np.full(2000, 1 << 60))
    with pytest.raises(UnreadableRecording, match='t has values that are no times'):
        read_all(tmp_path / 'a.h5')


def test_most_usual_name_counts(tmp_path):
    """Other columns with a name that could be of events cost nothing."""
    put(tmp_path / 'a.h5', times=np.arange(7), time_s=EVENTS['t'] * 0.5, col=np.arange(3))
    assert (read_all(tmp_path / 'a.h5') == EVENTS).all()


def test_fields_of_arrays_are_no_events(tmp_path):
    with h5py.File(tmp_path / 'a.h5', 'w') as file:
        file['events'] = np.zeros(10, [('t', 'i8'), ('x', 'u2', 3), ('y', 'u2'), ('p', 'u1')])
    with pytest.raises(UnreadableRecording, match='x must be numbers'):
        read_all(tmp_path / 'a.h5')


def test_matlab_is_named(tmp_path):
    start = b'MATLAB 7.3 MAT-file'.ljust(512, b'\0')
    (tmp_path / 'a.mat').write_bytes(start + b'\x89HDF\r\n\x1a\n')
    with pytest.raises(UnreadableRecording, match='is of MATLAB'):
        open_recording(tmp_path / 'a.mat')


def test_column_major_npz_is_read_in_batches(tmp_path, monkeypatch):
    """As MATLAB and numpy.asfortranarray have it; no more is read than is asked for."""
    from snn_gesture_ros.recordings import npz
    monkeypatch.setattr(npz, 'BATCH', 300)
    table = np.asfortranarray(np.stack([EVENTS[name].astype('f8') for name in 'xytp'], axis=1))
    for save in (np.savez, np.savez_compressed):
        save(tmp_path / 'a.npz', events=table)
        sizes = []
        read = npz.Member._read_bytes
        monkeypatch.setattr(npz.Member, '_read_bytes', lambda self, column, place, size: (
            sizes.append(size), read(self, column, place, size))[1])
        assert (read_all(tmp_path / 'a.npz') == EVENTS).all()
        monkeypatch.setattr(npz.Member, '_read_bytes', read)
        assert max(sizes[-28:]) == 300 * 8
    np.save(tmp_path / 'a.npy', table)
    assert (read_all(tmp_path / 'a.npy') == EVENTS).all()


def test_python_objects_beside_the_events_cost_nothing(tmp_path):
    """As the `meta` of EVIMO2."""
    columns = {name: EVENTS[name] for name in 'txyp'}
    np.savez(tmp_path / 'a.npz', meta=np.array({'a': 1}, dtype=object),
             others=np.array([{}, {}], dtype=object), **columns)
    assert (read_all(tmp_path / 'a.npz') == EVENTS).all()
    np.savez(tmp_path / 'b.npz', **{**columns, 't': columns['t'].astype(object)})
    with pytest.raises(UnreadableRecording, match='t must be numbers, they are Python objects'):
        open_recording(tmp_path / 'b.npz')


def test_encrypted_npz_is_named(tmp_path):
    np.savez(tmp_path / 'a.npz', **{name: EVENTS[name] for name in 'txyp'})
    data = bytearray((tmp_path / 'a.npz').read_bytes())
    place = -1
    while (place := data.find(b'PK\1\2', place + 1)) >= 0:
        data[place + 8] |= 1
    (tmp_path / 'a.npz').write_bytes(data)
    with pytest.raises(UnreadableRecording, match='is encrypted'):
        open_recording(tmp_path / 'a.npz')


@pytest.mark.parametrize('place, reason', [(6, 'version'), (46, 'differ')])
def test_zip_of_an_unknown_version_or_with_another_name(tmp_path, place, reason):
    """The library's own reason may contain the bytes of the file."""
    from snn_gesture_ros.network.checkpoint_files import is_checkpoint
    np.savez(tmp_path / 'a.npz', **{name: EVENTS[name] for name in 'txyp'})
    data = bytearray((tmp_path / 'a.npz').read_bytes())
    data[data.index(b'PK\1\2') + place] = 199
    (tmp_path / 'a.npz').write_bytes(data)
    assert not is_checkpoint(tmp_path / 'a.npz')
    with pytest.raises(UnreadableRecording, match=reason) as error:
        open_recording(tmp_path / 'a.npz')
    assert len(str(error.value)) < 500 and len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize('shape', ['(-5,)', '(2000000000000,)', '(2000, 2000000000)'])
def test_npy_with_a_shape_that_cannot_be(tmp_path, shape):
    header = ("{'descr': [('t','<i8'),('x','<u2'),('y','<u2'),('p','u1')], "
              f"'fortran_order': False, 'shape': {shape}, }}").encode()
    header = header.ljust(118) + b'\n'
    data = b'\x93NUMPY\x01\0' + len(header).to_bytes(2, 'little') + header + bytes(1300)
    (tmp_path / 'a.npy').write_bytes(data)
    with zipfile.ZipFile(tmp_path / 'a.npz', 'w') as archive:
        archive.writestr('events.npy', data)
    for name in ('a.npy', 'a.npz'):
        with pytest.raises(UnreadableRecording, match='cut off or damaged|one dimension'):
            read_all(tmp_path / name)


@pytest.mark.parametrize('change', ['CRC', 'cut'])
def test_damaged_npz_is_told(tmp_path, change):
    np.savez(tmp_path / 'a.npz', **{name: EVENTS[name] for name in 'txyp'})
    data = bytearray((tmp_path / 'a.npz').read_bytes())
    data[500] ^= 255
    (tmp_path / 'a.npz').write_bytes(data if change == 'CRC' else data[:-100])
    with pytest.raises(UnreadableRecording, match='cut off or damaged'):
        read_all(tmp_path / 'a.npz')


def test_text_with_a_byte_order_mark(tmp_path):
    lines = ''.join(f'{t / 1e6:.6f} {x} {y} {p}\n' for t, x, y, p in EVENTS.tolist())
    for head in ('', '346 260\n'):
        (tmp_path / 'a.txt').write_text('\ufeff' + head + lines)
        assert (read_all(tmp_path / 'a.txt') == EVENTS).all()


def test_text_without_ends_of_lines_is_read_in_pieces(tmp_path):
    (tmp_path / 'a.txt').write_text('1 2 3 1\n' * 2000 + '4 5 6 1 ' * 2_000_000)
    with open_recording(tmp_path / 'a.txt') as recording:
        with pytest.raises(UnreadableRecording, match='a line has more than 1048576 bytes'):
            list(recording.events())
        assert recording.notes


PACK = {'zstd': zstandard.compress, 'lz4': lz4.frame.compress, 'bz2': bz2.compress}


@pytest.mark.parametrize('name', PACK)
def test_what_is_compressed_is_unpacked_up_to_a_bound(name, monkeypatch):
    data = np.random.default_rng(0).bytes(5_000_000) + bytes(9_000_000)
    packed = PACK[name](data)
    assert unpack(packed, name) == data
    assert data.startswith(unpack(packed[:len(packed) // 2], name, is_cut=True))
    with pytest.raises(ValueError):
        unpack(b'no such data' * 9, name)
    monkeypatch.setattr(compression, 'MAX_UNPACKED', 10_000_000)
    with pytest.raises(ValueError, match='holds more than'):
        unpack(packed, name)


def test_packet_of_aedat4_that_unpacks_without_end(tmp_path, monkeypatch):
    monkeypatch.setattr(compression, 'MAX_UNPACKED', 1 << 20)
    write_aedat4(tmp_path / 'a.aedat4', EVENTS)
    whole = (tmp_path / 'a.aedat4').read_bytes()
    start = 14 + 4 + struct.unpack_from('<I', whole, 14)[0]
    bomb = zstandard.compress(bytes(50_000_000))
    # The field of the compression is added by hand: 3 is zstd.
    from snn_gesture_ros.recordings.aedat4 import Aedat4
    (tmp_path / 'b.aedat4').write_bytes(whole[:start] + struct.pack('<II', 0, len(bomb)) + bomb)
    with Aedat4(tmp_path / 'b.aedat4') as recording:
        recording._compression = 3
        with pytest.raises(UnreadableRecording, match='holds more than 1 MB'):
            list(recording.events())


def test_header_of_aedat4_that_claims_gigabytes(tmp_path):
    (tmp_path / 'a.aedat4').write_bytes(b'#!AER-DAT4.0\r\n' + b'\xff' * 100)
    with pytest.raises(UnreadableRecording, match='a header of 4294967295 bytes'):
        open_recording(tmp_path / 'a.aedat4')


LOOSEN = [statement for name in ('topics', 'messages') for statement in (
    f'CREATE TABLE loose AS SELECT * FROM {name}', f'DROP TABLE {name}',
    f'ALTER TABLE loose RENAME TO {name}')]
"""Takes the constraints away."""


def change_database(path, *statements):
    with closing(sqlite3.connect(path)) as database:
        for statement in statements:
            database.execute(statement)
        database.commit()


def bag_file(tmp_path, parts=5):
    write_bag(tmp_path / 'bag', [('/events', ARRAY, make_array(part))
                                 for part in batches(parts)])
    return next((tmp_path / 'bag').glob('*.db3'))


@pytest.mark.parametrize('statement', [
    "INSERT INTO topics SELECT 99, NULL, NULL, 'cdr', '', '' FROM topics LIMIT 1",
    "INSERT INTO topics SELECT 99, CAST(x'ff00fe' AS TEXT), 'a/msg/B', 'cdr', '', '' "
    'FROM topics LIMIT 1',
    "INSERT INTO messages VALUES (999, 99, 'now', NULL)",
    'INSERT INTO messages VALUES (999, 99, NULL, 5)'])
def test_odd_rows_of_sqlite3_cost_nothing(tmp_path, statement):
    file = bag_file(tmp_path)
    with closing(sqlite3.connect(file)) as database:
        columns = len(database.execute('PRAGMA table_info(topics)').fetchall())
    statement = statement.replace(", '', ''", ", ''" * (columns - 4))
    change_database(file, *LOOSEN, statement)
    assert len(read_all(file)) == 5000


@pytest.mark.parametrize('data', ['NULL', '5', "'text'"])
def test_message_of_sqlite3_without_bytes_is_malformed(tmp_path, data):
    file = bag_file(tmp_path)
    change_database(file, *LOOSEN, f'UPDATE messages SET data = {data} WHERE id = 2')
    with open_recording(file) as recording:
        facts = gather_facts(recording)
    assert (facts.events, facts.malformed, facts.damage) == (4000, 1, None)


def test_view_instead_of_messages_is_not_read(tmp_path):
    """It could have rows without end."""
    file = bag_file(tmp_path)
    change_database(
        file, 'DROP TABLE messages',
        'CREATE VIEW messages AS WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 '
        "FROM n) SELECT id, 1 AS topic_id, 0 AS timestamp, x'00' AS data FROM n")
    start_s = time.monotonic()
    with pytest.raises(UnreadableRecording, match='is not a bag'):
        open_recording(file)
    assert time.monotonic() - start_s < 5


def test_ros1_message_without_a_time_ends_the_bag(tmp_path):
    write_ros1(tmp_path / 'a.bag', ARRAY, [ros1_array(part) for part in batches(5)])
    data = (tmp_path / 'a.bag').read_bytes()
    place = data.index(b'time=', data.index(b'time=', data.index(b'time=') + 1) + 1)
    (tmp_path / 'a.bag').write_bytes(data[:place] + b'dime=' + data[place + 5:])
    with open_recording(tmp_path / 'a.bag') as recording:
        facts = gather_facts(recording)
    assert 0 < facts.events < 5000 and 'a message has no time' in facts.damage


def test_mcap_chunk_with_a_wrong_check_sum_ends_the_bag(tmp_path):
    from mcap.writer import CompressionType
    write_mcap(tmp_path / 'a.mcap', [('/events', ARRAY, 'cdr', map(make_array, batches(50)))],
               chunk_size=20_000, compression=CompressionType.NONE)
    data = bytearray((tmp_path / 'a.mcap').read_bytes())
    data[len(data) // 2] ^= 255
    (tmp_path / 'a.mcap').write_bytes(data)
    with open_recording(tmp_path / 'a.mcap') as recording:
        facts = gather_facts(recording)
    assert 0 < facts.events < 50_000 and 'crc' in facts.damage


def test_names_in_a_file_cannot_command_the_terminal(tmp_path):
    """They are in the errors, which are one line."""
    write_mcap(tmp_path / 'a.mcap', [('/a\x1b[2J\n', 'dvs_msgs/msg/Odd\rArray', 'cdr', [b''])])
    with pytest.raises(UnreadableRecording) as error:
        open_recording(tmp_path / 'a.mcap')
    assert str(error.value).isprintable() and '[2J' in str(error.value)


def test_info_names_the_plugin_of_ecf(tmp_path, capsys):
    with h5py.File(tmp_path / 'a.h5', 'w') as file:
        options = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        options.set_chunk((1000,))
        options.set_filter(0x8ECF, h5py.h5z.FLAG_OPTIONAL)
        kind = np.dtype([('x', '<u2'), ('y', '<u2'), ('p', '<i2'), ('t', '<i8')])
        h5py.h5d.create(file.create_group('CD').id, b'events', h5py.h5t.py_create(kind),
                        h5py.h5s.create_simple((1000,)), options)
    assert main(['info', str(tmp_path / 'a.h5'), '--json']) == 1
    line, = capsys.readouterr().err.splitlines()
    assert "Prophesee's ECF" in line and 'HDF5_PLUGIN_PATH' in line and 'RAW' in line
