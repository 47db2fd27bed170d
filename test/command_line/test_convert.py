# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The verb `convert`: between all formats, and nothing gets lost."""
import signal
import subprocess
import sys
import time

from event_files import (
    AEDAT4, ARRAY, batches, encode_raw, EVT3, LIBCAER_CMP, long_events, make_array, make_events,
    make_packet, needs_data, PACKET, read_all, save_npz, write_bag)
import numpy as np
from peak_memory import SOURCE
import pytest
from rosbags.highlevel import AnyReader
from snn_gesture_ros.command_line.main import main
from snn_gesture_ros.events.cdr import encode_event_packet, EventPacketMessage
from snn_gesture_ros.events.event import EVENT_TYPES
from snn_gesture_ros.recordings.connection import types_of
from snn_gesture_ros.recordings.facts import gather_facts
from snn_gesture_ros.recordings.opening import open_recording

OUTPUTS = ['.npz', '.h5', '.hdf5', '.aedat4', '.mcap', '.db3', '']


def convert(source, output, *words):
    return main(['convert', str(source), str(output), *words])


def facts_of(path):
    with open_recording(path) as recording:
        return gather_facts(recording)


@pytest.mark.slow
@needs_data
@pytest.mark.parametrize('suffix', OUTPUTS)
@pytest.mark.parametrize('source, off, on, size', [
    (EVT3, 218291, 125183, (640, 480)), (LIBCAER_CMP, 360223, 211043, (346, 260)),
    (AEDAT4, None, None, (320, 240))])
def test_real_recordings_there_and_back(tmp_path, capsys, source, off, on, size, suffix):
    there, back = tmp_path / f'there{suffix}', tmp_path / 'back'
    assert convert(source, there) == 0
    assert convert(there, back, '--message-type', ARRAY) == 0
    events = read_all(source)
    for path in (there, back):
        assert (read_all(path) == events).all()
        facts = facts_of(path)
        assert (facts.width, facts.height) == size
        assert off is None or (facts.off, facts.on) == (off, on)
    triggers = 'triggers are not events' in capsys.readouterr().err
    assert triggers == (source == EVT3)


@needs_data
def test_messages_from_bag_to_bag_are_copied(tmp_path):
    for source, output in ((EVT3, 'a'), (tmp_path / 'a', 'b.db3'), (tmp_path / 'b.db3', 'c.mcap')):
        assert convert(source, tmp_path / output, '--message-type', PACKET) == 0
        with open_recording(EVT3) as one, open_recording(tmp_path / output) as other:
            assert list(one.messages()) == list(other.messages())
            assert gather_facts(one) == gather_facts(other)


@pytest.mark.slow
@pytest.mark.parametrize('name', ['evt2', 'evt3'])
@pytest.mark.parametrize('suffix', OUTPUTS)
def test_raw_to_all(tmp_path, name, suffix):
    events = long_events(20)
    (tmp_path / 'a.raw').write_bytes(encode_raw(name, events))
    assert convert(tmp_path / 'a.raw', tmp_path / f'b{suffix}') == 0
    assert (read_all(tmp_path / f'b{suffix}') == events).all()
    facts = facts_of(tmp_path / f'b{suffix}')
    assert (facts.width, facts.height, facts.out_of_range) == (1280, 720, 0)


@pytest.mark.parametrize('message_type', EVENT_TYPES)
@pytest.mark.parametrize('suffix', ['.mcap', '.db3', ''])
def test_bag_is_what_rosbags_and_ros_expect(tmp_path, message_type, suffix):
    """Read it with a second reader, message by message, by the definition in the bag."""
    events = make_events(5000, start_us=1_700_000_000_000_000, duration_us=100_000)
    source = save_npz(tmp_path / 'a.npz', events)
    bag = tmp_path / f'bag{suffix}'
    assert convert(source, bag, '--message-type', message_type) == 0
    count = 0
    with AnyReader([bag]) as reader:
        connection, = reader.connections
        assert (connection.topic, connection.msgtype) == ('/event_camera/events', message_type)
        last_ns = 0
        for connection, t_ns, data in reader.messages():
            message = reader.deserialize(data, connection.msgtype)
            assert (message.width, message.height) == (128, 128) and t_ns >= last_ns
            last_ns = t_ns
            if message_type == PACKET:
                assert message.encoding == 'mono' and not message.is_bigendian
                assert message.seq == count
            count += 1
    assert 90 <= count <= 101
    facts = facts_of(bag)
    assert (facts.messages, facts.malformed) == (count, 0)
    assert (read_all(bag) == events).all()


