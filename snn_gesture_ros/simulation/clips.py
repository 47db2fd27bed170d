# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Clips of random people for training sets."""

import numpy as np
from snn_gesture_ros.labels import NONE
from snn_gesture_ros.simulation.activities import IDLE_ACTIVITIES, ROOM_ACTIVITIES
from snn_gesture_ros.simulation.camera import SimulatedCamera
from snn_gesture_ros.simulation.presets import SENSORS


#: How often a training set shows each framing: of waves, which people make near the camera, and
#: of all else.
WAVE_FRAMINGS = {'near': 0.4, 'upper_body': 0.35, 'far': 0.25}
OTHER_FRAMINGS = {'near': 0.15, 'upper_body': 0.6, 'far': 0.25}


def random_clip(label, seed, duration_us, sensor='any', framing=None, onset_us=0,
                offset_us=0):
    """
    Return a clip of a random person who does what the label says, for training sets.

    The person rests until onset_us and then begins; with onset_us 0 the clip begins in the
    middle of the movement. From offset_us on the person rests again, unless it is 0. 'none' draws
    one of IDLE_ACTIVITIES, moving cameras included. sensor is one of presets.SENSORS, framing one
    of view.FRAMINGS or None for a random one.
    Returns events [n], t in µs from 0 to duration_us.
    """
    rng = np.random.default_rng([seed, 1])
    activity = label
    if label == NONE:
        chances = [chance for _, chance in IDLE_ACTIVITIES.values()]
        activity = str(rng.choice(list(IDLE_ACTIVITIES), p=chances))
    framings = WAVE_FRAMINGS if label.endswith('wave') else OTHER_FRAMINGS
    drawn = str(rng.choice(list(framings), p=list(framings.values())))
    room = 'laboratory' if framing == 'data_set' else 'any'
    if activity in ROOM_ACTIVITIES and rng.random() < 0.8:
        room = 'full'
    doing = NONE if onset_us else activity
    camera = SimulatedCamera(SENSORS[sensor], seed, doing, framing or drawn, activity, room)
    parts = []
    if onset_us:
        parts.append(camera.advance(onset_us))
        camera.perform(activity)
    parts.append(camera.advance((offset_us or duration_us) - onset_us))
    if offset_us:
        camera.perform(NONE)
        parts.append(camera.advance(duration_us - offset_us))
    return np.concatenate(parts)
