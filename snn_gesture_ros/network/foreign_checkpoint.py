# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Checkpoints of other programs: find the weights in them and the network that they belong to.

A file holds its weights directly, or under a key (`net`, `state_dict` of Lightning, ...); the
names of weights may have the prefix of DataParallel or torch.compile. The network is recognized by
the shapes and the order of its weights: five pairs of convolution and batch norm, then two linear
layers are the DVSGestureNet of SpikingJelly. In that of its older example (`clock_driven`), the
hidden layer is smaller and the linear layers have no biases.
"""
from contextlib import suppress
from pathlib import Path
import zipfile

from snn_gesture_ros.network.checkpoint_files import CheckpointError
import torch

KEYS = ('net', 'model', 'state_dict', 'model_state_dict', 'net_state_dict', 'network', 'weights',
        'module', 'ema')
"""Keys of a file under which weights are looked for first."""
LABEL_KEYS = ('labels', 'classes', 'class_names')
COMPILED = '_orig_mod.'
VOTERS = 10
"""Neurons of DVSGestureNet that vote for each output."""
CONVOLUTIONS, SIDE = 5, 128
KERNEL = (3, 3)
MAP_SIDE = SIDE >> CONVOLUTIONS
"""Width and height of the last feature map: a pool after each convolution halves them."""
HOW_TO_SAVE = "torch.save({'net': net.state_dict()}, FILE)"


class Placeholder:
    """Stands for an object of an unknown class in a file; ignores the object's contents."""

    def __init__(self, *_, **__):
        pass

    def __setstate__(self, _):
        """Ignore the state."""


def read_weights(path: Path) -> tuple:
    """
    Read a file saved by torch, without running pickled code.

    :returns: weights by their names in the order of the file, and labels or ().
    :raises CheckpointError: if there are no weights; names what the file is.
    """
    if _is_script(path):
        raise CheckpointError(f'{path} is TorchScript, not weights: save the weights in the '
                              f'program that made it, with {HOW_TO_SAVE}')
    try:
        unknown = _unknown_classes(path)
        placeholders = [(type(name, (Placeholder,), {}), name) for name in unknown]
        with torch.serialization.safe_globals(placeholders):
            content = torch.load(path, map_location='cpu', weights_only=True)
    except Exception:   # a damaged file can make the unpickler raise anything
        raise CheckpointError(f'{path} is not a usable checkpoint: it is neither .safetensors nor '
                              'weights saved by torch, or it is incomplete') from None
    weights = _find_weights(content)
    if weights is None:
        kind = next((type(each).__name__ for each in _parts(content)
                     if isinstance(each, Placeholder)), None)
        if kind and (isinstance(content, Placeholder) or 'torch.nn' in ' '.join(unknown)):
            raise CheckpointError(
                f'{path} holds a pickled module ({kind}), not its weights, and loading it would '
                f'run its code: save the weights in the program that made it, with {HOW_TO_SAVE}')
        raise CheckpointError(
            f'{path} holds no weights of a network, only {_describe(content)}: save them with '
            f'{HOW_TO_SAVE}')
    return weights, _find_labels(content)


def _unknown_classes(path: Path) -> list:
    """Return the names of the classes in a file other than weights; [] for the old format."""
    try:
        return torch.serialization.get_unsafe_globals_in_checkpoint(path)
    except ValueError:
        return []


def _is_script(path: Path) -> bool:
    """Return whether a file is TorchScript."""
    with suppress(zipfile.BadZipFile, NotImplementedError), zipfile.ZipFile(path) as archive:
        return any(name.endswith('constants.pkl') for name in archive.namelist())
    return False


