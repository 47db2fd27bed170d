# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Verb `learn`: fine-tune on examples from recordings and a robot; gesture_trainer runs it."""
import json
from pathlib import Path

from snn_gesture_ros.command_line.options import (
    add_recordings, add_to, are_recordings_given, positive, read_recordings, share)
from snn_gesture_ros.command_line.terminal import make_console, UsageError

EXAMPLE = 'snn-gesture learn mine --label snap a.mcap b.mcap c.mcap --checkpoint fast'
COLUMNS = ('examples', 'recall before', 'after', '', 'old gestures before', 'after', '')


def add_arguments(parser) -> None:
    """Declare the arguments."""
    parser.add_argument('folder', type=Path, metavar='FOLDER',
                        help='of gesture_trainer, or a new one: examples and models are stored '
                             'there')
    parser.add_argument('--examples', nargs='+', type=Path, default=[], metavar='RECORDING',
                        help='add examples first: recordings, folders of them or a labels.csv; '
                             'labels are found as by evaluate')
    parser.add_argument('--checkpoint', default='fast', metavar='CHECKPOINT',
                        help='the one that runs now: a shipped model, a path, or a version in '
                             'FOLDER (default: %(default)s)')
    parser.add_argument('--rehearsal', default='', metavar='CLIPSET',
                        help='clips of the old gestures, which must not be forgotten (default: '
                             'simulated people, made once)')
    parser.add_argument('--least-recall', type=share, default=0.7, metavar='SHARE',
                        help='minimum recall of each label on held-out examples (default: '
                             '%(default)s)')
    parser.add_argument('--most-forgotten', type=share, default=0.02, metavar='SHARE',
                        help='maximum loss of the mean recall of the old gestures (default: '
                             '%(default)s)')
    parser.add_argument('--prepare', action='store_true',
                        help='only simulate the people for rehearsal, which shortens learning')
    parser.add_argument('--undo', action='store_true',
                        help='instead, undo the newest network that was learned from CHECKPOINT')
    parser.add_argument('--discard', type=positive, metavar='N',
                        help='instead, set the N newest examples aside')
    parser.add_argument('--json', action='store_true', help='print JSON')
    add_recordings(parser)


def run(arguments) -> int:
    """
    Learn; return 1 if the network does not meet the bounds and is not kept.

    :raises ValueError: if there is nothing to learn from, or to undo.
    """
    folder = arguments.folder
    are_given = are_recordings_given(arguments, arguments.examples)
    instead = [name for name in ('undo', 'discard', 'prepare') if getattr(arguments, name)]
    if len(instead) + are_given > 1:
        raise UsageError(f'--{instead[0]} excludes the others of --undo, --discard, --prepare, '
                         '--examples and --label')
    if arguments.prepare:
        from snn_gesture_ros.learning.rehearsal import simulate_people
        simulate_people(folder)
        return 0
    if are_given:
        add_to(folder, read_recordings(arguments, arguments.examples))
    if not (folder / 'examples').is_dir():
        raise ValueError(f'{folder} has no examples: collect them with gesture_trainer, or name '
                         'recordings with --examples or --label')
    if arguments.undo or arguments.discard:
        print(undo(folder, arguments.checkpoint) if arguments.undo
              else discard(folder, arguments.discard))
        return 0
    from snn_gesture_ros.learning.learn import Bounds, learn
    result = learn(folder, arguments.checkpoint, arguments.rehearsal,
                   Bounds(arguments.least_recall, arguments.most_forgotten))
    if arguments.json:
        print(json.dumps(result))
    else:
        print_learned(result['figures'])
        print(f'not kept: {result["refused"]}' if result['refused'] else result['version'])
    return 1 if result['refused'] else 0


def undo(folder: Path, checkpoint: str) -> str:
    """
    Undo the newest network that was learned from a checkpoint; return a report in words.

    :raises ValueError: if there is none.
    """
    from snn_gesture_ros.learning.versions import Versions
    versions = Versions(folder / 'models')
    newest = versions.newest_after(checkpoint)
    if newest is None:
        raise ValueError(f'{folder}: no network there was learned from {checkpoint}: there is '
                         'nothing to undo')
    versions.undo(newest)
    return f'{newest} is undone; its parent was {versions.record(newest)["parent"]}'


def discard(folder: Path, count: int) -> str:
    """
    Set the newest examples aside; return their names in words.

    :raises ValueError: if there are fewer examples.
    """
    from snn_gesture_ros.learning.examples import ExampleStore
    store = ExampleStore(folder / 'examples')
    if count > len(store.names()):
        raise ValueError(f'{folder / "examples"}: there are only {len(store.names())} examples')
    return f'set aside: {", ".join(store.set_aside_newest() for _ in range(count))}'


def print_learned(figures: dict) -> None:
    """
    Print the recall of each label before and after learning.

    Examples are evaluated by networks that were trained without them, old gestures on held-out
    people.

    :param figures: as `learn` returns them.
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
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
