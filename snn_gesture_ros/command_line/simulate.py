# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Verb `simulate`: make a clip set of simulated people."""
from dataclasses import replace
import os
import sys

from snn_gesture_ros.command_line.options import number_from, positive, seed, share
from snn_gesture_ros.command_line.terminal import show_progress, usage
from snn_gesture_ros.datasets.clip_set import ClipSet, summarize
from snn_gesture_ros.datasets.simulated import simulate_clip_set, simulate_recordings, Simulation
from snn_gesture_ros.simulation import FRAMINGS, SENSORS
from snn_gesture_ros.simulation.activities import IDLE_ACTIVITIES

EXAMPLE = 'snn-gesture simulate SET --clips 300 --sensor any'
DEFAULT = Simulation()
LIKE_CLIPS = 12


def add_arguments(parser) -> None:
    """Declare the arguments."""
    parser.add_argument('folder', metavar='FOLDER', nargs='?',
                        help='folder of the clip set')
    parser.add_argument('--like', metavar='RECORDING',
                        help='only compare the events of a recording with those of every '
                             'simulated sensor, before which people make the gestures of '
                             '--labels')
    parser.add_argument('--clips', type=positive, metavar='N',
                        help=f'clips of each label (default: {DEFAULT.clips}), or with --like '
                             f'people before each sensor (default: {LIKE_CLIPS})')
    parser.add_argument('--labels', nargs='+', metavar='LABEL', default=DEFAULT.labels,
                        help='gestures (default: the eleven of DVS128 Gesture and none); also '
                             f'one kind of none by its own name: {", ".join(IDLE_ACTIVITIES)}')
    parser.add_argument('--seconds', type=seconds, default=DEFAULT.duration_us / 1e6, metavar='S',
                        help='duration of a clip (default: %(default)s)')
    parser.add_argument('--sensor', choices=SENSORS, default=DEFAULT.sensor,
                        help='the event camera (default: %(default)s)')
    parser.add_argument('--framing', choices=FRAMINGS,
                        help='how much of the person is in sight (default: any)')
    parser.add_argument('--ends', action='store_true',
                        help='every gesture ends within its clip, and the person rests')
    parser.add_argument('--seed', type=seed, default=DEFAULT.seed, metavar='N',
                        help='another seed, other people (default: %(default)s)')
    parser.add_argument('--validation', type=share, default=DEFAULT.validation, metavar='SHARE',
                        help='share of the clips for validation (default: %(default)s)')
    parser.add_argument('--test', type=share, default=DEFAULT.test, metavar='SHARE',
                        help='share of the clips for test (default: %(default)s)')
    parser.add_argument('--workers', type=positive, default=os.cpu_count(), metavar='N',
                        help='processes (default: one per core)')
    parser.add_argument('--as-recordings', action='store_true',
                        help='write npz files and a labels.csv instead of a clip set')


def seconds(text: str) -> float:
    """
    Return the duration of a clip in seconds.

    :raises ArgumentTypeError: if it is not a number in range.
    """
    return number_from(text, 0.1, 600.0)


def run(arguments) -> int:
    """
    Simulate and print what was made.

    :raises ValueError: if the arguments are wrong or the folder contains another set.
    """
    with usage():
        if (arguments.folder is None) == (arguments.like is None):
            raise ValueError('give either a FOLDER or --like RECORDING')
        simulation = replace(
            DEFAULT, labels=tuple(arguments.labels), clips=arguments.clips or DEFAULT.clips,
            duration_us=int(1e6 * arguments.seconds), sensor=arguments.sensor,
            framing=arguments.framing, seed=arguments.seed, validation=arguments.validation,
            test=arguments.test, ends=arguments.ends)
    if arguments.like:
        from snn_gesture_ros.command_line.likeness_table import print_likeness
        print_likeness(arguments.like, simulation.labels, simulation.framing or 'upper_body',
                       arguments.clips or LIKE_CLIPS, simulation.seed, arguments.workers)
        return 0
    make = simulate_recordings if arguments.as_recordings else simulate_clip_set
    steps = make(simulation, arguments.folder, arguments.workers)
    try:
        show_progress(steps, simulation.clips * len(simulation.labels), 'simulating')
    except KeyboardInterrupt:
        if not arguments.as_recordings:
            print('finished parts are kept: the same command continues', file=sys.stderr)
        raise
    if not arguments.as_recordings:
        print(summarize(ClipSet(arguments.folder).clips))
    return 0
