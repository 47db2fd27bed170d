# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Verb `bench`: measure how fast events are read on this machine."""
from collections.abc import Callable
from importlib import import_module
from itertools import cycle
import json
import os
from pathlib import Path
import platform
from statistics import median
from time import process_time
from typing import NamedTuple

import numba
import numpy as np
from snn_gesture_ros.events.cdr import (
    decode_event_array, encode_event_array, read_event_array)
from snn_gesture_ros.events.codecs import make_decoder
from snn_gesture_ros.events.encoders import (
    encode_evt3, encode_libcaer, encode_libcaer_cmp, encode_mono)
from snn_gesture_ros.events.event import EVENT
from snn_gesture_ros.events.geometry import Geometry
from snn_gesture_ros.events.messages import EVENT_ARRAY_TYPES
from snn_gesture_ros.events.noise import NoiseSettings
from snn_gesture_ros.events.stream import EventStream
from snn_gesture_ros.frames.frame_stream import FramesByTime

WIDTH, HEIGHT = 640, 480
EVENTS = 10_000
"""In a message."""
MESSAGE_US = 1_000
"""Camera time of a message."""
ROUNDS = 20
TURN_S = 0.01
"""Time that a way gets in each round, long enough to fill the caches that others used."""
UNIT = 'M events/s'
STREAM_MESSAGES = 600
STREAM_SPACING_US = 2_000
"""Camera time between messages of a stream, which repeats as if the camera restarted."""
HOT_EVERY = 200
"""One event in so many is a hot pixel's, which fires in each message of a stream."""
TIME_STEPS, SIZE, FRAME_US = 16, 128, 62_500
"""The frames that a stream is accumulated to."""


class Case(NamedTuple):
    """One row: two ways to read the same messages of EVENTS events each."""

    name: str
    messages: list
    ours: Callable
    reference: Callable
    reference_name: str


def add_arguments(parser) -> None:
    """Declare the arguments."""
    parser.add_argument('--json', action='store_true', help='print JSON')
    parser.add_argument('--live', type=int, metavar='EVENTS_PER_S',
                        help='instead, send so many events a second, in 1000 messages, through '
                             'both nodes, and count what is lost')
    parser.add_argument('--seconds', type=float, default=10.0,
                        help='duration of the live run (default: 10)')


def run(arguments) -> int:
    """Measure all cases, or a live run, and print them."""
    if arguments.live:
        result = run_live(arguments.live, arguments.seconds)
        print(json.dumps(result) if arguments.json else
              '\n'.join(f'{name:<26} {value:>12,}' for name, value in result.items()))
        return 1 if result['messages_lost'] or result['packets_lost'] else 0
    rows = measure(make_cases(make_events()))
    print(json.dumps(rows, indent=2) if arguments.json else as_table(rows))
    return 0


def run_live(events_per_s: int, seconds: float) -> dict:
    """
    Start both nodes and send them events.

    :raises ValueError: if there is no ROS 2.
    """
    from snn_gesture_ros.demo.processes import isolate_from_other_robots, Nodes
    isolate_from_other_robots()
    try:
        from snn_gesture_ros.nodes.live_load import measure as measure_live
    except ImportError as error:
        raise ValueError(f'{error}: a live run needs ROS 2: source env.bash') from None
    with Nodes() as nodes:
        pids = {name: nodes.start(name).pid for name in ('event_stream', 'gesture_classifier')}
        return measure_live(pids, events_per_s, seconds)


def make_events(seed: int = 0) -> np.ndarray:
    """Return random events of one message, EVENT[EVENTS]."""
    generator = np.random.default_rng(seed)
    events = np.zeros(EVENTS, EVENT)
    events['t'] = np.sort(generator.integers(0, MESSAGE_US, EVENTS))
    events['x'] = generator.integers(0, WIDTH, EVENTS)
    events['y'] = generator.integers(0, HEIGHT, EVENTS)
    events['p'] = generator.integers(0, 2, EVENTS)
    return events


def make_cases(events: np.ndarray) -> list:
    """Return all cases; add new rows here."""
    messages = [encode_event_array(events, 0, 'camera', HEIGHT, WIDTH)]
    cases = [Case('EventArray', messages, decode_event_array, read_event_array_with_numpy,
                  'numpy')]
    read_objects = find_object_reader()
    if read_objects:
        cases.append(Case('EventArray', messages, decode_event_array, read_objects,
                          'rclpy objects'))
    for encoding, payload, with_numpy in [
            ('mono', encode_mono(events, 0), read_mono_with_numpy),
            ('evt3', encode_evt3(events), read_evt3_with_numpy),
            ('libcaer', encode_libcaer(events, 0), read_libcaer_with_numpy),
            ('libcaer_cmp', encode_libcaer_cmp(events, 0), read_libcaer_cmp_with_numpy)]:
        cases.append(decoder_case(encoding, payload, with_numpy))
    messages = make_stream()
    for name, noise in [('EventArray to frames', NoiseSettings(False, 0, 0)),
                        ('the same, noise filtered', NoiseSettings())]:
        cases.append(frames_case(name, messages, noise))
    return cases


def make_stream() -> list:
    """Return serialized messages of a camera, some of whose pixels fire in each of them."""
    hot = make_events(seed=STREAM_MESSAGES)[['x', 'y']][::HOT_EVERY]
    messages = []
    for number in range(STREAM_MESSAGES):
        events = make_events(number)
        events[['x', 'y']][::HOT_EVERY] = hot
        events['t'] += number * STREAM_SPACING_US
        messages.append(encode_event_array(events, 0, 'camera', HEIGHT, WIDTH))
    return messages


