# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Nodes of this package as child processes."""
from contextlib import contextmanager
import os
from pathlib import Path
import signal
import subprocess
import sys

STOP_TIMEOUT_S = 10
ENDING = signal.SIGINT, signal.SIGTERM, signal.SIGHUP
"""Signals that end a command in order."""


def isolate_from_other_robots() -> None:
    """Use a ROS domain of its own on this machine only, for this process and its children."""
    os.environ['ROS_DOMAIN_ID'] = str(1 + os.getpid() % 100)
    os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
    if os.environ.get('ROS_DISTRO') == 'humble':
        os.environ['ROS_LOCALHOST_ONLY'] = '1'


class NodeProcesses:
    """Processes of nodes, which end with this context."""

    def __init__(self):
        """Start without processes."""
        self._processes = []

    def start(self, name: str, topics=None, **parameters) -> subprocess.Popen:
        """
        Start a node by the name of its executable.

        :param topics: remapped names of topics, by their names in the code of the node.
        :param parameters: of the node, by name.
        """
        executable = Path(sys.argv[0]).resolve().parent / name
        command = [str(executable), '--ros-args', '--log-level', 'warn']
        for topic, other in (topics or {}).items():
            command += ['-r', f'{topic}:={other}']
        for key, value in parameters.items():
            command += ['-p', f'{key}:={_as_yaml(value)}']
        with signals_wait():    # who is interrupted before it knows the process cannot end it
            process = subprocess.Popen(command)
            self._processes.append(process)
        return process

    def failed(self) -> bool:
        """Return whether a node has ended with an error."""
        return any(process.poll() for process in self._processes)

    def __enter__(self):
        """Enter the context."""
        return self

    def __exit__(self, *_):
        """Interrupt all nodes and wait for them."""
        for process in self._processes:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
        for process in self._processes:
            try:
                process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def signals_wait():
    """Let the signals that end a command wait until the context ends."""
    waiting = []
    handlers = {number: signal.getsignal(number) for number in ENDING}
    handlers = {number: each for number, each in handlers.items() if callable(each)}
    for number in handlers:
        signal.signal(number, lambda *received: waiting.append(received))
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for number, frame in waiting:
            handlers[number](number, frame)


def _as_yaml(value) -> str:
    if isinstance(value, (list, tuple)):
        return f'[{", ".join(map(_as_yaml, value))}]'
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
