# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Decoding: decode messages of all encodings, compared with numpy and with rclpy's objects."""
from importlib import import_module

import numpy as np
from snn_gesture_ros.benchmarks.timing import Case
from snn_gesture_ros.events.cdr import decode_event_array, encode_event_array, read_event_array
from snn_gesture_ros.events.codecs import Decoder
from snn_gesture_ros.events.encoders import (
    encode_evt3, encode_libcaer, encode_libcaer_cmp, encode_mono)
from snn_gesture_ros.events.event import EVENT, EVENT_ARRAY_TYPES

WIDTH, HEIGHT = 640, 480
EVENTS = 10_000
"""Number of events in a message."""
MESSAGE_US = 1_000
"""Camera time of a message."""


def make_events(seed: int = 0) -> np.ndarray:
    """Return random events of one message, EVENT[EVENTS]."""
    generator = np.random.default_rng(seed)
    events = np.zeros(EVENTS, EVENT)
    events['t'] = np.sort(generator.integers(0, MESSAGE_US, EVENTS))
    events['x'] = generator.integers(0, WIDTH, EVENTS)
    events['y'] = generator.integers(0, HEIGHT, EVENTS)
    events['p'] = generator.integers(0, 2, EVENTS)
    return events


def decoding_cases(events: np.ndarray) -> list:
    """
    Return the cases of one message in each encoding.

    :param events: EVENT[n] of the message, with times below four seconds.
    """
    message = encode_event_array(events, 0, 'camera', HEIGHT, WIDTH)
    cases = [Case('EventArray', [message], decode_event_array, read_event_array_with_numpy,
                  'numpy', len(events))]
    read_objects = find_object_reader()
    if read_objects:
        cases.append(Case('EventArray', [message], decode_event_array, read_objects,
                          'rclpy objects', len(events)))
    for encoding, payload, with_numpy in [
            ('mono', encode_mono(events, 0), read_mono_with_numpy),
            ('evt3', encode_evt3(events), read_evt3_with_numpy),
            ('libcaer', encode_libcaer(events, 0), read_libcaer_with_numpy),
            ('libcaer_cmp', encode_libcaer_cmp(events, 0), read_libcaer_cmp_with_numpy)]:
        decode = Decoder(encoding, WIDTH, HEIGHT).decode
        cases.append(Case(
            encoding, [payload.tobytes()],
            lambda data, decode=decode: decode(np.frombuffer(data, np.uint8), 0),
            with_numpy, 'numpy', len(events)))
    return cases


def find_object_reader():
    """Return a function that reads an EventArray as rclpy does, or None without ROS."""
    for name in EVENT_ARRAY_TYPES:
        try:
            from rclpy.serialization import deserialize_message
            message_type = import_module(name.split('/')[0] + '.msg').EventArray
        except ImportError:
            continue
        return lambda message: deserialize_message(message, message_type)
    return None


def read_event_array_with_numpy(message):
    """Return the events of an EventArray, EVENT[n], by a strided view of each field."""
    read = read_event_array(message)
    start, count = read.events_offset, read.count
    events = np.empty(count, EVENT)
    events['x'][0], events['y'][0] = np.frombuffer(message, '<u2', 2, start)
    events['x'][1:] = np.ndarray(count - 1, '<u2', message, start + 14, 16)
    events['y'][1:] = np.ndarray(count - 1, '<u2', message, start + 16, 16)
    seconds = np.ndarray(count, '<i4', message, start + 4, 16)
    nanoseconds = np.ndarray(count, '<u4', message, start + 8, 16)
    events['t'] = seconds * np.int64(1_000_000) + nanoseconds // 1000
    events['p'] = np.ndarray(count, 'u1', message, start + 12, 16)
    return events


def read_mono_with_numpy(payload):
    """Return the events of a mono payload, EVENT[n], decoded by numpy."""
    words = np.frombuffer(payload, '<u4').reshape(-1, 2)
    pixels = words[:, 1]
    return gather(words[:, 0] // 1000, pixels & 0xffff, pixels >> 16 & 0x7fff, pixels >> 31)


def read_libcaer_with_numpy(payload):
    """Return the events of a libcaer payload, EVENT[n], decoded by numpy."""
    words = np.frombuffer(payload, '<u4').reshape(-1, 2)
    pixels = words[:, 0]
    return gather(words[:, 1], pixels >> 17, pixels >> 2 & 0x7fff, pixels >> 1 & 1)


def read_evt3_with_numpy(payload):
    """Return the events of evt3 without vectors: missing fields are in the latest word before."""
    times, last, y = read_words_with_numpy(payload, high=8, low=6, first=0, last=2)
    return gather(times, last & 0x7ff, y, last >> 11)


def read_libcaer_cmp_with_numpy(payload):
    """Return the events of libcaer_cmp without vectors: missing fields are in an earlier word."""
    times, last, x = read_words_with_numpy(payload, high=0, low=1, first=2, last=3)
    return gather(times, x, last & 0x7ff, last >> 11)


def read_words_with_numpy(payload, high, low, first, last):
    """Return the times and the two words of all events, given the codes of the four words."""
    words = np.frombuffer(payload, '<u2')
    codes, values = words >> 12, words & 0xfff
    places = np.arange(len(words))
    ends = codes == last

    def latest(code):
        return values[np.maximum.accumulate(np.where(codes == code, places, 0))[ends]]

    times = latest(high).astype(np.int64) << 12 | latest(low)
    return times, values[ends], latest(first)


def gather(t, x, y, p):
    """Return an EVENT array with these columns."""
    events = np.empty(len(t), EVENT)
    events['t'], events['x'], events['y'], events['p'] = t, x, y, p
    return events
