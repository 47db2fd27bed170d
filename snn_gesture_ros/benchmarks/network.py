# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
The network: the cost of a decision, against SpikingJelly's own modes and the seed project's way.

Ours is a decision for every frame, each a single time step; so is SpikingJelly's single-step mode.
Its multi-step mode runs the T steps of the window that ends with the frame.
"""
from collections import deque
from copy import deepcopy
from pathlib import Path

import numpy as np
from snn_gesture_ros.benchmarks.decoding import read_event_array_with_numpy
from snn_gesture_ros.benchmarks.frames import MessagesToFrames
from snn_gesture_ros.benchmarks.timing import Case
from snn_gesture_ros.events.cdr import encode_event_array
from snn_gesture_ros.events.event import EVENT, EVENT_ARRAY_TYPES
from snn_gesture_ros.events.geometry import Geometry
from snn_gesture_ros.events.noise import NoiseSettings
from snn_gesture_ros.events.stream import EventStream
from snn_gesture_ros.frames.accumulation import network_input
from snn_gesture_ros.frames.frame_stream import FramesByTime
from snn_gesture_ros.labels import SPIKINGJELLY_GESTURES
from snn_gesture_ros.network.architectures import build_network
from snn_gesture_ros.network.checkpoint import load_checkpoint, save_checkpoint
from snn_gesture_ros.network.checkpoint_files import EXPORTED
from snn_gesture_ros.network.classifier import REST, SpikingClassifier
from snn_gesture_ros.network.gesture_net import FusedLIFNode
from snn_gesture_ros.network.model_card import ModelCard
from snn_gesture_ros.network.onnx_graph import lower
from spikingjelly.activation_based import functional, neuron
import torch

SHIPPED = 'fast'
SENSOR = 128
"""Width and height of the sensor, and of the picture, in pixels."""
WINDOWS = 64
MESSAGES = 256
EVENTS_PER_S = 50_000


def network_cases(folder: Path) -> list:
    """
    Return the cases of both networks in both runtimes.

    :param folder: where the checkpoint of a random network may be kept while they run.
    """
    random = save_dvs_gesture_net(folder, channels=32)
    exported = random.with_suffix(EXPORTED)
    cases = []
    for name, checkpoint, runtimes in [
            ('DVSGestureNet c=32', random, {'onnx': exported, 'torch': random}),
            (f'shipped {SHIPPED}', SHIPPED, {'onnx': SHIPPED, 'torch': SHIPPED})]:
        stock = StockNetwork(checkpoint)
        for runtime, path in runtimes.items():
            cases += decision_cases(f'{name}, {runtime}', stock, SpikingClassifier(path, runtime))
    return cases


def save_dvs_gesture_net(folder: Path, channels: int) -> Path:
    """Write SpikingJelly's network with random weights, also exported; return its checkpoint."""
    torch.manual_seed(0)
    architecture = {'model': 'DVSGestureNet', 'channels': channels}
    card = ModelCard(
        labels=SPIKINGJELLY_GESTURES, time_steps=16, window_ms=800.0, size=128,
        frame_value='count', slicing='time', readout='firing_rate', architecture=architecture)
    path = folder / f'dvs_gesture_net_{channels}.safetensors'
    net = build_network(len(card.labels), card.size, architecture).eval()
    save_checkpoint(path, net, card)
    path.with_suffix(EXPORTED).write_bytes(lower(net, card).SerializeToString())
    return path


def decision_cases(name: str, stock: 'StockNetwork', classifier: SpikingClassifier) -> list:
    """
    Return the cases of one network in one runtime.

    :param stock: the network as SpikingJelly has it.
    :param classifier: the same, as we run it.
    """
    card = stock.card
    frames = make_frames(card)
    windows = [frames[i:i + card.time_steps] for i in range(WINDOWS)]
    to_frames = MessagesToFrames(
        EventStream(EVENT_ARRAY_TYPES[0], Geometry(), NoiseSettings(False, 0, 0)),
        FramesByTime(card.size, frame_us(card), card.time_steps), frame_us(card))

    states = [REST]

    def step(window):
        states[:] = classifier.step([window[-1]], states)

    def decide(message):  # of MESSAGES, which begin again and again, three end no frame
        for frame in to_frames(message):
            states[:] = classifier.step([frame.counts], states)

    return [
        Case(name, windows, step, stock.multi_step,
             f'SpikingJelly, T={card.time_steps} steps at once'),
        Case(name, windows, step, lambda window: stock.single_step(window[-1]),
             'SpikingJelly, step by step'),
        Case(f'{name}, from events', make_messages(card), decide, SeedsWay(stock).decide,
             f"the seed's way, T={card.time_steps}")]


