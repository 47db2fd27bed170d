# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where pixels of the sensor fall on the picture."""
import numpy as np
import pytest
from snn_gesture_ros.events.event import EVENT
from snn_gesture_ros.events.geometry import Geometry, map_events


def pixel_map(geometry, width, height):
    """Give the picture's pixel of every sensor pixel, [height, width], below 0 outside."""
    columns, rows = geometry.tables(width, height)
    return rows[:, None] + columns


def place(geometry, size, x, y):
    """Give the picture's x and y of a sensor pixel, or None."""
    pixel = pixel_map(geometry, *size)[y, x]
    return None if pixel < 0 else (pixel % geometry.width, pixel // geometry.width)


def test_sensor_of_the_same_size_is_not_changed():
    pixels = pixel_map(Geometry(), 128, 128)
    assert (pixels.ravel() == np.arange(128 * 128)).all()


def test_square_is_centred_and_cuts_the_sides():
    assert place(Geometry(), (640, 480), 79, 0) is None
    assert place(Geometry(), (640, 480), 80, 0) == (0, 0)
    assert place(Geometry(), (640, 480), 559, 479) == (127, 127)
    assert place(Geometry(), (640, 480), 560, 479) is None


def test_whole_sensor_keeps_its_proportions():
    whole = Geometry('whole')
    assert place(whole, (640, 480), 0, 0) == (0, 16)
    assert place(whole, (640, 480), 639, 479) == (127, 111)


def test_region_fills_the_picture():
    region = Geometry('region', (100, 50, 64, 64))
    assert place(region, (346, 260), 99, 50) is None
    assert place(region, (346, 260), 100, 50) == (1, 1)
    assert place(region, (346, 260), 163, 113) == (127, 127)


def test_flips():
    assert place(Geometry(flip_x=True), (128, 128), 0, 5) == (127, 5)
    assert place(Geometry(flip_y=True), (128, 128), 0, 5) == (0, 122)


@pytest.mark.parametrize('width, height', [(346, 260), (320, 320), (1280, 720), (99, 60)])
@pytest.mark.parametrize('mode', ['square', 'whole'])
def test_every_pixel_stays_on_the_picture(mode, width, height):
    pixels = pixel_map(Geometry(mode), width, height)
    assert pixels.shape == (height, width)
    assert pixels.max() < 128 * 128
    assert (pixels.min() < 0) == (mode == 'square' and width != height)


def test_wrong_settings_are_refused_with_the_reason():
    with pytest.raises(ValueError, match='centre.*square, whole, region'):
        Geometry('centre')
    with pytest.raises(ValueError, match='region must be'):
        Geometry('region')
    with pytest.raises(ValueError, match='does not fit on the sensor of 346x260'):
        Geometry('region', (300, 0, 64, 64)).tables(346, 260)


def test_events_are_mapped_to_flat_frames():
    events = np.array([(1000, 3, 2, 0), (1005, 4, 2, 1), (1002, 9, 9, 1), (1010, 200, 2, 1)],
                      EVENT)
    mapped = map_events(events, Geometry(width=64, height=64).tables(128, 128), 64 * 64,
                        1000)
    assert mapped.out_of_range == 1
    assert mapped.out_of_order == 1
    assert mapped.packed['dt_us'].tolist() == [0, 5, 2]
    assert mapped.packed['pixel'].tolist() == [64 + 1, 64 * 64 + 64 + 2, 64 * 64 + 4 * 64 + 4]


@pytest.mark.parametrize('any_hot', [False, True])
@pytest.mark.parametrize('geometry', [
    Geometry(), Geometry('whole', flip_x=True, height=64),
    Geometry('region', (20, 10, 60, 50), flip_y=True)])
def test_random_events_are_mapped_as_by_numpy(geometry, any_hot):
    rng = np.random.default_rng(4)
    width, height, count = 99, 77, 5000
    events = np.zeros(count, EVENT)
    events['t'] = 10**15 + np.sort(rng.integers(0, 20_000, count)) + rng.integers(-9, 9, count)
    events['x'], events['y'] = rng.integers(0, width + 3, count), rng.integers(0, 80, count)
    events['x'][:9], events['y'][7:11] = 65535, 65535
    events['p'] = rng.integers(0, 3, count)
    hot = np.zeros((height, width), bool)
    hot[rng.random(hot.shape) < 0.05 * any_hot] = True
    mapped = map_events(events, geometry.tables(width, height), geometry.width * geometry.height,
                        int(events['t'][0]),
                        *([np.packbits(hot, bitorder='little')] if any_hot else []))

    inside = (events['x'] < width) & (events['y'] < height)
    assert mapped.out_of_range == count - inside.sum()
    assert mapped.out_of_order == (np.diff(events['t']) < 0).sum() > 0
    dt_us = np.maximum(events['t'] - events['t'][0], 0)[inside]
    events = events[inside]
    place = pixel_map(geometry, width, height)[events['y'], events['x']]
    kept = (place >= 0) & ~hot[events['y'], events['x']]
    pixel = place + (events['p'] != 0) * geometry.width * geometry.height
    assert (mapped.packed['dt_us'] == dt_us[kept]).all()
    assert (mapped.packed['pixel'] == pixel[kept]).all()


def test_hot_pixels_are_silenced():
    events = np.array([(0, 3, 2, 0), (1, 4, 2, 1)], EVENT)
    hot = np.zeros((128, 128), bool)
    hot[2, 3] = True
    mapped = map_events(events, Geometry().tables(128, 128), 128 * 128, 0,
                        np.packbits(hot, bitorder='little'))
    assert mapped.packed['pixel'].tolist() == [128 * 128 + 2 * 128 + 4]
