# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The network, its checkpoints and the classifier."""
from dataclasses import replace
import json
import pickle

import numpy as np
import pytest
from snn_gesture_ros.labels import SPIKINGJELLY_GESTURES
from snn_gesture_ros.network.checkpoint import (
    load_checkpoint, ModelCard, save_checkpoint)
from snn_gesture_ros.network.checkpoint_files import (
    CheckpointError, find_checkpoint, shipped_models)
from snn_gesture_ros.network.classifier import averaged, choose_device, SpikingClassifier
from snn_gesture_ros.network.fused_lif import FusedLIFNode
from snn_gesture_ros.network.gesture_net import GestureNet
from snn_gesture_ros.network.trace import Trace
from spikingjelly.activation_based import functional, layer, surrogate
from spikingjelly.activation_based.model.parametric_lif_net import DVSGestureNet
from spikingjelly.activation_based.neuron import LIFNode
import torch

CARD = ModelCard(('a', 'b', 'none'), 5, 400.0, 16, 'count', 'time', 'softmax', {'channels': 4})


@pytest.fixture
def own(tmp_path):
    """Give the path of a checkpoint with random weights, and its network."""
    torch.manual_seed(1)
    net = GestureNet(3, 16, 4)
    net.train()
    net(torch.rand(5, 8, 2, 16, 16) * 4)
    functional.reset_net(net)
    path = tmp_path / 'own.safetensors'
    save_checkpoint(path, net, CARD)
    return path, net.eval()


@pytest.fixture
def frames():
    """Give a window of random counts, [5, 2, 16, 16]."""
    return np.random.default_rng(2).integers(0, 4, (5, 2, 16, 16)).astype(np.uint16)


def test_checkpoint_keeps_weights_and_card(own):
    path, net = own
    loaded, card = load_checkpoint(str(path))
    assert card == CARD
    assert all(torch.equal(value, loaded.state_dict()[key])
               for key, value in net.state_dict().items())


def test_scores_are_those_of_the_network_at_rest(own, frames):
    path, net = own
    classifier = SpikingClassifier(str(path), 'cpu')
    with torch.no_grad():
        logits = net(torch.from_numpy(frames.astype(np.float32))[:, None]).mean(0)[0]
    scores = classifier.classify(frames)
    assert np.allclose(scores, logits.softmax(0).numpy(), atol=1e-6)
    assert scores.sum() == pytest.approx(1)


def test_readout_weighs_the_latest_steps_most():
    outputs = torch.rand(5, 2, 3, generator=torch.Generator().manual_seed(6))
    assert torch.allclose(averaged(outputs, 0.0), outputs.mean(0))
    weights = np.exp(-np.arange(4, -1, -1) / 2.0)
    expected = np.tensordot(weights / weights.sum(), outputs.numpy(), 1)
    assert np.allclose(averaged(outputs, 2.0), expected, atol=1e-6)


def test_windows_are_independent(own, frames):
    classifier = SpikingClassifier(str(own[0]), 'cpu')
    before = classifier.classify(frames)
    classifier.classify(frames[::-1].copy() * 50)
    assert (classifier.classify(frames) == before).all()


def test_binary_frames_know_no_counts(tmp_path, frames):
    card = ModelCard(('a', 'b'), 5, 400.0, 16, 'binary', 'time', 'softmax', {'channels': 4})
    path = tmp_path / 'binary.safetensors'
    save_checkpoint(path, GestureNet(2, 16, 4), card)
    classifier = SpikingClassifier(str(path), 'cpu')
    assert (classifier.classify(frames) == classifier.classify(frames * 9)).all()


def test_wrong_shape_is_refused(own, frames):
    classifier = SpikingClassifier(str(own[0]), 'cpu')
    for wrong in (frames[:4], frames[:, :1], frames.transpose(1, 0, 2, 3), frames[:, :, :8]):
        with pytest.raises(ValueError, match='the network wants'):
            classifier.classify(wrong)


def seed_checkpoint(path, channels=8):
    """Write what SpikingJelly's example writes; give its network."""
    torch.manual_seed(3)
    net = DVSGestureNet(channels, LIFNode, detach_reset=True)
    functional.set_step_mode(net, 'm')
    with torch.no_grad():
        for module in net.modules():
            if isinstance(module, (layer.Conv2d, layer.Linear)):
                module.weight *= 6
    optimizer = torch.optim.Adam(net.parameters())
    torch.save({'net': net.state_dict(), 'optimizer': optimizer.state_dict(), 'lr_scheduler': {},
                'epoch': 3, 'max_test_acc': 0.9}, path)
    return net.eval()


def test_checkpoint_of_the_seeds_kind(tmp_path):
    path = tmp_path / 'checkpoint_max.pth'
    net = seed_checkpoint(path)
    classifier = SpikingClassifier(str(path), 'cpu')
    assert classifier.card.labels == SPIKINGJELLY_GESTURES
    assert classifier.card.labels[2] == 'other_gestures'
    assert classifier.shape == (16, 2, 128, 128)
    frames = np.random.default_rng(4).poisson(1.5, classifier.shape).astype(np.uint16)
    with torch.no_grad():
        rates = net(torch.from_numpy(frames.astype(np.float32))[:, None]).mean(0)[0].numpy()
    assert rates.any()
    assert np.allclose(classifier.classify(frames), rates / rates.sum(), atol=1e-3)


