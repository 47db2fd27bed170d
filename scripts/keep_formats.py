# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Write small files of every format of this version, for test_older_formats.py of later ones.

    python scripts/keep_formats.py test/formats/VERSION

Do so before a version is tagged: `make release-check` asks for it. To keep those of an older
version, run this file with the package of that version.
"""
import json
from pathlib import Path
import shutil
import sys
from tempfile import TemporaryDirectory

import numpy as np
from snn_gesture_ros.command_line.main import main as snn_gesture
from snn_gesture_ros.events.packet import PACKED_EVENT
from snn_gesture_ros.learning.examples import ExampleStore
from snn_gesture_ros.network.checkpoint import load_checkpoint, save_checkpoint
from snn_gesture_ros.network.gesture_net import GestureNet
from snn_gesture_ros.network.model_card import ModelCard
import torch

EVENTS, SIDE = 300, 16
LABELS = 'left', 'right', 'none'
RECORDINGS = 'recording.npz', 'recording.mcap', 'recording.h5'
TABLES = 'behavior', 'gesture', 'gesture_trainer', 'simulated_camera', 'event_player'
CONFIG = Path(__file__).resolve().parents[1] / 'config'


def write_recordings(folder: Path) -> dict:
    """Write the same events in every format; return their sums."""
    number = np.arange(EVENTS)
    columns = {'t': 1000 * number, 'x': number % SIDE, 'y': number // SIDE % SIDE, 'p': number % 2}
    with TemporaryDirectory() as made:
        np.savez(f'{made}/made.npz', **columns, width=SIDE, height=SIDE)
        for name in RECORDINGS:
            if snn_gesture(['convert', f'{made}/made.npz', str(folder / name)]):
                raise SystemExit(1)
    return {'events': EVENTS, 'sum_time_us': int(columns['t'].sum()), 'on': EVENTS // 2}


def write_network(folder: Path) -> list:
    """Write a network in both formats; return the outputs for frames in which all fires."""
    torch.manual_seed(0)
    card = ModelCard(LABELS, 4, 200.0, SIDE, 'binary', 'time', 'softmax',
                     {'channels': 2, 'hidden': 8}, readout_steps=3.0)
    path = folder / 'network.safetensors'
    net = GestureNet(len(LABELS), SIDE, 2, hidden=8)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.copy_(parameter.abs())    # so that its neurons fire
    save_checkpoint(path, net, card)
    if snn_gesture(['export', str(path), '--output', str(folder / 'network.onnx')]):
        raise SystemExit(1)
    return outputs(path)


def outputs(path) -> list:
    """Return the mean outputs of a network, for frames in which every pixel has events."""
    net, card = load_checkpoint(str(path))
    frames = torch.ones(card.time_steps, 1, 2, card.size, card.size)
    with torch.no_grad():
        return net(frames).mean((0, 1)).tolist()


def write_examples(folder: Path) -> dict:
    """Write a store of examples; return how many there are of each label."""
    store = ExampleStore(folder / 'examples')
    events = np.zeros(EVENTS, PACKED_EVENT)
    events['pixel'] = np.arange(EVENTS)
    for label in ('left', 'right', 'left'):
        store.add(label, 'ann', '2026-11-24T12:00:00+00:00', events, 1_000_000)
    return dict(store.counts())


def main(folder: str) -> None:
    """Write all files into a folder, which must not exist."""
    folder = Path(folder)
    folder.mkdir(parents=True)
    expected = {'recordings': write_recordings(folder), 'outputs': write_network(folder),
                'examples': write_examples(folder)}
    (folder / 'expected.json').write_text(json.dumps(expected, indent=1) + '\n')
    for name in TABLES:
        shutil.copy(CONFIG / f'{name}.yaml', folder)


if __name__ == '__main__':
    main(*sys.argv[1:])
