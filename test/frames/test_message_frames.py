# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Frames right from messages: as the event stream makes them, on the CPU and by the kernel."""
import ctypes
from functools import partial
import subprocess

import numpy as np
import pytest
from snn_gesture_ros.events.cdr import decode_event_array, encode_event_array
from snn_gesture_ros.events.event import EVENT, EVENT_ARRAY_TYPES, MalformedMessage
from snn_gesture_ros.events.geometry import Geometry
from snn_gesture_ros.events.noise import NoiseSettings
from snn_gesture_ros.events.stream import EventStream
from snn_gesture_ros.frames.counters import (
    CpuCounter, cuda_counter, KERNEL, kernel_source, KernelCounter, MOST_EVENTS)
from snn_gesture_ros.frames.frame_stream import FramesByTime
from snn_gesture_ros.frames.message_frames import MessageFrames
from snn_gesture_ros.network.classifier import SpikingClassifier

WIDTH, HEIGHT = 346, 260
SIZE, FRAME_US, TIME_STEPS = 64, 50_000, 16
GEOMETRIES = [Geometry(), Geometry('whole', flip_x=True), Geometry('region', (40, 30, 200, 90)),
              Geometry(flip_y=True, width=64, height=64),
              Geometry('region', (40, 30, 200, 90), rotation=90),
              Geometry('whole', rotation=270, flip_x=True, width=64, height=64)]
ON_THE_HOST = """
#include <algorithm>
#define __global__
struct Place { int x; };
static Place blockIdx, blockDim, threadIdx, gridDim;
static void atomicAdd(unsigned int *at, unsigned int value) { *at += value; }
static void atomicMax(unsigned int *at, unsigned int value) { *at = std::max(*at, value); }
extern "C" void begin_thread(int grid, int block, int in_grid, int in_block)
{
    gridDim.x = grid, blockDim.x = block, blockIdx.x = in_grid, threadIdx.x = in_block;
}
"""


class HostKernel:
    """The CUDA kernel's source, compiled for the CPU and run a thread at a time."""

    def __init__(self, folder):
        source = folder / 'kernel.cpp'
        source.write_text(ON_THE_HOST + kernel_source())
        subprocess.run(['g++', '-O1', '-shared', '-fPIC', '-fsanitize=undefined',
                        '-fno-sanitize-recover', '-o', folder / 'kernel.so', source], check=True)
        library = ctypes.CDLL(str(folder / 'kernel.so'))
        self._begin, self._kernel = library.begin_thread, getattr(library, KERNEL)

    def __call__(self, grid, block, arguments):
        given = [ctypes.c_void_p(value.ctypes.data) if isinstance(value, np.ndarray)
                 else np.ctypeslib.as_ctypes_type(value.dtype)(value) for value in arguments]
        for in_grid in range(grid[0]):
            for in_block in range(block[0]):
                self._begin(grid[0], block[0], in_grid, in_block)
                self._kernel(*given)


@pytest.fixture(scope='module')
def host_kernel(tmp_path_factory):
    """Give the kernel as it runs on the CPU."""
    return partial(KernelCounter, arrays=np,
                   kernel=HostKernel(tmp_path_factory.mktemp('kernel')))


def gpu_or_skip():
    """Give cuda_counter where there is a GPU."""
    cupy = pytest.importorskip('cupy', reason='CuPy is not installed')
    try:
        cupy.cuda.runtime.getDeviceCount()
    except cupy.cuda.runtime.CUDARuntimeError as error:
        pytest.skip(f'no GPU: {error}')
    return cuda_counter


@pytest.fixture(params=['numpy', 'kernel on the host', 'kernel on a GPU'])
def make_counter(request, host_kernel):
    """Give each way to count."""
    return {'numpy': lambda: CpuCounter, 'kernel on the host': lambda: host_kernel,
            'kernel on a GPU': gpu_or_skip}[request.param]()


def make_messages(counts, seed=0, spacing_us=7_000):
    """Give serialized messages of so many events, some off the sensor, after a long time."""
    generator = np.random.default_rng(seed)
    messages = []
    for number, count in enumerate(counts):
        events = np.zeros(count, EVENT)
        events['t'] = 1_700_000_000_000_000 + number * spacing_us + np.sort(
            generator.integers(0, spacing_us, count))
        events['x'] = generator.integers(0, WIDTH + 3, count)
        events['y'] = generator.integers(0, HEIGHT + 3, count)
        events['p'] = generator.integers(0, 2, count)
        messages.append(encode_event_array(events, 0, 'camera' + number % 4 * 'x', HEIGHT, WIDTH))
    return messages


