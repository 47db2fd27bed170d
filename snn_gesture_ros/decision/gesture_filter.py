# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
The gesture filter: turn many scores a second into gestures that start and end.

The logarithms of the scores are averaged over time (a logarithmic opinion pool), so that one
decision against a label weighs more than one decision for it. There is hysteresis: a gesture
starts when its averaged score is the best and reaches the start threshold; it ends when its score
falls below the lower end threshold, or when another gesture starts. The label `none` means that
no gesture is made and never starts, so that a gesture made twice with a pause starts twice.
"""
from dataclasses import dataclass
import math
from typing import NamedTuple, Optional

import numpy as np
from snn_gesture_ros.labels import NONE
from snn_gesture_ros.settings import check_fields, setting

MIN_SCORE = 1e-4
"""Lower scores are raised to this, so that one decision alone cannot rule a label out."""


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


class Transition(NamedTuple):
    """The start of a gesture, or its end."""

    label: Optional[str]
    """The gesture that starts; None where one ends."""
    score: float


def silence_scores(labels) -> np.ndarray:
    """Return the scores of silence, [labels]: 1 for `none`, if it is a label, and else 0."""
    return np.array([float(label == NONE) for label in labels])


class GestureFilter:
    """Decide which gesture is being made, if any."""

    def __init__(self, labels, settings: DecisionSettings):
        self.labels = tuple(labels)
        self.settings = settings
        self.gesture = None
        """The gesture that is being made now, or None."""
        self._logs = _logarithms(silence_scores(self.labels))
        self._allowed = np.array([label != NONE for label in self.labels])
        self._t_us = None

    @property
    def scores(self) -> np.ndarray:
        """Averaged scores, [labels]; without a label `none` their sum is less than one."""
        powers = np.exp(self._logs - self._logs.max())
        return (powers / powers.sum())[:len(self.labels)]

    def update(self, t_us: int, scores: np.ndarray) -> list:
        """
        Average the scores of one decision with those before it.

        :param t_us: camera time of the decision.
        :param scores: [labels] that sum to one; `silence_scores` where the camera saw nothing.
        :returns: the gestures that end or start with it; an end comes before a start.
        :raises ValueError: if there is not one score for each label.
        """
        if len(scores) != len(self.labels):
            raise ValueError(f'{len(scores)} scores for {len(self.labels)} labels')
        self._average(t_us, np.asarray(scores, float))
        averaged = self.scores
        candidates = np.where(self._allowed, averaged, -1)
        best = int(candidates.argmax())
        label, score = self.labels[best], float(candidates[best])
        transitions = []
        starts = label != self.gesture and score >= self.settings.start_threshold
        if self.gesture is not None:
            current = float(averaged[self.labels.index(self.gesture)])
            if starts or current < self.settings.end_threshold:
                transitions.append(Transition(None, current))
                self.gesture = None
        if starts:
            self.gesture = label
            transitions.append(Transition(label, score))
        return transitions

    def restart(self) -> None:
        """Reset the average; a gesture that is being made ends with the next decision."""
        self._logs = _logarithms(silence_scores(self.labels))
        self._t_us = None

    def follow(self, before: 'GestureFilter') -> list:
        """
        Copy the state of another filter, after a hot-swap; if its labels differ, start empty.

        :returns: the end of the gesture of the other filter, if its labels differ.
        """
        if before.labels == self.labels:
            self._logs = before._logs.copy()
            self.gesture, self._t_us = before.gesture, before._t_us
            return []
        ended = before.gesture
        if ended is None:
            return []
        return [Transition(None, before.scores[before.labels.index(ended)])]

    def _average(self, t_us: int, scores: np.ndarray) -> None:
        elapsed_ms = 0 if self._t_us is None else max(t_us - self._t_us, 0) / 1000
        self._t_us = t_us
        smoothing_ms = self.settings.smoothing_ms
        weight = 1 - math.exp(-elapsed_ms / smoothing_ms) if smoothing_ms else 1.0
        self._logs += weight * (_logarithms(scores) - self._logs)


def _logarithms(scores: np.ndarray) -> np.ndarray:
    """Return the logarithm of each score, [labels + 1]; the last is of what is missing to one."""
    missing = 1 - scores.sum()
    return np.log(np.maximum([*scores, missing], MIN_SCORE))
