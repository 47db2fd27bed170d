# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Verb `simulate`: make a clip set of simulated people, or compare a recording with them."""
from dataclasses import replace
from itertools import cycle, islice
import os
import sys

import numpy as np
from snn_gesture_ros.command_line.options import number_from, positive, seed, share
from snn_gesture_ros.command_line.terminal import make_console, show_progress, usage
from snn_gesture_ros.datasets.clip_set import ClipSet, summarize
from snn_gesture_ros.datasets.simulated import simulate_clip_set, simulate_recordings, Simulation
from snn_gesture_ros.recordings.opening import open_recording
from snn_gesture_ros.recordings.recording import find_sensor_size
from snn_gesture_ros.simulation import FRAMINGS, SENSORS
from snn_gesture_ros.simulation.activities import IDLE_ACTIVITIES
from snn_gesture_ros.simulation.likeness import simulated_statistics, STATISTICS, statistics
from snn_gesture_ros.worker_processes import in_processes

EXAMPLE = 'snn-gesture simulate SET --clips 300 --sensor any'
DEFAULT = Simulation()
LIKE_CLIPS = 12
LIKE_US = 1_500_000
"""Duration of what each of these people is seen for."""
MAX_US = 60_000_000
"""Of a recording that is measured."""
HEADINGS = ('ON and\nOFF', 'filled', 'events\na pixel', 'ON\nshare', 'OFF\nto ON',
            'ON\nto OFF', 'same\nagain', 'read\ntwice')
"""Of STATISTICS, in their order."""
SPREAD = (10, 90)
"""Percentiles of simulated people between which a recording counts as covered."""


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


def print_likeness(path: str, labels: tuple, framing: str, clips: int, seed: int,
                   workers: int) -> None:
    """
    Measure a recording and simulated people before each sensor, and print both.

    :param labels: of the recording; the simulated people make them in turn.
    :param clips: people per sensor.
    :param framing: one of camera.FRAMINGS.
    :raises ValueError: if the recording cannot be read.
    """
    with open_recording(path) as recording:
        width, height = find_sensor_size(recording)
        parts, end_us = [], None
        for events in recording.events():
            end_us = end_us or events['t'][0] + MAX_US
            parts.append(events)
            if events['t'][-1] > end_us:
                break
    real = statistics(np.concatenate(parts), width, height)
    tasks = [(sensor, width, height, label, framing, seed + k, LIKE_US) for sensor in SENSORS
             for k, label in enumerate(islice(cycle(labels), clips))]
    found = {sensor: [] for sensor in SENSORS}

    def steps():
        yield 0
        for sensor, measured in in_processes(simulated_statistics, tasks, workers):
            found[sensor].append([measured[name] for name in STATISTICS])
            yield 1
    show_progress(steps(), len(tasks), 'simulating')
    simulated = {sensor: np.nanpercentile(rows, (SPREAD[0], 50, SPREAD[1]), axis=0)
                 for sensor, rows in found.items()}
    console = make_console()
    console.print(_table(real, simulated))
    for heading, text in zip(HEADINGS, STATISTICS.values()):
        console.print(f'{heading.replace(chr(10), " ")}: {text}')
    covered = {sensor: _covered(real, spread) for sensor, spread in simulated.items()}
    best = max(covered, key=lambda sensor: len(covered[sensor]))
    console.print(f'nearest: {best}, whose middle {SPREAD[1] - SPREAD[0]} % of people cover '
                  f'{len(covered[best])} of {len(STATISTICS)}')
    outside = [STATISTICS[name] for name in STATISTICS if name not in covered['any']]
    console.print('not covered by any, which training uses: ' + ('; '.join(outside) or 'nothing'))


def _covered(real, spread):
    """Return the statistics of a recording that are within the percentiles of a sensor."""
    return [name for name, low, high in zip(STATISTICS, spread[0], spread[2])
            if low <= real[name] <= high]


def _table(real, simulated):
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    table = Table('', *HEADINGS, box=SIMPLE_HEAD, padding=(0, 0, 0, 1),
                  caption=f'* the recording is not within the middle {SPREAD[1] - SPREAD[0]} %')
    table.add_row('recording', *(f'{real[name]:.2f} ' for name in STATISTICS))
    for sensor, spread in simulated.items():
        covered = _covered(real, spread)
        table.add_row(sensor, *(f'{median:.2f}' + (' ' if name in covered else '*')
                                for name, median in zip(STATISTICS, spread[1])))
    return table
