# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
The decider: from scores that come many times a second to gestures that start and end.

The scores are averaged over time as logarithms (a logarithmic opinion pool): where a label is
unlikely for a moment, that counts against it more than likely moments count for it. A gesture
starts when its averaged score reaches the start threshold and is the best; it ends when it falls
below the lower end threshold, or when another gesture starts. The label `none` is the absence of
a gesture and never starts, so that a gesture made twice with a pause between fires twice.
"""
from dataclasses import dataclass
import math
from typing import NamedTuple, Optional

import numpy as np
from snn_gesture_ros.labels import NONE
from snn_gesture_ros.settings import check_fields, setting

FAINTEST = 1e-4
"""Score below which less is no stronger evidence."""


@dataclass(frozen=True)
class DecisionSettings:
    """When a gesture starts and ends."""

    start_threshold: float = setting(
        0.7, 'Averaged score from which a gesture starts', minimum=0.0, maximum=1.0, live=True)
    end_threshold: float = setting(
        0.4, 'Averaged score below which a gesture ends', minimum=0.0, maximum=1.0, live=True)
    smoothing_ms: float = setting(
        500.0, 'Time constant of the average over decisions; 0 takes each decision as it is',
        unit='ms', minimum=0.0, maximum=10000.0, live=True)

    def __post_init__(self):
        """Raise ValueError if a setting is wrong, or a gesture would start and end at once."""
        check_fields(self)
        if self.end_threshold > self.start_threshold:
            raise ValueError('thresholds must be 0 <= end_threshold <= start_threshold <= 1')


class Change(NamedTuple):
    """A gesture that starts, or the end of one."""

    label: Optional[str]
    """None where a gesture ended."""
    score: float


def silence(labels) -> np.ndarray:
    """Give the scores of silence: all on `none`, if there is such a label."""
    return np.array([float(label == NONE) for label in labels])


class Decider:
    """Decide which gesture is being made, if any."""

    def __init__(self, labels, settings: DecisionSettings):
        """Begin with no gesture, after a long silence."""
        self.labels = tuple(labels)
        self.settings = settings
        self.gesture = None
        """The gesture that is being made now, or None."""
        self._logs = _logarithms(silence(self.labels))
        self._allowed = np.array([label != NONE for label in self.labels])
        self._t_us = None

    @property
    def scores(self) -> np.ndarray:
        """Averaged scores, [labels]; without a label `none` they sum to less than one."""
        powers = np.exp(self._logs - self._logs.max())
        return (powers / powers.sum())[:len(self.labels)]

    def update(self, t_us: int, scores: np.ndarray) -> list:
        """
        Take in one decision of the network.

        :param t_us: camera time of the decision.
        :param scores: [labels] that sum to one; `silence` where the camera saw nothing.
        :returns: the changes that it brings, in their order: an end comes before a start.
        :raises ValueError: if the number of scores is not that of the labels.
        """
        if len(scores) != len(self.labels):
            raise ValueError(f'{len(scores)} scores for {len(self.labels)} labels')
        self._average(t_us, np.asarray(scores, float))
        averaged = self.scores
        candidates = np.where(self._allowed, averaged, -1)
        best = int(candidates.argmax())
        label, score = self.labels[best], float(candidates[best])
        changes = []
        starts = label != self.gesture and score >= self.settings.start_threshold
        if self.gesture is not None:
            current = float(averaged[self.labels.index(self.gesture)])
            if starts or current < self.settings.end_threshold:
                changes.append(Change(None, current))
                self.gesture = None
        if starts:
            self.gesture = label
            changes.append(Change(label, score))
        return changes

    def restart(self) -> None:
        """Forget the scores so far; a gesture that is being made ends with the next decision."""
        self._logs = _logarithms(silence(self.labels))
        self._t_us = None

    def follow(self, before: 'Decider') -> list:
        """
        Go on where another decider was; with other labels, begin anew.

        :returns: the changes that this brings: the end of the other's gesture, if it has other
            labels.
        """
        if before.labels == self.labels:
            self._logs = before._logs.copy()
            self.gesture, self._t_us = before.gesture, before._t_us
            return []
        ended = before.gesture
        return [] if ended is None else [Change(None, before.scores[before.labels.index(ended)])]

    def _average(self, t_us: int, scores: np.ndarray) -> None:
        elapsed_ms = 0 if self._t_us is None else max(t_us - self._t_us, 0) / 1000
        self._t_us = t_us
        smoothing_ms = self.settings.smoothing_ms
        weight = 1 - math.exp(-elapsed_ms / smoothing_ms) if smoothing_ms else 1.0
        self._logs += weight * (_logarithms(scores) - self._logs)


def _logarithms(scores: np.ndarray) -> np.ndarray:
    """Give the logarithm of each label's score, and last of what is missing to one."""
    missing = 1 - scores.sum()
    return np.log(np.maximum([*scores, missing], FAINTEST))