@pytest.mark.parametrize('message_type, digest', [
    ('dv_ros2_msgs/msg/EventArray',
     '7229a714a38d8734ad1b620630deffc4e56cd8335ca90dac2aa5d0251f78178c'),
    (PACKET, 'd6fa176260b1f37e5a40845305315e150a0f18191241eb64f407442aa29844aa')])
def test_definitions_are_those_of_upstream(message_type, digest):
    assert types_of(message_type).hash_rihs01(message_type) == f'RIHS01_{digest}'


@pytest.mark.parametrize('x, outputs', [
    (30_000, OUTPUTS), (60_000, [suffix for suffix in OUTPUTS if suffix != '.aedat4'])])
def test_events_stay_as_they_are(tmp_path, x, outputs):
    """Keep the order, also where time goes back or jumps, and what is outside the sensor."""
    events = make_events(3000, duration_us=50_000)
    events['t'][1000:1100] = 7
    events['t'][2000:] += 3_600_000_000
    events['x'][5] = x
    source = save_npz(tmp_path / 'a.npz', events)
    for suffix in outputs:
        assert convert(source, tmp_path / f'b{suffix}') == 0
        assert (read_all(tmp_path / f'b{suffix}') == events).all()


def test_sensors_that_aedat4_does_not_have_are_refused(tmp_path, capsys):
    events = make_events(10)
    events['x'][5] = 60_000
    assert convert(save_npz(tmp_path / 'a.npz', events), tmp_path / 'b.aedat4') == 1
    assert 'AEDAT 4 has no sensors of 60001x' in capsys.readouterr().err
    assert not (tmp_path / 'b.aedat4').exists()


def test_recording_without_events(tmp_path):
    source = save_npz(tmp_path / 'a.npz', make_events(0))
    for suffix in OUTPUTS[:3]:
        assert convert(source, tmp_path / f'b{suffix}') == 0
        assert len(list(open_recording(tmp_path / f'b{suffix}').events())) == 0


def test_events_outside_the_sensor_are_told(tmp_path, capsys):
    (tmp_path / 'a.raw').write_bytes(
        encode_raw('evt3', long_events(1)).replace(b'width=1280', b'width=640'))
    assert convert(tmp_path / 'a.raw', tmp_path / 'b.h5') == 0
    assert 'outside the 640x720 pixels' in capsys.readouterr().err
    assert (read_all(tmp_path / 'b.h5') == long_events(1)).all()


def test_messages_that_cannot_be_read_are_told(tmp_path, capsys):
    sent = [make_packet(events, seq) for seq, events in enumerate(batches(6))]
    bag = write_bag(tmp_path / 'bag', [
        ('/events', PACKET, data) for data in (sent[0], sent[1][:100], sent[2], sent[5])])
    assert convert(bag, tmp_path / 'a.npz') == 0
    errors = capsys.readouterr().err
    assert '1 of 4 messages cannot be read and were left out; the first: ' in errors
    assert '3 messages are missing in the recording' in errors
    assert convert(bag, tmp_path / 'copy') == 0
    assert 'were copied as they are' in capsys.readouterr().err


