# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One device from messages to scores, for one camera and for many in one batch."""
from time import perf_counter

import numpy as np
from snn_gesture_ros.benchmarks.frames import MessagesToFrames, UNFILTERED
from snn_gesture_ros.benchmarks.network import EVENTS_PER_S, frame_us, make_messages
from snn_gesture_ros.events.event import EVENT_ARRAY_TYPES
from snn_gesture_ros.events.geometry import Geometry
from snn_gesture_ros.events.stream import EventStream
from snn_gesture_ros.frames.frame_stream import FramesByTime
from snn_gesture_ros.network.checkpoint import load_checkpoint
from snn_gesture_ros.network.classifier import INITIAL_STATE, SpikingClassifier
from snn_gesture_ros.network.torch_runtime import choose_device
from snn_gesture_ros.network.torch_runtime import StaticStep
from spikingjelly.activation_based import functional
import torch

WARM_UPS = 20


def measure_device(checkpoint: str, name: str, cameras: int, rounds: int) -> dict:
    """
    Measure the wall time of decisions on a device, and how much its memory grows.

    :param checkpoint: a path or the name of a shipped model.
    :param name: `auto`, `cpu`, `cuda` or `cuda:n`.
    :param cameras: number of cameras in a batch; their frames are made before.
    :param rounds: number of decisions for the percentiles.
    :returns: results by name.
    :raises ValueError: if the device cannot be used.
    """
    device = choose_device(name)
    cuda = device.type == 'cuda'
    if cuda:
        torch.cuda.set_device(device)
    classifier = SpikingClassifier(checkpoint, 'torch', str(device))
    card = classifier.card
    to_frames = MessagesToFrames(
        EventStream(EVENT_ARRAY_TYPES[0], Geometry(), UNFILTERED),
        FramesByTime(card.size, frame_us(card), card.time_steps), frame_us(card))
    messages, states = make_messages(card), [INITIAL_STATE]

    def decide(number):
        for frame in to_frames(messages[number % len(messages)]):
            states[:] = classifier.step([frame.counts], states)

    net, _ = load_checkpoint(checkpoint)
    functional.set_step_mode(net.to(device), 's')
    batch = StaticStep(net, classifier.shape, cameras)
    batch.frames.copy_(torch.rand_like(batch.frames) < 0.05)

    result = {'device': torch.cuda.get_device_name(device) if cuda else str(device),
              'events_in_a_frame': EVENTS_PER_S * frame_us(card) // 1_000_000}
    for what, call in (('one_camera', decide), ('batch', lambda _: batch.run(cameras).cpu())):
        seconds, memory = time_calls(call, rounds, device)
        p50, p99 = np.percentile(seconds, (50, 99)).tolist()
        result |= {f'{what}_ms_p50': 1000 * p50, f'{what}_ms_p99': 1000 * p99,
                   f'{what}_memory_grew_bytes': memory}
    decisions_per_s = cameras / (result['batch_ms_p50'] / 1000)
    return {**result, 'cameras_in_batch': cameras,
            'cameras_in_real_time': int(decisions_per_s * frame_us(card) / 1e6)}


def time_calls(call, rounds: int, device: torch.device) -> tuple:
    """Return the seconds of each call after WARM_UPS, and the growth of memory in bytes."""
    for number in range(WARM_UPS):
        call(number)
    before = free_bytes(device)
    seconds = []
    for number in range(WARM_UPS, WARM_UPS + rounds):
        start = perf_counter()
        call(number)
        seconds.append(perf_counter() - start)
    return seconds, before - free_bytes(device)


def free_bytes(device: torch.device) -> int:
    """Return the free memory of a GPU in bytes; 0 for the CPU."""
    return torch.cuda.mem_get_info(device)[0] if device.type == 'cuda' else 0
