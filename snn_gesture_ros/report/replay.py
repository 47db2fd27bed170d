# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Replay: clips through what the nodes run, also with more events, or fewer, or disturbed ones."""
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from snn_gesture_ros.datasets.clip_set import Clip, ClipSet
from snn_gesture_ros.decision.recognition import Recognition
from snn_gesture_ros.events.packet import StreamPacket
from snn_gesture_ros.frames.frame_stream import FramesByTime, Slicing
from snn_gesture_ros.network.classifier import SpikingClassifier
from snn_gesture_ros.training.augmentation import Augmentation, augmented

JITTER_US = 2_000
"""Standard deviation of the time by which a repeated event is moved."""
JITTER_PIXELS = 1
"""Furthest that it is moved across and down."""
PACKET_US = 5_000
"""Camera time of a packet, as the event_stream node makes them by default."""


def with_density(events: np.ndarray, factor: float, size: int, seed: int) -> np.ndarray:
    """
    Drop events at random, or repeat each at a moment and on a pixel nearby.

    :param events: PACKED_EVENT[n] in the order of time.
    :param factor: of the number of events; a whole number where it is above 1.
    :param size: width and height of their image, pixels.
    :returns: PACKED_EVENT[m] in the order of time; `events` itself where the factor is 1.
    """
    if factor == 1 or not len(events):
        return events
    rng = np.random.default_rng([seed, 3])
    if factor < 1:
        return events[rng.random(len(events)) < factor]
    repeated = np.repeat(events, round(factor))
    moved = np.arange(len(repeated)) % round(factor) > 0
    polarity, y, x = np.unravel_index(repeated['pixel'], (2, size, size))
    shift = rng.integers(-JITTER_PIXELS, JITTER_PIXELS + 1, (2, len(repeated))) * moved
    y, x = np.clip([y + shift[0], x + shift[1]], 0, size - 1)
    later_us = rng.normal(0, JITTER_US, len(repeated)) * moved
    repeated['pixel'] = np.ravel_multi_index((polarity, y, x), (2, size, size))
    repeated['dt_us'] = np.clip(repeated['dt_us'] + later_us, 0, events['dt_us'][-1])
    return repeated[np.argsort(repeated['dt_us'], kind='stable')]


class Task(NamedTuple):
    """Some clips that are replayed to one checkpoint in one way."""

    key: tuple
    """Names the checkpoint and the way."""
    checkpoint: str
    clips: ClipSet
    numbers: tuple
    """Of the clips in the set."""
    slicing: Slicing = Slicing()
    state: str = 'carried'
    """Of the classifier."""
    density: float = 1.0
    """Factor of the number of events."""
    augmentation: Augmentation = Augmentation()
    """What else is done to the events."""


class Replayed(NamedTuple):
    """What became of one clip; times are from its start."""

    clip: Clip
    begins_us: np.ndarray
    """Begin of the window of T frames that ends with each decision, [decisions]; negative where
    it began before the clip."""
    ends_us: np.ndarray
    """Time of each decision, [decisions]."""
    scores: np.ndarray
    """[decisions, labels]."""
    silent: np.ndarray
    """Whether the window had too few events to believe the network, [decisions]."""
    announced: list
    """Time and label of the gestures that started."""


def replay(task: Task) -> tuple:
    """
    Replay the clips of a task, each as if the nodes had just started.

    :returns: the task's key and numbers, and a Replayed for each clip.
    :raises ValueError: if the checkpoint cannot be used.
    """
    classifier = _load(task.checkpoint, task.state)
    replayed = []
    for number in task.numbers:
        clip, events = task.clips[number]
        events = with_density(events, task.density, ClipSet.SIZE, number)
        events = augmented(events, task.augmentation, clip.duration_us,
                           np.random.default_rng([number, 4]))
        replayed.append(replay_clip(clip, events, Recognition(classifier, task.slicing)))
    return task.key, task.numbers, replayed


def replay_clip(clip: Clip, events: np.ndarray, recognition: Recognition) -> Replayed:
    """
    Send the events of a clip to a Recognition that has seen nothing yet.

    :param events: PACKED_EVENT[n] of the clip.
    """
    found = [recognition.decide(frame) for packet in packets_of(clip, events)
             for frame in recognition.slice_packet(packet, 1000 * packet.t_newest_us)]
    decided = np.array([decision is not None for decision in found], bool)
    decisions = [decision for decision in found if decision is not None]
    begins_us, ends_us = spans_us(
        recognition.frames.stream, recognition.classifier.card.time_steps, events, len(found))
    ends_us = ends_us[decided]
    announced = [(int(end_us), change.label) for end_us, decision in zip(ends_us, decisions)
                 for change in decision.transitions if change.label is not None]
    labels = len(recognition.gesture_filter.labels)
    scores = np.reshape([decision.scores for decision in decisions], (-1, labels))
    silent = np.array([decision.silent for decision in decisions], bool)
    return Replayed(clip, begins_us[decided], ends_us, scores, silent, announced)


def packets_of(clip: Clip, events: np.ndarray):
    """Yield the events of a clip as packets of PACKET_US, also those without any."""
    ends_us = np.append(np.arange(PACKET_US, clip.duration_us, PACKET_US), clip.duration_us)
    stops = np.searchsorted(events['dt_us'], ends_us).tolist()
    for sequence, (start, stop, end_us) in enumerate(zip([0, *stops], stops, ends_us.tolist())):
        yield StreamPacket(ClipSet.SIZE, ClipSet.SIZE, sequence, 0, end_us, 0, '',
                           events[start:stop], clip.scale)


def spans_us(frames, time_steps: int, events: np.ndarray, count: int) -> tuple:
    """Return begin and end of the windows that end with the first frames of a clip, [count]."""
    ends = np.arange(1, count + 1)
    begins = ends - time_steps
    if isinstance(frames, FramesByTime):
        return begins * frames.frame_us, ends * frames.frame_us
    times_us = np.append(events['dt_us'].astype(np.int64), 0)
    first = np.maximum(begins, 0) * frames.frame_events
    return np.where(begins < 0, -1, times_us[first]), times_us[ends * frames.frame_events - 1]


@lru_cache(maxsize=2)
def _load(checkpoint: str, state: str) -> SpikingClassifier:
    return SpikingClassifier(checkpoint, device='cpu', state=state)
