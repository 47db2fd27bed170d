# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Clips of random people for training sets."""

import numpy as np
from snn_gesture_ros.labels import NONE
from snn_gesture_ros.simulation.activities import IDLE_ACTIVITIES, ROOM_ACTIVITIES
from snn_gesture_ros.simulation.camera import SimulatedCamera


def random_clip(label, seed, duration_us, width=128, height=128, onset_us=0):
    """
    Return a clip of a random person who does what the label says, for training sets.

    The person rests until onset_us and then begins; with onset_us 0 the clip begins in the
    middle of the movement. 'none' draws one of IDLE_ACTIVITIES, moving cameras included.
    Returns events [n], t in µs from 0 to duration_us.
    """
    rng = np.random.default_rng([seed, 1])
    activity = label
    if label == NONE:
        chances = [chance for _, chance in IDLE_ACTIVITIES.values()]
        activity = str(rng.choice(list(IDLE_ACTIVITIES), p=chances))
    close_share = 0.45 if label.endswith('wave') else 0.2
    close_to = activity if rng.random() < close_share else None
    full_room = activity in ROOM_ACTIVITIES and rng.random() < 0.8
    doing = NONE if onset_us else activity
    camera = SimulatedCamera(width, height, seed, doing, close_to, full_room)
    if onset_us == 0:
        return camera.advance(duration_us)
    rest = camera.advance(onset_us)
    camera.perform(activity)
    return np.concatenate([rest, camera.advance(duration_us - onset_us)])
