# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Exported checkpoints: the same outputs as SpikingJelly's, without torch."""
from pathlib import Path
import shutil
import subprocess
import sys

import numpy as np
import onnx
import pytest
from snn_gesture_ros.command_line.main import main
from snn_gesture_ros.network.checkpoint import load_checkpoint, save_checkpoint
from snn_gesture_ros.network.checkpoint_files import (
    CheckpointError, find_checkpoint, shipped_models)
from snn_gesture_ros.network.classifier import INITIAL_STATE, SpikingClassifier
from snn_gesture_ros.network.gesture_net import GestureNet
from snn_gesture_ros.network.model_card import ModelCard
from snn_gesture_ros.network.onnx_graph import to_onnx
from snn_gesture_ros.network.onnx_runtime import OnnxRuntime
from snn_gesture_ros.network.torch_runtime import TorchRuntime
from snn_gesture_ros.recordings.opening import open_recording
from spikingjelly.activation_based import functional, layer, neuron
from spikingjelly.activation_based.model.parametric_lif_net import DVSGestureNet
import torch

TOLERANCE = 1e-4
"""Of outputs; floating point sums in another order."""


def enliven(net, frames):
    """Give batch norms the statistics of what they see, and fill the rest with life."""
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None
        if isinstance(module, layer.Linear):
            with torch.no_grad():
                module.weight *= 10
    net.train()
    with torch.no_grad():
        net(frames)


def gesture_net(path):
    """Save a random network of ours."""
    torch.manual_seed(1)
    net = GestureNet(3, 32, 8, hidden=16, stride=2)
    enliven(net, (torch.rand(6, 8, 2, 32, 32) < 0.2).float())
    save_checkpoint(path, net, ModelCard(
        ('a', 'b', 'none'), 4, 200.0, 32, 'binary', 'time', 'softmax',
        {'channels': 8, 'hidden': 16, 'stride': 2}, readout_steps=3.0))


def spikingjelly_net(kind):
    """Give a function that saves a random network of SpikingJelly's example."""
    def save(path):
        torch.manual_seed(2)
        net = DVSGestureNet(4, kind, detach_reset=True)
        functional.set_step_mode(net, 'm')
        enliven(net, (torch.rand(6, 4, 2, 128, 128) < 0.2).float())
        torch.save({'net': net.state_dict()}, path)
    return save


NETWORKS = {'gesture_net.safetensors': gesture_net, 'lif.pth': spikingjelly_net(neuron.LIFNode),
            'plif.pth': spikingjelly_net(neuron.ParametricLIFNode)}


@pytest.fixture(scope='module')
def exported(tmp_path_factory):
    """Give a function that makes a checkpoint and its export, by the command."""
    made = {}

    def pair(name):
        if name in shipped_models():
            return name, str(find_checkpoint(name, exported=True))
        if name in made:
            return made[name]
        path = tmp_path_factory.mktemp('model') / name
        NETWORKS[name](path)
        assert main(['export', str(path)]) == 0
        made[name] = str(path), str(path.with_suffix('.onnx'))
        return made[name]
    return pair


def check_same(found, expected):
    """
    Check outputs of many time steps, [steps, labels].

    A membrane within rounding of the threshold fires in one runtime alone, seldom, and what comes
    of it fades.
    """
    assert np.std(expected, axis=0).max() > 0.01
    differing = np.abs(np.subtract(found, expected)).max(axis=1) > TOLERANCE
    assert differing.mean() < 0.02


@pytest.mark.slow
@pytest.mark.parametrize('name', [*NETWORKS, *shipped_models()])
def test_outputs_are_those_of_spikingjelly(exported, name):
    checkpoint, graph = exported(name)
    reference, runtime = TorchRuntime(checkpoint, 'cpu'), OnnxRuntime(graph)
    assert runtime.card == reference.card
    size = reference.card.size
    rng = np.random.default_rng(3)
    found, expected = [], []
    states = wanted = [None]
    for number in range(300 if size == 128 else 2000):
        if number % 100 == 99:
            states = wanted = [None]
        frame = (rng.random((2, size, size)) < rng.random() ** 3).astype(np.float32)
        outputs, wanted = reference.step([frame], wanted)
        expected += [*outputs]
        outputs, states = runtime.step([frame], states)
        found += [*outputs]
    check_same(found, expected)


