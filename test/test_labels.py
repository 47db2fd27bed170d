# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
from snn_gesture_ros.labels import DVS128_GESTURES, MIRRORED, NONE, SPIKINGJELLY_GESTURES


def test_csv_order_is_the_data_sets():
    assert len(DVS128_GESTURES) == 11
    assert DVS128_GESTURES[0] == 'hand_clapping'
    assert DVS128_GESTURES[7] == 'arm_roll'
    assert DVS128_GESTURES[10] == 'other_gestures'


def test_spikingjelly_puts_other_gestures_third():
    assert SPIKINGJELLY_GESTURES == (
        'hand_clapping', 'right_hand_wave', 'other_gestures', 'left_hand_wave',
        'right_arm_clockwise', 'right_arm_counter_clockwise', 'left_arm_clockwise',
        'left_arm_counter_clockwise', 'arm_roll', 'air_drums', 'air_guitar')


def test_mirroring_twice_changes_nothing():
    for gesture in DVS128_GESTURES:
        mirrored = MIRRORED.get(gesture, gesture)
        assert MIRRORED.get(mirrored, mirrored) == gesture


def test_mirroring_swaps_the_arm_and_the_sense_of_turning():
    assert MIRRORED['right_arm_clockwise'] == 'left_arm_counter_clockwise'


def test_none_is_no_gesture():
    assert NONE not in DVS128_GESTURES
