# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Timing: measure two implementations of the same task in turn, and format the results."""
from collections.abc import Callable
from itertools import cycle
import os
from pathlib import Path
import platform
from time import process_time
from typing import NamedTuple

import numba
import numpy as np

TURN_S = 0.01
"""Time of an implementation in each round, long enough to fill the caches again."""


class Case(NamedTuple):
    """One row of results: two implementations with the same inputs."""

    name: str
    inputs: list
    """Serialized messages or arrays; each call gets the next."""
    ours: Callable
    reference: Callable
    reference_name: str
    events: int = 0
    """Number of events in an input; 0 if a call is one decision."""

    @property
    def unit(self) -> str:
        """Unit of `value`."""
        return 'M events/s' if self.events else 'ms'

    def value(self, seconds: float) -> float:
        """Turn the seconds of a call into the case's unit."""
        return self.events / seconds / 1e6 if self.events else 1000 * seconds


def measure(cases: list, rounds: int) -> list:
    """
    Measure the cases in turn, round after round.

    :param cases: list of Case.
    :param rounds: number of rounds for the medians.
    :returns: a row for each case: a dict of its name and unit, median and 95th percentile (the
        slow side) of both implementations, and the ratio of the medians.
    """
    ways = [(cycle(case.inputs), call)
            for case in cases for call in (case.ours, case.reference)]
    for way in ways:
        time_calls(*way, 0)  # warm-up
    seconds = np.array([[time_calls(*way, TURN_S) for way in ways] for _ in range(rounds)])
    medians, slow = np.percentile(seconds, (50, 95), axis=0).reshape(2, -1, 2).tolist()
    return [{'name': case.name, 'ours': case.value(ours), 'reference': case.value(reference),
             'ratio': reference / ours, 'unit': case.unit, 'reference_name': case.reference_name,
             'ours_p95': case.value(ours_p95), 'reference_p95': case.value(reference_p95)}
            for case, (ours, reference), (ours_p95, reference_p95) in zip(cases, medians, slow)]


def time_calls(inputs, call, turn_s: float) -> float:
    """
    Call with one input after the other for `turn_s`, and return the mean seconds of a call.

    The processor time of all threads is measured, which depends little on other load. Each input
    is copied just before the call, as the middleware does; the copy is not counted.
    """
    seconds, calls = 0.0, 0
    while seconds <= turn_s:
        given = next(inputs)
        given = bytes(bytearray(given)) if isinstance(given, bytes) else given.copy()
        start = process_time()
        call(given)
        seconds += process_time() - start
        calls += 1
    return seconds / calls


def as_table(rows: list, rounds: int, versions: str) -> str:
    """
    Return the rows as a table, under a header with the machine and the versions.

    :param rows: result of `measure` after these rounds.
    :param versions: text with the versions of the libraries.
    """
    lines = [f'{cpu_model()}, {os.cpu_count()} cores, 1 thread used',
             f'Python {platform.python_version()}, numpy {np.__version__}, '
             f'numba {numba.__version__}, {versions}',
             f'processor time, {rounds} rounds: median (slowest 5 %)',
             '',
             f'{"":<40} {"ours":>17} {"reference":>17} {"":<10} {"ratio":>7}  reference']
    for row in rows:
        ours, reference = (f'{row[way]:.4g} ({row[way + "_p95"]:.4g})'
                           for way in ('ours', 'reference'))
        lines.append(f'{row["name"]:<40} {ours:>17} {reference:>17} {row["unit"]:<10} '
                     f'{row["ratio"]:>6.1f}x  {row["reference_name"]}')
    return '\n'.join(lines)


def cpu_model() -> str:
    """Return the name of the processor, or its architecture if the name is not known."""
    cpuinfo = Path('/proc/cpuinfo')
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.partition(':')[2].strip() for line in lines if line.startswith('model name')]
    return names[0] if names else platform.machine()
