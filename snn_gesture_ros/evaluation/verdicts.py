# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Verdicts: compare what a recording shows with what was decided and announced.

The true label of a decision is that of the gesture that fills FILLED of its T frames, or `none`
where that fills all of them. A decision has no true label where nothing is labeled, around
changes, and before T frames are complete. An announcement belongs to a gesture until GRACE_US
after its end. It is `right` (the first of that gesture), `repeated` (another of the same), `false`
(anything else where something is labeled) or `unjudged` (where nothing is).
"""
from typing import NamedTuple, Optional

import numpy as np
from snn_gesture_ros.demo.score import GRACE_NS
from snn_gesture_ros.labels import NONE

GRACE_US = GRACE_NS // 1000
FILLED = 0.6
"""A window has the label of a gesture that fills at least this part of it."""


class Judged(NamedTuple):
    """The verdict on one labeled part; times are counted from the recording's first event."""

    label: str
    start_us: int
    end_us: int
    known: bool
    """Whether the network has the label; where it has not, nothing is judged by it."""
    decisions: np.ndarray
    """Indices of the decisions whose true label is this one."""
    predicted: Optional[str]
    """The label that is best in most of them."""
    right: Optional[int]
    """How many of them are right; None where the truth is unknown."""
    announced_us: Optional[int]
    """When it was announced first, None if never."""
    repeated: int
    """How often it was announced again."""


class Verdicts(NamedTuple):
    """The verdict on one recording."""

    parts: list
    """List of Judged; a recording without labels has one, whose label is None."""
    truths: list
    """True label of each decision, or None, [decisions]."""
    announcements: list
    """Verdict on each announcement, [announcements]."""
    outside: list
    """Labels of the parts that are left out because the recording has no events then."""


def judge_run(run, parts: tuple, camera_time: bool) -> Verdicts:
    """
    Return the Verdicts on a Run.

    :param parts: tuple of sources.Part; empty where it is unknown what the recording shows.
    :param camera_time: whether their times are the camera's, not from the first event.
    :raises ValueError: if there are parts, but none lies where the recording has events.
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
        decisions = np.flatnonzero(windows_showing(
            label, start_us, end_us, run.begins_us, run.t_us)) if (
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
    """Return the best label of each decision; None in silence if there is no label for it."""
    return [run.labels[scores.argmax()] if scores.any() else None for scores in run.scores]


def _judge_announcements(run, spans) -> tuple:
    """Return the verdict on each announcement, and the index of the part it belongs to."""
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


def windows_showing(label: str, start_us: float, end_us: float, begins_us: np.ndarray,
                    ends_us: np.ndarray) -> np.ndarray:
    """
    Return which windows have a label that is shown from a start to an end.

    A gesture must fill FILLED of a window, `none` all of it.

    :param begins_us: start of each window, [windows]; negative where it is not complete.
    :param ends_us: end of each window, [windows].
    :returns: bool [windows].
    """
    lengths_us = np.maximum(ends_us - begins_us, 1)
    inside_us = np.minimum(ends_us, end_us) - np.maximum(begins_us, start_us)
    needed = 1.0 if label == NONE else FILLED
    return (begins_us >= 0) & (inside_us >= needed * lengths_us)