def frames_case(name, messages, noise) -> Case:
    """Return the case of a whole stream, from serialized messages to frames."""
    stream = EventStream(EVENT_ARRAY_TYPES[0], Geometry(width=SIZE, height=SIZE), noise)
    for message in messages:  # learns the hot pixels
        stream.feed(message, 0)
    frame_stream = FramesByTime(SIZE, FRAME_US, TIME_STEPS)
    columns, rows = Geometry(width=SIZE, height=SIZE).tables(WIDTH, HEIGHT)
    pixel_map = rows[:, None] + columns
    frames = np.zeros((TIME_STEPS, 2, SIZE, SIZE), np.uint16)
    return Case(name, messages, lambda message: frame_stream.push(stream.feed(message, 0)),
                lambda message: accumulate_with_numpy(message, pixel_map, frames), 'numpy')


def accumulate_with_numpy(message, pixel_map, frames):
    """Add the events of an EventArray to the frames of their times, unfiltered; return them."""
    events = read_event_array_with_numpy(message)
    pixels = pixel_map[events['y'], events['x']]
    events, pixels = events[pixels >= 0], pixels[pixels >= 0]
    step = events['t'] // FRAME_US % TIME_STEPS
    np.add.at(frames.reshape(TIME_STEPS, 2, -1), (step, events['p'], pixels), 1)
    return frames


def decoder_case(encoding, payload, with_numpy) -> Case:
    """Return the case of one encoding of EventPacket."""
    decoder = make_decoder(encoding, WIDTH, HEIGHT)
    return Case(encoding, [payload.tobytes()],
                lambda data: decoder.decode(np.frombuffer(data, np.uint8), 0), with_numpy, 'numpy')


def measure(cases: list, rounds: int = ROUNDS) -> list:
    """Time the cases in turn, round after round, and return a row of medians for each."""
    ways = [(cycle(case.messages), call)
            for case in cases for call in (case.ours, case.reference)]
    for way in ways:
        time_calls(*way, 0)  # compiles it
    seconds = [[time_calls(*way, TURN_S) for way in ways] for _ in range(rounds)]
    rates = [EVENTS / median(elapsed) / 1e6 for elapsed in zip(*seconds)]
    return [{'name': case.name, 'ours': ours, 'reference': reference,
             'reference_name': case.reference_name, 'ratio': ours / reference, 'unit': UNIT}
            for case, ours, reference in zip(cases, rates[::2], rates[1::2])]


def time_calls(messages, call, turn_s: float) -> float:
    """
    Call with one message after the other for `turn_s`, and return the mean seconds of a call.

    It is the processor's time that counts, so that a busy machine changes little. Each message
    is copied just before it is read, as the middleware does; the copy is not counted.
    """
    seconds, calls = 0.0, 0
    while seconds <= turn_s:
        message = bytes(bytearray(next(messages)))
        start = process_time()
        call(message)
        seconds += process_time() - start
        calls += 1
    return seconds / calls


def as_table(rows: list) -> str:
    """Return the rows under a header that says what they were measured on."""
    lines = [f'{cpu_model()}, {os.cpu_count()} cores, 1 thread used',
             f'Python {platform.python_version()}, numpy {np.__version__}, '
             f'numba {numba.__version__}',
             f'{UNIT} of processor time, messages of {EVENTS} events, median of {ROUNDS} rounds',
             '',
             f'{"format":<24} {"ours":>9} {"reference":>9} {"ratio":>8}  reference']
    lines += [f'{row["name"]:<24} {row["ours"]:>9.2f} {row["reference"]:>9.2f} '
              f'{row["ratio"]:>7.1f}x  {row["reference_name"]}' for row in rows]
    return '\n'.join(lines)


def cpu_model() -> str:
    """Return the name of the processor, or of its architecture where it has none."""
    cpuinfo = Path('/proc/cpuinfo')
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.partition(':')[2].strip() for line in lines if line.startswith('model name')]
    return names[0] if names else platform.machine()


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
    """Read an EventArray by a strided view of each field."""
    start, count = read_event_array(message).events_offset, EVENTS
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
    """Read mono by its fields."""
    words = np.frombuffer(payload, '<u4').reshape(-1, 2)
    pixels = words[:, 1]
    return gather(words[:, 0] // 1000, pixels & 0xffff, pixels >> 16 & 0x7fff, pixels >> 31)


def read_libcaer_with_numpy(payload):
    """Read libcaer by its fields."""
    words = np.frombuffer(payload, '<u4').reshape(-1, 2)
    pixels = words[:, 0]
    return gather(words[:, 1], pixels >> 17, pixels >> 2 & 0x7fff, pixels >> 1 & 1)


def read_evt3_with_numpy(payload):
    """Read evt3 without vectors: what an event lacks is the latest word with it."""
    times, last, y = read_words_with_numpy(payload, high=8, low=6, first=0, last=2)
    return gather(times, last & 0x7ff, y, last >> 11)


def read_libcaer_cmp_with_numpy(payload):
    """Read libcaer_cmp without vectors: what an event lacks is the latest word with it."""
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
    """Put the columns into an array of EVENT."""
    events = np.empty(len(t), EVENT)
    events['t'], events['x'], events['y'], events['p'] = t, x, y, p
    return events
