# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The classifier: run the network for one time step per frame and return scores of labels."""
from dataclasses import dataclass
import math
from typing import NamedTuple, Optional

import numpy as np
from snn_gesture_ros.frames.accumulation import network_input
from snn_gesture_ros.network.checkpoint_files import CheckpointError, first_line
from snn_gesture_ros.network.runtimes import open_runtime, RUNTIMES
from snn_gesture_ros.settings import setting

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


class State(NamedTuple):
    """The state of a classifier for one stream of frames; an immutable value."""

    memory: object = None
    """Membrane potentials and traces, in the form of the runtime; None: all zero."""
    average: tuple = ()
    """Average of the outputs; see `Readout`."""
    steps: int = 0
    """Time steps since the last reset."""
    empty: int = 0
    """Number of frames without events in a row."""
    scores: Optional[np.ndarray] = None
    """Latest scores, [labels]; None while a window is not complete."""


INITIAL_STATE = State()


class SpikingClassifier:
    """
    A loaded network that turns frames into scores.

    The state of a stream is `carried` from frame to frame, and each frame has scores; or it is
    reset after each `window` of T frames, and only the last frame has scores: those of
    SpikingJelly's multi-step mode for that window. A carried state, too, is reset after T frames
    without events in a row; then the network does not run until the next event.
    """

    def __init__(self, checkpoint: str, runtime: str = 'auto', device: str = 'auto',
                 threads: int = 1, state: str = 'carried', streams: int = 1):
        """
        Load a checkpoint and run it once, as a check and as warm-up.

        :param checkpoint: a path or the name of a shipped model.
        :param runtime: one of runtimes.RUNTIMES.
        :param device: `auto`, `cpu`, `cuda` or `cuda:n`.
        :param threads: threads of the network on the CPU.
        :param state: `carried` or `window`.
        :param streams: maximum number of streams in a batch.
        :raises ValueError: if an argument is wrong or the checkpoint cannot be used.
        """
        if state not in STATES:
            raise ValueError(f'state {state!r} is not one of {", ".join(STATES)}')
        self._by_window = state == 'window'
        try:
            self.runtime = open_runtime(checkpoint, runtime, device, threads, streams)
            self.card = self.runtime.card
            self.shape = (2, self.card.size, self.card.size)
            self._readout = Readout(self.card)
            self._check_outputs(checkpoint, streams)
        except ValueError:
            raise
        except Exception as error:      # a damaged file can make a runtime raise anything
            raise CheckpointError(f'{checkpoint} does not run: {first_line(error)}') from error

    def _check_outputs(self, checkpoint: str, streams: int) -> None:
        """
        Run two time steps; the second starts from the states of the first.

        :raises CheckpointError: if the outputs have a wrong shape or impossible values.
        """
        wanted = streams, len(self.card.labels)
        states = [None] * streams
        for value in (1, 0):
            frames = [np.full(self.shape, value, np.float32)] * streams
            outputs, states = self.runtime.step(frames, states)
            if np.shape(outputs) != wanted:
                raise CheckpointError(f'{checkpoint} is not a usable checkpoint: its outputs are '
                                      f'{np.shape(outputs)}, not {wanted} (streams, labels)')
            if not np.isfinite(outputs).all() or (
                    self.card.readout == 'firing_rate' and outputs.min() < 0):
                raise CheckpointError(f'{checkpoint} is not a usable checkpoint: its outputs do '
                                      f'not fit its readout, {self.card.readout}')

    def step(self, frames: list, states: list) -> list:
        """
        Run the next frame of each of some streams, in one batch.

        :param frames: event counts [2, H, W] of N streams, channel 0 OFF and 1 ON.
        :param states: the State of each stream; INITIAL_STATE at first.
        :returns: the N new States; their `scores` are those of the frames and sum to one.
        :raises ValueError: if a frame does not have the network's shape.
        """
        for counts in frames:
            if counts.shape != self.shape:
                raise ValueError(
                    f'a frame has shape {counts.shape}, the network needs {self.shape}')
        states = [state._replace(empty=0 if counts.any() else state.empty + 1)
                  for counts, state in zip(frames, states)]
        running = [place for place, state in enumerate(states) if self._must_run(state)]
        if running:
            outputs, memories = self.runtime.step(
                [network_input(frames[place], self.card.frame_value) for place in running],
                [states[place].memory for place in running])
            for place, output, memory in zip(running, outputs, memories):
                states[place] = self._after(states[place], output, memory)
        return states

    def run(self, frames, state: State = INITIAL_STATE) -> tuple:
        """
        Run consecutive frames of one stream.

        :param frames: event counts [2, H, W] of each.
        :returns: the scores of each frame, [labels] or None, and the State after the last.
        :raises ValueError: if a frame does not have the network's shape.
        """
        scores = []
        for counts in frames:
            state, = self.step([counts], [state])
            scores.append(state.scores)
        return scores, state

    def _must_run(self, state: State) -> bool:
        """Return whether the network must run; after T frames without events it need not."""
        return self._by_window or state.empty <= self.card.time_steps

    def _after(self, state: State, output: np.ndarray, memory) -> State:
        """Return the state after a time step."""
        scores, average = self._readout.update(output, state.average)
        steps, time_steps = state.steps + 1, self.card.time_steps
        if self._by_window:
            ends = steps == time_steps
            scores = scores if ends else None
        else:
            ends = state.empty == time_steps
        if ends:
            return State(empty=state.empty, scores=scores)
        return State(memory, average, steps, state.empty, scores)


class Readout:
    """
    Averages the outputs over time and turns the average into scores.

    With readout_steps the average is exponential, with that time constant in time steps; otherwise
    it is the mean of the latest T outputs.
    """

    def __init__(self, card):
        """Use the readout of a ModelCard."""
        self._softmax = card.readout == 'softmax'
        self._decay = math.exp(-1 / card.readout_steps) if card.readout_steps else None
        self._time_steps = card.time_steps

    def update(self, output: np.ndarray, average: tuple = ()) -> tuple:
        """
        Add the output of a time step to the average.

        :param output: logits or spikes, [labels].
        :param average: the average that the last call returned; () at first.
        :returns: scores that sum to one, [labels], and the new average.
        """
        if self._decay is None:
            average = (*average, output)[-self._time_steps:]
            return self._scores(np.mean(average, axis=0, dtype=np.float64)), average
        total, weight = average or (0.0, 0.0)
        average = self._decay * total + output, self._decay * weight + 1.0
        return self._scores(average[0] / average[1]), average

    def _scores(self, average: np.ndarray) -> np.ndarray:
        positive = np.exp(average - average.max()) if self._softmax else average + 1e-6
        return positive / positive.sum()
