# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The gestures in the events of a recording, as the nodes would name them."""
import numpy as np
from snn_gesture_ros.decision.pipeline import NodeSettings, Pipeline
from snn_gesture_ros.network.classifier import SpikingClassifier
from snn_gesture_ros.recordings.recording import cut_slices
from snn_gesture_ros.recordings.stored_messages import as_messages, BATCH_US, EVENTS_TYPE
from snn_gesture_ros.viewing.caption import Gesture


class Recognition:
    """What both nodes do, told of the time and the events that are in sight."""

    def __init__(self, classifier: SpikingClassifier, width: int, height: int,
                 rotation: int = 0):
        """
        Begin with no event of a sensor of this size.

        :param rotation: of event_stream, whose other parameters have their defaults.
        """
        self._size = width, height
        self._pipeline = Pipeline(EVENTS_TYPE, classifier, NodeSettings.of({'rotation': rotation}))
        self._gesture = None

    def name(self, events: np.ndarray):
        """
        Take in the next EVENT[n].

        :returns: the Gesture of the latest decision, None before the first.
        :raises ValueError: if the network's frames do not fit the picture.
        """
        for t_ns, data in as_messages(cut_slices([events], BATCH_US), *self._size):
            self._follow(self._pipeline.feed(data, t_ns))
        return self._gesture

    def wait(self, t_us: int):
        """Let camera time pass without events; give what `name` gives."""
        self._follow(self._pipeline.wait(1000 * t_us))
        return self._gesture

    def _follow(self, decisions):
        for _, recognised in decisions:
            if recognised is not None:
                self._gesture = self._named(recognised.scores)

    def _named(self, scores: np.ndarray) -> Gesture:
        decider = self._pipeline.recogniser.decider
        label = decider.gesture or decider.labels[int(scores.argmax())]
        return Gesture(label, float(scores[decider.labels.index(label)]),
                       decider.gesture is not None)
