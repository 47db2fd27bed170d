# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Checkpoints as people have them: whatever the weights are called, and the true reason else."""
from argparse import Namespace
from collections import OrderedDict

import numpy as np
from paths import SHARED_DATA
import pytest
from snn_gesture_ros.command_line.main import main
from snn_gesture_ros.labels import SPIKINGJELLY_GESTURES
from snn_gesture_ros.network.checkpoint import load_checkpoint
from snn_gesture_ros.network.checkpoint_files import CheckpointError
from snn_gesture_ros.network.classifier import SpikingClassifier
from spikingjelly.activation_based import functional, layer
from spikingjelly.activation_based.model.parametric_lif_net import DVSGestureNet
from spikingjelly.activation_based.neuron import LIFNode, ParametricLIFNode
import torch
from torch import nn

ODD = SHARED_DATA / 'odd_files' / 'checkpoints'


def make_net(neuron=LIFNode, classes=11):
    torch.manual_seed(1)
    net = DVSGestureNet(4, neuron, detach_reset=True)
    if classes != 11:
        net.conv_fc[-3] = layer.Linear(512, 10 * classes)
    with torch.no_grad():
        for module in net.modules():
            if isinstance(module, (layer.Conv2d, layer.Linear)):
                module.weight *= 6
    return net


def renamed(prefix):
    return lambda weights: OrderedDict((prefix + name, each) for name, each in weights.items())


WRAPPED = {
    'bare': lambda weights: weights,
    'DataParallel': lambda weights: {'net': renamed('module.')(weights)},
    'torch.compile': lambda weights: {'model': renamed('_orig_mod.')(weights)},
    'both': lambda weights: {'model_state_dict': renamed('module._orig_mod.')(weights)},
    'state_dict': lambda weights: {'state_dict': weights, 'epoch': 3},
    'nested': lambda weights: {'checkpoint': {'net': weights}, 'best': 0.5},
    'Lightning': lambda weights: {
        'state_dict': renamed('net.')(weights), 'pytorch-lightning_version': '2.6.6',
        'hyper_parameters': {'lr': 1e-3, 'args': Namespace(lr=1)}, 'callbacks': {}},
    'numpy': lambda weights: {'net': weights, 'max_test_acc': np.float64(0.9)},
    'numpy array': lambda weights: {'net': weights, 'losses': np.zeros(3)},
    'other class': lambda weights: {'net': weights, 'args': Namespace(channels=4)},
}


@pytest.mark.parametrize('neuron', [LIFNode, ParametricLIFNode])
@pytest.mark.parametrize('wrapped', WRAPPED)
def test_weights_are_found_wherever_they_are(tmp_path, wrapped, neuron):
    net = make_net(neuron)
    torch.save(WRAPPED[wrapped](net.state_dict()), tmp_path / 'a.pth')
    loaded, card = load_checkpoint(str(tmp_path / 'a.pth'))
    assert card.labels == SPIKINGJELLY_GESTURES
    assert card.architecture == {'model': 'DVSGestureNet', 'channels': 4,
                                 'neuron': neuron.__name__}
    for name, value in net.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], value), name


def test_weights_in_safetensors_without_a_card(tmp_path):
    from safetensors.torch import save_file
    net = make_net()
    save_file(renamed('module.')(net.state_dict()), tmp_path / 'a.safetensors')
    loaded, _ = load_checkpoint(str(tmp_path / 'a.safetensors'))
    assert torch.equal(loaded.state_dict()['conv_fc.25.bias'], net.state_dict()['conv_fc.25.bias'])


def test_old_format_of_torch(tmp_path):
    net = make_net()
    torch.save({'net': net.state_dict()}, tmp_path / 'a.pth',
               _use_new_zipfile_serialization=False)
    assert load_checkpoint(str(tmp_path / 'a.pth'))[1].labels == SPIKINGJELLY_GESTURES


@pytest.mark.parametrize('labels', [['a'] * 11, [''] * 11, ['a\nb', *'bcdefghijk']])
def test_labels_of_a_file_that_cannot_be_are_not_taken(tmp_path, labels):
    torch.save({'net': make_net(LIFNode).state_dict(), 'labels': labels}, tmp_path / 'a.pth')
    _, card = load_checkpoint(str(tmp_path / 'a.pth'))
    assert card.labels == SPIKINGJELLY_GESTURES


