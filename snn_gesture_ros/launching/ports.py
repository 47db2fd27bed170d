# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Ports of killed nodes, which their successors must not have: they would not be heard."""
from collections import deque
from contextlib import suppress
from pathlib import Path
import re
import socket

SHARED_MEMORY = Path('/dev/shm')
PORT = re.compile(r'fast\w+_port(\d+)')
_held = deque(maxlen=40)
"""Sockets, as many as leave enough of the hundred nodes that a domain can have."""


def hold_ports_of_the_dead() -> None:
    """
    Keep the ports that shared memory of Fast DDS has, and no process any more.

    Who has written to a node through shared memory goes on to write where that node has read. A
    new one with the same ports misses that until Fast DDS has noticed, for one to three seconds.
    """
    for path in SHARED_MEMORY.glob('fast*_port*'):
        match = PORT.fullmatch(path.name)
        if match and int(match[1]) % 2:     # a node has the even one before it, too
            with suppress(OSError):
                _held.extend([_bound(int(match[1])), _bound(int(match[1]) - 1)])


def _bound(port: int) -> socket.socket:
    """
    Return a socket that has a port.

    :raises OSError: if a process has it.
    """
    bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        bound.bind(('', port))
    except OSError:
        bound.close()
        raise
    return bound
