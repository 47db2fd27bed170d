# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The recogniser: silence is not asked about, all else is the network's."""
import numpy as np
import pytest
from snn_gesture_ros.decision.decider import DecisionSettings, silence
from snn_gesture_ros.decision.recogniser import MIN_EVENTS, Recogniser
from snn_gesture_ros.frames.slicing import Slicing
from snn_gesture_ros.frames.windows import Window
from snn_gesture_ros.network.checkpoint import ModelCard, save_checkpoint
from snn_gesture_ros.network.classifier import SpikingClassifier
from snn_gesture_ros.network.gesture_net import GestureNet
import torch


@pytest.fixture(scope='module')
def classifier(tmp_path_factory):
    """Give a network with random weights."""
    torch.manual_seed(3)
    path = tmp_path_factory.mktemp('model') / 'random.safetensors'
    save_checkpoint(path, GestureNet(3, 16, 4), ModelCard(
        ('wave', 'roll', 'none'), 8, 400.0, 16, 'binary', 'time', 'softmax', {'channels': 4}))
    return SpikingClassifier(str(path), 'cpu')


@pytest.mark.parametrize('events, inferred', [(MIN_EVENTS - 1, False), (MIN_EVENTS, True)])
def test_few_events_are_silence(classifier, events, inferred):
    frames = np.random.default_rng(0).integers(0, 2, classifier.shape).astype(np.uint16)
    recognised = Recogniser(classifier, DecisionSettings()).recognise(Window(frames, events, 0))
    assert recognised.inferred == inferred
    expected = classifier.classify(frames) if inferred else silence(classifier.card.labels)
    assert (recognised.scores == expected).all()


def test_no_events_are_silence_whatever_is_asked(classifier):
    recogniser = Recogniser(classifier, DecisionSettings(), min_events=0)
    frames = np.zeros(classifier.shape, np.uint16)
    assert not recogniser.recognise(Window(frames, 0, 0)).inferred
    assert recogniser.recognise(Window(frames, 1, 0)).inferred


def test_defaults_are_those_of_the_node():
    from snn_gesture_ros.nodes.gesture_classifier import DECISION, PARAMETERS, SLICING
    defaults = {spec.name: spec.default for spec in PARAMETERS}
    assert DecisionSettings(**{name: defaults[name] for name in DECISION}) == DecisionSettings()
    assert Slicing(**{name: defaults[name] for name in SLICING}) == Slicing()
    assert defaults['min_events'] == MIN_EVENTS
