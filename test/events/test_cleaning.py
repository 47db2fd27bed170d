# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Hot pixels, geometry and noise in one go."""
import numpy as np
from snn_gesture_ros.events.event import EVENT
from snn_gesture_ros.events.geometry import Geometry
from snn_gesture_ros.events.noise import Cleaner
from snn_gesture_ros.events.noise_settings import NoiseSettings
from snn_gesture_ros.events.packet import PACKED_EVENT

T_US = 1_700_000_000_000_000


def test_events_are_mapped_then_filtered():
    cleaner = Cleaner(Geometry(), NoiseSettings(False, 100, 0), 256, 256)
    events = np.array([(T_US, 2, 2, 1), (T_US + 50, 3, 3, 1), (T_US + 60, 5, 2, 0),
                       (T_US + 55, 300, 0, 0), (T_US + 120, 2, 3, 1)], EVENT)
    packed = cleaner.clean(events)
    assert packed.dtype == PACKED_EVENT
    assert packed.tolist() == [(0, 128 * 128 + 129), (60, 130), (120, 128 * 128 + 129)]
    assert (cleaner.out_of_range, cleaner.out_of_order) == (1, 1)


def test_no_events_are_cleaned_to_none():
    cleaner = Cleaner(Geometry(), NoiseSettings(), 256, 256)
    packed = cleaner.clean(np.zeros(0, EVENT))
    assert packed.dtype == PACKED_EVENT and not len(packed)


def test_hot_pixel_is_silenced_once_it_is_known():
    cleaner = Cleaner(Geometry(), NoiseSettings(True, 0, 0), 128, 128)
    kept = []
    for batch in range(300):
        events = np.zeros(10, EVENT)
        events['t'] = T_US + batch * 10_000 + np.arange(10) * 1000
        events['x'], events['y'] = 7, 9
        kept.append(len(cleaner.clean(events)))
    assert kept[0] == 10 and kept[-1] == 0
    assert cleaner.hot_pixels == 1


def test_restart_forgets_times():
    cleaner = Cleaner(Geometry(), NoiseSettings(False, 1000, 0), 128, 128)
    event = np.array([(T_US, 1, 1, 1)], EVENT)
    assert len(cleaner.clean(event)) == 1
    event['t'] = 0
    assert len(cleaner.clean(event)) == 0
    cleaner.restart()
    assert len(cleaner.clean(event)) == 1
