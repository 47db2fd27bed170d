# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Checkpoints whose card does not fit, by mistake or on purpose, are refused in one line."""
import json
import subprocess
import sys

from checkpoint_cards import fields_of, with_text
import numpy as np
import onnx
from peak_memory import SOURCE
import pytest
from snn_gesture_ros.command_line.main import main
from snn_gesture_ros.network.checkpoint import load_checkpoint, save_checkpoint
from snn_gesture_ros.network.checkpoint_files import CheckpointError, find_checkpoint
from snn_gesture_ros.network.classifier import SpikingClassifier
from snn_gesture_ros.network.model_card import ModelCard
from snn_gesture_ros.network.onnx_graph import to_onnx
from spikingjelly.activation_based.model.parametric_lif_net import DVSGestureNet
from spikingjelly.activation_based.neuron import LIFNode
import torch

NAN, INF = float('nan'), float('inf')
WRONG = [
    ('labels', reason) for reason in (
        [1, 2, 3], ['left', 'right', None], ['left', 'right'], ['a', 'b', 'c', 'd'],
        ['left', 'left', 'none'], ['', 'right', 'none'], ['\ud800', 'right', 'none'],
        ['a\0b', 'right', 'none'], ['a\nb', 'right', 'none'], ['a' * 101, 'right', 'none'],
        [f'label {number}' for number in range(70_000)],
        'abc', [], None, 3, {'a': 1, 'b': 2, 'c': 3})
] + [
    ('size', value) for value in (99, 32, 40_000, 10**30, 0, -16, 16.0, '16', True, None, [16])
] + [
    ('time_steps', value) for value in (0, -1, 4.0, 10**9, 10**400, True, '4', None, NAN)
] + [
    ('window_ms', value) for value in (INF, -INF, NAN, 0, -80.0, 1e12, '80', None, True, [80])
] + [
    ('readout_steps', value) for value in (-1, NAN, INF, '3', None, True)
] + [
    ('window_events', value) for value in (-1, 10**12, 1.5, None, True, '5')
] + [
    ('frame_value', value) for value in ('grey', None, 1, ['binary'])
] + [
    ('slicing', value) for value in ('number', 'count', None)
] + [
    ('readout', value) for value in ('sigmoid', None)
] + [
    ('architecture', []), ('architecture', None), ('training', []), ('training', 'free'),
    ('license', 3), ('unknown_field', 1)]
WRONG_ARCHITECTURES = [
    {'channels': value} for value in (0, -4, 4.0, 8, 10**9, 10**30, True, '4', None, NAN)
] + [{'channels': 4, **wrong} for wrong in (
    {'stride': 0}, {'stride': -4}, {'stride': 3}, {'stride': 4.0}, {'stride': 10**9},
    {'hidden': 0}, {'hidden': 10**12}, {'hidden': '128'}, {'tau': 0}, {'tau': 1.0}, {'tau': NAN},
    {'tau': 'slow'}, {'trace_tau': 0}, {'trace_tau': INF}, {'dropout': 2}, {'dropout': NAN},
    {'model': 'VGG'}, {'model': None}, {'model': 'DVSGestureNet'}, {'neuron': 'IFNode'},
    {'weights': 3})]
TEXTS = ['', 'no JSON', '[]', '[1, 2]', '3', 'null', '{}', '{"labels": ["a"]}', '[' * 10**5,
         '{"training": ' * 700 + '1' + '}' * 700, '9' * 10**4, '\ud83d']


def refusal(path):
    """Give the one line with which a checkpoint is refused."""
    with pytest.raises(CheckpointError) as raised:
        SpikingClassifier(str(path))
    text = str(raised.value)
    assert text.startswith(str(path)) and len(text.splitlines()) == 1
    return text


@pytest.mark.parametrize('suffix', ['.onnx', '.safetensors'])
def test_cards_with_a_wrong_field_are_refused(halves, suffix):
    fields = fields_of(halves)
    for name, value in WRONG:
        text = refusal(with_text(halves, json.dumps({**fields, name: value}), suffix))
        assert name in text or 'card' in text or 'weights do not fit' in text, (name, value, text)