def test_bag_without_a_good_message_is_refused(tmp_path, capsys):
    data = encode_event_packet(EventPacketMessage(
        0, '', 128, 128, 0, 0, 'mono', True, np.zeros(8, np.uint8)))
    bag = write_bag(tmp_path / 'bag', [('/events', PACKET, data)])
    for suffix in OUTPUTS[:-3]:
        assert convert(bag, tmp_path / f'b{suffix}') == 1
        assert 'no message can be read: the events are big-endian' in capsys.readouterr().err
        assert [path.name for path in tmp_path.iterdir()] == ['bag']
    assert main(['info', str(bag)]) == 0
    assert 'malformed    the first: the events are big-endian' in capsys.readouterr().out


def test_one_topic_of_a_bag(tmp_path, capsys):
    parts = batches(3)
    bag = write_bag(tmp_path / 'bag', [row for i, events in enumerate(parts) for row in [
        ('/a', ARRAY, make_array(events)), ('/b', PACKET, make_packet(events, i))]])
    assert convert(bag, tmp_path / 'a.npz') == 1
    assert 'choose one: /a, /b' in capsys.readouterr().err
    assert convert(bag, tmp_path / 'a.npz', '--topic', '/b') == 0
    assert convert(bag, tmp_path / 'c', '--topic', '/b', '--message-type', ARRAY) == 0
    assert (read_all(tmp_path / 'a.npz') == np.concatenate(parts)).all()
    with open_recording(tmp_path / 'c') as recording:
        assert recording.topics == {'/b': ARRAY}


def test_nothing_is_replaced_without_force(tmp_path, capsys):
    source = save_npz(tmp_path / 'a.npz', make_events())
    for suffix in OUTPUTS:
        output = tmp_path / f'b{suffix}'
        assert convert(source, output) == 0
        assert convert(source, output) == 1
        assert '--force replaces it' in capsys.readouterr().err
        assert convert(source, output, '--force') == 0
        assert (read_all(output) == make_events()).all()
    (tmp_path / 'b' / 'notes.txt').write_text('mine')
    assert convert(source, tmp_path / 'b', '--force') == 1
    assert 'other files than those of a bag' in capsys.readouterr().err
    assert (tmp_path / 'b' / 'notes.txt').exists()


@pytest.mark.parametrize('output, status, reason', [
    ('b.txt', 2, 'suffix .txt is none of'), ('nowhere/b.npz', 1, 'nowhere')])
def test_impossible_outputs_are_one_line(tmp_path, capsys, output, status, reason):
    source = save_npz(tmp_path / 'a.npz', make_events())
    assert convert(source, tmp_path / output) == status
    error = capsys.readouterr().err
    assert reason in error.splitlines()[-1] and 'Traceback' not in error
    assert [path.name for path in tmp_path.iterdir()] == ['a.npz']


def test_times_that_no_message_holds(tmp_path, capsys):
    events = make_events()
    events['t'] -= 5
    assert convert(save_npz(tmp_path / 'a.npz', events), tmp_path / 'b') == 1
    assert 'do not fit into messages' in capsys.readouterr().err
    assert not (tmp_path / 'b').exists()


@pytest.mark.parametrize('suffix', OUTPUTS)
def test_of_a_damaged_recording_the_rest_is_written(tmp_path, capsys, suffix):
    events = long_events(1)
    content = encode_raw('evt2', events).replace(b';height=720;width=1280', b'')
    (tmp_path / 'a.raw').write_bytes(content[:-100_001])
    output = tmp_path / f'b{suffix}'
    assert convert(tmp_path / 'a.raw', output) == 1
    assert 'ends within a word' in capsys.readouterr().err
    written = read_all(output)
    assert len(written) > 100_000 and (written == events[:len(written)]).all()
    assert facts_of(output).damage is None


