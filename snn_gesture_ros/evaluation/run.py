# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A run: everything decided while a recording was played, offline or by the live nodes."""
from typing import NamedTuple

import numpy as np

MIN_SAMPLES = 8


class Samples:
    """
    Sample a stream of frames: the one with the most events of each stretch of equal length.

    There are MIN_SAMPLES to 2 MIN_SAMPLES stretches; a short stream has one for each frame.
    """

    def __init__(self):
        self.frames = []
        self._stretch = 1
        self._added = 0

    def add(self, frame) -> None:
        """Add the next Frame."""
        if self._added % self._stretch:
            self.frames[-1] = max(self.frames[-1], frame, key=_events)
        else:
            self.frames.append(frame)
        self._added += 1
        if len(self.frames) == 2 * MIN_SAMPLES and self._added % self._stretch == 0:
            self.frames = [max(pair, key=_events)
                           for pair in zip(self.frames[::2], self.frames[1::2])]
            self._stretch *= 2


def _events(frame) -> int:
    return frame.events


class Announcement(NamedTuple):
    """A gesture that starts."""

    t_us: int
    label: str
    score: float


class Run(NamedTuple):
    """The decisions on one recording; times are counted from its first event, in camera time."""

    labels: tuple
    first_us: int
    """Camera time of the first event."""
    duration_us: int
    t_us: np.ndarray
    """Time of each decision: that of the newest event that it used, [decisions]."""
    begins_us: np.ndarray
    """Start of the T frames that end with it, [decisions]; negative where there are fewer."""
    scores: np.ndarray
    """[decisions, labels]."""
    gestures: list
    """The gesture that goes on after each decision, or None, [decisions]."""
    announced: list
    """List of Announcement."""
    frames_us: np.ndarray
    """Time of each frame, [frames]."""
    frame_events: np.ndarray
    """Events in each frame, after the filters, [frames]."""
    images: list
    """Time and event counts [2, H, W] of some frames, spread over the recording."""
    counters: dict
    """Of messages and events, as in StreamCounters."""
    processing_ms: np.ndarray
    """From messages in memory to each decision, [decisions]; live: from its newest event to its
    arrival, NaN where that is unknown."""
    busy_s: float
    """Total processing time, without reading the file; live: the time that passed."""


class RunRecorder:
    """Record a Run; all times that are added are camera times."""

    def __init__(self, card, state: str):
        """
        Start without decisions.

        :param card: ModelCard of the network that decides.
        :param state: one of classifier.STATES.
        """
        self.labels = tuple(card.labels)
        self._period = card.time_steps if state == 'carried' else 1
        """Number of decisions during T frames."""
        self._first_us = self._last_us = None
        self._gesture = None
        self._frames, self._decisions, self._announced = [], [], []
        self._samples = Samples()

    def add_packet(self, packet) -> None:
        """Add the time of an EventPacket."""
        if self._first_us is None:
            self._first_us = self._last_us = packet.t_base_us
        self._last_us = max(self._last_us, packet.t_newest_us)

    def add_frame(self, frame) -> None:
        """Add a Frame."""
        self._frames.append((frame.t_newest_us, frame.events))
        self._samples.add(frame)

    def add_change(self, t_us: int, label, score: float) -> None:
        """Add a gesture that starts, or the end of one, where the label is None."""
        self._gesture = label
        if label is not None:
            self._announced.append(Announcement(t_us, label, score))

    def add_decision(self, t_us: int, scores, processing_ms: float) -> None:
        """
        Add a decision, after its changes.

        :param scores: [labels].
        """
        self._decisions.append((t_us, scores, self._gesture, processing_ms))

    def result(self, counters: dict, busy_s: float) -> Run:
        """
        Return the Run.

        :param counters: as in StreamCounters.
        :param busy_s: total processing time.
        :raises ValueError: if there were no events.
        """
        if self._first_us is None:
            raise ValueError('the recording has no events')
        zero_us = self._first_us
        decided_us, scores, gestures, processing_ms = (
            zip(*self._decisions) if self._decisions else [()] * 4)
        t_us = np.array(decided_us, np.int64) - zero_us
        begins_us = np.full_like(t_us, -1)
        begins_us[self._period:] = t_us[:-self._period]
        frames_us, frame_events = zip(*self._frames) if self._frames else ((), ())
        return Run(
            self.labels, zero_us, self._last_us - zero_us, t_us, begins_us,
            np.reshape(scores, (-1, len(self.labels))).astype(float), list(gestures),
            [announced._replace(t_us=announced.t_us - zero_us) for announced in self._announced],
            np.array(frames_us, np.int64) - zero_us, np.array(frame_events, np.int64),
            [(frame.t_newest_us - zero_us, frame.counts) for frame in self._samples.frames],
            counters, np.array(processing_ms), busy_s)