def describe_network(weights: dict) -> tuple:
    """
    Recognize a DVSGestureNet by the shapes of its weights.

    :param weights: by any names, in the order of the layers.
    :returns: the weights by the names of DVSGestureNet, the number of outputs, and the
        architecture for `build_network`.
    :raises ValueError: if it is another network; names the difference.
    """
    layers = {}
    for name, value in weights.items():
        layer, _, part = name.replace(COMPILED, '').rpartition('.')
        layers.setdefault(layer, {})[part] = value
    convolutions = _of_dimensions(layers, 4)
    norms = [layer for layer in layers.values() if 'running_mean' in layer]
    linear = _of_dimensions(layers, 2)
    leaks = [layer for layer in layers.values() if {*layer} == {'w'}]
    if (len(convolutions), len(norms), len(linear)) != (CONVOLUTIONS, CONVOLUTIONS, 2):
        raise ValueError(
            f'its network has {len(convolutions)} convolutions, {len(norms)} batch norms and '
            f'{len(linear)} linear layers; the DVSGestureNet of SpikingJelly, which can be '
            f'read, has {CONVOLUTIONS}, {CONVOLUTIONS} and 2')
    channels = convolutions[0]['weight'].shape[0]
    expected = [(channels, 2 if k == 0 else channels, *KERNEL) for k in range(CONVOLUTIONS)]
    found = [tuple(layer['weight'].shape) for layer in convolutions]
    if found != expected:
        raise ValueError(f'its convolutions are {found}; those of a DVSGestureNet of {channels} '
                         f'channels are {expected}')
    first, last = (layer['weight'].shape for layer in linear)
    if first[1] != channels * MAP_SIDE**2 or last[1] != first[0] or last[0] % VOTERS:
        raise ValueError(
            f'its linear layers are {tuple(first)} and {tuple(last)}; those of a DVSGestureNet of '
            f'{channels} channels take {channels * MAP_SIDE**2} inputs and have {VOTERS} outputs '
            'for each label')
    if leaks and len(leaks) != CONVOLUTIONS + 2:
        raise ValueError(f'it has {len(leaks)} layers of ParametricLIFNode, not '
                         f'{CONVOLUTIONS + 2}')
    named = {}
    places = [*range(0, 4 * CONVOLUTIONS, 4), 4 * CONVOLUTIONS + 2, 4 * CONVOLUTIONS + 5]
    for place, layer in zip(places, [*convolutions, *linear]):
        named |= {f'conv_fc.{place}.{part}': value for part, value in layer.items()}
    for place, layer in zip(places, norms):
        named |= {f'conv_fc.{place + 1}.{part}': value for part, value in layer.items()}
    neurons = [*(place + 2 for place in places[:CONVOLUTIONS]),
               *(place + 1 for place in places[CONVOLUTIONS:])]
    for place, layer in zip(neurons, leaks):
        named[f'conv_fc.{place}.w'] = layer['w']
    architecture = {'model': 'DVSGestureNet', 'channels': channels,
                    'neuron': 'ParametricLIFNode' if leaks else 'LIFNode'}
    if (first[0], 'bias' in linear[0]) != (512, True):
        architecture |= {'hidden': first[0], 'bias': 'bias' in linear[0]}
    return named, last[0] // VOTERS, architecture


def _of_dimensions(layers: dict, count: int) -> list:
    """Return the layers whose weight has a number of dimensions."""
    return [layer for layer in layers.values()
            if 'weight' in layer and layer['weight'].dim() == count]


def _is_weights(content) -> bool:
    """Return whether an object is a dict of tensors by name, of which some are matrices."""
    return isinstance(content, dict) and bool(content) and all(
        isinstance(name, str) for name in content) and any(
        isinstance(value, torch.Tensor) and value.dim() > 1 for value in content.values())


def _find_weights(content, depth: int = 2):
    """Return the weights in the content of a file by name, None if there are none."""
    if _is_weights(content):
        return {name: value for name, value in content.items()
                if isinstance(value, torch.Tensor)}
    if not isinstance(content, dict) or not depth:
        return None
    for key in sorted(content, key=lambda key: KEYS.index(key) if key in KEYS else len(KEYS)):
        found = _find_weights(content[key], depth - 1)
        if found:
            return found
    return None


def _find_labels(content) -> tuple:
    """Return the labels of the outputs in the content of a file, () if there are none."""
    for each in _parts(content):
        if isinstance(each, dict):
            for key in LABEL_KEYS:
                labels = each.get(key)
                if isinstance(labels, (list, tuple)) and labels and all(
                        isinstance(label, str) for label in labels):
                    return tuple(labels)
    return ()


def _parts(content):
    """Yield the content of a file and, if it is a dict, its values."""
    yield content
    if isinstance(content, dict):
        yield from content.values()


def _describe(content) -> str:
    """Return what an object without weights is, for an error message."""
    if isinstance(content, dict):
        return 'the keys ' + ', '.join(str(key) for key in list(content)[:8]) if content else (
            'an empty dict')
    return f'a {type(content).__name__}'
