# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Names of the gestures, and the order of the outputs of networks."""

NONE = 'none'

DVS128_GESTURES = (
    'hand_clapping',
    'right_hand_wave',
    'left_hand_wave',
    'right_arm_clockwise',
    'right_arm_counter_clockwise',
    'left_arm_clockwise',
    'left_arm_counter_clockwise',
    'arm_roll',
    'air_drums',
    'air_guitar',
    'other_gestures',
)
"""The eleven gestures of DVS128 Gesture, in the order of its csv files (class 1 first)."""

SPIKINGJELLY_GESTURES = tuple(
    DVS128_GESTURES[int(folder)] for folder in sorted(map(str, range(len(DVS128_GESTURES)))))
"""
The same gestures as SpikingJelly's DVS128Gesture numbers them.

Its folders are named '0' to '10' (csv class - 1) and sorted as strings, so '10' comes third.
"""

CLOCKWISE_SEEN_BY = 'person'
"""
Who sees an arm circle clockwise: the `person` who moves it, or the `camera`.

The data set does not define it. Right and left are always the person's.
"""

MIRRORED = {
    'right_hand_wave': 'left_hand_wave',
    'left_hand_wave': 'right_hand_wave',
    'right_arm_clockwise': 'left_arm_counter_clockwise',
    'left_arm_counter_clockwise': 'right_arm_clockwise',
    'right_arm_counter_clockwise': 'left_arm_clockwise',
    'left_arm_clockwise': 'right_arm_counter_clockwise',
}
"""
What a gesture becomes in a mirrored image: left and right change places, and so do clockwise and
counter-clockwise. A gesture that is not named stays what it is.
"""
