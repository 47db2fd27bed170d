# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Recognition: clean events and time in, gestures out; one chain for the nodes and offline."""
from collections import deque
from typing import NamedTuple

import numpy as np
from snn_gesture_ros.decision.decider import Decider, DecisionSettings, silence
from snn_gesture_ros.events.packet import EventPacket
from snn_gesture_ros.frames.frame_stream import Frame, Slicing, TimedFrames
from snn_gesture_ros.network.classifier import REST, SpikingClassifier

MIN_EVENTS = 100
"""Fewer events in a window are silence."""
STILL_US = 200_000
"""So long without any event is silence, too: a camera that has died shows no gesture."""


class Decision(NamedTuple):
    """What was recognized when a frame ended."""

    scores: np.ndarray
    """Of the network or of silence, [labels]."""
    changes: list
    """Gestures that start or end with it, of Change."""
    silent: bool
    """Whether the window that ends with the frame has too few events to believe the network."""


class Recognition:
    """
    Clean events of one camera to gestures: frames, the network, the gesture filter.

    `slice_packet` and `slice_silence` turn events and time into frames, `decide` turns a frame
    into a decision. They share no state, so that a node runs them in two threads.
    """

    def __init__(self, classifier: SpikingClassifier, slicing: Slicing = Slicing(),
                 settings: DecisionSettings = DecisionSettings(), min_events: int = MIN_EVENTS):
        """
        Start without a gesture and without frames.

        :param classifier: its network may serve other streams, too.
        :param min_events: fewer in the latest T frames are silence.
        :raises ValueError: if the network's frames cannot be sliced that way.
        """
        self.classifier = classifier
        self.frames = TimedFrames(slicing.frames(classifier.card))
        self.decider = Decider(classifier.card.labels, settings)
        self.min_events = min_events
        self._state = REST
        self._events = deque(maxlen=classifier.card.time_steps)
        self._newest_us = None
        """Time of the newest event."""

    def slice_packet(self, packet: EventPacket, now_ns: int) -> list:
        """
        Return the Frames that the next packet completes, oldest first.

        :param now_ns: ROS time of its arrival.
        :raises ValueError: if its picture does not fit the network's frames.
        """
        return self.frames.push(packet, now_ns)

    def slice_silence(self, now_ns: int) -> list:
        """Return the Frames that time completes where no packets come, oldest first."""
        return self.frames.advance(now_ns)

    def decide(self, frame: Frame):
        """
        Return the Decision on the next frame, None where the classifier gives no scores yet.

        :raises ValueError: if the frame is not the network's.
        """
        return decide_batch([self], [frame])[0]

    def follow(self, before: 'Recognition', recent) -> list:
        """
        Continue where another recognition was, after a hot-swap of the network.

        :param before: what decided until now.
        :param recent: the latest Frames that it decided on, oldest first; the network sees them
            again, and nothing is decided on them.
        :returns: the Changes that this brings: a gesture ends that this network does not know.
        """
        for frame in recent:
            self._restart_before(frame)
            self._state, = self.classifier.step([frame.counts], [self._state])
            self._count(frame)
        return self.decider.follow(before.decider)

    def _restart_before(self, frame: Frame) -> None:
        if frame.restart:
            self._state = REST
            self.decider.restart()
            self._events.clear()
            self._newest_us = None

    def _count(self, frame: Frame) -> None:
        self._events.append(frame.events)
        if frame.events:
            self._newest_us = frame.t_newest_us

    def _decision(self, frame: Frame):
        self._count(frame)
        scores = self._state.scores
        if scores is None:
            return None
        silent = (sum(self._events) < max(self.min_events, 1)
                  or frame.t_newest_us - self._newest_us >= STILL_US)
        if silent:
            scores = silence(self.decider.labels)
        return Decision(scores, self.decider.update(frame.t_newest_us, scores), silent)


def decide_batch(recognitions: list, frames: list) -> list:
    """
    Let several streams of one classifier decide on a Frame each, in one batch.

    :param recognitions: Recognition of each stream.
    :param frames: the next Frame of each.
    :returns: what `Recognition.decide` returns, for each.
    :raises ValueError: if a frame is not the network's.
    """
    for recognition, frame in zip(recognitions, frames):
        recognition._restart_before(frame)
    states = recognitions[0].classifier.step(
        [frame.counts for frame in frames], [each._state for each in recognitions])
    for recognition, state in zip(recognitions, states):
        recognition._state = state
    return [recognition._decision(frame) for recognition, frame in zip(recognitions, frames)]