def frame_us(card: ModelCard) -> int:
    """Return the duration of a network's frame."""
    return round(1000 * card.window_ms / card.time_steps)


def make_frames(card: ModelCard) -> np.ndarray:
    """Return random event counts, one frame more for each window, uint16 [n, 2, H, W]."""
    events = EVENTS_PER_S * frame_us(card) / 1e6
    shape = (WINDOWS + card.time_steps - 1, 2, card.size, card.size)
    generator = np.random.default_rng(0)
    return generator.poisson(events / (2 * card.size ** 2), shape).astype(np.uint16)


def make_messages(card: ModelCard) -> list:
    """Return serialized EventArrays of a camera, each as long as a frame."""
    generator = np.random.default_rng(0)
    duration_us = frame_us(card)
    events = np.zeros(EVENTS_PER_S * duration_us // 1_000_000, EVENT)
    messages = []
    for number in range(MESSAGES):
        events['t'] = number * duration_us + np.sort(
            generator.integers(0, duration_us, len(events)))
        events['x'], events['y'] = generator.integers(0, SENSOR, (2, len(events)))
        events['p'] = generator.integers(0, 2, len(events))
        messages.append(encode_event_array(events, 0, 'camera', SENSOR, SENSOR))
    return messages


class StockNetwork:
    """A checkpoint's network with SpikingJelly's own neurons, run as SpikingJelly runs it."""

    def __init__(self, checkpoint):
        """
        Load a checkpoint.

        :param checkpoint: a path or the name of a shipped model.
        """
        torch.set_num_threads(1)
        self._net, self.card = load_checkpoint(checkpoint)
        for parent in list(self._net.modules()):
            for name, child in parent.named_children():
                if isinstance(child, FusedLIFNode):
                    setattr(parent, name, neuron.LIFNode(
                        child.tau, decay_input=False, detach_reset=True,
                        surrogate_function=child.surrogate_function, step_mode='m').eval())
        self._stepping = deepcopy(self._net)
        functional.set_step_mode(self._stepping, 's')

    def multi_step(self, window: np.ndarray) -> np.ndarray:
        """
        Run all steps of a window from rest.

        :param window: event counts, uint16 [T, 2, H, W].
        :returns: mean output, float32 [labels].
        """
        with torch.inference_mode():
            functional.reset_net(self._net)
            frames = torch.from_numpy(network_input(window, self.card.frame_value))
            return self._net(frames[:, None]).mean(0)[0].numpy()

    def single_step(self, frame: np.ndarray) -> np.ndarray:
        """
        Run a step from where the last one left the network.

        :param frame: event counts, uint16 [2, H, W].
        :returns: output, float32 [labels].
        """
        with torch.inference_mode():
            frame = torch.from_numpy(network_input(frame, self.card.frame_value))
            return self._stepping(frame[None])[0].numpy()


class SeedsWay:
    """
    How the seed project decides: collect T frames' events, integrate them, run all T steps.

    Written anew from a description of Mars-Mah3r/Real-time-SpikingJelly-SNN: events are kept as
    arrays t, x, y, p, cut by a fixed duration and added up by numpy; here the messages are
    decoded by numpy, too, which is kind: rclpy's objects would take a hundred times longer.
    """

    def __init__(self, network: StockNetwork):
        """Begin with a window without events."""
        self._network = network
        card = network.card
        self._scale = SENSOR // card.size
        self._shape = (card.time_steps, 2, card.size, card.size)
        self._frame_us = frame_us(card)
        self._latest = deque([np.empty(0, EVENT)] * card.time_steps, card.time_steps)

    def decide(self, message: bytes) -> np.ndarray:
        """
        Take the serialized EventArray of a frame's duration and decide on the latest T.

        :returns: mean output, float32 [labels].
        """
        self._latest.append(read_event_array_with_numpy(message))
        return self._network.multi_step(self.integrate(np.concatenate(self._latest)))

    def integrate(self, events: np.ndarray) -> np.ndarray:
        """
        Integrate events to frames of fixed duration, the last of which has the newest event.

        :param events: EVENT[n], n > 0.
        :returns: event counts, uint16 [T, 2, H, W].
        """
        frames = np.zeros(self._shape, np.uint16)
        newest = events['t'][-1] // self._frame_us
        for step, frame in enumerate(frames):
            inside = events[events['t'] // self._frame_us == newest - len(frames) + 1 + step]
            np.add.at(frame, (inside['p'], inside['y'] // self._scale,
                              inside['x'] // self._scale), 1)
        return frames
