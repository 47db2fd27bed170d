# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From clips to training windows: the nodes' frames, the right labels, augmentation."""
from dataclasses import replace

import numpy as np
import pytest
from snn_gesture_ros.datasets.clip_set import Clip, ClipSet, ClipSetWriter
from snn_gesture_ros.events.packet import PACKED_EVENT, StreamPacket
from snn_gesture_ros.frames.frame_stream import FramesByCount, FramesByTime
from snn_gesture_ros.training import windows
from snn_gesture_ros.training.augmentation import Augmentation, augmented, Disturbance
from snn_gesture_ros.training.gesture_module import truth_at_end
from snn_gesture_ros.training.settings import Settings
from snn_gesture_ros.training.window_cutter import WindowCutter
from snn_gesture_ros.training.windows import (
    Draw, EpochSampler, GestureWindows, TrainingWindows, ValidationWindows)
import torch

LABELS = ('right_hand_wave', 'left_hand_wave', 'none')
DURATION_US = 2_000_000


def random_events(seed, count=30_000):
    rng = np.random.default_rng(seed)
    events = np.empty(count, PACKED_EVENT)
    events['dt_us'] = np.sort(rng.integers(0, DURATION_US, count))
    events['pixel'] = rng.integers(0, 2 * 128 * 128, count)
    return events


@pytest.fixture(scope='module')
def clips(tmp_path_factory):
    """Give a set: a wave all the time, one from 1.4 s on, none."""
    folder = tmp_path_factory.mktemp('clips') / 'set'
    rows = [('right_hand_wave', 0), ('right_hand_wave', 1_400_000), ('none', 0)]
    ClipSetWriter(folder, {}).write('a', [
        (Clip(label, f'p{k}', f'r{k}', 'train', DURATION_US, onset_us), random_events(k))
        for k, (label, onset_us) in enumerate(rows)])
    return ClipSet(folder)


def cutter(clips, labels=LABELS, **settings):
    return WindowCutter(clips, Settings(time_steps=8, window_ms=800.0, **settings), labels)


def packet(events):
    return StreamPacket(128, 128, 0, 0, int(events['dt_us'][-1]), 0, '', events)


