# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The score of the demo: which gestures that were shown were announced."""
from typing import NamedTuple, Optional

GRACE_NS = 1_000_000_000
"""An announcement counts for a gesture until this long after its end."""


class Shown(NamedTuple):
    """A gesture that the simulated person made; times are ROS times."""

    label: str
    start_ns: int
    end_ns: int


class Announced(NamedTuple):
    """A gesture that started on the gesture topic."""

    label: str
    stamp_ns: int
    score: float


class Outcome(NamedTuple):
    """How a gesture that was shown was recognized."""

    shown: Shown
    verdict: str
    """`right` if it was announced, `wrong` if only another one was, `missed` if none was."""
    announced: Optional[Announced]
    """The announcement that the verdict follows from, if any."""


def match_announcements(shown: list, announced: list) -> tuple:
    """
    Match announcements to the gestures that were shown.

    :param shown: list of Shown.
    :param announced: list of Announced.
    :returns: an Outcome for each gesture shown, and the false announcements: those without a
        gesture, and those of another gesture while the right one was announced too.
    """
    outcomes, used = [], set()
    for gesture in shown:
        during = [item for item in announced
                  if gesture.start_ns <= item.stamp_ns <= gesture.end_ns + GRACE_NS]
        right = [item for item in during if item.label == gesture.label]
        deciding = (right or during or [None])[0]
        verdict = 'right' if right else 'wrong' if during else 'missed'
        outcomes.append(Outcome(gesture, verdict, deciding))
        used.update(right[:1] or during[:1])
    return outcomes, [item for item in announced if item not in used]
