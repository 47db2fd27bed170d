# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Recognition: silence is not asked about, all else is the network's."""
import numpy as np
import pytest
from snn_gesture_ros.decision.gesture_filter import silence_scores
from snn_gesture_ros.decision.recognition import MIN_EVENTS, Recognition
from snn_gesture_ros.frames.frame_stream import Frame
from snn_gesture_ros.network.checkpoint import save_checkpoint
from snn_gesture_ros.network.classifier import SpikingClassifier
from snn_gesture_ros.network.gesture_net import GestureNet
from snn_gesture_ros.network.model_card import ModelCard
import torch


@pytest.fixture(scope='module')
def classifier(tmp_path_factory):
    """Give a network with random weights."""
    torch.manual_seed(3)
    path = tmp_path_factory.mktemp('model') / 'random.safetensors'
    save_checkpoint(path, GestureNet(3, 16, 4), ModelCard(
        ('wave', 'roll', 'none'), 8, 400.0, 16, 'binary', 'time', 'softmax', {'channels': 4}))
    return SpikingClassifier(str(path))


def stream(count, events, seed=0):
    """Give random frames that say how many events they have."""
    rng = np.random.default_rng(seed)
    return [Frame(rng.integers(0, 2, (2, 16, 16)).astype(np.uint16), events, 50_000 * number)
            for number in range(1, count + 1)]


def test_few_events_in_a_window_are_silence(classifier):
    few = MIN_EVENTS // 8
    recognition = Recognition(classifier)
    for frame in stream(12, few):
        decision = recognition.decide(frame)
        assert decision.silent
        assert (decision.scores == silence_scores(classifier.card.labels)).all()
    silent = [recognition.decide(frame).silent for frame in stream(12, few + 1)]
    # 4 more than 96 need four frames with one more each.
    assert silent == [True] * 3 + [False] * 9


def test_scores_are_those_of_the_classifier(classifier):
    frames = stream(10, MIN_EVENTS)
    recognition = Recognition(classifier)
    found = [recognition.decide(frame).scores for frame in frames]
    scores, _ = classifier.run(frame.counts for frame in frames)
    assert np.array_equal(found, scores)
    again = Recognition(classifier)
    assert np.array_equal(found, [again.decide(frame).scores for frame in frames])


def test_no_events_are_silence_whatever_is_asked(classifier):
    recognition = Recognition(classifier, min_events=0)
    assert recognition.decide(Frame(np.zeros((2, 16, 16), np.uint16), 0, 0)).silent
    assert not recognition.decide(stream(1, 1)[0]).silent
