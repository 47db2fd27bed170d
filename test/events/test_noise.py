# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Hot pixels, refractory period and background activity."""
import numpy as np
import pytest
from snn_gesture_ros.events.event import EVENT
from snn_gesture_ros.events.geometry import Geometry
from snn_gesture_ros.events.noise import Cleaner, HotPixels, NoiseFilter
from snn_gesture_ros.events.noise_settings import NoiseSettings
from snn_gesture_ros.events.packet import PACKED_EVENT


def packed(*events):
    """Make events of (dt_us, pixel) on a picture of 16x16."""
    return np.array(list(events), PACKED_EVENT)


def kept(settings, *batches):
    """Filter batches of (base_us, events); give the pixels that are kept."""
    noise = NoiseFilter(16, 16, settings)
    return [noise.filter(packed(*events), base_us)['pixel'].tolist()
            for base_us, events in batches]


def test_refractory_period_is_of_pixel_and_polarity():
    settings = NoiseSettings(False, refractory_us=100, background_us=0)
    assert kept(settings, (10**12, [(0, 5), (50, 5), (60, 5 + 256), (99, 6), (100, 5)]),
                (10**12 + 150, [(0, 5), (50, 5)])) == [[5, 261, 6, 5], [5]]


def test_background_activity_needs_a_neighbour():
    settings = NoiseSettings(False, refractory_us=0, background_us=100)
    alone, neighbour, diagonal, far = 5 * 16 + 5, 5 * 16 + 6, 6 * 16 + 7, 12 * 16 + 12
    assert kept(settings, (0, [(0, alone), (50, neighbour), (60, far), (90, diagonal),
                               (300, alone), (301, alone)])) == [[neighbour, diagonal]]


def test_opposite_borders_are_no_neighbours():
    settings = NoiseSettings(False, refractory_us=0, background_us=100)
    assert kept(settings, (0, [(0, 3 * 16 + 15), (1, 4 * 16), (2, 0), (3, 255)])) == [[]]


def filter_slowly(events, width, refractory_us, background_us):
    """Give which of the events (t_us, pixel) on 256 pixels are kept, by the definitions."""
    last, around, good = {}, {}, []
    for t_us, pixel in events:
        good.append(not refractory_us or t_us - last.get(pixel, -10**9) >= refractory_us)
        if not good[-1]:
            continue
        last[pixel] = t_us
        y, x = divmod(pixel % 256, width)
        recent_us = max(around.get((y + dy, x + dx), -10**9)
                        for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dy or dx)
        around[y, x] = t_us
        good[-1] = not background_us or t_us - recent_us <= background_us
    return good


@pytest.mark.parametrize('width, height', [(16, 16), (128, 2), (2, 128)])
@pytest.mark.parametrize('refractory_us, background_us', [(300, 0), (0, 50), (300, 50)])
def test_filters_agree_with_their_definitions(refractory_us, background_us, width, height):
    rng = np.random.default_rng(8)
    t_us = np.sort(rng.integers(0, 20_000, 4000)) + rng.integers(-30, 30, 4000) + 30
    pixel = rng.integers(0, 512, 4000)
    good = filter_slowly(zip(t_us.tolist(), pixel.tolist()), width, refractory_us, background_us)
    assert 400 < sum(good) < 3600
    noise = NoiseFilter(width, height, NoiseSettings(False, refractory_us, background_us))
    found = []
    for start, stop in zip([0, 1, 700, 2000], [1, 700, 2000, 4000]):
        base_us = int(t_us[start:stop].min())
        events = np.zeros(stop - start, PACKED_EVENT)
        events['dt_us'], events['pixel'] = t_us[start:stop] - base_us, pixel[start:stop]
        found += [(base_us + dt_us, pixel) for dt_us, pixel
                  in noise.filter(events, base_us).tolist()]
    assert found == list(zip(t_us[good].tolist(), pixel[good].tolist()))


def test_filters_that_are_off_keep_everything():
    events = [(0, 1), (0, 1), (1, 200)]
    assert kept(NoiseSettings(False, 0, 0), (0, events)) == [[1, 1, 200]]


def test_restart_forgets_a_later_time():
    noise = NoiseFilter(16, 16, NoiseSettings(False, 1000, 0))
    assert len(noise.filter(packed((0, 5)), 10**12)) == 1
    assert len(noise.filter(packed((0, 5)), 0)) == 0
    noise.restart()
    assert len(noise.filter(packed((0, 5)), 0)) == 1


