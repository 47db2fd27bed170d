# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
The network: the cost of a decision, compared with SpikingJelly's modes and the seed project.

Here each frame has a decision and costs a single time step, as in SpikingJelly's single-step mode.
Its multi-step mode runs the T time steps of the window that ends with the frame.
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
from snn_gesture_ros.events.noise_settings import NoiseSettings
from snn_gesture_ros.events.stream import EventStream
from snn_gesture_ros.frames.accumulation import network_input
from snn_gesture_ros.frames.frame_stream import FramesByTime
from snn_gesture_ros.labels import SPIKINGJELLY_GESTURES
from snn_gesture_ros.network.architectures import build_network
from snn_gesture_ros.network.checkpoint import load_checkpoint, save_checkpoint
from snn_gesture_ros.network.checkpoint_files import EXPORTED
from snn_gesture_ros.network.classifier import INITIAL_STATE, SpikingClassifier
from snn_gesture_ros.network.gesture_net import FusedLIFNode
from snn_gesture_ros.network.model_card import ModelCard
from snn_gesture_ros.network.onnx_graph import to_onnx
from spikingjelly.activation_based import functional, neuron
import torch

SHIPPED = 'fast'
SENSOR = 128
"""Width and height of the sensor and of the image, in pixels."""
WINDOWS = 64
MESSAGES = 256
EVENTS_PER_S = 50_000


def network_cases(folder: Path) -> list:
    """
    Return the cases of both networks in both runtimes.

    :param folder: folder for the checkpoint of a random network, which must exist while they run.
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
    """Save SpikingJelly's network with random weights, also exported; return its checkpoint."""
    torch.manual_seed(0)
    architecture = {'model': 'DVSGestureNet', 'channels': channels}
    card = ModelCard(
        labels=SPIKINGJELLY_GESTURES, time_steps=16, window_ms=800.0, size=128,
        frame_value='count', slicing='time', readout='firing_rate', architecture=architecture)
    path = folder / f'dvs_gesture_net_{channels}.safetensors'
    net = build_network(len(card.labels), card.size, architecture).eval()
    save_checkpoint(path, net, card)
    path.with_suffix(EXPORTED).write_bytes(to_onnx(net, card).SerializeToString())
    return path


def decision_cases(name: str, stock: 'StockNetwork', classifier: SpikingClassifier) -> list:
    """
    Return the cases of one network in one runtime.

    :param stock: the network with SpikingJelly's own neurons.
    :param classifier: the same network in this package.
    """
    card = stock.card
    frames = make_frames(card)
    windows = [frames[i:i + card.time_steps] for i in range(WINDOWS)]
    to_frames = MessagesToFrames(
        EventStream(EVENT_ARRAY_TYPES[0], Geometry(), NoiseSettings(False, 0, 0)),
        FramesByTime(card.size, frame_us(card), card.time_steps), frame_us(card))

    states = [INITIAL_STATE]

    def step(window):
        states[:] = classifier.step([window[-1]], states)

    def decide(message):  # at each restart of the messages, three complete no frame
        for frame in to_frames(message):
            states[:] = classifier.step([frame.counts], states)

    return [
        Case(name, windows, step, stock.multi_step,
             f'SpikingJelly, T={card.time_steps} steps at once'),
        Case(name, windows, step, lambda window: stock.single_step(window[-1]),
             'SpikingJelly, step by step'),
        Case(f'{name}, from events', make_messages(card), decide, SeedMethod(stock).decide,
             f'the seed project, T={card.time_steps}')]


def frame_us(card: ModelCard) -> int:
    """Return the duration of a network's frame."""
    return round(1000 * card.window_ms / card.time_steps)


def make_frames(card: ModelCard) -> np.ndarray:
    """Return random event counts, uint16 [n, 2, H, W]; each window starts one frame later."""
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
        Run a time step with the state after the last one.

        :param frame: event counts, uint16 [2, H, W].
        :returns: output, float32 [labels].
        """
        with torch.inference_mode():
            frame = torch.from_numpy(network_input(frame, self.card.frame_value))
            return self._stepping(frame[None])[0].numpy()


class SeedMethod:
    """
    The method of the seed project: collect the events of T frames, integrate, run all T steps.

    Written from a description of Mars-Mah3r/Real-time-SpikingJelly-SNN: events are arrays t, x, y,
    p, sliced by a fixed duration and counted by numpy. Here the messages are also decoded by
    numpy, which favors the seed project: rclpy's objects would take a hundred times longer.
    """

    def __init__(self, network: StockNetwork):
        self._network = network
        card = network.card
        self._scale = SENSOR // card.size
        self._shape = (card.time_steps, 2, card.size, card.size)
        self._frame_us = frame_us(card)
        self._latest = deque([np.empty(0, EVENT)] * card.time_steps, card.time_steps)

    def decide(self, message: bytes) -> np.ndarray:
        """
        Decide on the latest T frames, the last of which is this serialized EventArray.

        :returns: mean output, float32 [labels].
        """
        self._latest.append(read_event_array_with_numpy(message))
        return self._network.multi_step(self.integrate(np.concatenate(self._latest)))

    def integrate(self, events: np.ndarray) -> np.ndarray:
        """
        Integrate events into frames of fixed duration; the newest event is in the last frame.

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