def test_pickles_that_run_code_are_not_opened(tmp_path):
    class Bomb:
        def __reduce__(self):
            return open, (str(tmp_path / 'exploded'), 'w')

    path = tmp_path / 'bomb.pth'
    for write in (lambda: torch.save({'net': Bomb()}, path),
                  lambda: path.write_bytes(pickle.dumps(Bomb()))):
        write()
        with pytest.raises(CheckpointError):
            load_checkpoint(str(path))
        assert not (tmp_path / 'exploded').exists()


def test_damaged_checkpoints_are_refused_in_one_line(own, tmp_path):
    path, net = own
    cut = tmp_path / 'cut.safetensors'
    cut.write_bytes(path.read_bytes()[:-100])
    text = tmp_path / 'text.pth'
    text.write_text('hello')
    empty = tmp_path / 'empty.safetensors'
    empty.touch()
    other = tmp_path / 'other.pth'
    torch.save({'net': {'weight': torch.zeros(1)}}, other)
    from safetensors.torch import save_file
    bare = tmp_path / 'bare.safetensors'
    save_file({'weight': torch.zeros(1)}, bare)
    for damaged in (cut, text, empty, other, bare, tmp_path / 'missing.pth'):
        with pytest.raises(CheckpointError) as raised:
            load_checkpoint(str(damaged))
        assert damaged.name in str(raised.value) and '\n' not in str(raised.value)


def test_card_that_does_not_fit_the_weights_is_refused(own, tmp_path):
    from safetensors.torch import load_file, save_file
    fields = {'labels': ['a'], 'time_steps': 5, 'window_ms': 400, 'size': 16,
              'frame_value': 'count', 'slicing': 'time', 'readout': 'softmax',
              'architecture': {'channels': 4}}
    path = tmp_path / 'other_labels.safetensors'
    save_file(load_file(own[0]), path, {'snn_gesture': json.dumps(fields)})
    with pytest.raises(CheckpointError):
        load_checkpoint(str(path))
    with pytest.raises(CheckpointError, match='frame_value'):
        ModelCard(**{**fields, 'frame_value': 'grey'})


def test_names_of_shipped_models():
    for name in shipped_models():
        assert find_checkpoint(name).is_file()
    with pytest.raises(CheckpointError, match='shipped models'):
        find_checkpoint('slow')


def test_devices():
    assert choose_device('cpu').type == 'cpu'
    assert choose_device('auto').type in ('cpu', 'cuda')
    with pytest.raises(ValueError, match='does not exist'):
        choose_device('cuda:99')
    for wrong in ('gpu', 'meta', ''):
        with pytest.raises(ValueError, match='is not auto, cpu'):
            choose_device(wrong)


def test_network_halves_the_frame_to_4x4():
    with pytest.raises(ValueError, match='power of two'):
        GestureNet(3, 48, 4)
    with pytest.raises(ValueError, match='4 times the stride 8'):
        GestureNet(3, 16, 4, stride=8)
    net = GestureNet(3, 64, 4)
    assert sum(isinstance(module, LIFNode) for module in net.modules()) == 4
    assert [module.out_channels for module in net.modules()
            if isinstance(module, layer.Conv2d)] == [4, 6, 9]
    assert net(torch.zeros(5, 2, 2, 64, 64)).shape == (5, 2, 3)


@pytest.mark.parametrize('shape', [(1, 3), (16, 4, 3, 5, 5), (7, 2, 4099)])
def test_fused_neurons_are_spikingjellys(shape):
    currents = torch.randn(shape, generator=torch.Generator().manual_seed(4))
    results = []
    for node in (FusedLIFNode(3.0), LIFNode(3.0, decay_input=False, detach_reset=True,
                                            surrogate_function=surrogate.ATan(), step_mode='m')):
        inputs = currents.clone().requires_grad_()
        first, second = node(inputs), node(2 * inputs)      # the membrane goes on
        (first * currents).sum().backward()
        results.append((first, second, inputs.grad))
    ours, theirs = results
    assert 0 < ours[0].mean() < 1
    assert torch.equal(ours[0], theirs[0]) and torch.equal(ours[1], theirs[1])
    assert torch.allclose(ours[2], theirs[2], atol=1e-6)


def test_trace_of_all_steps_is_that_of_single_steps():
    inputs = torch.rand(9, 2, 3, generator=torch.Generator().manual_seed(5))
    whole, single = Trace(4.0), Trace(4.0)
    traces = torch.cat([whole(inputs[:5]), whole(inputs[5:])])
    average = torch.zeros(2, 3)
    for step, trace in zip(inputs, traces):
        assert torch.allclose(trace, average, atol=1e-6)
        assert torch.allclose(single.single_step_forward(step), average, atol=1e-6)
        average = average + (step - average) / 4
    functional.reset_net(whole)
    assert torch.allclose(whole(inputs[:5]), traces[:5])


def test_weights_of_another_architecture_are_refused_in_words(own, tmp_path):
    card = replace(CARD, architecture={'channels': 6})
    save_checkpoint(tmp_path / 'other.safetensors', load_checkpoint(str(own[0]))[0], card)
    with pytest.raises(CheckpointError, match='do not fit its architecture'):
        load_checkpoint(str(tmp_path / 'other.safetensors'))
