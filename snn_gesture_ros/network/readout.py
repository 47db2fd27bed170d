# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The readout: from the outputs of the time steps to scores of the labels."""
from collections import deque
import math

import numpy as np


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
