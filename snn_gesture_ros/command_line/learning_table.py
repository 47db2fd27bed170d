# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A table of what learning has improved and worsened."""
from rich.box import SIMPLE_HEAD
from rich.table import Table
from snn_gesture_ros.command_line.terminal import make_console

COLUMNS = ('examples', 'recall before', 'after', '', 'old gestures before', 'after', '')


def print_learned(figures: dict) -> None:
    """
    Print the recall of each label before and after learning.

    Examples are evaluated by networks that were trained without them, old gestures on held-out
    people.

    :param figures: as `learn` returns them.
    """
    table = Table(title='recall on held-out data', title_justify='left', box=SIMPLE_HEAD,
                  pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column('label')
    for column in COLUMNS:
        table.add_column(column, justify='right')
    of_examples = figures['recall_before'], figures['recall']
    of_old = figures['old_recall_before'], figures['old_recall']
    for label in dict.fromkeys([*of_old[0], *of_examples[1]]):
        is_new = label not in of_old[0]
        table.add_row(label, str(figures['examples'].get(label, '–')),
                      *_change(*(each.get(label) for each in of_examples), is_new),
                      *_change(*(each.get(label) for each in of_old)))
    table.add_section()
    table.add_row('mean', str(sum(figures['examples'].values())),
                  *_change(*map(_mean, of_examples)), *_change(*map(_mean, of_old)))
    make_console(width=110).print(table)


def _change(before, after, new: bool = False) -> tuple:
    """Return both values and their difference in points as text; dashes if there is no value."""
    if after is None:
        return '–', '–', ''
    points = round(100 * after) - round(100 * (before or 0))
    difference = f'{abs(points)} {"better" if points > 0 else "worse"}' if points else 'same'
    return 'new' if new else f'{before:.0%}', f'{after:.0%}', difference


def _mean(by_label: dict):
    return sum(by_label.values()) / len(by_label) if by_label else None