@pytest.mark.slow
@pytest.mark.parametrize('runtime', ['onnx', 'torch'])
def test_streams_in_a_batch_know_nothing_of_one_another(runtime):
    rng = np.random.default_rng(6)
    together = SpikingClassifier('fast', runtime, 'cpu', streams=3)
    alone = [SpikingClassifier('fast', runtime, 'cpu') for _ in range(3)]
    states, wanted = [INITIAL_STATE] * 3, [INITIAL_STATE] * 3
    found, expected = [], []
    for number in range(400):
        streams = rng.permutation(3)[:rng.integers(1, 4)]
        frames = [(rng.random(together.shape) < rng.choice([0.0, 0.02, 0.1])).astype(np.uint16)
                  for _ in streams]
        if number % 100 == 50:
            states[1] = wanted[1] = INITIAL_STATE
        batch = together.step(frames, [states[stream] for stream in streams])
        for stream, frame, state in zip(streams, frames, batch):
            states[stream] = state
            found.append(state.scores)
            wanted[stream], = alone[stream].step([frame], [wanted[stream]])
            expected.append(wanted[stream].scores)
    check_same(found, expected)


def test_a_graph_of_one_stream_takes_no_more(tmp_path):
    graph = onnx.load(find_checkpoint('fast', exported=True))
    for value in (*graph.graph.input, *graph.graph.output):
        value.type.tensor_type.shape.dim[0].dim_value = 1
    path = tmp_path / 'one.onnx'
    onnx.save(graph, path)
    (scores,), _ = SpikingClassifier(str(path)).run(np.zeros((1, 2, 64, 64), np.uint16))
    assert scores.sum() > 0.99
    with pytest.raises(CheckpointError, match='exported for one stream, not 2: run snn-gest'):
        SpikingClassifier(str(path), streams=2)