@pytest.mark.parametrize('size', [16, 128])
def test_frames_by_time_are_those_of_the_nodes(clips, size):
    stream = FramesByTime(size, 100_000, 8)
    found = np.array([frame.counts for frame in stream.slice_packet(packet(clips.events(0)))])
    for start in (0, 300_000, 1_100_000):
        cut = cutter(clips, size=size, frame_value='count').cut(0, start, Augmentation(), None)
        assert cut.dtype == np.float32
        assert (cut == found[start // 100_000:start // 100_000 + 8]).all()


def test_clips_of_a_large_sensor_need_more_events_as_in_the_nodes(tmp_path):
    events = random_events(4)
    ClipSetWriter(tmp_path / 'set', {}).write('a', [
        (Clip('none', 'p', 'r', 'train', DURATION_US, scale=5.625), events)])
    found = FramesByTime(64, 100_000, 8).slice_packet(packet(events)._replace(scale=5.625))
    cut = cutter(ClipSet(tmp_path / 'set'), size=64, frame_value='count').cut(
        0, 0, Augmentation(), None)
    assert 0 < (cut >= 4).sum() == (cut > 0).sum()
    assert (cut == [frame.counts for frame in found[:8]]).all()


def test_frames_by_count_are_those_of_the_nodes(clips):
    stream = FramesByCount(16, 500)
    found = np.array([frame.counts for frame in stream.slice_packet(packet(clips.events(0)))])
    cut = cutter(clips, size=16, frame_value='count', slicing='count', window_events=4003)
    for first in (0, 9, 30):
        assert (cut.cut(0, 500 * first, Augmentation(), None) == found[first:first + 8]).all()


def test_number_is_spikingjellys_split(tmp_path):
    """It gives N // T events to each frame, and the rest to the last."""
    events = random_events(0, 8007)
    ClipSetWriter(tmp_path / 'set', {}).write(
        'a', [(Clip('none', 'p', 'r', 'train', DURATION_US), events)])
    number = cutter(ClipSet(tmp_path / 'set'), size=128, frame_value='count', slicing='number')
    frames = number.cut(0, number.starts(0)[0], Augmentation(), None)
    for step in range(8):
        part = events['pixel'][1000 * step:1000 * (step + 1) if step < 7 else 8007]
        assert (frames[step].ravel() == np.bincount(part, minlength=2 * 128 * 128)).all()


def test_binary_frames(clips):
    count = cutter(clips, size=16, frame_value='count').cut(0, 0, Augmentation(), None)
    binary = cutter(clips, size=16).cut(0, 0, Augmentation(), None)
    assert count.max() > 1 and (binary == (count > 0)).all()


def test_time_steps_have_the_label_of_what_they_show(clips):
    right, _, none = range(3)
    unknown = windows.UNKNOWN
    assert cutter(clips).starts(0) == cutter(clips).starts(1) == (0, 1_200_000)
    assert (cutter(clips).truths(0, 300_000) == [right] * 8).all()
    # The wave of clip 1 begins at 1.4 s and cannot be named until 1.5 s.
    assert (cutter(clips).truths(1, 0) == [none] * 8).all()
    assert (cutter(clips).truths(1, 1_000_000) == [none] * 4 + [unknown] + [right] * 3).all()
    # Stretched to twice its time, a window shows half as much.
    assert (cutter(clips).truths(1, 1_300_000, 2.0)
            == [none] * 2 + [unknown] * 2 + [right] * 4).all()
    assert (cutter(clips, ('right_hand_wave', 'none', 'x')).truths(2, 0) == [1] * 8).all()
    without_none = cutter(clips.select('train', LABELS[:1]), LABELS[:1])
    assert without_none.starts(1) == (1_200_000, 1_200_000)


def test_time_steps_after_a_gesture_show_none(tmp_path):
    """The wave ends at 0.6 s and fades until 1.05 s."""
    ClipSetWriter(tmp_path / 'set', {}).write('a', [(Clip(
        'right_hand_wave', 'p', 'r', 'train', DURATION_US, offset_us=600_000), random_events(1))])
    ending = ClipSet(tmp_path / 'set')
    right, _, none = range(3)
    unknown = windows.UNKNOWN
    assert cutter(ending).starts(0) == (0, 1_200_000)
    assert (cutter(ending).truths(0, 300_000) == [right] * 3 + [unknown] * 4 + [none]).all()
    assert (cutter(ending).truths(0, 1_100_000) == [none] * 8).all()
    assert (cutter(ending, slicing='number').truths(0, 0) == [right] * 8).all()
    assert cutter(ending, LABELS[:1]).starts(0) == (0, 0)
    assert (cutter(ending, LABELS[:1]).truths(0, 0) == [right] * 6 + [unknown] * 2).all()


def test_time_steps_cut_by_count_have_the_label_of_what_they_show(clips):
    by_count = cutter(clips, slicing='count', window_events=8000)
    times_us = clips.events(1)['dt_us']
    start = int(np.searchsorted(times_us, 1_400_000)) - 3000
    truths = by_count.truths(1, start)
    ends_us = times_us[start + 1000 * np.arange(1, 9) - 1]
    assert (truths[ends_us <= 1_400_000] == 2).all() and (truths[:2] == 2).all()
    assert (truths[ends_us > 1_500_000] == 0).all() and truths[-1] == 0


def test_a_sequence_is_several_windows_long(clips):
    long = cutter(clips, sequence=2, size=16, frame_value='count')
    short = cutter(clips, size=16, frame_value='count')
    assert long.starts(0) == (0, 400_000) and len(long.truths(0, 0)) == 16
    both = [short.cut(0, start, Augmentation(), None) for start in (200_000, 1_000_000)]
    assert (long.cut(0, 200_000, Augmentation(), None) == np.concatenate(both)).all()


def test_a_window_shows_what_half_of_it_and_its_end_show():
    truths = torch.tensor([[0, 0, 0, 0], [2, -1, 0, 0], [2, 2, -1, 0], [2, 2, 2, -1]])
    assert truth_at_end(truths).tolist() == [0, 0, -1, -1]


def test_no_augmentation_leaves_the_events(clips):
    events, rng = clips.events(0), np.random.default_rng(0)
    drawn = Augmentation.drawn(Settings(), True, rng)
    assert augmented(events, drawn, DURATION_US, rng) is events


def coordinates(events):
    pixel = events['pixel'].astype(int)
    return pixel % 128, pixel // 128 % 128, pixel // (128 * 128)


def changed(events, **augmentation):
    result = augmented(events, Augmentation(**augmentation), DURATION_US,
                       np.random.default_rng(1))
    assert (np.diff(result['dt_us'].astype(int)) >= 0).all()
    assert (result['pixel'] < 2 * 128 * 128).all()
    return result


def test_mirror_and_polarity(clips):
    events = clips.events(0)
    x, y, p = coordinates(events)
    new_x, new_y, new_p = coordinates(changed(events, mirrored=True, polarity_swapped=True))
    assert (new_x == 127 - x).all() and (new_y == y).all() and (new_p == 1 - p).all()


def test_shift_scale_and_rotation(clips):
    events = clips.events(0)
    x, y, _ = coordinates(events)
    inside = (x >= 44) & (x < 84) & (y >= 44) & (y < 84)
    events, x, y = events[inside], x[inside] + 0.5, y[inside] + 0.5
    for augmentation, expected_x, expected_y in [
            ({'shift': (10.0, -20.0)}, x + 10, y - 20),
            ({'scale': 1.5}, (x - 64) * 1.5 + 64, (y - 64) * 1.5 + 64),
            ({'rotation': np.pi / 2}, 128 - y, x)]:
        new_x, new_y, _ = coordinates(changed(events, **augmentation))
        assert np.abs(new_x + 0.5 - expected_x).max() <= 1.5
        assert np.abs(new_y + 0.5 - expected_y).max() <= 1.5
    assert len(changed(events, shift=(128.0, 0.0))) == 0


def test_density_and_drop(clips):
    events = clips.events(0)
    assert len(changed(events, density=0.25)) == pytest.approx(0.25 * len(events), rel=0.05)
    denser = changed(events, density=3.5)
    assert len(denser) == pytest.approx(3.5 * len(events), rel=0.05)
    x, y, _ = coordinates(changed(events, emptied=(10.0, 20.0, 60.0, 80.0)))
    assert not ((x >= 10) & (x < 60) & (y >= 20) & (y < 80)).any() and len(x) > len(events) / 2
    uneven = changed(events, kept=(0.1, 1.0))
    _, _, p = coordinates(events)
    _, _, new_p = coordinates(uneven)
    assert (new_p == 1).sum() == (p == 1).sum()
    assert (new_p == 0).sum() == pytest.approx(0.1 * (p == 0).sum(), rel=0.2)


def disturbed(**disturbance):
    return changed(np.empty(0, PACKED_EVENT), disturbance=Disturbance(**disturbance), stretch=0.5)


def test_disturbances():
    noise = disturbed(noise_hz=0.5)
    assert len(noise) == pytest.approx(0.25 * 128 * 128 * DURATION_US / 1e6, rel=0.1)
    assert noise['dt_us'].max() < DURATION_US / 2
    assert len(np.unique(noise['pixel'])) > 0.85 * len(noise)
    assert 1 <= len(np.unique(disturbed(hot_pixels=3)['pixel'] % (128 * 128))) <= 3
    x, y, p = coordinates(disturbed(flicker=True))
    sides = np.ptp(x) + 1, np.ptp(y) + 1
    assert 6 <= min(sides) and max(sides) <= 32
    assert len(x) > np.prod(sides) and 0.3 < p.mean() < 0.7


def test_disturbances_are_drawn_up_to_what_the_settings_say():
    settings = Settings(noise_hz=0.5, hot_pixels=8, flicker=0.25)
    rng = np.random.default_rng(0)
    noise_hz, hot_pixels, flicker = np.transpose(
        [Disturbance.drawn(settings, rng) for _ in range(2000)])
    assert 0.49 < noise_hz.max() <= 0.5 and np.median(noise_hz) < 0.1
    assert hot_pixels.min() == 0 and hot_pixels.max() == 8
    assert flicker.mean() == pytest.approx(0.25, abs=0.04)


def test_time_stretch(clips):
    events = clips.events(0)
    times_us = changed(events, stretch=1.5)['dt_us']
    assert (times_us == (events['dt_us'] * 1.5).astype(np.uint32)).all()
    whole = cutter(clips, size=16, frame_value='count')
    slow = whole.cut(0, 100_000, Augmentation(stretch=2.0), np.random.default_rng(0))
    part = clips.events(0)['dt_us']
    assert slow.sum() == ((part >= 100_000) & (part < 500_000)).sum()


def test_mirrored_windows_have_the_mirrored_label(clips):
    mirrored = TrainingWindows(cutter(clips, mirror=1.0))
    assert (mirrored[Draw(0, 0, 0)][1] == 1).all()
    assert (mirrored[Draw(0, 0, 2)][1] == 2).all()
    alone = TrainingWindows(cutter(clips, ('right_hand_wave', 'none'), mirror=1.0))
    plain = TrainingWindows(cutter(clips, ('right_hand_wave', 'none')))
    assert (alone[Draw(0, 0, 0)][1] == 0).all()
    assert (alone[Draw(0, 0, 0)][0] == plain[Draw(0, 0, 0)][0]).all()


def test_draws_depend_only_on_seed_epoch_and_place(clips):
    ranges = {'density': (0.5, 2.0), 'shift': 0.1, 'noise_hz': 0.1}
    first, second = (TrainingWindows(cutter(clips, **ranges)) for _ in range(2))
    first[Draw(0, 0, 0)]
    frames = first[Draw(1, 5, 0)][0]
    assert (frames == second[Draw(1, 5, 0)][0]).all()
    for other in (second[Draw(2, 5, 0)], second[Draw(1, 6, 0)],
                  TrainingWindows(cutter(clips, seed=1, **ranges))[Draw(1, 5, 0)]):
        assert (frames != other[0]).any()


def test_processes_share_an_epoch_and_it_continues_where_it_stopped():
    classes = np.array([0] * 30 + [1] * 10)
    settings = Settings(batch=4, balance=False)
    whole = list(EpochSampler(classes, settings, 0, 1, epoch=3, skip=0))
    assert sorted(draw.clip for draw in whole) == list(range(40))
    parts = [list(EpochSampler(classes, settings, rank, 2, epoch=3, skip=0)) for rank in (0, 1)]
    assert sorted(parts[0] + parts[1]) == sorted(whole)
    assert list(EpochSampler(classes, settings, 0, 1, epoch=3, skip=6)) == whole[24:]
    sampler = EpochSampler(classes, settings, 0, 1, epoch=2, skip=6)
    sampler.set_epoch(3)
    assert list(sampler) == whole
    balanced = EpochSampler(classes, Settings(batch=4, epoch_windows=4000), 0, 1, 0, 0)
    assert np.mean([classes[draw.clip] for draw in balanced]) == pytest.approx(0.5, abs=0.05)


def test_validation_windows_are_spread_over_each_clip(clips):
    found = ValidationWindows(cutter(clips, validation_windows=3))
    assert [found[i][1][-1] for i in range(len(found))] == [0, 0, 0, 2, 2, 0, 2, 2, 2]
    again = ValidationWindows(cutter(clips, validation_windows=3, shift=0.2, seed=4))
    assert (found[4][0] == again[4][0]).all()


def test_logit_offsets_are_of_the_labels_of_time_steps(clips):
    def offsets(**given):
        settings = Settings(time_steps=8, window_ms=800.0, validate_on='test', balance=False,
                            **given)
        return GestureWindows(joined, settings, LABELS).logit_offsets()
    joined = ClipSet.joined([clips, clips.select('train', LABELS)])
    joined.clips[-1] = replace(joined.clips[-1], split='test')
    assert (offsets() == 0).all()
    frequencies = np.exp(offsets(logit_adjustment=1.0))
    assert frequencies.sum() == pytest.approx(1)
    assert frequencies[1] < 0.01 < 0.4 < min(frequencies[0], frequencies[2]), 'left does not occur'
    assert np.exp(2 * offsets(logit_adjustment=0.5)) == pytest.approx(frequencies)
    mirrored = np.exp(offsets(logit_adjustment=1.0, mirror=0.5))
    assert mirrored[0] == mirrored[1] == pytest.approx(frequencies[:2].mean())


def test_logit_adjustment_needs_draws_as_frequent_as_the_data():
    with pytest.raises(ValueError, match='logit_adjustment needs balance: false'):
        Settings(logit_adjustment=1.0)
