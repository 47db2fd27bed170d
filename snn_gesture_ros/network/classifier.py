# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The readout: from the outputs of the time steps to scores of the labels."""
from collections import deque
from dataclasses import dataclass
import math

import numpy as np
from snn_gesture_ros.frames.accumulation import network_input
from snn_gesture_ros.network.checkpoint_files import CheckpointError, first_line
from snn_gesture_ros.network.runtimes import open_runtime, RUNTIMES
from snn_gesture_ros.settings import setting


class Readout:
    """
    The average of the outputs so far, and the scores it stands for.

    With readout_steps it is a running average, in which an output that is so many time steps old
    weighs 1/e; otherwise the mean of the latest T outputs.
    """

    def __init__(self, card):
        """
        Begin before the first time step.

        :param card: ModelCard.
        """
        self._softmax = card.readout == 'softmax'
        self._keep = math.exp(-1 / card.readout_steps) if card.readout_steps else None
        self._latest = deque(maxlen=card.time_steps)
        self.reset()

    def reset(self) -> None:
        """Forget all outputs."""
        self._latest.clear()
        self._sum, self._weight = 0.0, 0.0

    def take(self, output: np.ndarray) -> np.ndarray:
        """
        Take the output of a time step.

        :param output: logits or spikes, [labels].
        :returns: scores that sum to one, [labels].
        """
        if self._keep is None:
            self._latest.append(output)
            return self._scores(np.mean(self._latest, axis=0, dtype=np.float64))
        self._sum = self._keep * self._sum + output
        self._weight = self._keep * self._weight + 1.0
        return self._scores(self._sum / self._weight)

    def _scores(self, average: np.ndarray) -> np.ndarray:
        positive = np.exp(average - average.max()) if self._softmax else average + 1e-6
        return positive / positive.sum()


STATES = {'carried': 'the network keeps its state and decides at every frame',
          'window': 'its state is reset before each window, and it decides at the end of it'}


@dataclass(frozen=True)
class NetworkSettings:
    """Which network decides, and what runs it; the arguments of SpikingClassifier."""

    checkpoint: str = setting(
        'fast', 'Path of a checkpoint, or name of a shipped model', live=True)
    runtime: str = setting('auto', 'What runs the network', choices=RUNTIMES, live=True)
    device: str = setting('auto', 'Where the network runs: auto, cpu, cuda or cuda:n', live=True)
    threads: int = setting(
        1, 'Threads of the network on the CPU', minimum=1, maximum=64, live=True)
    state: str = setting(
        'carried', 'What the network remembers', choices=STATES, live=True)


class SpikingClassifier:
    """
    A network that is loaded and ready, for one stream of frames or several.

    The state of a stream is `carried` from frame to frame, and every frame gives scores; or it is
    put at rest after each `window` of T frames, whose last one gives scores: those that
    SpikingJelly's multi-step mode gives for the window. A carried state, too, is put at rest by T
    frames without events in a row, and while the silence lasts the network is not run.
    """

    def __init__(self, checkpoint: str, runtime: str = 'auto', device: str = 'auto',
                 threads: int = 1, state: str = 'carried', streams: int = 1):
        """
        Load a checkpoint and try it out, so that the first frame is not slow either.

        :param checkpoint: a path or the name of a shipped model.
        :param runtime: one of runtimes.RUNTIMES.
        :param device: `auto`, `cpu`, `cuda` or `cuda:n`.
        :param threads: of the network on the CPU.
        :param state: `carried` or `window`.
        :param streams: how many there are; they know nothing of one another.
        :raises ValueError: if one of them cannot be used.
        """
        if state not in STATES:
            raise ValueError(f'state {state!r} is not one of {", ".join(STATES)}')
        try:
            self.runtime = open_runtime(checkpoint, runtime, device, threads, streams)
            self.card = self.runtime.card
            self.shape = (2, self.card.size, self.card.size)
            self._streams = [_Stream(self.card, state == 'window') for _ in range(streams)]
            self._try_out(checkpoint)
        except ValueError:
            raise
        except Exception as error:      # runtimes raise whatever a file leads them to
            raise CheckpointError(f'{checkpoint} does not run: {first_line(error)}') from error

    def _try_out(self, checkpoint: str) -> None:
        """
        Run two time steps, the second of which begins with the states of the first.

        :raises CheckpointError: if the outputs are not those of the labels.
        """
        every = range(len(self._streams))
        wanted = len(every), len(self.card.labels)
        for value in (1, 0):
            frames = [np.full(self.shape, value, np.float32)] * len(every)
            outputs = self.runtime.step(frames, every)
            if np.shape(outputs) != wanted:
                raise CheckpointError(f'{checkpoint} is not a usable checkpoint: its outputs are '
                                      f'{np.shape(outputs)}, not {wanted} for streams and labels')
            if not np.isfinite(outputs).all() or (
                    self.card.readout == 'firing_rate' and outputs.min() < 0):
                raise CheckpointError(f'{checkpoint} is not a usable checkpoint: its outputs are '
                                      f'not what its readout, {self.card.readout}, takes')
        for stream in every:
            self.reset(stream)

    def reset(self, stream: int = 0) -> None:
        """Forget all frames of a stream."""
        self.runtime.reset(stream)
        self._streams[stream].reset()

    def step(self, counts: np.ndarray, stream: int = 0):
        """
        Take the next frame of a stream.

        :param counts: event counts, [2, H, W], channel 0 OFF and 1 ON.
        :returns: scores that sum to one, [labels]; None where a window is not complete.
        :raises ValueError: if the shape is not the network's.
        """
        return self.step_together([counts], [stream])[0]

    def step_together(self, counts: list, streams) -> list:
        """
        Take the next frame of each of some streams, in one batch.

        :param counts: of each what `step` takes.
        :param streams: their indices, each once.
        :returns: of each what `step` returns.
        :raises ValueError: if a shape is not the network's.
        """
        for each in counts:
            if each.shape != self.shape:
                raise ValueError(
                    f'a frame has shape {each.shape}, the network wants {self.shape}')
        awake = [(stream, network_input(each, self.card.frame_value))
                 for stream, each in zip(streams, counts)
                 if self._streams[stream].is_awake(each)]
        if awake:
            running, frames = zip(*awake)
            for stream, output in zip(running, self.runtime.step(frames, running)):
                if self._streams[stream].take(output):
                    self.runtime.reset(stream)
        return [self._streams[stream].scores for stream in streams]


class _Stream:
    """What is remembered of a stream beside its membranes and traces."""

    def __init__(self, card, by_window: bool):
        self._time_steps = card.time_steps
        self._by_window = by_window
        self._readout = Readout(card)
        self.reset()

    def reset(self) -> None:
        self.scores = None
        self._readout.reset()
        self._steps = self._empty = 0

    def is_awake(self, counts) -> bool:
        """Tell whether the network must see the next frame: not after T without events."""
        self._empty = 0 if counts.any() else self._empty + 1
        return self._by_window or self._empty <= self._time_steps

    def take(self, output: np.ndarray) -> bool:
        """Take the output for the frame; tell whether the network is at rest after it."""
        scores = self._readout.take(output)
        self._steps += 1
        complete = self._steps == self._time_steps
        self.scores = scores if complete or not self._by_window else None
        ends = complete if self._by_window else self._empty == self._time_steps
        if ends:
            self._readout.reset()
            self._steps = 0
        return ends
