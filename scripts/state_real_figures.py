# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
r"""
Write the figures of real recordings into the cards of models, and export these again.

python scripts/state_real_figures.py docs/recognition/report.json \
    snn_gesture_ros/models/*.safetensors
"""
from dataclasses import replace
import json
from pathlib import Path
import sys

from snn_gesture_ros.network.checkpoint import load_checkpoint, save_checkpoint
from snn_gesture_ros.network.checkpoint_files import EXPORTED
from snn_gesture_ros.network.onnx_graph import lower
from snn_gesture_ros.report.pages import percent, real_count, seconds, share


def figures_of(chapter: dict) -> dict:
    """Return the lines of the card: one for each set and label, and which gestures are missing."""
    lines = {f'{row["set"]}, {row["label"]}': (
        f'{real_count(row)}: {share(row, "right")} right, {percent(row["decisions_right"])} of '
        f'decisions; {share(row, "announced")} announced, median {seconds(row["median_s"])}; '
        f'{row["false"]} false announcements in {row["minutes"]:.1f} minutes')
        for row in chapter['real']['sets']}
    if any(what.startswith('real people') for what in chapter['card']['never_tried_on']):
        lines['trained on them'] = 'never'
    return {**lines, 'no recording of': ', '.join(chapter['real']['without_recording'])}


def main(report: str, *models: str) -> None:
    """Rewrite each model whose name is a chapter of the report."""
    chapters = json.loads(Path(report).read_text())['checkpoints']
    for path in map(Path, models):
        net, card = load_checkpoint(str(path))
        card = replace(card, training={
            **card.training, 'real recordings': figures_of(chapters[path.stem])})
        save_checkpoint(path, net, card)
        path.with_suffix(EXPORTED).write_bytes(lower(net, card).SerializeToString())


if __name__ == '__main__':
    main(*sys.argv[1:])
