# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Starts of the nodes while a camera sends: time to the first scores, processor time, memory."""
import os
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
import time

import rclpy
from snn_gesture_ros.benchmarks.live_load import cpu_seconds, LiveLoad
from snn_gesture_ros.demo.node_processes import NodeProcesses
from snn_gesture_ros.ros.running import announce_often
from snn_gesture_ros.ros.threads import Paced

EVENTS_PER_S = 20_000
"""Those of a still scene."""
TIMEOUT_S = 60.0
SETTLE_S = 1.0
"""Time after the first scores after which memory is measured."""
SEPARATE, COMPOSED = ('event_stream', 'gesture_classifier'), ('gesture_pipeline',)
CACHE = 'NUMBA_CACHE_DIR'
"""Environment variable that names another folder for compiled functions."""


class Starts:
    """Starts of nodes in front of a camera, and what was measured, by name."""

    def __init__(self):
        """Start without results."""
        self._found = {}

    def measure(self, name: str, executables: tuple, memory: bool = False) -> None:
        """
        Start nodes together, and measure until they publish scores.

        :param name: of the start in the results.
        :param executables: of the nodes.
        :param memory: whether to measure their memory too.
        :raises ValueError: if no scores come within TIMEOUT_S.
        """
        with Camera() as camera, NodeProcesses() as nodes:
            pids = self._start(f'first_score_s_{name}', camera, nodes, executables)
            for executable, pid in pids.items():
                self._add(f'cpu_s_{name}_{executable}', cpu_seconds(pid))
            if memory:
                camera.spin(SETTLE_S)
                for executable, pid in pids.items():
                    for kind, mb in memory_mb(pid).items():
                        self._add(f'mb_{kind}_{executable}', mb)

    def measure_restart(self) -> None:
        """
        Start gesture_classifier alone, beside an event_stream that has run before.

        :raises ValueError: if no scores come within TIMEOUT_S.
        """
        with Camera() as camera, NodeProcesses() as running:
            with NodeProcesses() as first:
                running.start(SEPARATE[0])
                first.start(SEPARATE[1])
                camera.wait_for_scores()
            self._start('first_score_s_classifier_alone', camera, running, SEPARATE[1:])

    def _start(self, name: str, camera: 'Camera', nodes: NodeProcesses, executables) -> dict:
        """Start nodes, add the time until they publish scores, and return their process ids."""
        begin_s = time.monotonic()
        pids = {each: nodes.start(each).pid for each in executables}
        camera.wait_for_scores()
        self._add(name, time.monotonic() - begin_s)
        return pids

    def _add(self, name: str, value: float) -> None:
        self._found.setdefault(name, []).append(value)

    def results(self) -> dict:
        """Return the median of each measure, and the longest of each time to the first scores."""
        medians = {name: median(values) for name, values in self._found.items()}
        longest = {f'{name}_longest': max(values) for name, values in self._found.items()
                   if name.startswith('first_score_s')}
        return {**medians, **longest}


class Camera:
    """A simulated camera that sends a still scene until this context ends."""

    def __enter__(self):
        """Start to send."""
        announce_often()
        rclpy.init()
        self._load = LiveLoad(EVENTS_PER_S, 10 * TIMEOUT_S)
        self._sending = Paced(self._load.messages())
        return self

    def __exit__(self, *_):
        """Stop sending."""
        self._sending.stop()
        self._load.destroy_node()
        rclpy.try_shutdown()

    def spin(self, seconds: float) -> None:
        """Receive scores for some time."""
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s:
            rclpy.spin_once(self._load, timeout_sec=0.01)

    def wait_for_scores(self) -> None:
        """
        Wait for scores of nodes that start now.

        :raises ValueError: if none come within TIMEOUT_S.
        """
        self._load.delays_ms.clear()
        end_s = time.monotonic() + TIMEOUT_S
        while not self._load.delays_ms:
            if time.monotonic() > end_s:
                raise ValueError(f'no scores came within {TIMEOUT_S:g} s')
            rclpy.spin_once(self._load, timeout_sec=0.01)


def memory_mb(pid: int) -> dict:
    """
    Return the memory of a process in MB (Linux only).

    :returns: what is `resident`; what only it uses, `private`; and that with its part of the
        pages that processes share, `proportional`.
    """
    lines = Path(f'/proc/{pid}/smaps_rollup').read_text().splitlines()[1:]
    kb = {name: int(value.split()[0]) for name, _, value in (
        line.partition(':') for line in lines)}
    private = kb['Private_Clean'] + kb['Private_Dirty']
    return {name: 1.024e-3 * value for name, value in (
        ('resident', kb['Rss']), ('private', private), ('proportional', kb['Pss']))}


def measure_starts(rounds: int) -> dict:
    """
    Start the nodes again and again, in turn in each way.

    `warm` is with the compiled functions on disk, `cold` without.

    :param rounds: number of starts in each way.
    :returns: seconds and MB by name.
    :raises ValueError: if a node does not work.
    """
    Starts().measure('warm', SEPARATE)      # compiles what is not on disk yet
    starts = Starts()
    for _ in range(rounds):
        starts.measure('warm', SEPARATE, memory=True)
        starts.measure_restart()
        starts.measure('composed', COMPOSED, memory=True)
        with TemporaryDirectory() as folder:
            before = os.environ.get(CACHE)
            os.environ[CACHE] = folder
            starts.measure('cold', SEPARATE)
            if before is None:
                del os.environ[CACHE]
            else:
                os.environ[CACHE] = before
    return starts.results()
