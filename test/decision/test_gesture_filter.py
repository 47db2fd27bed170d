# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Gestures that start, end, do not flicker and do not stick."""
import numpy as np
import pytest
from snn_gesture_ros.decision.gesture_filter import DecisionSettings, GestureFilter, silence_scores

LABELS = ('clap', 'wave', 'none')
HOP_US = 100_000


def decide(script, settings=None):
    """Run decisions, each (label, score) or None for silence; give the changes with their step."""
    gesture_filter = GestureFilter(LABELS, settings or DecisionSettings(0.7, 0.4, 200))
    changes = []
    for step, item in enumerate(script):
        scores = silence_scores(LABELS)
        if item is not None:
            label, score = item
            scores = np.full(3, (1 - score) / 2)
            scores[LABELS.index(label)] = score
        changes += [(step, change.label)
                    for change in gesture_filter.update(step * HOP_US, scores)]
    return changes


def labels(changes):
    """Leave out when it happened."""
    return [label for _, label in changes]


def test_gesture_starts_once_and_ends_once():
    changes = decide([None] * 5 + [('clap', 0.95)] * 20 + [None] * 10)
    assert labels(changes) == ['clap', None]
    assert 5 < changes[0][0] <= 9
    assert 25 <= changes[1][0] <= 28


def test_same_gesture_twice_fires_twice():
    clap, rest = [('clap', 0.95)] * 12, [('none', 0.9)] * 8
    assert labels(decide(rest + clap + rest + clap + rest)) == ['clap', None, 'clap', None]


def test_weak_scores_start_nothing():
    assert decide([('clap', 0.6)] * 50) == []


def test_single_wrong_decision_changes_nothing():
    script = [('clap', 0.95)] * 15
    script[8] = ('wave', 0.99)
    assert labels(decide(script)) == ['clap']


def test_scores_around_the_threshold_do_not_flicker():
    script = [('clap', 0.9)] * 10 + [('clap', score) for score in [0.6, 0.75] * 20]
    assert labels(decide(script)) == ['clap']


def test_one_gesture_gives_way_to_another():
    changes = decide([('clap', 0.95)] * 15 + [('wave', 0.95)] * 15)
    assert labels(changes) == ['clap', None, 'wave']


def test_none_is_never_a_gesture():
    assert decide([('none', 1.0)] * 30) == []


def test_without_smoothing_each_decision_counts():
    assert decide([('clap', 0.8), None, ('wave', 0.8)], DecisionSettings(0.7, 0.4, 0)) == [
        (0, 'clap'), (1, None), (2, 'wave')]


def test_hop_does_not_change_the_time_constant():
    decided_us = []
    for hop_us in (20_000, 100_000):
        gesture_filter = GestureFilter(LABELS, DecisionSettings(smoothing_ms=400))
        scores = np.array([1.0, 0.0, 0.0])
        t_us = 0
        while not gesture_filter.update(t_us, scores):
            t_us += hop_us
        decided_us.append(t_us)
    assert abs(decided_us[0] - decided_us[1]) <= 100_000


def test_restart_forgets_the_scores_and_ends_the_gesture():
    gesture_filter = GestureFilter(LABELS, DecisionSettings(smoothing_ms=200))
    for step in range(10):
        gesture_filter.update(10**12 + step * HOP_US, np.array([1.0, 0, 0]))
    assert gesture_filter.gesture == 'clap'
    gesture_filter.restart()
    assert [change.label for change in gesture_filter.update(0, np.array([0, 1.0, 0]))] == [None]


def test_first_scores_and_those_after_a_restart_have_no_weight_yet():
    gesture_filter = GestureFilter(LABELS, DecisionSettings(smoothing_ms=200))
    silence = gesture_filter.scores
    for _ in range(2):
        gesture_filter.update(10**12, np.array([1.0, 0, 0]))
        assert (gesture_filter.scores == silence).all()
        gesture_filter.update(10**12 + HOP_US, np.array([1.0, 0, 0]))
        assert gesture_filter.scores[0] > silence[0]
        gesture_filter.restart()
    gesture_filter.update(10**12 + 10 * HOP_US, np.array([1.0, 0, 0]))
    assert (gesture_filter.scores == silence).all()


def test_thresholds_may_be_equal():
    settings = DecisionSettings(0.6, 0.6, 0)
    assert decide([('clap', 0.61), ('clap', 0.59)], settings) == [(0, 'clap'), (1, None)]


def test_labels_without_none_know_silence():
    assert silence_scores(('clap', 'wave')).tolist() == [0, 0]
    gesture_filter = GestureFilter(('clap', 'wave'), DecisionSettings())
    assert gesture_filter.scores.max() < 0.01
    script = [np.array([0.9, 0.1])] * 12 + [silence_scores(('clap', 'wave'))] * 12
    changes = [change.label for step, scores in enumerate(script)
               for change in gesture_filter.update(step * HOP_US, scores)]
    assert changes == ['clap', None]


def test_scores_are_averaged_as_logarithms():
    gesture_filter = GestureFilter(LABELS, DecisionSettings(smoothing_ms=500))
    for step in range(200):
        gesture_filter.update(step * HOP_US, np.array(
            [0.8, 0.1, 0.1] if step % 2 else [0.2, 0.7, 0.1]))
    weight = 1 - np.exp(-0.2)       # of the newest; the others fade in turn
    newest = 1 / (2 - weight)
    likely = np.exp(newest * np.log([0.8, 0.1, 0.1]) + (1 - newest) * np.log([0.2, 0.7, 0.1]))
    assert gesture_filter.scores == pytest.approx(likely / likely.sum(), abs=0.0003)
    assert gesture_filter.scores.sum() == pytest.approx(1, abs=0.0003)


def test_wrong_settings_are_refused():
    with pytest.raises(ValueError, match='thresholds'):
        DecisionSettings(start_threshold=0.3, end_threshold=0.4)
    with pytest.raises(ValueError, match='smoothing_ms'):
        DecisionSettings(smoothing_ms=-1)
    with pytest.raises(ValueError, match='2 scores for 3 labels'):
        GestureFilter(LABELS, DecisionSettings()).update(0, np.zeros(2))


def test_a_gesture_filter_continues_where_another_stopped():
    script = [('clap', 0.95)] * 10
    one, before, after = (GestureFilter(LABELS, DecisionSettings(0.7, 0.4, 200)) for _ in range(3))
    changes = []
    for step, (label, score) in enumerate(script):
        scores = np.array([score, (1 - score) / 2, (1 - score) / 2])
        expected = one.update(step * HOP_US, scores)
        if step == 5:
            assert after.follow(before) == []
        changes = (before if step < 5 else after).update(step * HOP_US, scores)
        assert changes == expected
    assert after.gesture == 'clap' and (after.scores == one.scores).all()


def test_a_gesture_filter_with_other_labels_ends_the_gesture():
    before = GestureFilter(LABELS, DecisionSettings(0.7, 0.4, 0))
    after = GestureFilter(('jump', 'none'), before.settings)
    assert after.follow(before) == []
    before.update(0, np.array([0.9, 0.1, 0.0]))
    assert [change.label for change in after.follow(before)] == [None]
    assert after.gesture is None
