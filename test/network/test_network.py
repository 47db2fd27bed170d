# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The network, its checkpoints and the classifier."""
from dataclasses import replace
import json
import pickle
import subprocess
import sys

import numpy as np
import pytest
from snn_gesture_ros.labels import SPIKINGJELLY_GESTURES
from snn_gesture_ros.network.checkpoint import load_checkpoint, save_checkpoint
from snn_gesture_ros.network.checkpoint_files import (
    CheckpointError, find_checkpoint, shipped_models)
from snn_gesture_ros.network.classifier import INITIAL_STATE, Readout, SpikingClassifier
from snn_gesture_ros.network.gesture_net import FusedLIFNode, GestureNet, Trace
from snn_gesture_ros.network.model_card import ModelCard
from snn_gesture_ros.network.onnx_graph import to_onnx
from snn_gesture_ros.network.torch_runtime import choose_device
from snn_gesture_ros.network.torch_runtime import StaticStep
from snn_gesture_ros.training.readout import averaged, scores_of
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


def multi_step_outputs(net, frames):
    """Give the outputs of SpikingJelly's multi-step mode from rest, [T, labels]."""
    functional.reset_net(net)
    with torch.no_grad():
        return net(torch.from_numpy(frames.astype(np.float32))[:, None])[:, 0]


def multi_step_scores(net, frames, readout_steps=0.0):
    """Give the scores of SpikingJelly's multi-step mode from rest, [T, labels]."""
    outputs = multi_step_outputs(net, frames)[:, None]
    return scores_of(averaged(outputs, readout_steps)[:, 0], 'softmax').numpy()


def test_windows_one_after_the_other_are_those_of_multi_step_mode(own, frames):
    path, net = own
    classifier = SpikingClassifier(str(path), state='window')
    state = INITIAL_STATE
    for window in (frames, frames[::-1] * 2, frames):
        (*before, scores), state = classifier.run(window, state)
        assert before == [None] * 4
        assert np.allclose(scores, multi_step_scores(net, window)[-1], atol=1e-6)
        assert scores.sum() == pytest.approx(1)


@pytest.mark.parametrize('readout_steps', [0.0, 2.0])
def test_state_is_carried_as_in_one_long_multi_step_run(own, tmp_path, readout_steps):
    net = own[1]
    path = tmp_path / 'carried.safetensors'
    save_checkpoint(path, net, replace(CARD, time_steps=40, readout_steps=readout_steps))
    frames = np.random.default_rng(7).integers(0, 4, (40, 2, 16, 16)).astype(np.uint16)
    classifier = SpikingClassifier(str(path))
    found = np.array(classifier.run(frames)[0])
    assert np.allclose(found, multi_step_scores(net, frames, readout_steps), atol=1e-5)
    assert np.array_equal(classifier.run(frames[:1])[0], found[:1])


def test_a_batch_is_as_many_streams_side_by_side(own):
    net = own[1]
    generator = np.random.default_rng(3)
    streams = generator.integers(0, 3, (3, 20, 2, 16, 16)).astype(np.float32)
    expected = [multi_step_outputs(net, frames) for frames in streams]
    functional.set_step_mode(net, 's')
    batch = StaticStep(net, (2, 16, 16), 3)
    places = batch.frames.data_ptr(), batch.states.data_ptr(), batch.run(3).data_ptr()
    for _ in range(2):
        batch.states.copy_(batch.initial)
        for step in range(20):
            batch.frames.copy_(torch.from_numpy(streams[:, step]))
            outputs = batch.run(3)
            for output, stream in zip(outputs, expected):
                assert torch.allclose(output, stream[step], atol=1e-5)
    assert places == (batch.frames.data_ptr(), batch.states.data_ptr(), outputs.data_ptr())


@pytest.mark.parametrize('runtime', ['torch', 'onnx'])
def test_a_state_is_a_value(runtime, own, frames):
    """A stream goes on from any state it had, whatever was computed since."""
    path, net = own
    with torch.no_grad():
        for parameter in net.parameters():
            parameter *= 4      # so that neurons fire
    save_checkpoint(path, net, CARD)
    path.with_suffix('.onnx').write_bytes(to_onnx(net, CARD).SerializeToString())
    classifier = SpikingClassifier(
        str(path.with_suffix({'torch': '.safetensors', 'onnx': '.onnx'}[runtime])), runtime)
    _, middle = classifier.run(frames)
    first, _ = classifier.run(frames[::-1], middle)
    classifier.run(frames * 2)
    again, _ = classifier.run(frames[::-1], middle)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, classifier.run(frames[::-1])[0])


def test_readout_of_a_carried_state_forgets():
    outputs = np.random.default_rng(6).random((30, 3)).astype(np.float32)
    sliding, average = Readout(replace(CARD, time_steps=5)), ()
    for number, output in enumerate(outputs):
        scores, average = sliding.update(output, average)
        recent = outputs[max(0, number - 4):number + 1].mean(0)
        assert np.allclose(scores, scores_of(torch.from_numpy(recent), 'softmax'), atol=1e-6)
    leaky = Readout(replace(CARD, readout_steps=2.0))
    weights = np.exp(-np.arange(29, -1, -1) / 2.0)
    expected = torch.from_numpy(np.tensordot(weights / weights.sum(), outputs, 1))
    average = ()
    for output in outputs:
        found, average = leaky.update(output, average)
    assert np.allclose(found, scores_of(expected, 'softmax'), atol=1e-6)


