# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Offline: a recording through what both nodes run, as fast as it goes, always the same way."""
from collections import deque
from dataclasses import asdict, dataclass
from time import perf_counter

from snn_gesture_ros.decision.decider import DecisionSettings
from snn_gesture_ros.decision.recogniser import Recogniser
from snn_gesture_ros.evaluation.run import Run, RunRecorder
from snn_gesture_ros.events.geometry import Geometry
from snn_gesture_ros.events.noise import NoiseSettings
from snn_gesture_ros.events.stream import EventStream, rehearse
from snn_gesture_ros.frames.silence import MARGIN_NS, PERIOD_NS, TimedFrames
from snn_gesture_ros.frames.slicing import Slicing
from snn_gesture_ros.parameters import DECISION, NETWORK, NOISE, SLICING

AFTERWARDS_NS = 1_000_000_000
"""Silence after the last message, in which the last gesture may end."""


@dataclass(frozen=True)
class NodeSettings:
    """What the parameters of both nodes say; see `parameters.py`."""

    geometry: Geometry
    noise: NoiseSettings
    batch_us: int
    network: dict
    slicing: Slicing
    min_events: int
    decision: DecisionSettings

    @classmethod
    def of(cls, values: dict) -> 'NodeSettings':
        """
        Sort the values of parameters.

        :param values: by name, all of EVENT_STREAM and GESTURE_CLASSIFIER that matter offline.
        :raises ValueError: if they do not go together.
        """
        def group(names):
            return {name: values[name] for name in names}

        geometry = Geometry(values['geometry'], tuple(values['region']), values['flip_x'],
                            values['flip_y'], values['width'], values['height'])
        return cls(geometry, NoiseSettings(**group(NOISE)), values['batch_us'], group(NETWORK),
                   Slicing(**group(SLICING)), values['min_events'],
                   DecisionSettings(**group(DECISION)))


def run_offline(messages, classifier, settings: NodeSettings) -> Run:
    """
    Send stored messages to event_stream and gesture_classifier as if they had just started.

    Time passes as the messages say, and also where there are none.

    :param messages: StoredMessages.
    :param classifier: SpikingClassifier; it begins anew.
    :raises ValueError: if the file is damaged, has no events, or the settings do not fit it.
    """
    rehearse(messages.message_type)
    nodes = _Nodes(messages.message_type, classifier, settings)
    last_ns = None
    for t_ns, data in messages:
        if last_ns is not None:
            nodes.wait(last_ns, t_ns)
        nodes.feed(data, t_ns)
        last_ns = t_ns if last_ns is None else max(last_ns, t_ns)
    if last_ns is not None:
        nodes.wait(last_ns, last_ns + MARGIN_NS + AFTERWARDS_NS)
    return nodes.result()


class _Nodes:
    """Both nodes, in one thread and without ROS."""

    def __init__(self, message_type, classifier, settings):
        self._stream = EventStream(message_type, settings.geometry, settings.noise,
                                   settings.batch_us)
        self._frames = TimedFrames(settings.slicing.frames(classifier.card))
        self._recogniser = Recogniser(classifier, settings.decision, settings.min_events)
        self._recorder = RunRecorder(classifier.card.labels)
        self._times_us = deque(maxlen=classifier.card.time_steps + 1)
        self._busy_s = self._since_s = 0.0

    def feed(self, data, now_ns):
        """Take a message that arrives."""
        start = perf_counter()
        self._take(self._stream.feed(data, now_ns), now_ns, start)

    def wait(self, since_ns, now_ns):
        """Let time pass without a message, as the nodes' timers do."""
        if now_ns - since_ns <= MARGIN_NS:
            return
        start = perf_counter()
        self._take(self._stream.flush(), since_ns, start)
        for tick_ns in range(since_ns + MARGIN_NS + PERIOD_NS, now_ns + 1, PERIOD_NS):
            start = perf_counter()
            self._decide(self._frames.advance(tick_ns), start)

    def _take(self, packet, now_ns, start):
        frames = []
        if packet is not None:
            self._recorder.add_packet(packet)
            frames = self._frames.push(packet, now_ns)
        self._decide(frames, start)

    def _decide(self, frames, start):
        for frame in frames:
            recognised = self._recogniser.recognise(frame)
            self._clock(start)
            self._times_us.append(frame.t_newest_us)
            self._recorder.add_frame(frame)
            if recognised is not None:
                self._remember(frame.t_newest_us, recognised)
            start = perf_counter()
        self._clock(start)

    def _clock(self, start):
        self._since_s += perf_counter() - start

    def _remember(self, t_us, recognised):
        full = len(self._times_us) == self._times_us.maxlen
        for change in recognised.changes:
            self._recorder.add_change(t_us, change.label, change.score)
        self._recorder.add_decision(t_us, self._times_us[0] if full else None,
                                    recognised.scores, 1000 * self._since_s)
        self._busy_s += self._since_s
        self._since_s = 0.0

    def result(self) -> Run:
        """
        Gather what was decided.

        :raises ValueError: if there were no events.
        """
        counters = self._stream.counters
        if counters.malformed and not counters.events_in:
            raise ValueError(f'no message can be read: {self._stream.last_error}')
        return self._recorder.result(asdict(counters), self._busy_s + self._since_s)