def test_architectures_that_cannot_be_are_refused(halves):
    fields = fields_of(halves)
    for wrong in WRONG_ARCHITECTURES:
        refusal(with_text(halves, json.dumps({**fields, 'architecture': wrong}), '.safetensors'))


@pytest.mark.parametrize('suffix', ['.onnx', '.safetensors'])
def test_texts_that_are_no_card_are_refused(halves, suffix):
    for text in TEXTS:
        try:
            path = with_text(halves, text, suffix)
        except UnicodeEncodeError:
            continue
        refusal(path)


def onnx_of(path):
    """Give the graph of a network, and where a changed one is written."""
    return to_onnx(*load_checkpoint(str(path))), path.with_name('changed.onnx')


def shape_of(value):
    """Give the dimensions of an input or output of a graph."""
    return value.type.tensor_type.shape.dim


def no_frame(graph):
    """Call the frame otherwise."""
    graph.input[0].name = 'image'
    for node in graph.node:
        node.input[:] = ['image' if name == 'frame' else name for name in node.input]


def no_outputs_for_states(graph):
    """Give the output alone."""
    del graph.output[1:]


def frames_of_whole_numbers(graph):
    """Take frames of whole numbers."""
    graph.input[0].type.tensor_type.elem_type = onnx.TensorProto.UINT8
    graph.node.insert(0, onnx.helper.make_node('Cast', ['frame'], ['cast'], to=1))
    for node in graph.node[1:]:
        node.input[:] = ['cast' if name == 'frame' else name for name in node.input]


def states_exchanged(graph):
    """Give states of other shapes than those that it takes."""
    first, last = graph.output[1], graph.output[-1]
    keep = onnx.ValueInfoProto()
    keep.CopyFrom(first)
    first.CopyFrom(last)
    last.CopyFrom(keep)


def states_without_shape(graph):
    """Leave the shape of a state open."""
    shape_of(graph.input[-1])[1].dim_param = 'any'


def states_of_terabytes(graph):
    """Add a state that nothing can hold."""
    shape = ['streams', 10**6, 10**6]
    for values, name in ((graph.input, 'state_more'), (graph.output, 'new_state_more')):
        values.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape))
    graph.node.append(onnx.helper.make_node('Identity', ['state_more'], ['new_state_more']))


def outputs_that_are_no_numbers(graph):
    """Give outputs that are not numbers."""
    tensor = next(each for each in graph.initializer if list(each.dims) == [3])
    tensor.CopyFrom(onnx.numpy_helper.from_array(np.full(3, np.nan, np.float32), tensor.name))


def outputs_without_shape(graph):
    """Give all outputs in one row, of a length that nobody knows."""
    source = next(node for node in graph.node if node.output[0] == 'output')
    source.op_type = 'Reshape'
    graph.initializer.append(onnx.numpy_helper.from_array(np.array([-1]), 'row'))
    source.input.append('row')
    del shape_of(graph.output[0])[1:]


@pytest.mark.parametrize('change, reason', [
    (no_frame, 'inputs must be "frame"'), (no_outputs_for_states, 'as many states'),
    (frames_of_whole_numbers, r'frame of its graph is a tensor\(uint8\)'),
    (states_exchanged, 'does not run: .*INVALID_ARGUMENT'),
    (states_without_shape, 'has no fixed shape'),
    (states_of_terabytes, 'its graph has 10000000'),
    (outputs_that_are_no_numbers, 'fit its readout, softmax'),
    (outputs_without_shape, 'its graph has')])
def test_graphs_that_are_not_what_they_say_are_refused(halves, change, reason):
    model, path = onnx_of(halves)
    change(model.graph)
    onnx.save(model, path)
    with pytest.raises(CheckpointError, match=reason) as raised:
        SpikingClassifier(str(path))
    assert len(str(raised.value).splitlines()) == 1


