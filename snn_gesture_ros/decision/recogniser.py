# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The recogniser: from windows to gestures; what the node runs, and what reports measure."""
from typing import NamedTuple

import numpy as np
from snn_gesture_ros.decision.decider import Decider, DecisionSettings, silence

MIN_EVENTS = 100
"""A window with fewer events is silence."""


class Recognised(NamedTuple):
    """What one window was taken for."""

    scores: np.ndarray
    """Of the network or of silence, [labels]."""
    changes: list
    """Gestures that start or end with it, of Change."""
    inferred: bool
    """Whether the network was asked."""


class Recogniser:
    """Ask the network for each window that is not silence, and decide."""

    def __init__(self, classifier, settings: DecisionSettings, min_events: int = MIN_EVENTS):
        """
        Begin with no gesture.

        :param classifier: SpikingClassifier, or what else has its `card` and `classify`.
        :param min_events: a window with fewer is silence.
        """
        self.classifier = classifier
        self.decider = Decider(classifier.card.labels, settings)
        self.min_events = min_events

    def recognise(self, window) -> Recognised:
        """
        Take in the next Window of the stream.

        :raises ValueError: if its frames are not the network's.
        """
        inferred = window.events >= max(self.min_events, 1)
        scores = (self.classifier.classify(window.frames) if inferred
                  else silence(self.decider.labels))
        return Recognised(scores, self.decider.update(window.t_newest_us, scores), inferred)
