# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest
from snn_gesture_ros.events.event import EVENT
from snn_gesture_ros.labels import CLOCKWISE_SEEN_BY, DVS128_GESTURES, NONE
from snn_gesture_ros.simulation import FRAMINGS, random_clip, SENSORS, SimulatedCamera
from snn_gesture_ros.simulation.activities import ACTIVITIES
from snn_gesture_ros.simulation.person import CURL, HAND, LEFT, PALM, RIGHT, WRIST
from snn_gesture_ros.simulation.sensor import Sensor

SECOND_US = 1_000_000


def second_of(activity, seed):
    return SimulatedCamera(seed=seed, doing=activity).advance(SECOND_US)


def test_a_seed_fixes_the_events():
    assert np.array_equal(SimulatedCamera(seed=3).advance(SECOND_US // 4),
                          SimulatedCamera(seed=3).advance(SECOND_US // 4))


def test_another_seed_is_another_person():
    assert not np.array_equal(SimulatedCamera(seed=3).advance(SECOND_US // 4),
                              SimulatedCamera(seed=4).advance(SECOND_US // 4))


@pytest.mark.parametrize('slice_us', [1, 777, 33_333, 100_000])
def test_slicing_time_changes_nothing(slice_us):
    whole = SimulatedCamera(seed=5, doing='air_drums')
    sliced = SimulatedCamera(seed=5, doing='air_drums')
    expected, found = [], []
    for label, duration_us in (('arm_roll', 150_001), ('hand_clapping', 49_999), (NONE, 61_234)):
        if slice_us == 1:
            duration_us //= 100
        expected.append(whole.advance(duration_us))
        found += [sliced.advance(slice_us) for _ in range(duration_us // slice_us)]
        found.append(sliced.advance(duration_us % slice_us))
        whole.perform(label)
        sliced.perform(label)
    assert np.array_equal(np.concatenate(expected), np.concatenate(found))


@pytest.mark.parametrize('sensor', SENSORS)
def test_events_are_in_order_and_inside_the_slice_and_the_sensor(sensor):
    width, height = SENSORS[sensor].width, SENSORS[sensor].height
    camera = SimulatedCamera(SENSORS[sensor], seed=1, doing='air_drums')
    camera.advance(200_000)
    events = camera.advance(100_000)
    assert events.dtype == EVENT
    assert np.all(np.diff(events['t']) >= 0)
    assert events['t'][0] >= 200_000 and events['t'][-1] < 300_000
    assert events['x'].max() < width and events['y'].max() < height
    assert events['x'].max() > 0.7 * width and events['y'].max() > 0.7 * height
    assert set(np.unique(events['p'])) == {0, 1}


def test_an_unknown_gesture_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="unknown gesture 'juggling'.*arm_roll"):
        SimulatedCamera(seed=0).perform('juggling')


def test_a_gesture_makes_more_events_than_rest():
    camera = SimulatedCamera(seed=2)
    rest = camera.advance(SECOND_US)
    camera.perform('hand_clapping')
    assert len(camera.advance(SECOND_US)) > 2 * len(rest)


def test_a_clip_is_quiet_until_the_onset():
    events = random_clip('air_drums', 7, 2 * SECOND_US, 'dvs128', 'upper_body', SECOND_US)
    assert np.sum(events['t'] >= SECOND_US) > 2 * np.sum(events['t'] < SECOND_US)


def test_a_clip_is_quiet_after_the_offset():
    events = random_clip('air_drums', 7, 3 * SECOND_US, 'dvs128', 'upper_body',
                         offset_us=SECOND_US)
    assert np.sum(events['t'] < SECOND_US) > 2 * np.sum(events['t'] >= 2 * SECOND_US)


def test_the_right_hand_is_on_the_left_of_the_picture():
    def middle_x(label):
        return np.mean([random_clip(label, seed, SECOND_US // 2)['x'].mean()
                        for seed in range(10)])
    assert middle_x('right_hand_wave') < middle_x('left_hand_wave') - 10


@pytest.mark.parametrize('gesture', [g for g in DVS128_GESTURES if g.endswith('clockwise')])
def test_circles_turn_as_they_are_called(gesture):
    side = RIGHT if gesture.startswith('right') else LEFT
    times = np.linspace(0, 8, 800)
    for seed in range(10):
        wrist = ACTIVITIES[gesture](np.random.default_rng(seed))(times).arms[:, side, WRIST]
        # Outward is to the person's right for the right arm.
        x = wrist[:, 0] if side == RIGHT else -wrist[:, 0]
        y = wrist[:, 1]
        area = np.sum(x[:-1] * y[1:] - x[1:] * y[:-1])      # positive: counter-clockwise
        clockwise_to_person = area < 0
        called_clockwise = not gesture.endswith('counter_clockwise')
        assert clockwise_to_person == (called_clockwise == (CLOCKWISE_SEEN_BY == 'person'))


@pytest.mark.parametrize('activity', ACTIVITIES)
def test_motions_are_smooth_and_depend_on_time_alone(activity):
    motion = ACTIVITIES[activity](np.random.default_rng(1))
    times = np.arange(0, 3, 0.003)
    poses = motion(times)
    assert np.all(np.isfinite(poses.arms)) and np.all(np.isfinite(poses.scene))
    assert np.abs(np.diff(poses.arms[:, :, WRIST], axis=0)).max() < 0.1
    assert np.array_equal(motion(times[100:117]).arms, poses.arms[100:117])


@pytest.mark.slow
@pytest.mark.parametrize('framing', FRAMINGS)
def test_a_waving_hand_is_in_the_picture(framing):
    for seed in range(10):
        camera = SimulatedCamera(seed=seed, doing='right_hand_wave', framing=framing)
        counts = np.zeros((16, 16), int)
        events = camera.advance(SECOND_US)
        np.add.at(counts, (events['y'] // 8, events['x'] // 8), 1)
        assert counts.max() > (3 if framing == 'near' else 10) * np.median(counts)


def test_a_near_hand_is_larger_than_a_far_one():
    def rate(framing):
        return np.median([len(random_clip('right_hand_wave', seed, SECOND_US // 2, 'dvs128',
                                          framing)) for seed in range(10)])
    assert rate('near') > 2 * rate('upper_body') > 4 * rate('far')


@pytest.mark.slow
def test_only_an_arm_is_seen_where_nothing_else_moves():
    def area(framing):
        """Return the blocks of 8x8 pixels with more than noise, of 256."""
        counts = np.zeros((10, 16, 16), int)
        for seed, each in enumerate(counts):
            events = random_clip('right_hand_wave', seed, SECOND_US, 'dvs128', framing)
            np.add.at(each, (events['y'] // 8, events['x'] // 8), 1)
        return np.median((counts > 40).sum((1, 2)))
    assert area('arm') < area('near') / 2


def test_events_are_stamped_when_they_are_read_out():
    events = SimulatedCamera(
        replace(SENSORS['evk4'].resized(128, 128), readout_us=(200, 200.9)), seed=1,
        doing='air_drums').advance(SECOND_US // 4)
    assert not np.any(events['t'] % 200)


def test_noise_alone_is_as_sparse_as_a_real_sensors():
    rates_hz = [len(second_of('empty', seed)) / 128 / 128 for seed in range(5)]
    assert 0.05 < np.median(rates_hz) < 0.3


def still_picture(preset, light, seconds):
    """Return the events of a sensor that sees a picture of log luminance that does not change."""
    sensor = Sensor(preset, np.random.default_rng(4))
    sensor.start(light)
    for start_us in range(0, seconds * SECOND_US, 4000):
        sensor.expose(light, start_us, start_us + 4000)
    return sensor.take()


def test_a_memory_that_leaks_makes_on_events_at_its_rate():
    leaking = replace(SENSORS['dvs128'], leak_hz=(0.5, 0.51), shot_hz=(1e-9, 1.1e-9))
    events = still_picture(leaking, np.full((128, 128), -1.0, np.float32), seconds=4)
    assert events['p'].all()
    pixels = np.bincount(events['y'].astype(int) * 128 + events['x'], minlength=128 * 128)
    assert 0.4 < np.median(pixels) / 4 < 0.6


def test_shot_noise_is_of_both_polarities_and_stronger_in_the_dark():
    noisy = replace(SENSORS['dvs128'], leak_hz=(1e-9, 1.1e-9), shot_hz=(2.0, 2.1))
    light = np.full((128, 128), -0.1, np.float32)
    light[:, :64] = -3.0
    events = still_picture(noisy, light, seconds=2)
    events = events[np.isin(events['y'].astype(int) * 128 + events['x'], hot_pixels(events),
                            invert=True)]
    dark = np.count_nonzero(events['x'] < 64)
    assert 2.0 < dark / (len(events) - dark) < 4.0
    assert 0.3 < events['p'].mean() < 0.65


def test_on_events_rebound_from_off_events_within_milliseconds():
    def share_followed(chance):
        sensor = Sensor(replace(SENSORS['dvs128'], rebound=(chance, chance)),
                        np.random.default_rng(4))
        sensor.start(np.zeros((128, 128), np.float32))
        for start_us in range(0, 60_000, 4000):       # it gets dark at once, and stays so
            sensor.expose(np.full((128, 128), -1.0, np.float32), start_us, start_us + 4000)
        events = sensor.take()
        pixel = events['y'].astype(int) * 128 + events['x']
        order = np.argsort(pixel, kind='stable')
        pixel, polarity = pixel[order], events['p'][order]
        followed = (pixel[1:] == pixel[:-1]) & (polarity[1:] > polarity[:-1])
        return np.count_nonzero(followed) / np.count_nonzero(polarity == 0)
    assert share_followed(0.0) < 0.05
    assert 0.35 < share_followed(0.5) < 0.6


def test_slicing_time_changes_no_rebound():
    preset = replace(SENSORS['dvs128'], rebound=(0.6, 0.6))
    whole, sliced = (SimulatedCamera(preset, seed=5, doing='air_drums') for _ in range(2))
    assert np.array_equal(whole.advance(200_000), np.concatenate(
        [sliced.advance(1000) for _ in range(200)]))


def swing_of(course):
    """Return how far a course [n, ...] goes, as the spread of its parts together."""
    return np.sqrt(np.square(course - course.mean(axis=0)).sum(axis=-1).mean())


def test_some_people_wave_with_the_hand_alone():
    times = np.linspace(0, 4, 400)
    still_wrist = []
    for seed in range(40):
        wave = ACTIVITIES['right_hand_wave'](np.random.default_rng(seed))(times).arms[:, RIGHT]
        hand = max(swing_of(wave[:, HAND]), swing_of(wave[:, PALM]), swing_of(wave[:, [CURL]]))
        assert max(swing_of(wave[:, WRIST]), hand) > 0.05
        still_wrist.append(swing_of(wave[:, WRIST]) < 0.06)
    assert 8 < sum(still_wrist) < 24


def test_some_people_clap_with_one_hand_on_the_other():
    times = np.linspace(0, 4, 400)
    beating = 0
    for seed in range(40):
        wrists = ACTIVITIES['hand_clapping'](np.random.default_rng(seed))(times).arms[..., WRIST]
        stiller, livelier = sorted((swing_of(wrists[:, side]) for side in (RIGHT, LEFT)))
        up = wrists[..., 1].std(axis=0).max()
        beating += stiller < 0.25 * livelier and up > 0.7 * livelier
    assert 8 < beating < 24


@pytest.mark.slow
def test_a_near_hand_is_on_its_own_side_of_the_picture():
    def middle_x(label):
        return np.median([np.median(random_clip(label, seed, SECOND_US, 'dvs128', 'near')['x'])
                          for seed in range(16)])
    assert middle_x('right_hand_wave') < middle_x('left_hand_wave') - 10


def hot_pixels(events):
    """Return the pixels, row times 128 plus column, with ten times the mean number of events."""
    pixels = np.bincount(events['y'].astype(int) * 128 + events['x'], minlength=128 * 128)
    return np.flatnonzero(pixels > 10 * pixels.mean())


def test_on_events_are_about_as_many_as_off_events():
    clips = np.concatenate([random_clip('right_arm_clockwise', seed, SECOND_US, 'dvs128')
                            for seed in range(5)])
    assert 0.42 < clips['p'].mean() < 0.54      # 0.45 to 0.54 in eight recordings of DVS128


@pytest.mark.slow
def test_a_simulated_laboratory_has_the_event_rates_of_the_data_set():
    def rate(label):
        return np.median([len(random_clip(label, seed, SECOND_US, 'dvs128', 'data_set'))
                          for seed in range(40)])
    claps, waves = rate('hand_clapping'), rate('right_hand_wave')
    circles = rate('right_arm_counter_clockwise')
    # Median events a second in DVS128 Gesture.
    assert 25_000 / 1.5 < claps < 25_000 * 1.5
    assert 40_000 / 1.5 < waves < 40_000 * 1.5
    assert 74_000 / 1.5 < circles < 74_000 * 1.5
    assert circles > 1.3 * waves > 1.3 * claps


def test_a_moving_camera_sees_its_whole_surroundings_move():
    events = np.concatenate([second_of('camera_pan', seed) for seed in range(10)])
    cells = np.zeros((8, 8), int)
    np.add.at(cells, (events['y'] // 16, events['x'] // 16), 1)
    assert cells.min() > 600