@pytest.mark.parametrize('suffix', OUTPUTS)
def test_of_a_damaged_bag_the_rest_is_written(tmp_path, capsys, suffix):
    parts = batches(400)
    bag = write_bag(tmp_path / 'bag', [('/events', PACKET, make_packet(events, i))
                                       for i, events in enumerate(parts)], 'MCAP')
    file = bag / 'bag.mcap'
    file.write_bytes(file.read_bytes()[:file.stat().st_size * 3 // 4])
    assert convert(bag, tmp_path / f'b{suffix}') == 1
    assert 'may be cut off' in capsys.readouterr().err
    written = read_all(tmp_path / f'b{suffix}')
    assert len(written) > 100_000 and (written == np.concatenate(parts)[:len(written)]).all()


def test_interrupted_conversion_leaves_nothing(tmp_path):
    source = save_npz(tmp_path / 'a.npz', make_events(5_000_000, duration_us=50_000_000))
    (tmp_path / 'b.h5').write_text('what was there')
    process = subprocess.Popen(
        [sys.executable, '-c', 'import sys; from snn_gesture_ros.command_line.main import main; '
         'sys.exit(main())', 'convert', str(source), str(tmp_path / 'b.h5'), '--force'],
        stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob('.b.h5-*/b.h5')):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    assert (tmp_path / 'b.h5').read_text() == 'what was there'
    assert sorted(path.name for path in tmp_path.iterdir()) == ['a.npz', 'b.h5']


@pytest.mark.parametrize('suffix', ['.npz', '.h5', '.aedat4', '.mcap'])
def test_memory_does_not_grow_with_the_recording(tmp_path, suffix):
    """Convert a second process that counts its own peak: small, then 16 times as large."""
    code = (SOURCE + 'import sys; from snn_gesture_ros.command_line.main import main; '
            'code = main(); print(peak_kb()); sys.exit(code)')
    peaks = []
    events = make_events(400_000, duration_us=4_000_000)
    for times in (1, 16):
        content = encode_raw('evt2', events)
        header, words = content.split(b'% end\n', 1)
        (tmp_path / 'a.raw').write_bytes(header + b'% end\n' + words * times)
        result = subprocess.run(
            [sys.executable, '-c', code, 'convert', tmp_path / 'a.raw', tmp_path / f'b{suffix}',
             '--force'], capture_output=True, text=True)
        assert result.returncode == 0, result.stderr
        peaks.append(int(result.stdout.split()[-1]))
    assert peaks[1] - peaks[0] < 40_000, f'{peaks} kB; the events alone are 102 MB'
    assert len(read_all(tmp_path / f'b{suffix}')) == 16 * 400_000


LITTLE_SPACE = 'ulimit -f 16; exec snn-gesture "$@"'
"""No file may have more than 16 kB, which fails as where a disk is full."""


def run_with_little_space(*words):
    return subprocess.run(['bash', '-c', LITTLE_SPACE, 'bash', *map(str, words)], text=True,
                          stderr=subprocess.PIPE, stdout=subprocess.PIPE)


@pytest.mark.parametrize('suffix', OUTPUTS)
def test_a_disk_that_is_full_is_said_with_the_name(tmp_path, suffix):
    source = save_npz(tmp_path / 'source.npz', make_events(100_000))
    output = tmp_path / f'output{suffix}'
    result = run_with_little_space('convert', source, output)
    assert result.returncode == 1 and 'Traceback' not in result.stderr
    assert result.stderr.splitlines()[-1].startswith(f'snn-gesture: {output}: ')
    assert {path.name for path in tmp_path.iterdir()} == {'source.npz'}


@pytest.mark.parametrize('verb, output', [
    ('frames', 'o.npz'), ('view', 'o.gif'), ('view', 'o.png'), ('export', 'o.onnx')])
def test_every_verb_that_writes_names_what_it_cannot_write(tmp_path, halves, verb, output):
    output = tmp_path / output
    words = {
        'frames': [save_npz(tmp_path / 's.npz', make_events(100_000)), output],
        'view': [save_npz(tmp_path / 's.npz', make_events(100_000)), '--output', output],
        'export': [halves, '--output', output]}[verb]
    result = run_with_little_space(verb, *words)
    assert result.returncode == 1 and 'Traceback' not in result.stderr
    assert result.stderr.splitlines()[-1].startswith(f'snn-gesture: {output}')
