# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Verb `teach`: show new gestures to a running robot and name them, or name recordings."""
import argparse
from pathlib import Path
import sys

from snn_gesture_ros.command_line.options import (
    add_recordings, add_to, are_recordings_given, number_from, positive, read_recordings)
from snn_gesture_ros.command_line.terminal import make_console, UsageError

EXAMPLE = 'snn-gesture teach thumbs_up --examples 5 --learn'
SECONDS = 3.0


def add_arguments(parser) -> None:
    """Declare the arguments."""
    parser.add_argument('label', nargs='?', type=label, metavar='LABEL',
                        help='of the gesture that you show; a new or a known one, or none for '
                             'what is not a gesture')
    parser.add_argument('--seconds', type=seconds, default=SECONDS,
                        help='duration of an example (default: %(default)s)')
    parser.add_argument('--examples', type=count_or_recordings, default=1, metavar='N',
                        help='number of examples that you show in turn (default: %(default)s); '
                             'or, instead of showing, a recording, a folder of them or a '
                             'labels.csv, whose labels are found as by evaluate')
    parser.add_argument('--learn', action='store_true',
                        help='then fine-tune on all examples, and wait until that has ended')
    parser.add_argument('--undo', action='store_true',
                        help='instead, go back to the parent of the network that runs')
    parser.add_argument('--discard', action='store_true',
                        help='instead, set the newest example aside')
    add_recordings(parser)


def label(text: str) -> str:
    """
    Return a label that gesture_trainer accepts.

    :raises ArgumentTypeError: if it is not one.
    """
    from snn_gesture_ros.learning.examples import check_label
    try:
        check_label(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(error) from None
    return text


def count_or_recordings(text: str):
    """
    Return a number of examples, or the path of recordings.

    :raises ArgumentTypeError: if it is a number that is not positive.
    """
    try:
        int(text)
    except ValueError:
        return Path(text)
    return positive(text)


def seconds(text: str) -> float:
    """
    Return the duration of an example in seconds.

    :raises ArgumentTypeError: if it is not a number that gesture_trainer accepts.
    """
    return number_from(text, 1.0, 10.0)


def run(arguments) -> int:
    """
    Count down, wait for the gesture, send the label; return 1 if that failed.

    :raises ValueError: if there is no ROS, or no gesture_trainer, or a recording cannot be used.
    """
    paths = [arguments.examples] if isinstance(arguments.examples, Path) else []
    are_recorded = are_recordings_given(arguments, paths)
    if not (arguments.label or are_recorded or arguments.learn or arguments.undo
            or arguments.discard):
        raise UsageError('name a LABEL, or give recordings, --learn, --undo or --discard')
    if are_recorded and (arguments.label or arguments.undo or arguments.discard):
        raise UsageError('recordings exclude LABEL, --undo and --discard')
    try:
        from snn_gesture_ros.command_line.trainer_client import connected_trainer
    except ImportError as error:
        raise ValueError(f'{error}: teaching needs ROS 2: source env.bash') from None
    recorded = read_recordings(arguments, paths) if are_recorded else []
    console = make_console(soft_wrap=True, highlight=False)
    with connected_trainer() as trainer:
        if arguments.undo or arguments.discard:
            done, message = trainer.call('undo' if arguments.undo else 'discard_example')
            console.print(message)
            return 0 if done else 1
        if recorded:
            add_to(trainer.folder(), recorded)
        for number in range(arguments.examples if arguments.label else 0):
            with console.status('') as status:
                for left in ('ready', 'steady'):
                    status.update(f'{arguments.label}, {number + 1} of {arguments.examples}: '
                                  f'{left} ...')
                    trainer.wait(1.0)
                status.update(f'[bold green]show {arguments.label} now[/]')
                trainer.wait(arguments.seconds)
                stored, message = trainer.add_example(arguments.label, arguments.seconds)
            console.print(message)
            if not stored:
                return 1
        if not arguments.learn:
            return 0
        done, message = trainer.call('learn')
        if done:
            with console.status('learning; the first time, old gestures are simulated too'):
                done, message = trainer.wait_for_learning()
            if figures := trainer.figures:
                from snn_gesture_ros.command_line.learn import print_learned
                print_learned(figures)
        print(message, file=sys.stdout if done else sys.stderr)
        return 0 if done else 1
