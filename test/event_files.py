# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Events, messages and recordings that tests write, and real ones of every format."""
import struct

import numpy as np
from paths import SHARED_DATA
import pytest
from snn_gesture_ros.events.cdr import encode_event_array, encode_event_packet, EventPacketMessage
from snn_gesture_ros.events.encoders import encode_evt3
from snn_gesture_ros.events.event import EVENT
from snn_gesture_ros.recordings.opening import open_recording

needs_data = pytest.mark.skipif(
    not SHARED_DATA.is_dir(), reason=f'no real recordings in {SHARED_DATA}')
EVT3 = SHARED_DATA / 'evt3_640x480'
LIBCAER_CMP = SHARED_DATA / 'libcaer_cmp_346x260'
AEDAT4 = SHARED_DATA / 'aedat4' / 'dvxplorer_320x240.aedat4'
ARRAY = 'dvs_msgs/msg/EventArray'
PACKET = 'event_camera_msgs/msg/EventPacket'
DEFINITIONS = {
    ARRAY: 'std_msgs/Header header\nuint32 height\nuint32 width\ndvs_msgs/Event[] events',
    'dvs_msgs/msg/Event': 'uint16 x\nuint16 y\nbuiltin_interfaces/Time ts\nbool polarity',
    PACKET: 'std_msgs/Header header\nuint32 height\nuint32 width\nuint64 seq\n'
            'uint64 time_base\nstring encoding\nbool is_bigendian\nuint8[] events',
    'std_msgs/msg/String': 'string data'}
RAW_HEADER = '% date 2026-01-01 10:00:00\n% evt {}\n% format {};height=720;width=1280\n% end\n'
RAW_FORMATS = {'evt2': ('2.0', 'EVT2'), 'evt21': ('2.1', 'EVT21;endianness=little'),
               'evt21 legacy': ('2.1', 'EVT21;endianness=legacy'), 'evt3': ('3.0', 'EVT3')}
AEDAT31_HEADER = (b'#!AER-DAT3.1\r\n#Format: RAW\r\n#Source 1: DVS128\r\n'
                  b'#Start-Time: 2016-10-27 10:00:00 (TZ-0700)\r\n#!END-HEADER\r\n')


def make_events(count=1000, start_us=0, duration_us=10_000, seed=0):
    generator = np.random.default_rng(seed)
    events = np.zeros(count, EVENT)
    events['t'] = start_us + np.sort(generator.integers(0, duration_us, count))
    events['x'] = generator.integers(0, 128, count)
    events['y'] = generator.integers(0, 128, count)
    events['p'] = generator.integers(0, 2, count)
    return events


def make_packet(events, seq):
    return encode_event_packet(EventPacketMessage(
        0, 'camera', 128, 128, seq, 0, 'evt3', False, encode_evt3(events)))


def make_array(events):
    return encode_event_array(events, 0, 'camera', 128, 128)


def write_bag(path, messages, storage='SQLITE3'):
    """Write (topic, type, serialized message) to a bag, one each millisecond."""
    from rosbags import rosbag2
    from rosbags.typesys import get_types_from_msg, get_typestore, Stores
    store = get_typestore(Stores.ROS2_JAZZY)
    for name, text in DEFINITIONS.items():
        if name not in store.types:
            store.register(get_types_from_msg(text, name))
    with rosbag2.Writer(path, version=9,
                        storage_plugin=getattr(rosbag2.StoragePlugin, storage)) as writer:
        connections = {}
        for i, (topic, kind, data) in enumerate(messages):
            if topic not in connections:
                connections[topic] = writer.add_connection(topic, kind, typestore=store)
            writer.write(connections[topic], i * 1_000_000, data)
    return path


def batches(count=5):
    return [make_events(start_us=i * 10_000, seed=i) for i in range(count)]


def read_all(path, topic=None):
    with open_recording(path) as recording:
        return np.concatenate(list(recording.events(topic)))


def save_npz(path, events):
    np.savez(path, **{name: events[name] for name in 'txyp'})
    return path


def upper_times(events):
    """Give bits 6-33 of the times, and the places where they change."""
    high = events['t'] >> 6
    return high, np.flatnonzero(np.diff(high, prepend=-1))


def encode_evt2(events):
    high, changes = upper_times(events)
    t, x, y, p = (events[name].astype(np.int64) for name in 'txyp')
    words = p << 28 | (t & 63) << 22 | x << 11 | y
    return np.insert(words, changes, 8 << 28 | high[changes] & 0xfffffff).astype('<u4').tobytes()


def encode_evt21(events, swapped):
    """Give each event a word of its own, with the last of its 32 pixels fired."""
    high, changes = upper_times(events)
    t, x, y, p = (events[name].astype(np.int64) for name in 'txyp')
    words = p << 60 | (t & 63) << 54 | x // 32 * 32 << 43 | y << 32 | 1 << x % 32
    times = (8 << 60) - (1 << 64) | (high[changes] & 0xfffffff) << 32
    words = np.insert(words, changes, times).view('<u4').reshape(-1, 2)
    return (words[:, ::-1] if swapped else words).tobytes()


def encode_raw(name, events):
    encode = {'evt2': encode_evt2, 'evt21': lambda events: encode_evt21(events, False),
              'evt21 legacy': lambda events: encode_evt21(events, True),
              'evt3': lambda events: b''.join(
                  encode_evt3(events[i:i + 1000]).tobytes()
                  for i in range(0, len(events), 1000))}
    return RAW_HEADER.format(*RAW_FORMATS[name]).encode() + encode[name](events)


def long_events(seconds):
    events = make_events(150_000, duration_us=seconds * 1_000_000)
    events['x'] *= 10
    events['y'] *= 5
    return events


def aedat31_packet(payload, kind=1, size=8, overflow=0, capacity=None, number=None, valid=None):
    number = len(payload) // size if number is None else number
    capacity = number if capacity is None else capacity
    valid = number if valid is None else valid
    return struct.pack('<HHIIIIII', kind, 1, size, 4, overflow, capacity, number, valid) + payload


def polarity_packet(events, **fields):
    """Make a packet of events that are all valid; their times share what is above bit 31."""
    words = np.empty((len(events), 2), '<u4')
    words[:, 0] = (events['x'].astype('u4') << 17 | events['y'].astype('u4') << 2
                   | events['p'].astype('u4') << 1 | 1)
    words[:, 1] = events['t'] & 0x7fffffff
    return aedat31_packet(words.tobytes(), overflow=int(events['t'][0]) >> 31, **fields)
