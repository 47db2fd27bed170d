# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
r"""
Write the figures of real recordings into the README and the cards of models; export these again.

python scripts/state_real_figures.py docs/recognition/report.json README.md \
    snn_gesture_ros/models/*.safetensors

`make figures` makes the report first. The README has the figures of the first model.
"""
from dataclasses import replace
import json
from pathlib import Path
import re
import sys

from snn_gesture_ros.labels import NONE
from snn_gesture_ros.network.checkpoint import load_checkpoint, save_checkpoint
from snn_gesture_ros.network.checkpoint_files import EXPORTED
from snn_gesture_ros.network.onnx_graph import to_onnx
from snn_gesture_ros.report.pages import percent, real_count, seconds, share, table

BEGIN, END = '<!-- figures: begin -->', '<!-- figures: end -->'
NAMES = ('set', 'shown', 'recordings', 'recordings right', 'decisions right',
         'announced; median from the start', 'false announcements')


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


def readme(text: str, chapter: dict) -> str:
    """
    Return the README with a row for each set and label of real recordings.

    :param text: of the README.
    :param chapter: of the model, from report.json.
    """
    rows = [(row['set'], f'`{row["label"]}`', real_count(row), share(row, 'right'),
             percent(row['decisions_right'], 0),
             '' if row['label'] == NONE
             else f'{share(row, "announced")}; {seconds(row["median_s"])}',
             f'{row["false"]} in {row["minutes"]:.1f} minutes')
            for row in chapter['real']['sets']]
    return re.sub(f'(?s){BEGIN}.*{END}', lambda _: f'{BEGIN}\n{table(NAMES, rows)}\n{END}', text)


def state_in_card(path: Path, chapter: dict) -> None:
    """Rewrite a model with the figures in its card, and its export."""
    net, card = load_checkpoint(str(path))
    card = replace(card, training={
        **card.training, 'real recordings': figures_of(chapter)})
    save_checkpoint(path, net, card)
    path.with_suffix(EXPORTED).write_bytes(to_onnx(net, card).SerializeToString())


def main(report: str, page: str, *models: str) -> None:
    """
    Rewrite the README and each model.

    :param report: path of report.json, which has a chapter for each model.
    :param page: path of the README.
    :param models: paths of checkpoints.
    """
    chapters = json.loads(Path(report).read_text())['checkpoints']
    paths = [Path(model) for model in models]
    for path in paths:
        if not chapters[path.stem].get('real', {}).get('sets'):
            sys.exit(f'{report} has no real recordings of {path.stem}: give them to '
                     'snn-gesture report by --real')
    text = Path(page).read_text()
    Path(page).write_text(readme(text, chapters[paths[0].stem]))
    for path in paths:
        state_in_card(path, chapters[path.stem])


if __name__ == '__main__':
    main(*sys.argv[1:])