def test_scores_of_real_frames_are_those_of_spikingjelly(shared_data):
    classifiers = [SpikingClassifier('fast', runtime, 'cpu') for runtime in ('onnx', 'torch')]
    with open_recording(shared_data / 'evt3_640x480') as recording:
        events = np.concatenate(list(recording.events()))
    frames = np.zeros((len(events) // 2000, 2, 64, 64), np.uint16)
    for frame, part in zip(frames, np.array_split(events, len(frames))):
        np.add.at(frame, (part['p'], part['y'] * 64 // 480, part['x'] * 64 // 640), 1)
    assert len(frames) > 50
    check_same(*(classifier.run(frames)[0] for classifier in classifiers))


def test_shipped_models_are_exported_from_their_weights():
    for name in shipped_models():
        graph = onnx.load(find_checkpoint(name, exported=True))
        fresh = to_onnx(*load_checkpoint(name))
        assert graph == fresh, f'{name}: run snn-gesture export'


PATH_WITHOUT_TORCH = """
import sys
import numpy as np
from snn_gesture_ros.decision.recognition import Recognition
from snn_gesture_ros.frames.frame_stream import Frame
from snn_gesture_ros.network.classifier import SpikingClassifier
from snn_gesture_ros.nodes import gesture_classifier

recognition = Recognition(SpikingClassifier('fast'))
frame = Frame(np.ones(recognition.classifier.shape, np.uint16), 1000, 0)
assert not recognition.decide(frame).silent
assert 'numba' not in sys.modules
from snn_gesture_ros.demo import observer
from snn_gesture_ros.nodes import event_player, event_stream, simulated_camera
from snn_gesture_ros.command_line import bench, demo, info, simulate
heavy = {'torch', 'spikingjelly', 'safetensors', 'onnx', 'pytorch_lightning', 'matplotlib'}
sys.exit(', '.join(heavy & set(sys.modules)) or 0)
"""


def test_a_robot_needs_no_torch():
    """And its classifier no numba, which takes half the memory of a process."""
    result = subprocess.run([sys.executable, '-c', PATH_WITHOUT_TORCH], capture_output=True,
                            text=True)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize('words, status, text', [
    (['info', 'fast'], 0, 'ONNX, one time step'),
    (['export', 'fast'], 1, 'torch is not installed: run make training'),
    (['report', 'fast'], 1, 'torch is not installed: run make training')])
def test_commands_where_there_is_no_torch(words, status, text):
    code = ("import sys; sys.modules['torch'] = None\n"
            'from snn_gesture_ros.command_line.main import main\n'
            f'sys.exit(main({words}))')
    result = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)
    assert result.returncode == status, result.stderr
    assert text in result.stdout + result.stderr and 'Traceback' not in result.stderr


def test_info_of_an_exported_checkpoint(exported, capsys):
    _, graph = exported('gesture_net.safetensors')
    assert main(['info', graph]) == 0
    text = capsys.readouterr().out
    assert 'ONNX, one time step' in text and 'a, b, none' in text


@pytest.mark.parametrize('runtime, device, suffix, reason', [
    ('onnx', 'cpu', 'safetensors', 'is not for ONNX Runtime'),
    ('onnx', 'cuda', 'onnx', 'needs runtime torch'),
    ('torch', 'cpu', 'onnx', 'exported for ONNX Runtime')])
def test_files_of_another_runtime_are_refused(exported, runtime, device, suffix, reason):
    path = Path(exported('gesture_net.safetensors')[0]).with_suffix(f'.{suffix}')
    with pytest.raises(ValueError, match=reason):
        SpikingClassifier(str(path), runtime, device)


WITHOUT = """
import sys
sys.modules[sys.argv[1]] = None
from snn_gesture_ros.network.classifier import SpikingClassifier
try:
    print(SpikingClassifier(*sys.argv[2:]).runtime.description)
except ValueError as error:
    print(error)
"""


@pytest.mark.parametrize('package, words, answer', [
    ('onnxruntime', ['fast'], 'torch on '),
    ('onnxruntime', ['fast', 'onnx'], 'needs onnxruntime, which is not installed'),
    ('onnxruntime', ['FILE'], 'needs onnxruntime, which is not installed'),
    ('torch', ['fast'], 'ONNX Runtime on cpu'),
    ('torch', ['fast', 'torch'], 'needs torch, but torch is not installed')])
def test_what_is_installed_is_used_and_what_is_missing_is_named(exported, package, words, answer):
    words = [exported('gesture_net.safetensors')[1] if word == 'FILE' else word for word in words]
    found = subprocess.run([sys.executable, '-c', WITHOUT, package, *words], capture_output=True,
                           text=True)
    assert answer in found.stdout, found.stderr


def test_damaged_exports_are_refused_in_one_line(exported, tmp_path):
    content = Path(exported('gesture_net.safetensors')[1]).read_bytes()
    bare = onnx.load_from_string(content)
    del bare.metadata_props[:]
    for name, damaged in [('cut', content[:-5000]), ('empty', b''), ('text', b'hello'),
                          ('bare', bare.SerializeToString())]:
        path = tmp_path / f'{name}.onnx'
        path.write_bytes(damaged)
        with pytest.raises(ValueError) as raised:
            SpikingClassifier(str(path))
        assert path.name in str(raised.value) and '\n' not in str(raised.value)


def test_export_refuses_in_one_line(exported, tmp_path, capsys):
    checkpoint, graph = exported('gesture_net.safetensors')
    assert main(['export', graph]) == 1
    assert main(['export', checkpoint, '--output', str(tmp_path / 'model.pt')]) == 2
    assert main(['export', 'absent']) == 1
    assert capsys.readouterr().err.count('\n') == 3


def test_neurons_that_are_unknown_are_refused(exported):
    net, card = load_checkpoint(exported('gesture_net.safetensors')[0])
    net.hidden[2] = neuron.IFNode(step_mode='m')
    with pytest.raises(ValueError, match='a neuron IFNode cannot be exported'):
        to_onnx(net, card)


def test_export_of_a_real_process(exported, tmp_path):
    checkpoint, graph = exported('gesture_net.safetensors')
    output = tmp_path / 'model.onnx'
    result = subprocess.run([shutil.which('snn-gesture'), 'export', checkpoint, '--output',
                             str(output)], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert result.stdout == f'{output}\n'
    assert output.read_bytes() == Path(graph).read_bytes()
