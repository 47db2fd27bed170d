# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Checkpoints with any text as their card."""
import json

import onnx
from snn_gesture_ros.network.checkpoint import load_checkpoint
from snn_gesture_ros.network.model_card import CARD_KEY
from snn_gesture_ros.network.onnx_graph import to_onnx


def fields_of(path):
    """Give the fields of a card."""
    _, card = load_checkpoint(str(path))
    return json.loads(card.to_json())


def with_text(path, text, suffix):
    """Write the network with any text as its card, in a format; give the path."""
    net, card = load_checkpoint(str(path))
    other = path.with_name(f'other{suffix}')
    if suffix == '.onnx':
        graph = to_onnx(net, card)
        graph.metadata_props[0].value = text
        onnx.save(graph, other)
    else:
        from safetensors.torch import save
        other.write_bytes(save(net.state_dict(), {CARD_KEY: text}))
    return other
