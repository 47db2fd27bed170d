# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The facts about a checkpoint that `snn-gesture info` prints."""
from dataclasses import asdict
from importlib.util import find_spec

from snn_gesture_ros.network.checkpoint_files import EXPORTED, find_checkpoint
from snn_gesture_ros.network.runtimes import open_runtime


def gather_model_facts(name: str) -> dict:
    """
    Load a checkpoint and return the facts about it, as values for JSON.

    :param name: a path or the name of a shipped model.
    :raises CheckpointError: if it cannot be used.
    """
    path = find_checkpoint(name, exported=find_spec('torch') is None)
    if path.suffix == EXPORTED:
        card = open_runtime(name, 'onnx', 'cpu', threads=1).card
        facts = {'format': 'ONNX, one time step'}
    else:
        card, facts = _facts_with_torch(name, path)
    return {**facts, 'file': path.name, 'file_bytes': path.stat().st_size, **asdict(card),
            'never_tried_on': never_tried_on(card.training)}


def _facts_with_torch(name: str, path) -> tuple:
    from snn_gesture_ros.network.checkpoint import load_checkpoint
    net, card = load_checkpoint(name)
    own = path.suffix == '.safetensors'
    return card, {'format': 'safetensors' if own else 'SpikingJelly example',
                  'parameters': sum(parameter.numel() for parameter in net.parameters())}


def never_tried_on(training: dict) -> list:
    """
    Return the kinds of data that the network was neither trained with nor measured on.

    :param training: of a ModelCard; `data` names the sources, `figures` has results by data set.
    :returns: list of texts.
    """
    data = str(training.get('data', ''))
    if not data or data.startswith('unknown'):
        return ['unknown: the file does not say what data the network was trained with']
    figures = training.get('figures')
    seen = [source.strip() for source in data.split(',')]
    if isinstance(figures, dict):       # the card does not check its fields
        seen += figures
    never = []
    if all(source.startswith('simulat') for source in seen):
        never.append('real people in front of a real camera: only simulated ones were used')
    if not any('DVS128 Gesture' in source for source in seen):
        never.append('DVS128 Gesture')
    return never
