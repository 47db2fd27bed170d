# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""AEDAT 3.1 files, written here byte by byte."""
import json

from event_files import AEDAT31_HEADER, aedat31_packet, polarity_packet
import numpy as np
import pytest
from snn_gesture_ros.command_line.main import main
from snn_gesture_ros.events.event import EVENT
from snn_gesture_ros.recordings.facts import gather_facts
from snn_gesture_ros.recordings.opening import open_recording
from snn_gesture_ros.recordings.recording import UnreadableRecording


def make_events(count=3000, start_us=0, seed=0):
    rng = np.random.default_rng(seed)
    events = np.zeros(count, EVENT)
    events['t'] = start_us + np.sort(rng.integers(0, 10_000, count))
    events['x'], events['y'] = rng.integers(0, 128, (2, count))
    events['p'] = rng.integers(0, 2, count)
    return events


def write(path, *packets, header=AEDAT31_HEADER):
    path.write_bytes(header + b''.join(packets))
    return path


def read_all(path):
    with open_recording(path) as recording:
        return np.concatenate([np.empty(0, EVENT), *recording.events()])


def test_events_of_all_packets(tmp_path):
    parts = [make_events(start_us=20_000 * i, seed=i) for i in range(4)]
    path = write(tmp_path / 'a.aedat', *map(polarity_packet, parts))
    assert (read_all(path) == np.concatenate(parts)).all()
    with open_recording(path) as recording:
        assert (recording.width, recording.height) == (128, 128)
        facts = gather_facts(recording)
        assert len(list(recording.slices(10_000))) == 4, 'it can be read again'
    assert facts.sum_time_us == sum(int(part['t'].sum()) for part in parts)


def test_times_beyond_31_bits(tmp_path):
    early, late = make_events(start_us=2**31 - 20_000), make_events(start_us=5 * 2**31)
    path = write(tmp_path / 'a.aedat', polarity_packet(early), polarity_packet(late))
    assert (read_all(path) == np.concatenate([early, late])).all()


def test_packet_of_more_events_than_are_read_at_once(tmp_path):
    events = make_events(200_000)
    path = write(tmp_path / 'a.aedat', polarity_packet(events))
    with open_recording(path) as recording:
        batches = list(recording.events())
    assert (np.concatenate(batches) == events).all()
    assert max(map(len, batches)) < 70_000


def test_other_packets_and_unused_room_are_skipped(tmp_path):
    events = make_events(100)
    used = polarity_packet(events, capacity=120) + bytes(20 * 8)
    path = write(tmp_path / 'a.aedat', aedat31_packet(bytes(36 * 5), kind=3, size=36),
                 aedat31_packet(bytes(3_000_000), kind=2, size=1_500_000), used,
                 aedat31_packet(bytes(16), kind=0), polarity_packet(events))
    assert (read_all(path) == np.concatenate([events, events])).all()


def test_invalid_events_are_left_out(tmp_path):
    events = make_events(10)
    data = bytearray(polarity_packet(events, valid=9))
    data[28 + 4 * 8] &= 0xfe
    assert (read_all(write(tmp_path / 'a.aedat', data)) == np.delete(events, 4)).all()


def test_sensor_that_is_not_known(tmp_path):
    path = write(tmp_path / 'a.aedat', polarity_packet(make_events()),
                 header=b'#!AER-DAT3.1\r\n#Source 0: New\r\n#!END-HEADER\r\n')
    with open_recording(path) as recording:
        assert recording.width is None


def test_info(tmp_path, capsys):
    path = write(tmp_path / 'a.aedat', polarity_packet(make_events(3000)))
    assert main(['info', str(path), '--json']) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts['format'], facts['events'], facts['width']) == ('AEDAT 3.1', 3000, 128)


@pytest.mark.parametrize('content, reason', [
    (AEDAT31_HEADER[:40], 'its text header does not end'),
    (AEDAT31_HEADER[:60] + bytes(100_000), 'its text header does not end'),
    (AEDAT31_HEADER.replace(b'RAW', b'PNG'), 'format PNG is not read'),
    (AEDAT31_HEADER + bytes(27), 'it ends within a header'),
    (AEDAT31_HEADER + polarity_packet(make_events(9))[:-1], 'it ends within a packet'),
    (AEDAT31_HEADER + polarity_packet(make_events(9))[:28], 'it ends within a packet'),
    (AEDAT31_HEADER + aedat31_packet(b'', number=1 << 31), 'it ends within a packet'),
    (AEDAT31_HEADER + aedat31_packet(bytes(16), kind=3, capacity=4), 'it ends within a packet'),
    (AEDAT31_HEADER + aedat31_packet(bytes(16), size=16), 'cannot be as its header says'),
    (AEDAT31_HEADER + aedat31_packet(bytes(16), capacity=1), 'cannot be as its header says'),
    (AEDAT31_HEADER + aedat31_packet(bytes(16), valid=3), 'cannot be as its header says')])
def test_damaged_files_are_named(tmp_path, content, reason):
    path = tmp_path / 'a.aedat'
    path.write_bytes(content)
    with pytest.raises(UnreadableRecording, match=reason) as error:
        read_all(path)
    assert str(error.value).startswith(f'{path}: ')


def test_cut_off_file_is_shown_as_far_as_it_goes(tmp_path, capsys):
    path = write(tmp_path / 'a.aedat', polarity_packet(make_events(50)),
                 polarity_packet(make_events(50))[:100])
    assert main(['info', str(path), '--json']) == 1
    output = capsys.readouterr()
    assert json.loads(output.out)['events'] == 50
    assert output.err.endswith('it ends within a packet\n')
