# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Verdicts: what a recording shows against what was decided and announced.

A decision has the label of a gesture that fills FILLED of its T frames, and `none` where that
fills them all; it has none where nothing is labelled, around changes, and before T frames are
complete. An announcement belongs to a gesture until GRACE_US after its end. It is `right` (the
first of that gesture), `repeated` (another of the same), `false` (anything else where something
is labelled) or `unjudged` (where nothing is).
"""
from typing import NamedTuple, Optional

import numpy as np
from snn_gesture_ros.demo.score import GRACE_NS
from snn_gesture_ros.evaluation.statistics import FILLED
from snn_gesture_ros.labels import NONE

GRACE_US = GRACE_NS // 1000


class Judged(NamedTuple):
    """What became of a labelled part; times are from the recording's first event."""

    label: str
    start_us: int
    end_us: int
    known: bool
    """Whether the network has the label; where not, nothing is judged by it."""
    decisions: np.ndarray
    """Numbers of the decisions that have its label."""
    predicted: Optional[str]
    """The best label of most of them."""
    right: Optional[int]
    """Their number that are right; None where nothing says what is right."""
    announced_us: Optional[int]
    """When it was rightly announced."""
    repeated: int
    """How often it was announced again."""


class Verdicts(NamedTuple):
    """What became of a recording."""

    parts: list
    """Of Judged; of a recording without labels one, with the label None."""
    truths: list
    """Label of each decision, or None, [decisions]."""
    announcements: list
    """Verdict of each announcement."""
    outside: list
    """Labels of the parts that are left out, since there are no events at their time."""


def judge_run(run, parts: tuple, camera_time: bool) -> Verdicts:
    """
    Judge a Run.

    :param parts: of sources.Part; empty where nobody knows what it shows.
    :param camera_time: whether their times are the camera's.
    :raises ValueError: if there are parts, and none where the recording has events.
    """
    zero_us, last_us = (run.first_us if camera_time else 0), run.duration_us
    spans = [(part.label, max(part.start_us - zero_us, 0),
              last_us if part.end_us is None else min(part.end_us - zero_us, last_us))
             for part in parts]
    outside = [label for label, start_us, end_us in spans if start_us >= end_us]
    spans = [span for span in spans if span[1] < span[2]]
    if parts and not spans:
        raise ValueError(f'no label is within its {last_us / 1e6:g} s of events; labels are in '
                         'seconds since the first event')
    best = best_labels(run)
    announcements, owners = _judge_announcements(run, spans)
    truths = [None] * len(run.t_us)
    judged = []
    for number, (label, start_us, end_us) in enumerate(spans):
        known = label in run.labels or label == NONE
        decisions = np.flatnonzero(_shown(run, label, start_us, end_us)) if (
            label in run.labels) else np.empty(0, int)
        for decision in decisions:
            truths[decision] = label
        own = [announced.t_us for announced, owner in zip(run.announced, owners)
               if owner == number]
        judged.append(Judged(
            label, start_us, end_us, known, decisions, _commonest(best, decisions, run.labels),
            sum(best[decision] == label for decision in decisions),
            min(own, default=None), max(len(own) - 1, 0)))
    if not parts:
        everything = np.arange(len(run.t_us))
        judged = [Judged(None, 0, run.duration_us, False, everything,
                         _commonest(best, everything, run.labels), None, None, 0)]
    return Verdicts(judged, truths, announcements, outside)


def best_labels(run) -> list:
    """Return the best label of each decision; None in silence where no label says so."""
    return [run.labels[scores.argmax()] if scores.any() else None for scores in run.scores]


def _shown(run, label, start_us, end_us) -> np.ndarray:
    """Tell which decisions have the label of a part, [decisions]."""
    lengths_us = np.maximum(run.t_us - run.begins_us, 1)
    inside_us = np.minimum(run.t_us, end_us) - np.maximum(run.begins_us, start_us)
    needed = 1.0 if label == NONE else FILLED
    return (run.begins_us >= 0) & (inside_us >= needed * lengths_us)


def _judge_announcements(run, spans) -> tuple:
    """Return the verdict of each announcement, and the number of the gesture it belongs to."""
    verdicts, owners = [], []
    for announced in run.announced:
        within = [number for number, (_, start_us, end_us) in enumerate(spans)
                  if start_us <= announced.t_us <= end_us]
        late = [number for number, (_, start_us, end_us) in enumerate(spans)
                if start_us <= announced.t_us <= end_us + GRACE_US]
        owner = next((number for number in (*within, *late[::-1])
                      if spans[number][0] == announced.label), None)
        known = any(spans[number][0] in (*run.labels, NONE) for number in within)
        verdicts.append(('repeated' if owner in owners else 'right') if owner is not None
                        else 'false' if known else 'unjudged')
        owners.append(owner)
    return verdicts, owners


def _commonest(best, decisions, labels) -> Optional[str]:
    """Return the label that most decisions have, None where none has any."""
    found = [best[decision] for decision in decisions if best[decision] is not None]
    return max(labels, key=found.count) if found else None