def as_the_stream_makes_them(messages, geometry):
    """Give the frames of the nodes, without noise filters; messages come at their times."""
    stream = EventStream(EVENT_ARRAY_TYPES[0], geometry, NoiseSettings(False, 0, 0))
    frames = FramesByTime(SIZE, FRAME_US, TIME_STEPS)
    now_ns, packets = 0, []
    for message in messages:
        times_us = decode_event_array(message)['t']
        now_ns = int(times_us[-1]) * 1000 if len(times_us) else now_ns
        packets.append(stream.feed(message, now_ns))
    return [frame for packet in packets if packet for frame in frames.push(packet)]


def assert_same(found, expected):
    assert len(found) == len(expected) > 0
    for frame, other in zip(found, expected):
        counts = frame.counts if isinstance(frame.counts, np.ndarray) else frame.counts.get()
        assert np.array_equal(counts, other.counts)
        assert frame.events == other.events


@pytest.mark.parametrize('geometry', GEOMETRIES)
def test_frames_are_those_of_the_stream(geometry, make_counter):
    messages = make_messages([0, 1, 2, 3, 400, 0, 90, 1, 700, 800, 3, 5, 600, 50, 60, 1])
    frames = MessageFrames(geometry, SIZE, FRAME_US, TIME_STEPS, make_counter)
    found = [frame for message in messages for frame in frames.push(message)]
    expected = as_the_stream_makes_them(messages, geometry)
    assert_same(found, expected)
    assert sum(frame.events for frame in found) > 100
    on_picture = [frame for frame in expected if frame.events]
    assert [frame.t_newest_us for frame in found if frame.events] == [
        frame.t_newest_us for frame in on_picture]


def test_messages_that_are_longer_than_frames_and_pauses(make_counter):
    messages = make_messages([3000, 0, 0, 2000], spacing_us=420_000)
    frames = MessageFrames(Geometry(), SIZE, FRAME_US, TIME_STEPS, make_counter)
    found = [frame for message in messages for frame in frames.push(message)]
    assert_same(found, as_the_stream_makes_them(messages, Geometry()))


def test_a_message_of_more_events_than_the_device_has_room_for_is_refused(make_counter):
    large, larger, other = make_messages([MOST_EVENTS, MOST_EVENTS + 1, 1], spacing_us=FRAME_US)
    frames = MessageFrames(Geometry(), SIZE, FRAME_US, TIME_STEPS, make_counter)
    found = frames.push(large)
    with pytest.raises(MalformedMessage, match='more than 262144'):
        frames.push(larger)
    found += frames.push(other)
    assert_same(found, as_the_stream_makes_them([large, other], Geometry()))


def test_a_camera_that_restarts_begins_anew(make_counter):
    messages = make_messages([50] * 20, spacing_us=100_000)
    frames = MessageFrames(Geometry(), SIZE, FRAME_US, TIME_STEPS, make_counter)
    first, again = ([frame for message in messages for frame in frames.push(message)]
                    for _ in range(2))
    assert_same(again, as_the_stream_makes_them(messages, Geometry()))
    assert len(first) == len(again)


def test_a_damaged_message_costs_nothing_else(make_counter):
    good, other = make_messages([400, 300], spacing_us=FRAME_US)
    frames = MessageFrames(Geometry(), SIZE, FRAME_US, TIME_STEPS, make_counter)
    frames.push(good)
    backwards = np.zeros(2, EVENT)
    backwards['t'] = 1_700_000_000_000_000, 1_600_000_000_000_000
    for damaged in (good[:100], encode_event_array(backwards, 0, '', HEIGHT, WIDTH)):
        with pytest.raises(MalformedMessage):
            frames.push(damaged)
    assert_same(frames.push(other), as_the_stream_makes_them([good, other], Geometry()))


def test_the_classifier_takes_frames_of_any_counter(make_counter):
    pytest.importorskip('safetensors', reason='requirements/torch.txt')
    messages = make_messages([4000] * 30)
    frames = MessageFrames(Geometry(), SIZE, FRAME_US, TIME_STEPS, make_counter)
    found = [frame for message in messages for frame in frames.push(message)]
    classifier, reference = (SpikingClassifier('fast', 'torch') for _ in range(2))
    for frame, other in zip(found, as_the_stream_makes_them(messages, Geometry())):
        assert np.allclose(classifier.step(frame.counts), reference.step(other.counts), atol=1e-4)