def test_nothing_is_printed_to_stdout_for_a_damaged_graph(halves, capsys):
    """Where the text of a graph is not UTF-8, ONNX Runtime did, and `info --json` was not JSON."""
    graph, path = onnx_of(halves)
    onnx.save(graph, path)
    data = path.read_bytes()
    place = data.index(b'"labels"')
    path.write_bytes(data[:place + 1] + b'\xf0' + data[place + 2:])
    refusal(path)
    assert capsys.readouterr().out == ''


def test_weights_that_give_no_numbers_are_refused(halves):
    net, card = load_checkpoint(str(halves))
    with torch.no_grad():
        net.readout.bias[1] = NAN
    save_checkpoint(halves, net, card)
    assert 'fit its readout, softmax' in refusal(halves)


def test_logits_are_no_firing_rates(halves):
    path = with_text(halves, json.dumps({**fields_of(halves), 'readout': 'firing_rate'}), '.onnx')
    assert 'fit its readout, firing_rate' in refusal(path)


def test_weights_that_are_views_of_little_memory_are_refused(tmp_path):
    path = tmp_path / 'views.pth'
    with torch.device('meta'):
        wanted = DVSGestureNet(1024, LIFNode, detach_reset=True).state_dict()
    torch.save({'net': {name: torch.zeros((), dtype=value.dtype).expand(value.shape)
                        for name, value in wanted.items()}}, path)
    assert path.stat().st_size < 100_000
    assert 'is not a DVSGestureNet' in refusal(path)


PEAK = SOURCE + """
import sys
from snn_gesture_ros.network.classifier import SpikingClassifier
SpikingClassifier(sys.argv[1])
before = peak_kb()
for path in sys.argv[2:]:
    try:
        SpikingClassifier(path)
    except ValueError as error:
        print(error)
print(peak_kb() - before)
"""


@pytest.mark.parametrize('suffix', ['.onnx', '.safetensors'])
def test_sizes_are_refused_before_memory_is_taken(halves, suffix):
    fields, paths = fields_of(halves), []
    good = with_text(halves, json.dumps(fields), suffix)
    for number, wrong in enumerate([
            {'size': 40_000}, {'size': 1024}, {'architecture': {'channels': 20_000}},
            {'architecture': {'channels': 4, 'hidden': 16_000_000}}]):
        if suffix == '.onnx' and 'size' not in wrong:
            continue
        path = with_text(halves, json.dumps({**fields, **wrong}), suffix)
        paths.append(path.rename(path.with_name(f'{number}{suffix}')))
    with_text(halves, json.dumps(fields), suffix)
    found = subprocess.run([sys.executable, '-c', PEAK, good, *paths], capture_output=True,
                           text=True)
    *reasons, more_kb = found.stdout.splitlines()
    assert len(reasons) == len(paths), found.stderr
    assert int(more_kb) < 50_000


def test_info_and_export_refuse_in_one_line(halves, capsys):
    for suffix in '.onnx', '.safetensors':
        for wrong in {'size': 99}, {'labels': [1, 2, 3]}, {'training': 3}:
            path = with_text(halves, json.dumps({**fields_of(halves), **wrong}), suffix)
            assert main(['info', str(path)]) == 1
            assert capsys.readouterr().err.count('\n') == 1


def test_info_shows_whatever_a_training_says(halves, capsys):
    for training in {'figures': 3, 'sets': 4, 'data': [1]}, {'sets': {'a': 1}, 'figures': [1]}:
        path = with_text(
            halves, json.dumps({**fields_of(halves), 'training': training}), '.safetensors')
        assert main(['info', str(path)]) == 0
    assert 'never trained on' in capsys.readouterr().out


def test_shipped_graphs_are_what_they_say():
    path = find_checkpoint('fast', exported=True)
    assert SpikingClassifier(str(path), streams=2).card.size == 64
    assert ModelCard.from_json(SpikingClassifier('fast').card.to_json()) == load_checkpoint(
        'fast')[1]
