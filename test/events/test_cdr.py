# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The CDR bytes of event messages, against rosbags as a second implementation of CDR."""
import numpy as np
import pytest
from snn_gesture_ros.events.cdr import (
    decode_event_array, encode_event_array, encode_event_packet, EventPacketMessage,
    read_event_array, read_event_packet)
from snn_gesture_ros.events.event import EVENT, MalformedMessage

EVENT_ARRAY = """
std_msgs/Header header
uint32 height
uint32 width
dvs_msgs/Event[] events
"""
EVENT_DEFINITION = """
uint16 x
uint16 y
builtin_interfaces/Time ts
bool polarity
"""
EVENT_PACKET = """
std_msgs/Header header
uint32 height
uint32 width
uint64 seq
uint64 time_base
string encoding
bool is_bigendian
uint8[] events
"""


@pytest.fixture(scope='module')
def types():
    """Rosbags' own serialization of the two messages."""
    from rosbags import typesys
    store = typesys.get_typestore(typesys.Stores.ROS2_JAZZY)
    for name, text in [('dvs_msgs/msg/Event', EVENT_DEFINITION),
                       ('dvs_msgs/msg/EventArray', EVENT_ARRAY),
                       ('event_camera_msgs/msg/EventPacket', EVENT_PACKET)]:
        store.register(typesys.get_types_from_msg(text, name))
    return store


def make_events(count, seed=0):
    generator = np.random.default_rng(seed)
    events = np.zeros(count, EVENT)
    events['t'] = np.sort(generator.integers(0, 2**31 * 1_000_000, count))
    events['x'] = generator.integers(0, 2**16, count)
    events['y'] = generator.integers(0, 2**16, count)
    events['p'] = generator.integers(0, 2, count)
    return events


def make_header(types, frame_id):
    Time = types.types['builtin_interfaces/msg/Time']
    return types.types['std_msgs/msg/Header'](Time(1_700_000_000, 123_456_789), frame_id)


STAMP_NS = 1_700_000_000_123_456_789


