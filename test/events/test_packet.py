# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The compact stream between the nodes."""
import numpy as np
import pytest
from snn_gesture_ros.events.event import MalformedMessage
from snn_gesture_ros.events.packet import decode_packet, encode_packet, PACKED_EVENT, StreamPacket

EVENTS = np.array([(0, 5), (7, 32767), (1000, 16384)], PACKED_EVENT)


def packet(events=EVENTS, frame_id='camera'):
    """Make a packet."""
    return StreamPacket(128, 128, 41, 1_700_000_000_000_000, 1_700_000_000_001_000, -123, frame_id,
                        events, scale=3.75)


@pytest.mark.parametrize('frame_id', ['', 'camera', 'caméra_1'])
@pytest.mark.parametrize('events', [EVENTS, EVENTS[:0]])
def test_packet_survives_the_wire(events, frame_id):
    sent = packet(events, frame_id)
    received = decode_packet(encode_packet(sent))
    assert received._replace(events=None) == sent._replace(events=None)
    assert (received.events == sent.events).all()
    assert received.stamp_ns == 1_700_000_000_001_000_000 - 123


def test_every_cut_is_noticed():
    data = encode_packet(packet())
    for size in range(len(data)):
        with pytest.raises(MalformedMessage):
            decode_packet(data[:size])


def test_padding_by_the_middleware_does_no_harm():
    assert len(decode_packet(encode_packet(packet()) + bytes(3)).events) == 3


def test_other_bytes_are_refused():
    data = bytearray(encode_packet(packet()))
    data[16:20] = b'NOPE'
    with pytest.raises(MalformedMessage, match='version'):
        decode_packet(bytes(data))


@pytest.mark.parametrize('scale', [0.0, -1.0, np.nan, np.inf, 1e9])
def test_impossible_scale_is_refused(scale):
    with pytest.raises(MalformedMessage):
        decode_packet(encode_packet(packet()._replace(scale=scale)))


@pytest.mark.parametrize('wrong, reason', [
    ({'width': 65472, 'height': 65472}, 'image has 65472x65472'),
    ({'width': 0}, 'image has 0x128'),
    ({'events': np.array([(0, 2 * 128 * 128)], PACKED_EVENT)}, 'outside the image'),
    ({'events': np.array([(0, 5), (0, 2**32 - 1)], PACKED_EVENT)}, 'outside the image'),
    ({'t_newest_us': 1_600_000_000_000_000}, 'events are from'),
    ({'t_base_us': -2**63, 't_newest_us': 2**63 - 1}, 'events are from'),
    ({'ros_offset_ns': 2**63 - 1}, 'events are from'),
    ({'ros_offset_ns': -2**63}, 'events are from')])
def test_what_cannot_be_is_refused(wrong, reason):
    with pytest.raises(MalformedMessage, match=reason):
        decode_packet(encode_packet(packet()._replace(**wrong)))


def test_it_is_what_ros_serializes():
    from rclpy.serialization import deserialize_message, serialize_message
    from std_msgs.msg import UInt8MultiArray
    data = encode_packet(packet())
    message = deserialize_message(data, UInt8MultiArray)
    assert message.layout.dim == []
    assert bytes(message.data)[message.layout.data_offset:] == EVENTS.tobytes()
    assert bytes(serialize_message(message)).startswith(data)
