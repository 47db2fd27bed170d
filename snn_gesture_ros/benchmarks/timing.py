# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Timing: two ways to the same result, measured in turn, and the table of the results."""
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
"""Time that a way gets in each round, long enough to fill the caches that others used."""


class Case(NamedTuple):
    """One row: two ways to do the same with the same inputs."""

    name: str
    inputs: list
    """Serialized messages or arrays, of which each call takes the next."""
    ours: Callable
    reference: Callable
    reference_name: str
    events: int = 0
    """In an input; 0 where a call makes one decision."""

    @property
    def unit(self) -> str:
        """Of processor time."""
        return 'M events/s' if self.events else 'ms'

    def value(self, seconds: float) -> float:
        """Turn the seconds of a call into the case's unit."""
        return self.events / seconds / 1e6 if self.events else 1000 * seconds


def measure(cases: list, rounds: int) -> list:
    """
    Time the cases in turn, round after round.

    :param cases: of Case.
    :param rounds: how many repeats the medians are of.
    :returns: for each a row: a dict of its name and unit, median and 95th percentile (the slow
        side) of both ways, and how many times faster ours is by the medians.
    """
    ways = [(cycle(case.inputs), call)
            for case in cases for call in (case.ours, case.reference)]
    for way in ways:
        time_calls(*way, 0)  # compiles it
    seconds = np.array([[time_calls(*way, TURN_S) for way in ways] for _ in range(rounds)])
    medians, slow = np.percentile(seconds, (50, 95), axis=0).reshape(2, -1, 2).tolist()
    return [{'name': case.name, 'ours': case.value(ours), 'reference': case.value(reference),
             'ratio': reference / ours, 'unit': case.unit, 'reference_name': case.reference_name,
             'ours_p95': case.value(ours_p95), 'reference_p95': case.value(reference_p95)}
            for case, (ours, reference), (ours_p95, reference_p95) in zip(cases, medians, slow)]


def time_calls(inputs, call, turn_s: float) -> float:
    """
    Call with one input after the other for `turn_s`, and return the mean seconds of a call.

    It is the processor's time that counts, of all threads, so that a busy machine changes little.
    Each input is copied just before it is read, as the middleware does; the copy is not counted.
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
    Return the rows under a header that says what they were measured on.

    :param rows: as `measure` returns them, after so many rounds.
    :param versions: of the libraries that were measured.
    """
    lines = [f'{cpu_model()}, {os.cpu_count()} cores, 1 thread used',
             f'Python {platform.python_version()}, numpy {np.__version__}, '
             f'numba {numba.__version__}, {versions}',
             f'processor time, {rounds} rounds in which all take turns: median (slowest 5 %)',
             '',
             f'{"":<40} {"ours":>17} {"reference":>17} {"":<10} {"ratio":>7}  reference']
    for row in rows:
        ours, reference = (f'{row[way]:.4g} ({row[way + "_p95"]:.4g})'
                           for way in ('ours', 'reference'))
        lines.append(f'{row["name"]:<40} {ours:>17} {reference:>17} {row["unit"]:<10} '
                     f'{row["ratio"]:>6.1f}x  {row["reference_name"]}')
    return '\n'.join(lines)


def cpu_model() -> str:
    """Return the name of the processor, or of its architecture where it has none."""
    cpuinfo = Path('/proc/cpuinfo')
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.partition(':')[2].strip() for line in lines if line.startswith('model name')]
    return names[0] if names else platform.machine()