def test_labels_of_other_gestures(tmp_path, capsys):
    weights = make_net(classes=3).state_dict()
    torch.save({'net': weights}, tmp_path / 'a.pth')
    assert load_checkpoint(str(tmp_path / 'a.pth'))[1].labels == (
        'output_0', 'output_1', 'output_2')
    words = ['export', str(tmp_path / 'a.pth'), '--labels']
    assert main([*words, 'up', 'down', 'none']) == 0
    assert SpikingClassifier(str(tmp_path / 'a.onnx'), 'onnx').card.labels == (
        'up', 'down', 'none')
    assert main([*words, 'up', 'down']) == 1
    assert 'has 3 outputs, but --labels has 2 names' in capsys.readouterr().err
    torch.save({'net': weights, 'classes': ['a', 'b', 'c']}, tmp_path / 'b.pth')
    assert load_checkpoint(str(tmp_path / 'b.pth'))[1].labels == ('a', 'b', 'c')


class OlderNet(nn.Module):
    """The layers of SpikingJelly's older example, by its names."""

    def __init__(self, channels, container=False):
        super().__init__()

        def wrap(*layers):
            return [nn.Sequential(*layers)] if container else list(layers)

        conv = []
        for k in range(5):
            conv += [*wrap(layer.Conv2d(2 if k == 0 else channels, channels, 3, padding=1,
                                        bias=False), layer.BatchNorm2d(channels)),
                     LIFNode(2.0, detach_reset=True), layer.MaxPool2d(2, 2)]
        self.conv = nn.Sequential(*conv)
        self.fc = nn.Sequential(
            layer.Flatten(), layer.Dropout(0.5),
            *wrap(layer.Linear(channels * 16, channels * 4, bias=False)), LIFNode(2.0),
            layer.Dropout(0.5), *wrap(layer.Linear(channels * 4, 110, bias=False)), LIFNode(2.0))
        self.vote = layer.VotingLayer(10)

    def forward(self, x):
        return self.vote(self.fc(self.conv(x)))


@pytest.mark.parametrize('container', [False, True])
def test_older_example_of_spikingjelly(tmp_path, container):
    """Give the same scores as its network, in torch and exported."""
    torch.manual_seed(2)
    net = OlderNet(4, container)
    functional.set_step_mode(net, 'm')
    with torch.no_grad():
        for module in net.modules():
            if isinstance(module, (layer.Conv2d, layer.Linear)):
                module.weight.abs_()
    torch.save({'net': net.state_dict()}, tmp_path / 'a.pth')
    assert main(['export', str(tmp_path / 'a.pth')]) == 0
    frames = np.random.default_rng(4).poisson(1.5, (16, 2, 128, 128)).astype(np.uint16)
    with torch.no_grad():
        rates = net.eval()(torch.from_numpy(frames.astype(np.float32))[:, None]).mean(0)[0].numpy()
    assert rates.any()
    for name in ('a.pth', 'a.onnx'):
        classifier = SpikingClassifier(str(tmp_path / name), state='window')
        scores = classifier.run(frames)[0][-1]
        assert np.allclose(scores, rates / rates.sum(), atol=1e-3)


def save_module(path):
    torch.save({'net': make_net()}, path)


def save_script(path):
    torch.jit.script(nn.Linear(2, 2)).save(str(path))


@pytest.mark.parametrize('save, reason', [
    (save_module, 'holds a pickled module .*DVSGestureNet.*torch.save'),
    (save_script, 'is TorchScript'),
    (lambda path: path.write_text('version https://git-lfs.github.com/spec/v1\noid sha256:1\n'),
     'git lfs pull'),
    (lambda path: torch.save({'epoch': 3}, path), 'holds no weights .*only the keys epoch'),
    (lambda path: torch.save(nn.Linear(3, 3).state_dict(), path),
     'has 0 convolutions, 0 batch norms and 1 linear layers'),
    (lambda path: torch.save({'net': {
        name: value[:7] if name == 'conv_fc.25.weight' else value
        for name, value in make_net().state_dict().items()}}, path), '10 outputs for each label')])
def test_true_reason_in_one_line(tmp_path, save, reason):
    save(tmp_path / 'a.pth')
    with pytest.raises(CheckpointError, match=reason) as error:
        load_checkpoint(str(tmp_path / 'a.pth'))
    assert 'a.pth' in str(error.value) and '\n' not in str(error.value)


@pytest.mark.skipif(not ODD.is_dir(), reason=f'no files in {ODD}')
@pytest.mark.parametrize('name', ['module_prefix', 'key_state_dict', 'numpy_accuracy',
                                  'clock_driven_PythonNet'])
def test_real_ones_load(name):
    _, card = load_checkpoint(str(ODD / f'{name}.pth'))
    assert card.architecture['channels'] == 16 and card.labels == SPIKINGJELLY_GESTURES


@pytest.mark.skipif(not ODD.is_dir(), reason=f'no files in {ODD}')
def test_real_module_says_how_to_save_it(capsys):
    assert main(['info', str(ODD / 'whole_module.pth')]) == 1
    errors = capsys.readouterr().err
    assert 'holds a pickled module' in errors and errors.count('\n') == 1
