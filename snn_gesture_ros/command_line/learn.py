# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Verb `learn`: learn the examples that were shown to the robot; gesture_trainer runs it."""
import json
from pathlib import Path

from snn_gesture_ros.command_line.numbers import share

EXAMPLE = 'snn-gesture learn ~/.ros/snn_gesture --checkpoint fast'


def add_arguments(parser) -> None:
    """Declare the arguments."""
    parser.add_argument('folder', type=Path, metavar='FOLDER',
                        help='of gesture_trainer, with the examples; models are kept there')
    parser.add_argument('--checkpoint', default='fast', metavar='CHECKPOINT',
                        help='what runs now: a shipped model, a path, or a version in FOLDER '
                             '(default: %(default)s)')
    parser.add_argument('--rehearsal', default='', metavar='CLIPSET',
                        help='clips of the old gestures, which must not be forgotten (default: '
                             'simulated people, made once)')
    parser.add_argument('--least-recall', type=share, default=0.7, metavar='SHARE',
                        help='of held-out examples of each label (default: %(default)s)')
    parser.add_argument('--most-forgotten', type=share, default=0.02, metavar='SHARE',
                        help='of the mean recall of the old gestures (default: %(default)s)')
    parser.add_argument('--prepare', action='store_true',
                        help='only simulate the people for rehearsal, so that learning is sooner')
    parser.add_argument('--json', action='store_true', help='print JSON')


def run(arguments) -> int:
    """
    Learn; 1 if the network is not good enough to be kept.

    :raises ValueError: if there is nothing to learn from.
    """
    if arguments.prepare:
        from snn_gesture_ros.learning.rehearsal import simulate_people
        simulate_people(arguments.folder)
        return 0
    if not (arguments.folder / 'examples').is_dir():
        raise ValueError(f'{arguments.folder} holds no examples: gesture_trainer collects them')
    from snn_gesture_ros.learning.learn import learn
    from snn_gesture_ros.learning.lesson import Bounds
    result = learn(arguments.folder, arguments.checkpoint, arguments.rehearsal,
                   Bounds(arguments.least_recall, arguments.most_forgotten))
    print(json.dumps(result) if arguments.json else in_words(result))
    return 1 if result['refused'] else 0


def in_words(result: dict) -> str:
    """Say what came out."""
    figures = result['figures']
    lines = [f'{label}: {figures["examples"][label]} examples, {recall:.0%} named right when held '
             f'out, {figures["recall_before"].get(label, 0.0):.0%} before'
             for label, recall in figures['recall'].items()]
    lines.append(f'old gestures: recall falls by {100 * figures["forgotten"]:.1f} points')
    lines.append(f'not kept: {result["refused"]}' if result['refused'] else result['version'])
    return '\n'.join(lines)
