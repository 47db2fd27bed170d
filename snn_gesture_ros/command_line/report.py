# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Verb `report`: measure how well checkpoints recognize gestures."""
from dataclasses import replace
import os
from pathlib import Path
import shlex
import sys

from snn_gesture_ros.command_line.options import positive, seed
from snn_gesture_ros.command_line.terminal import show_progress, usage

EXAMPLE = 'snn-gesture report fast --real my_recordings --output docs/recognition'


def add_arguments(parser) -> None:
    """Declare the arguments."""
    parser.add_argument('checkpoints', nargs='+', metavar='CHECKPOINT',
                        help='path of a checkpoint or name of a shipped model')
    parser.add_argument('--real', action='append', default=[], metavar='RECORDINGS',
                        help='real recordings with labels, found as by evaluate: a folder, or a '
                             'table such as labels.csv; they come first in the report; repeat '
                             'it for each set')
    parser.add_argument('--data', nargs='+', default=[], metavar='CLIPSET',
                        help='also measure on the test split of these clip sets')
    parser.add_argument('--recordings', nargs='+', default=[], metavar='RECORDING',
                        help='recordings without gestures: every announcement is false')
    parser.add_argument('--output', type=Path, default=Path('docs/recognition'),
                        metavar='FOLDER',
                        help='folder for figures and report.json; the text is next to it, with '
                             'the suffix .md (default: %(default)s)')
    parser.add_argument('--cache', type=Path, default=Path('build/report'), metavar='FOLDER',
                        help='folder that stores the simulated clips for the next report '
                             '(default: %(default)s)')
    parser.add_argument('--quick', action='store_true',
                        help='only one clip of each kind, to try the command')
    parser.add_argument('--seed', type=seed, default=7, metavar='N',
                        help='other people, rooms and noise (default: %(default)s)')
    parser.add_argument('--workers', type=positive, default=os.cpu_count(), metavar='N',
                        help='processes (default: one per core)')


def run(arguments) -> int:
    """
    Simulate what is missing, replay all, measure and write the report.

    :raises ValueError: if the arguments are wrong.
    """
    from snn_gesture_ros.report.event_sets import clip_recordings, Extent, QUICK, simulations
    from snn_gesture_ros.report.report import by_name, Report, write_report
    extent = replace(QUICK if arguments.quick else Extent(), seed=arguments.seed)
    with usage():
        simulated = simulations(extent).values()
        for paths in (arguments.checkpoints, arguments.data, arguments.real):
            by_name(paths)
    recordings = None
    if arguments.recordings:
        recordings = clip_recordings(arguments.recordings, arguments.cache / 'recordings')
    report = Report(arguments.checkpoints, extent, arguments.data, recordings, arguments.real)
    if arguments.real:
        show_progress(report.evaluate_real(arguments.workers),
                      len(report.checkpoints) * len(report.real.sources),
                      'evaluating real recordings')
    folder = arguments.cache / f'{"quick" if arguments.quick else "full"}_{arguments.seed}'
    show_progress(report.simulate(folder, arguments.workers), sum(
        each.clips * len(each.labels) for each in simulated), 'simulating')
    show_progress(report.replay(arguments.workers), sum(
        len(task.numbers) for task in report.tasks()), 'replaying')
    command = shlex.join(['snn-gesture', *sys.argv[1:]])
    write_report(report.make(command), arguments.output)
    print(f'{arguments.output}.md')
    return 0
