# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The classifier: a frame in, a score for each label out, at the cost of one time step."""
import numpy as np
from snn_gesture_ros.frames.accumulation import network_input
from snn_gesture_ros.network.readout import Readout
from snn_gesture_ros.network.runtimes import open_runtime

STATES = ('carried', 'window')


class SpikingClassifier:
    """
    A network that is loaded and ready.

    Its state is `carried` from frame to frame, and every frame gives scores; or it is put at rest
    after each `window` of T frames, whose last one gives scores: those that SpikingJelly's
    multi-step mode gives for the window. A carried state, too, is put at rest by T frames without
    events in a row, and while the silence lasts the network is not run.
    """

    def __init__(self, checkpoint: str, runtime: str = 'auto', device: str = 'auto',
                 threads: int = 1, state: str = 'carried'):
        """
        Load a checkpoint and run it once, so that the first frame is not slow.

        :param checkpoint: a path or the name of a shipped model.
        :param runtime: one of runtimes.RUNTIMES.
        :param device: `auto`, `cpu`, `cuda` or `cuda:n`.
        :param threads: of the network on the CPU.
        :param state: `carried` or `window`.
        :raises ValueError: if one of them cannot be used.
        """
        if state not in STATES:
            raise ValueError(f'state {state!r} is not one of {", ".join(STATES)}')
        self.runtime = open_runtime(checkpoint, runtime, device, threads)
        self.card = self.runtime.card
        self.shape = (2, self.card.size, self.card.size)
        self._by_window = state == 'window'
        self._readout = Readout(self.card)
        self.reset()
        self.step(np.zeros(self.shape, np.uint16))
        self.reset()

    def reset(self) -> None:
        """Forget all frames."""
        self.runtime.reset()
        self._readout.reset()
        self._steps = self._empty = 0

    def step(self, counts: np.ndarray):
        """
        Take the next frame.

        :param counts: event counts, [2, H, W], channel 0 OFF and 1 ON.
        :returns: scores that sum to one, [labels]; None where a window is not complete.
        :raises ValueError: if the shape is not the network's.
        """
        if counts.shape != self.shape:
            raise ValueError(f'a frame has shape {counts.shape}, the network wants {self.shape}')
        empty = 0 if counts.any() else self._empty + 1
        if not self._by_window and empty > self.card.time_steps:
            return self._scores
        output = self.runtime.step(network_input(counts, self.card.frame_value))
        self._scores = self._readout.take(output)
        self._steps, self._empty = self._steps + 1, empty
        complete = self._steps == self.card.time_steps
        if complete if self._by_window else empty == self.card.time_steps:
            self.reset()
            self._empty = empty
        return self._scores if complete or not self._by_window else None
