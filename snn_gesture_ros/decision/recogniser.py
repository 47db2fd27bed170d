# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The recogniser: from frames to gestures; what the node runs, and what reports measure."""
from collections import deque
from typing import NamedTuple

import numpy as np
from snn_gesture_ros.decision.decider import Decider, DecisionSettings, silence

MIN_EVENTS = 100
"""Fewer events in a window are silence."""
STILL_US = 200_000
"""So long without any event is silence, too: a camera that has died shows no gesture."""


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

    def __init__(self, classifier, settings: DecisionSettings, min_events: int = MIN_EVENTS,
                 stream: int = 0):
        """
        Begin with no gesture.

        :param classifier: SpikingClassifier.
        :param min_events: fewer in the latest T frames are silence.
        :param stream: of the classifier; it begins anew.
        """
        self.classifier = classifier
        self.decider = Decider(classifier.card.labels, settings)
        self.min_events = min_events
        self._stream = stream
        self._events = deque(maxlen=classifier.card.time_steps)
        self._newest_us = None
        """Time of the newest event."""
        classifier.reset(stream)

    def recognise(self, frame):
        """
        Take in the next Frame of the stream.

        :returns: Recognised, or None where the classifier gives no scores yet.
        :raises ValueError: if the frame is not the network's.
        """
        return self.recognise_together([self], [frame])[0]

    @staticmethod
    def recognise_together(recognisers: list, frames: list) -> list:
        """
        Let recognisers of one classifier take in a Frame each, in one batch.

        :returns: what `recognise` returns, of each.
        :raises ValueError: if a frame is not the network's.
        """
        for each, frame in zip(recognisers, frames):
            each._restart_before(frame)
        scores = recognisers[0].classifier.step_together(
            [frame.counts for frame in frames], [each._stream for each in recognisers])
        return [each._decide(frame, those)
                for each, frame, those in zip(recognisers, frames, scores)]

    def _decide(self, frame, scores):
        self._note(frame)
        if scores is None:
            return None
        silent = (sum(self._events) < max(self.min_events, 1)
                  or frame.t_newest_us - self._newest_us >= STILL_US)
        if silent:
            scores = silence(self.decider.labels)
        return Recognised(scores, self.decider.update(frame.t_newest_us, scores), silent)

    def _restart_before(self, frame) -> None:
        if frame.restart:
            self.classifier.reset(self._stream)
            self.decider.restart()
            self._events.clear()
            self._newest_us = None

    def _note(self, frame) -> None:
        self._events.append(frame.events)
        if frame.events:
            self._newest_us = frame.t_newest_us

    def take_over(self, before: 'Recogniser', frames) -> list:
        """
        Go on where another one was.

        :param before: what decided until now.
        :param frames: the latest Frames that it saw, oldest first; nothing is decided on them.
        :returns: the Changes that this brings: a gesture ends that this one does not know.
        """
        for frame in frames:
            self._restart_before(frame)
            self.classifier.step(frame.counts, self._stream)
            self._note(frame)
        return self.decider.follow(before.decider)
