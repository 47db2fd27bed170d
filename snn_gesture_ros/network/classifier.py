# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The classifier: a frame in, a score for each label out, at the cost of one time step."""
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
    """All that a classifier remembers of a stream of frames; one value, which never changes."""

    memory: object = None
    """Membrane potentials and traces, as the runtime has them; None at rest."""
    average: tuple = ()
    """The outputs that the scores are of; see `Readout`."""
    steps: int = 0
    """Time steps since the network was at rest."""
    empty: int = 0
    """Frames without events in a row."""
    scores: Optional[np.ndarray] = None
    """The latest ones, [labels]; None where a window is not complete."""


REST = State()


class SpikingClassifier:
    """
    A network that is loaded and ready.

    The state of a stream is `carried` from frame to frame, and every frame gives scores; or it is
    reset after each `window` of T frames, whose last one gives scores: those that SpikingJelly's
    multi-step mode gives for the window. A carried state, too, is reset by T frames without events
    in a row, and while the silence lasts the network is not run.
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
        :param streams: the largest batch.
        :raises ValueError: if one of them cannot be used.
        """
        if state not in STATES:
            raise ValueError(f'state {state!r} is not one of {", ".join(STATES)}')
        self._by_window = state == 'window'
        try:
            self.runtime = open_runtime(checkpoint, runtime, device, threads, streams)
            self.card = self.runtime.card
            self.shape = (2, self.card.size, self.card.size)
            self._readout = Readout(self.card)
            self._try_out(checkpoint, streams)
        except ValueError:
            raise
        except Exception as error:      # runtimes raise whatever a file leads them to
            raise CheckpointError(f'{checkpoint} does not run: {first_line(error)}') from error

    def _try_out(self, checkpoint: str, streams: int) -> None:
        """
        Run two time steps, the second of which starts from the states of the first.

        :raises CheckpointError: if the outputs are not those of the labels.
        """
        wanted = streams, len(self.card.labels)
        states = [None] * streams
        for value in (1, 0):
            frames = [np.full(self.shape, value, np.float32)] * streams
            outputs, states = self.runtime.step(frames, states)
            if np.shape(outputs) != wanted:
                raise CheckpointError(f'{checkpoint} is not a usable checkpoint: its outputs are '
                                      f'{np.shape(outputs)}, not {wanted} for streams and labels')
            if not np.isfinite(outputs).all() or (
                    self.card.readout == 'firing_rate' and outputs.min() < 0):
                raise CheckpointError(f'{checkpoint} is not a usable checkpoint: its outputs are '
                                      f'not what its readout, {self.card.readout}, takes')

    def step(self, frames: list, states: list) -> list:
        """
        Run the next frame of each of some streams, in one batch.

        :param frames: event counts [2, H, W], channel 0 OFF and 1 ON, of N streams.
        :param states: the State of each stream, REST at first.
        :returns: the N new States, whose `scores` are those of the frames and sum to one.
        :raises ValueError: if a shape is not the network's.
        """
        for counts in frames:
            if counts.shape != self.shape:
                raise ValueError(
                    f'a frame has shape {counts.shape}, the network wants {self.shape}')
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

    def run(self, frames, state: State = REST) -> tuple:
        """
        Run frames of one stream, one after the other.

        :param frames: event counts [2, H, W] of each.
        :returns: the scores of each frame, [labels] or None, and the State after the last.
        :raises ValueError: as `step`.
        """
        scores = []
        for counts in frames:
            state, = self.step([counts], [state])
            scores.append(state.scores)
        return scores, state

    def _must_run(self, state: State) -> bool:
        """Return whether the network must see the frame: not after T without events."""
        return self._by_window or state.empty <= self.card.time_steps

    def _after(self, state: State, output: np.ndarray, memory) -> State:
        """Return the state after a time step with this output."""
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
    The average of the outputs so far, and the scores it stands for.

    With readout_steps it is a running average, in which an output that is so many time steps old
    weighs 1/e; otherwise the mean of the latest T outputs.
    """

    def __init__(self, card):
        """
        Read how to average.

        :param card: ModelCard.
        """
        self._softmax = card.readout == 'softmax'
        self._decay = math.exp(-1 / card.readout_steps) if card.readout_steps else None
        self._time_steps = card.time_steps

    def update(self, output: np.ndarray, average: tuple = ()) -> tuple:
        """
        Average the output of a time step with those before it.

        :param output: logits or spikes, [labels].
        :param average: what the time step before returned, () at first.
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
