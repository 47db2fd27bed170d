# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Replay: clips through the decision path of the gesture_classifier node."""
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from snn_gesture_ros.datasets.clip_set import Clip, ClipSet
from snn_gesture_ros.decision.decider import DecisionSettings
from snn_gesture_ros.decision.recogniser import Recogniser
from snn_gesture_ros.evaluation.density import with_density
from snn_gesture_ros.events.packet import EventPacket
from snn_gesture_ros.frames.slicing import Slicing
from snn_gesture_ros.frames.windows import WindowsByTime
from snn_gesture_ros.network.classifier import SpikingClassifier

PACKET_US = 5_000
"""Camera time of a packet, as the event_stream node makes them by default."""


class Task(NamedTuple):
    """Some clips that are replayed to one checkpoint in one way."""

    key: tuple
    """Names the checkpoint and the way."""
    checkpoint: str
    clips: ClipSet
    numbers: tuple
    """Of the clips in the set."""
    slicing: Slicing = Slicing()
    density: float = 1.0
    """Factor of the number of events."""


class Replayed(NamedTuple):
    """What became of one clip; times are from its start."""

    clip: Clip
    begins_us: np.ndarray
    """Begin of each window, [windows]; negative where it began before the clip."""
    ends_us: np.ndarray
    """End of each window, when it is decided, [windows]."""
    scores: np.ndarray
    """Of each window, [windows, labels]."""
    inferred: np.ndarray
    """Whether the network was asked, or the window was silence, [windows]."""
    announced: list
    """Time and label of the gestures that started."""


def replay(task: Task) -> tuple:
    """
    Replay the clips of a task, each as if the nodes had just started.

    :returns: the task's key and numbers, and a Replayed for each clip.
    :raises ValueError: if the checkpoint cannot be used.
    """
    classifier = _load(task.checkpoint)
    windows = task.slicing.windows(classifier.card)
    replayed = []
    for number in task.numbers:
        clip, events = task.clips[number]
        events = with_density(events, task.density, ClipSet.SIZE, number)
        recogniser = Recogniser(classifier, DecisionSettings())
        replayed.append(replay_clip(clip, events, recogniser, windows))
    return task.key, task.numbers, replayed


def replay_clip(clip: Clip, events: np.ndarray, recogniser: Recogniser, windows) -> Replayed:
    """
    Send the events of a clip to a recogniser that has seen nothing yet.

    :param events: PACKED_EVENT[n] of the clip.
    :param windows: WindowsByTime or WindowsByCount; they begin anew.
    """
    windows.restart()
    decisions = [recogniser.recognise(window) for packet in packets_of(clip, events)
                 for window in windows.push(packet)]
    begins_us, ends_us = spans_us(windows, recogniser.classifier.card.time_steps, events,
                                  len(decisions))
    announced = [(int(end_us), change.label) for end_us, decision in zip(ends_us, decisions)
                 for change in decision.changes if change.label is not None]
    labels = len(recogniser.decider.labels)
    scores = np.reshape([decision.scores for decision in decisions], (-1, labels))
    inferred = np.array([decision.inferred for decision in decisions], bool)
    return Replayed(clip, begins_us, ends_us, scores, inferred, announced)


def packets_of(clip: Clip, events: np.ndarray):
    """Yield the events of a clip as packets of PACKET_US, also those without any."""
    ends_us = np.append(np.arange(PACKET_US, clip.duration_us, PACKET_US), clip.duration_us)
    stops = np.searchsorted(events['dt_us'], ends_us).tolist()
    for sequence, (start, stop, end_us) in enumerate(zip([0, *stops], stops, ends_us.tolist())):
        yield EventPacket(ClipSet.SIZE, ClipSet.SIZE, sequence, 0, end_us, 0, '',
                          events[start:stop])


def spans_us(windows, time_steps: int, events: np.ndarray, count: int) -> tuple:
    """Return begin and end of the first windows of a clip, both [count]."""
    ends = windows.hop_frames * np.arange(1, count + 1)
    begins = ends - time_steps
    if isinstance(windows, WindowsByTime):
        return begins * windows.frame_us, ends * windows.frame_us
    times_us = np.append(events['dt_us'].astype(np.int64), 0)
    first = np.maximum(begins, 0) * windows.frame_events
    return np.where(begins < 0, -1, times_us[first]), times_us[ends * windows.frame_events - 1]


@lru_cache(maxsize=1)
def _load(checkpoint: str) -> SpikingClassifier:
    return SpikingClassifier(checkpoint, 'cpu')