def make_array(types, events, frame_id):
    Time = types.types['builtin_interfaces/msg/Time']
    Event = types.types['dvs_msgs/msg/Event']
    sent = [Event(int(e['x']), int(e['y']),
                  Time(int(e['t'] // 1_000_000), int(e['t'] % 1_000_000 * 1000)), bool(e['p']))
            for e in events]
    message = types.types['dvs_msgs/msg/EventArray'](
        make_header(types, frame_id), 480, 640, sent)
    return types.serialize_cdr(message, 'dvs_msgs/msg/EventArray')


@pytest.mark.parametrize('frame_id', ['', 'c', 'cam', 'came', 'camera', 'kamera_ä'])
@pytest.mark.parametrize('count', [0, 1, 2, 3, 100])
def test_event_array_agrees_with_rosbags(types, count, frame_id):
    events = make_events(count, seed=count)
    data = bytes(make_array(types, events, frame_id))
    assert encode_event_array(events, STAMP_NS, frame_id, 480, 640) == data
    assert (decode_event_array(data) == events).all()
    header = read_event_array(data)
    assert header[:5] == (STAMP_NS, frame_id, 480, 640, count)


def test_nanoseconds_are_cut_to_microseconds_and_seconds_are_signed():
    events = np.array([(-1, 1, 2, 1), (5, 3, 4, 0)], EVENT)
    data = bytearray(encode_event_array(events, -1, 'camera', 480, 640))
    header = read_event_array(bytes(data))
    assert header.stamp_ns == -1
    nanoseconds = header.events_offset + 16 + 8
    data[nanoseconds:nanoseconds + 4] = (5999).to_bytes(4, 'little')
    assert decode_event_array(bytes(data))['t'].tolist() == [-1, 5]


def test_random_bytes_are_decoded_as_by_numpy():
    count = 1000
    data = bytearray(encode_event_array(make_events(count), 0, 'camera', 480, 640))
    start = read_event_array(data).events_offset
    octets = np.random.default_rng(7).integers(0, 256, len(data) - start, np.uint8)
    data[start:] = octets.tobytes()

    def column(kind, offset, first):
        rest = np.ndarray(count - 1, kind, octets, offset + 16, 16)
        return np.concatenate([np.frombuffer(octets, kind, 1, first), rest]).astype(np.int64)

    events = decode_event_array(bytes(data))
    assert (events['t'] == column('<i4', 4, 4) * 1_000_000 + column('<u4', 8, 8) // 1000).all()
    assert (events['x'] == column('<u2', -2, 0)).all()
    assert (events['y'] == column('<u2', 0, 2)).all()
    assert (events['p'] == (column('u1', 12, 12) != 0)).all()


def test_any_polarity_byte_but_zero_is_on():
    data = bytearray(encode_event_array(make_events(3), 0, '', 480, 640))
    offset = read_event_array(data).events_offset
    for i, polarity in enumerate([2, 0, 255]):
        data[offset + 16 * i + 12] = polarity
    assert decode_event_array(bytes(data))['p'].tolist() == [1, 0, 1]


def test_count_is_trusted_where_the_buffer_is_padded():
    events = make_events(5)
    data = encode_event_array(events, 0, 'camera', 480, 640) + bytes(range(64))
    assert (decode_event_array(data) == events).all()


@pytest.mark.parametrize('kind', [bytes, bytearray, memoryview, lambda d: np.frombuffer(d, 'u1')])
def test_any_buffer_will_do(kind):
    events = make_events(5)
    data = encode_event_array(events, 0, 'camera', 480, 640)
    assert (decode_event_array(kind(data)) == events).all()


@pytest.mark.parametrize('encoding', ['evt3', 'mono', 'libcaer', ''])
@pytest.mark.parametrize('frame_id', ['', 'camera', '0293'])
def test_event_packet_agrees_with_rosbags(types, frame_id, encoding):
    payload = np.arange(101, dtype=np.uint8)
    message = types.types['event_camera_msgs/msg/EventPacket'](
        make_header(types, frame_id), 480, 640, 2**40 + 7, 2**62 + 3, encoding, True, payload)
    data = bytes(types.serialize_cdr(message, 'event_camera_msgs/msg/EventPacket'))
    packet = read_event_packet(data)
    assert packet[:-1] == (STAMP_NS, frame_id, 480, 640, 2**40 + 7, 2**62 + 3, encoding, True)
    assert (packet.events == payload).all()
    assert encode_event_packet(packet) == data


def make_packet():
    return encode_event_packet(EventPacketMessage(
        STAMP_NS, 'camera', 480, 640, 1, 2, 'evt3', False, np.arange(16, dtype=np.uint8)))


@pytest.mark.parametrize('read, data', [
    pytest.param(decode_event_array, encode_event_array(make_events(3), 0, 'cam', 480, 640),
                 id='EventArray'),
    pytest.param(read_event_packet, make_packet(), id='EventPacket')])
def test_every_cut_is_malformed(read, data):
    read(data)
    for size in range(len(data)):
        with pytest.raises(MalformedMessage):
            read(data[:size])


@pytest.mark.parametrize('read', [decode_event_array, read_event_packet])
def test_encapsulation_is_checked(read):
    body = bytes(100)
    with pytest.raises(MalformedMessage, match='big-endian'):
        read(b'\x00\x00\x00\x00' + body)
    with pytest.raises(MalformedMessage, match='not plain CDR'):
        read(b'\x00\x07\x00\x00' + body)


def test_random_bytes_are_read_or_refused():
    generator = np.random.default_rng(0)
    for _ in range(2000):
        data = b'\x00\x01\x00\x00' + generator.bytes(generator.integers(0, 200))
        for read in (decode_event_array, read_event_packet):
            try:
                read(data)
            except MalformedMessage as error:
                assert len(str(error).splitlines()) == 1
