# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Recognition: turn clean events and time into gestures, in the nodes and offline."""
from collections import deque
from typing import NamedTuple

import numpy as np
from snn_gesture_ros.decision.gesture_filter import DecisionSettings, GestureFilter, silence_scores
from snn_gesture_ros.events.packet import StreamPacket
from snn_gesture_ros.frames.frame_stream import Frame, Slicing, TimedFrames
from snn_gesture_ros.network.classifier import INITIAL_STATE, SpikingClassifier

MIN_EVENTS = 100
"""A window with fewer events is silent."""
SILENCE_US = 200_000
"""After this time without any event there is silence, too: the camera may have failed."""


class Decision(NamedTuple):
    """The result of one frame."""

    scores: np.ndarray
    """Scores of the network or of silence, [labels]."""
    transitions: list
    """List of Transition: the gestures that end or start with this frame."""
    silent: bool
    """Whether the window that ends with the frame has too few events for the network."""


class Recognition:
    """
    Recognize gestures in the clean events of one camera: frames, network, gesture filter.

    `slice_packet` and `slice_silence` turn events and time into frames, `decide` turns a frame
    into a decision. They share no state, so that a node can run them in two threads.
    """

    def __init__(self, classifier: SpikingClassifier, slicing: Slicing = Slicing(),
                 settings: DecisionSettings = DecisionSettings(), min_events: int = MIN_EVENTS):
        """
        Prepare a stream with no events and no gesture.

        :param classifier: can be shared with other streams.
        :param min_events: fewer events in the latest T frames are silence.
        :raises ValueError: if the network's frames cannot be sliced that way.
        """
        self.classifier = classifier
        self.frames = TimedFrames(slicing.frames(classifier.card))
        self.gesture_filter = GestureFilter(classifier.card.labels, settings)
        self.min_events = min_events
        self._state = INITIAL_STATE
        self._events = deque(maxlen=classifier.card.time_steps)
        self._newest_us = None
        """Camera time of the newest event."""

    def slice_packet(self, packet: StreamPacket, now_ns: int) -> list:
        """
        Return the Frames that the next packet completes, oldest first.

        :param now_ns: ROS time of its arrival.
        :raises ValueError: if its resolution does not fit the network's frames.
        """
        return self.frames.slice_packet(packet, now_ns)

    def slice_silence(self, now_ns: int) -> list:
        """Return the Frames that end by now although no packet came, oldest first."""
        return self.frames.advance(now_ns)

    def decide(self, frame: Frame):
        """
        Return the Decision on the next frame, None where its window is not complete yet.

        :raises ValueError: if the frame does not have the network's shape.
        """
        return decide_batch([self], [frame])[0]

    def follow(self, before: 'Recognition', recent) -> list:
        """
        Continue after a hot-swap where another recognition stopped.

        :param before: the recognition that decided until now.
        :param recent: the latest Frames that it decided on, oldest first; this network runs them
            for its state, without decisions.
        :returns: the Transitions that this causes: the end of a gesture that is no label any more.
        """
        for frame in recent:
            self._restart_before(frame)
            self._state, = self.classifier.step([frame.counts], [self._state])
            self._count(frame)
        return self.gesture_filter.follow(before.gesture_filter)

    def _restart_before(self, frame: Frame) -> None:
        if frame.restart:
            self._state = INITIAL_STATE
            self.gesture_filter.restart()
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
                  or frame.t_newest_us - self._newest_us >= SILENCE_US)
        if silent:
            scores = silence_scores(self.gesture_filter.labels)
        return Decision(scores, self.gesture_filter.update(frame.t_newest_us, scores), silent)


def decide_batch(recognitions: list, frames: list) -> list:
    """
    Decide on one Frame of each of several streams, in one batch of the network.

    :param recognitions: the Recognition of each stream; all have the same classifier.
    :param frames: the next Frame of each stream.
    :returns: list with the result of `Recognition.decide` for each stream.
    :raises ValueError: if a frame does not have the network's shape.
    """
    for recognition, frame in zip(recognitions, frames):
        recognition._restart_before(frame)
    states = recognitions[0].classifier.step(
        [frame.counts for frame in frames], [each._state for each in recognitions])
    for recognition, state in zip(recognitions, states):
        recognition._state = state
    return [recognition._decision(frame) for recognition, frame in zip(recognitions, frames)]
