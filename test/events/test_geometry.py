# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where pixels of the sensor fall on the picture."""
import numpy as np
import pytest
from snn_gesture_ros.events.event import EVENT
from snn_gesture_ros.events.geometry import Geometry, Turn, turn_counts
from snn_gesture_ros.events.mapping import map_events


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


@pytest.mark.parametrize('rotation, corner', [
    (0, (0, 0)), (90, (127, 0)), (180, (127, 127)), (270, (0, 127))])
def test_rotation_is_clockwise(rotation, corner):
    turned = Geometry(rotation=rotation)
    assert place(turned, (128, 128), 0, 0) == corner
    assert place(turned, (640, 480), 80, 0) == corner   # of the square


@pytest.mark.parametrize('flips', [{}, {'flip_x': True}, {'flip_y': True}])
@pytest.mark.parametrize('rotation', [90, 180, 270])
@pytest.mark.parametrize('part', [('square',), ('whole',), ('region', (41, 30, 180, 90))])
@pytest.mark.parametrize('size', [(346, 260), (240, 320), (128, 128), (640, 480)])
@pytest.mark.parametrize('width, height', [(128, 128), (128, 64)])
def test_rotation_is_that_of_the_picture_by_numpy(size, part, rotation, flips, width, height):
    if part[0] == 'region' and size == (128, 128):
        part = ('region', (3, 30, 90, 41))
    rng = np.random.default_rng(rotation)
    counts = rng.integers(0, 9, size[::-1])
    quarters = rotation // 90
    # As the camera saw it, then turned by numpy: width and height change places with it.
    upright = (width, height) if quarters == 2 else (height, width)
    seen = picture(Geometry(*part, width=upright[0], height=upright[1]), counts)
    expected = np.rot90(seen, -quarters)
    if flips:
        expected = np.flip(expected, 1 if 'flip_x' in flips else 0)
    turned = Geometry(*part, rotation=rotation, width=width, height=height, **flips)
    np.testing.assert_array_equal(picture(turned, counts), expected)
    assert turned.part(*size) == Geometry(*part).part(*size)


@pytest.mark.parametrize('rotation', [90, 180, 270])
def test_rotation_is_that_of_a_turned_sensor(rotation):
    """Events of a sensor that is upright, and those of the same sensor turned in its mount."""
    width, height = 346, 260
    x, y, part_width, part_height = 40, 30, 128, 64
    counts = np.random.default_rng(1).integers(0, 9, (height, width))
    upright = picture(Geometry('region', (x, y, part_width, part_height)), counts)
    # The camera is turned clockwise, so that the scene turns counter-clockwise on its pixels.
    on_sensor = np.rot90(counts, rotation // 90)
    region = {90: (y, width - x - part_width, part_height, part_width),
              180: (width - x - part_width, height - y - part_height, part_width, part_height),
              270: (height - y - part_height, x, part_height, part_width)}[rotation]
    np.testing.assert_array_equal(
        picture(Geometry('region', region, rotation=rotation), on_sensor), upright)


def picture(geometry, counts):
    """Give the counts of the picture for those of the sensor, both [height, width]."""
    pixels = pixel_map(geometry, *counts.shape[::-1])
    seen = np.zeros(geometry.width * geometry.height, int)
    np.add.at(seen, pixels[pixels >= 0], counts[pixels >= 0])
    return seen.reshape(geometry.height, geometry.width)


@pytest.mark.parametrize('rotation', [0, 90, 180, 270])
def test_counts_are_turned_as_pixels_are(rotation):
    counts = np.random.default_rng(2).integers(0, 9, (2, 128, 128))
    for turned, of_polarity in zip(turn_counts(counts, rotation), counts):
        np.testing.assert_array_equal(turned, picture(Geometry(rotation=rotation), of_polarity))


def test_a_recording_may_say_how_it_is_seen():
    geometry = Geometry('whole', flip_x=True, rotation=90)
    assert geometry.turned(Turn()) == geometry
    assert geometry.turned(Turn(0, None)) == Geometry('whole', flip_x=True)
    assert geometry.turned(Turn(None, False)) == Geometry('whole', rotation=90)


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
    with pytest.raises(ValueError, match='rotation 45 is not one of 0, 90, 180, 270 degrees'):
        Geometry(rotation=45)
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
    Geometry('region', (20, 10, 60, 50), flip_y=True),
    Geometry('whole', rotation=90, height=64), Geometry('region', (20, 10, 60, 50), rotation=270)
])
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
