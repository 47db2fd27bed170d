# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The gestures in the events of a recording, as the nodes would name them."""
import numpy as np
from snn_gesture_ros.decision.decider import DecisionSettings
from snn_gesture_ros.decision.recogniser import Recogniser
from snn_gesture_ros.events.cleaning import Cleaner
from snn_gesture_ros.events.geometry import Geometry
from snn_gesture_ros.events.noise import NoiseSettings
from snn_gesture_ros.events.packet import EventPacket
from snn_gesture_ros.events.stream import RESTART_US
from snn_gesture_ros.frames.slicing import Slicing
from snn_gesture_ros.network.classifier import SpikingClassifier
from snn_gesture_ros.viewing.caption import Gesture

GEOMETRY = Geometry()


class Recognition:
    """Clean the events, cut frames, run the network and decide, all as the nodes do by default."""

    def __init__(self, classifier: SpikingClassifier, width: int, height: int):
        """Begin with no event of a sensor of this size."""
        self._cleaner = Cleaner(GEOMETRY, NoiseSettings(), width, height)
        self._frames = Slicing().frames(classifier.card)
        self._recogniser = Recogniser(classifier, DecisionSettings())
        self._newest_us = None
        self._gesture = None

    def name(self, events: np.ndarray):
        """
        Take in the next EVENT[n], n > 0.

        :returns: the Gesture of the latest decision, None before the first.
        :raises ValueError: if the network's frames do not fit the picture.
        """
        first_us, newest_us = int(events['t'][0]), int(events['t'].max())
        if self._newest_us is not None and first_us < self._newest_us - RESTART_US:
            self._cleaner.restart()
        self._newest_us = newest_us
        packet = EventPacket(GEOMETRY.width, GEOMETRY.height, 0, first_us, newest_us, 0, '',
                             self._cleaner.clean(events))
        for frame in self._frames.push(packet):
            recognised = self._recogniser.recognise(frame)
            if recognised is not None:
                self._gesture = self._named(recognised.scores)
        return self._gesture

    def _named(self, scores: np.ndarray) -> Gesture:
        decider = self._recogniser.decider
        label = decider.gesture or decider.labels[int(scores.argmax())]
        return Gesture(label, float(scores[decider.labels.index(label)]),
                       decider.gesture is not None)
