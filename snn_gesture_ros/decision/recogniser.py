# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The recogniser: from frames to gestures; what the node runs, and what reports measure."""
from collections import deque
from typing import NamedTuple

import numpy as np
from snn_gesture_ros.decision.decider import Decider, DecisionSettings, silence

MIN_EVENTS = 100
"""Fewer events in a window are silence."""


class Recognised(NamedTuple):
    """What was recognised when a frame ended."""

    scores: np.ndarray
    """Of the network or of silence, [labels]."""
    changes: list
    """Gestures that start or end with it, of Change."""
    silent: bool
    """Whether the window that ends with the frame has too few events to believe the network."""


class Recogniser:
    """Run the network frame by frame, and decide."""

    def __init__(self, classifier, settings: DecisionSettings, min_events: int = MIN_EVENTS):
        """
        Begin with no gesture.

        :param classifier: SpikingClassifier; it begins anew.
        :param min_events: fewer in the latest T frames are silence.
        """
        self.classifier = classifier
        self.decider = Decider(classifier.card.labels, settings)
        self.min_events = min_events
        self._events = deque(maxlen=classifier.card.time_steps)
        classifier.reset()

    def recognise(self, frame):
        """
        Take in the next Frame of the stream.

        :returns: Recognised, or None where the classifier gives no scores yet.
        :raises ValueError: if the frame is not the network's.
        """
        scores = self.classifier.step(frame.counts)
        self._events.append(frame.events)
        if scores is None:
            return None
        silent = sum(self._events) < max(self.min_events, 1)
        if silent:
            scores = silence(self.decider.labels)
        return Recognised(scores, self.decider.update(frame.t_newest_us, scores), silent)

    def take_over(self, before: 'Recogniser', frames) -> list:
        """
        Go on where another one was.

        :param before: what decided until now.
        :param frames: the latest Frames that it saw, oldest first; nothing is decided on them.
        :returns: the Changes that this brings: a gesture ends that this one does not know.
        """
        for frame in frames:
            self.classifier.step(frame.counts)
            self._events.append(frame.events)
        return self.decider.follow(before.decider)