def test_silence_puts_the_network_at_rest_and_costs_nothing(own, frames):
    path, net = own
    classifier = SpikingClassifier(str(path))
    asked = []
    run = classifier.runtime.step
    classifier.runtime.step = lambda *given: asked.append(given) or run(*given)
    silence = np.zeros((40, *classifier.shape), np.uint16)
    before, state = classifier.run((*frames, *silence))
    # As long as a window may hold events, empty frames are run as any other.
    outputs = multi_step_outputs(net, np.concatenate([frames, silence[:5]]))
    expected = [scores_of(outputs[max(0, k - 4):k + 1].mean(0), 'softmax') for k in range(10)]
    assert len(asked) == 10
    assert np.allclose(before[:10], expected, atol=1e-5)
    assert all(np.array_equal(scores, before[9]) for scores in before[10:])
    after, _ = classifier.run(frames, state)
    assert np.array_equal(after, SpikingClassifier(str(path)).run(frames)[0])
    assert len(asked) == 15


def test_binary_frames_know_no_counts(tmp_path, frames):
    card = replace(CARD, labels=('a', 'b'), frame_value='binary')
    path = tmp_path / 'binary.safetensors'
    save_checkpoint(path, GestureNet(2, 16, 4), card)
    one, other = SpikingClassifier(str(path)), SpikingClassifier(str(path))
    assert np.array_equal(one.run(frames)[0], other.run(frames * 9)[0])


def test_wrong_shape_is_refused(own, frames):
    classifier = SpikingClassifier(str(own[0]))
    for wrong in (frames, frames[0, :1], frames[0].transpose(1, 0, 2), frames[0, :, :8]):
        with pytest.raises(ValueError, match='the network needs'):
            classifier.run([wrong])


@pytest.mark.parametrize('words, reason', [
    ({'runtime': 'tensorflow'}, 'is not one of auto, torch, onnx'),
    ({'state': 'lost'}, 'is not one of carried, window'),
    ({'device': 'gpu'}, 'is not auto, cpu')])
def test_wrong_words_are_refused(own, words, reason):
    with pytest.raises(ValueError, match=reason):
        SpikingClassifier(str(own[0]), **words)


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
    classifier = SpikingClassifier(str(path), state='window')
    assert classifier.card.labels == SPIKINGJELLY_GESTURES
    assert classifier.card.labels[2] == 'other_gestures'
    assert (classifier.card.time_steps, *classifier.shape) == (16, 2, 128, 128)
    frames = np.random.default_rng(4).poisson(1.5, (16, 2, 128, 128)).astype(np.uint16)
    with torch.no_grad():
        rates = net(torch.from_numpy(frames.astype(np.float32))[:, None]).mean(0)[0].numpy()
    assert rates.any()
    scores = classifier.run(frames)[0][-1]
    assert np.allclose(scores, rates / rates.sum(), atol=1e-3)


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
    texts = [tmp_path / f'text{number}.pth' for number in range(3)]
    for path, content in zip(texts, ('hello', 'start,end,label\n0,1,wave\n', '\x80')):
        path.write_text(content, 'latin-1')
    empty = tmp_path / 'empty.safetensors'
    empty.touch()
    other = tmp_path / 'other.pth'
    torch.save({'net': {'weight': torch.zeros(1)}}, other)
    from safetensors.torch import save_file
    bare = tmp_path / 'bare.safetensors'
    save_file({'weight': torch.zeros(1)}, bare)
    for damaged in (cut, *texts, empty, other, bare, tmp_path / 'missing.pth'):
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


LITTLE_MEMORY = """
from pathlib import Path
import re, resource, sys
from snn_gesture_ros.network.torch_runtime import TorchRuntime
used_kb = int(re.search(r'VmSize:\\s+(\\d+)', Path('/proc/self/status').read_text())[1])
resource.setrlimit(resource.RLIMIT_AS, 2 * ((used_kb + 256 * 1024) * 1024,))
try:
    TorchRuntime(sys.argv[1], 'cpu')
except ValueError as error:
    print(error)
"""


def test_a_network_that_does_not_run_on_the_device_is_refused_in_one_line(tmp_path):
    path = tmp_path / 'large.safetensors'
    save_checkpoint(path, GestureNet(3, 1024, 16, stride=1), replace(
        CARD, size=1024, architecture={'channels': 16, 'stride': 1}))
    found = subprocess.run([sys.executable, '-c', LITTLE_MEMORY, path], capture_output=True,
                           text=True)
    assert found.stdout.startswith(f'{path} does not run on cpu: '), found.stderr
    assert len(found.stdout.splitlines()) == 1


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
