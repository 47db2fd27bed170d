# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Frames: make them from messages and events, compared with numpy, tonic and SpikingJelly."""
from importlib.resources import files
from importlib.util import module_from_spec, spec_from_file_location
from itertools import count
import sys
from types import ModuleType

import numpy as np
from snn_gesture_ros.benchmarks.decoding import (
    EVENTS, HEIGHT, make_events, read_event_array_with_numpy, WIDTH)
from snn_gesture_ros.benchmarks.timing import Case
from snn_gesture_ros.events.cdr import encode_event_array
from snn_gesture_ros.events.event import EVENT, EVENT_ARRAY_TYPES
from snn_gesture_ros.events.geometry import Geometry
from snn_gesture_ros.events.noise import Cleaner
from snn_gesture_ros.events.noise_settings import NoiseSettings
from snn_gesture_ros.events.stream import EventStream
from snn_gesture_ros.frames.accumulation import frames_by_count, frames_by_time
from snn_gesture_ros.frames.frame_stream import FramesByTime

TIME_STEPS, SIZE, FRAME_US = 16, 128, 62_500
STREAM_MESSAGES = 600
STREAM_SPACING_US = 2_000
"""Camera time between messages of a stream; it repeats as after a restart of the camera."""
HOT_EVERY = 200
"""Every n-th event is that of a hot pixel, which fires in each message of a stream."""
WINDOW_EVENTS = 100_000
STILL_MESSAGES, STILL_EVENTS, STILL_SPACING_US = 10, 20, 1000
"""Messages of a still scene that are read together, their events, and the time between them."""
UNFILTERED = NoiseSettings(False, 0, 0)


def stream_cases() -> list:
    """Return the cases of a whole stream, from serialized messages to frames."""
    messages = make_stream()
    return [stream_case('EventArray to frames', messages, UNFILTERED),
            stream_case('the same, noise filtered', messages, NoiseSettings()),
            still_scene_case()]


