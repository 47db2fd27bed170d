# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The score: what was shown against what was announced."""
from typing import NamedTuple, Optional

GRACE_NS = 1_000_000_000
"""An announcement counts for a gesture until this long after its end."""


class Shown(NamedTuple):
    """A gesture that the simulated person made, in ROS time."""

    label: str
    start_ns: int
    end_ns: int


class Announced(NamedTuple):
    """A gesture that started on the gesture topic."""

    label: str
    stamp_ns: int
    score: float


class Outcome(NamedTuple):
    """What became of a gesture that was shown."""

    shown: Shown
    verdict: str
    """`right` if it was announced, `wrong` if only another was, `missed` if none was."""
    announced: Optional[Announced]
    """The announcement that decided, if any."""


def judge(shown: list, announced: list):
    """
    Match announcements to the gestures that were shown.

    :returns: an Outcome for each gesture shown, and the false announcements: those at rest and
        those of another gesture than the one that was also announced rightly.
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