def test_negative_times_are_refused():
    with pytest.raises(ValueError, match='must be between 0 and 1000000'):
        NoiseSettings(refractory_us=-1)


def watch(hot, scene_hz, seconds, rng):
    """Show 10 ms batches of events at given rates a pixel, [H, W]."""
    height, width = scene_hz.shape
    for batch in range(round(seconds * 100)):
        y, x = np.nonzero(rng.random((height, width)) < scene_hz / 100)
        events = np.zeros(len(x), EVENT)
        events['x'], events['y'] = x, y
        events['t'] = hot.start_us + batch * 10_000
        hot.observe(events)
    hot.start_us += round(seconds * 1e6)


def test_hot_pixel_is_learned_and_freed_again():
    rng = np.random.default_rng(1)
    hot = HotPixels(32, 24)
    hot.start_us = 0
    scene = np.full((24, 32), 0.5)
    scene[5:15, 5:15] = 60
    burning = scene.copy()
    burning[20, 30] = 95
    watch(hot, burning, 3, rng)
    assert np.argwhere(hot.mask).tolist() == [[20, 30]]
    watch(hot, scene, 3, rng)
    assert not hot.mask.any()


def test_hot_pixels_agree_with_their_definition():
    rng = np.random.default_rng(3)
    a_batch = rng.choice([0, 1, 2, 9], (24, 32), p=[0.8, 0.1, 0.05, 0.05])
    y, x = np.indices(a_batch.shape).reshape(2, -1).repeat(a_batch.ravel(), axis=1)
    events = np.zeros(len(x), EVENT)
    events['x'], events['y'] = x, y
    hot = HotPixels(32, 24)
    while not hot.observe(events):
        events['t'] += 25_000
    counts = np.pad(a_batch * 10, 1)  # of one batch in four in a second
    around = sum(np.roll(counts, (dy, dx), (0, 1)) for dy in (-1, 0, 1) for dx in (-1, 0, 1)
                 if dy or dx) / 8
    expected = ((counts > 50 / 4) & (counts > 8 * around))[1:-1, 1:-1]
    assert 5 < expected.sum() < 100 and expected[0].any()
    assert (hot.mask == expected).all()


def test_busy_scene_has_no_hot_pixels():
    hot = HotPixels(32, 24)
    hot.start_us = 0
    watch(hot, np.full((24, 32), 90.0), 3, np.random.default_rng(2))
    assert not hot.mask.any()


def test_larger_sensors_need_a_neighbour_sooner():
    settings = NoiseSettings(True, 1000, 20_000)
    assert settings.for_scale(0.5) == settings.for_scale(1) == settings
    assert settings.for_scale(4) == NoiseSettings(True, 1000, round(20_000 / 4 ** 3))
    assert settings.for_scale(1000).background_us == 1
    assert NoiseSettings(True, 1000, 0).for_scale(4).background_us == 0


def test_gathered_noise_is_dropped_and_a_moving_edge_is_kept():
    # A sensor of 1280x720 pixels: noise of 0.3 Hz a pixel, and an edge 40 pixels high.
    rng = np.random.default_rng(7)
    noise = np.zeros(140_000, EVENT)
    noise['t'] = np.sort(rng.integers(0, 500_000, len(noise)))
    noise['x'], noise['y'] = rng.integers(280, 1000, len(noise)), rng.integers(0, 720, len(noise))
    edge = np.zeros(40 * 200, EVENT)
    edge['t'] = np.repeat(np.arange(200) * 2500, 40) + np.tile(rng.permutation(40) * 20, 200)
    edge['x'], edge['y'] = 400 + np.repeat(np.arange(200), 40), 300 + np.tile(np.arange(40), 200)
    edge['p'] = 1
    events = np.concatenate([noise, edge])
    events = events[np.argsort(events['t'], kind='stable')]
    cleaner = Cleaner(Geometry(), NoiseSettings(), 1280, 720)
    packed = np.concatenate([cleaner.clean(part) for part in np.array_split(events, 500)])
    kept_of_edge = np.mean(packed['pixel'] >= 128 * 128) * len(packed) / (len(edge) / 5.6)
    kept_of_noise = np.sum(packed['pixel'] < 128 * 128) / len(noise)
    assert kept_of_edge > 0.5 and kept_of_noise < 0.1