def still_scene_case() -> Case:
    """Return the case of messages with few events, joined and one by one."""
    groups = []
    for number in range(STREAM_MESSAGES):
        group = []
        for _ in range(STILL_MESSAGES):
            events = make_events(number)[::EVENTS // STILL_EVENTS]
            events['t'] = number * STILL_SPACING_US * STILL_MESSAGES + len(group) * (
                STILL_SPACING_US) + np.arange(len(events))
            group.append((encode_event_array(events, 0, 'camera', HEIGHT, WIDTH), 0))
        groups.append(group)

    def packets_from(process):
        arrivals_ns = count(0, 1000 * STILL_SPACING_US * STILL_MESSAGES)
        stream = EventStream(EVENT_ARRAY_TYPES[0], Geometry(), NoiseSettings(),
                             STILL_SPACING_US * STILL_MESSAGES)
        return lambda group: process(stream, group, next(arrivals_ns))

    def joined(stream, group, now_ns):
        return stream.process_messages(group, now_ns)

    def one_by_one(stream, group, now_ns):
        return [packet for each in group for packet in stream.process_messages([each], now_ns)]
    return Case(f'{STILL_MESSAGES} messages of {STILL_EVENTS} events to packets', groups,
                packets_from(joined), packets_from(one_by_one), 'one by one')


def make_stream() -> list:
    """Return serialized messages of a camera with hot pixels, which fire in each message."""
    hot = make_events(seed=STREAM_MESSAGES)[['x', 'y']][::HOT_EVERY]
    messages = []
    for number in range(STREAM_MESSAGES):
        events = make_events(number)
        events[['x', 'y']][::HOT_EVERY] = hot
        events['t'] += number * STREAM_SPACING_US
        messages.append(encode_event_array(events, 0, 'camera', HEIGHT, WIDTH))
    return messages


class MessagesToFrames:
    """Turns messages that arrive at equal intervals into frames."""

    def __init__(self, stream: EventStream, frames, spacing_us: int):
        """
        Use these stages.

        :param frames: FramesByTime.
        :param spacing_us: time between the arrivals of messages.
        """
        self._stream, self._frames = stream, frames
        self._arrivals_ns = count(0, 1000 * spacing_us)

    def __call__(self, message: bytes) -> list:
        """Return the frames that a message completes; none if its times restart."""
        packet = self._stream.process_message(message, next(self._arrivals_ns))
        return [] if packet is None else self._frames.slice_packet(packet)


def stream_case(name: str, messages: list, noise: NoiseSettings) -> Case:
    """Return the case of one setting of the noise filters."""
    to_frames = MessagesToFrames(
        EventStream(EVENT_ARRAY_TYPES[0], Geometry(width=SIZE, height=SIZE), noise),
        FramesByTime(SIZE, FRAME_US, TIME_STEPS), STREAM_SPACING_US)
    for message in messages:  # finds the hot pixels
        to_frames(message)
    columns, rows = Geometry(width=SIZE, height=SIZE).tables(WIDTH, HEIGHT)
    pixel_map = rows[:, None] + columns
    frames = np.zeros((TIME_STEPS, 2, SIZE, SIZE), np.uint16)
    return Case(name, messages, to_frames,
                lambda message: accumulate_with_numpy(message, pixel_map, frames), 'numpy',
                EVENTS)


def accumulate_with_numpy(message, pixel_map, frames):
    """Count the events of an EventArray in the frames of their times; return the frames."""
    events = read_event_array_with_numpy(message)
    pixels = pixel_map[events['y'], events['x']]
    events, pixels = events[pixels >= 0], pixels[pixels >= 0]
    step = events['t'] // FRAME_US % TIME_STEPS
    np.add.at(frames.reshape(TIME_STEPS, 2, -1), (step, events['p'], pixels), 1)
    return frames


def window_cases() -> tuple:
    """
    Return the cases of one window of events, and notes on those that are left out.

    Ours also maps the events to an image, which here has the resolution of the sensor.
    """
    cleaner = Cleaner(Geometry(width=SIZE, height=SIZE), UNFILTERED, SIZE, SIZE)
    events = make_window()

    def by_time(events):
        return frames_by_time(cleaner.clean(events), SIZE, TIME_STEPS, SIZE, FRAME_US)

    def by_count(events):
        return frames_by_count(cleaner.clean(events), SIZE, TIME_STEPS, SIZE)

    def case(name, ours, reference, reference_name):
        return Case(f'events to frames by {name}', [events], ours, reference, reference_name,
                    len(events))

    cases, notes = [], []
    try:
        from tonic.transforms import ToFrame
        to_frame = ToFrame((SIZE, SIZE, 2), time_window=FRAME_US, start_time=0,
                           end_time=TIME_STEPS * FRAME_US)
        cases.append(case('time', by_time, to_frame, 'tonic ToFrame'))
    except ImportError as error:
        notes.append(f'without tonic ({error}): see requirements/benchmarks.txt')
    try:
        theirs = spikingjelly_integration()
        cases.append(case('time', by_time,
                          lambda events: theirs.integrate_events_by_fixed_duration(
                              events, FRAME_US, SIZE, SIZE), 'SpikingJelly, fixed duration'))
        cases.append(case('count', by_count,
                          lambda events: theirs.integrate_events_by_fixed_frames_number(
                              events, 'number', TIME_STEPS, SIZE, SIZE), 'SpikingJelly, number'))
    except ImportError as error:
        notes.append(f"without SpikingJelly's frames ({error}): see requirements/torch.txt")
    return cases, notes


def make_window() -> np.ndarray:
    """Return random events from the first to the last microsecond of a window, EVENT[n]."""
    generator = np.random.default_rng(1)
    events = np.zeros(WINDOW_EVENTS, EVENT)
    events['t'] = np.sort(generator.integers(0, TIME_STEPS * FRAME_US, WINDOW_EVENTS))
    events['t'][[0, -1]] = 0, TIME_STEPS * FRAME_US - 1
    events['x'], events['y'] = generator.integers(0, SIZE, (2, WINDOW_EVENTS))
    events['p'] = generator.integers(0, 2, WINDOW_EVENTS)
    return events


def spikingjelly_integration() -> ModuleType:
    """
    Load SpikingJelly's module that integrates events into frames.

    It is loaded without torchvision, which its package imports but the integration does not use,
    and which would have to fit the build of torch.

    :raises ImportError: if SpikingJelly, or something that it needs, is missing or too old.
    """
    place = files('spikingjelly') / 'datasets' / 'utils.py'
    if not place.is_file():
        raise ImportError('SpikingJelly 2 is needed')
    spec = spec_from_file_location('spikingjelly.datasets.utils', place)
    module = module_from_spec(spec)
    present = sys.modules.get('torchvision')
    sys.modules['torchvision'] = ModuleType('torchvision')
    sys.modules['torchvision'].transforms = None
    try:
        spec.loader.exec_module(module)
    finally:
        del sys.modules['torchvision']
        if present:
            sys.modules['torchvision'] = present
    return module
