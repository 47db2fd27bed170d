# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Offline: a recording through what both nodes run, as fast as it goes, always the same way."""
from collections import deque
from dataclasses import asdict
from time import perf_counter

from snn_gesture_ros.decision.pipeline import NodeSettings, Pipeline
from snn_gesture_ros.evaluation.run import Run, RunRecorder
from snn_gesture_ros.events.stream import rehearse
from snn_gesture_ros.frames.silence import MARGIN_NS

AFTERWARDS_NS = 1_000_000_000
"""Silence after the last message, in which the last gesture may end."""


def run_offline(messages, message_type: str, classifier, settings: NodeSettings) -> Run:
    """
    Send stored messages to event_stream and gesture_classifier as if they had just started.

    Time passes as the messages say, and also where there are none.

    :param messages: time in nanoseconds and bytes of each, as StoredMessages gives them.
    :param message_type: one of EVENT_TYPES.
    :param classifier: SpikingClassifier; it begins anew.
    :raises ValueError: if the file is damaged, has no events, or the settings do not fit it.
    """
    rehearse(message_type)
    recorder = RunRecorder(classifier.card.labels)
    pipeline = Pipeline(message_type, classifier, settings, recorder.add_packet)
    decisions = _Decisions(recorder, classifier.card.time_steps)
    now_ns = 0
    for now_ns, data in messages:
        decisions.add(pipeline.feed(data, now_ns))
    decisions.add(pipeline.wait(now_ns + MARGIN_NS + AFTERWARDS_NS))
    counters = pipeline.stream.counters
    if counters.malformed and not counters.events_in:
        raise ValueError(f'no message can be read: {pipeline.stream.last_error}')
    return recorder.result(asdict(counters), decisions.busy_s)


class _Decisions:
    """What a pipeline gives, and how long it takes."""

    def __init__(self, recorder, time_steps):
        self.busy_s = 0.0
        self._recorder = recorder
        self._times_us = deque(maxlen=time_steps + 1)
        self._decided_s = 0.0
        """All processing until the latest decision."""

    def add(self, decisions):
        """Run what a generator of Frame and Recognised does, and remember what it gives."""
        start_s = perf_counter()
        for frame, recognised in decisions:
            self.busy_s += perf_counter() - start_s
            self._times_us.append(frame.t_newest_us)
            self._recorder.add_frame(frame)
            if recognised is not None:
                self._remember(frame.t_newest_us, recognised)
            start_s = perf_counter()
        self.busy_s += perf_counter() - start_s

    def _remember(self, t_us, recognised):
        full = len(self._times_us) == self._times_us.maxlen
        for change in recognised.changes:
            self._recorder.add_change(t_us, change.label, change.score)
        self._recorder.add_decision(t_us, self._times_us[0] if full else None, recognised.scores,
                                    1000 * (self.busy_s - self._decided_s))
        self._decided_s = self.busy_s
