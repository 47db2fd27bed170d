# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A table that compares a recording with simulated sensors that see the same gestures."""
from itertools import cycle, islice

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.table import Table
from snn_gesture_ros.command_line.terminal import make_console, show_progress
from snn_gesture_ros.datasets.processes import in_processes
from snn_gesture_ros.recordings.opening import open_recording
from snn_gesture_ros.recordings.recording import find_sensor_size
from snn_gesture_ros.simulation import SENSORS
from snn_gesture_ros.simulation.likeness import simulated_statistics, STATISTICS, statistics

DURATION_US = 1_500_000
MAX_US = 60_000_000
"""Of a recording that is measured."""
HEADINGS = ('ON and\nOFF', 'filled', 'events\na pixel', 'ON\nshare', 'OFF\nto ON',
            'ON\nto OFF', 'same\nagain', 'read\ntwice')
"""Of STATISTICS, in their order."""
SPREAD = (10, 90)
"""Percentiles of simulated people between which a recording counts as covered."""


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
    tasks = [(sensor, width, height, label, framing, seed + k, DURATION_US) for sensor in SENSORS
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
    table = Table('', *HEADINGS, box=SIMPLE_HEAD, padding=(0, 0, 0, 1),
                  caption=f'* the recording is not within the middle {SPREAD[1] - SPREAD[0]} %')
    table.add_row('recording', *(f'{real[name]:.2f} ' for name in STATISTICS))
    for sensor, spread in simulated.items():
        covered = _covered(real, spread)
        table.add_row(sensor, *(f'{median:.2f}' + (' ' if name in covered else '*')
                                for name, median in zip(STATISTICS, spread[1])))
    return table
