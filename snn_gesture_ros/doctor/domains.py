# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
ROS domains that processes of this machine are in, told by the ports that they listen at.

OMG DDSI-RTPS 2.5, 9.6.2.4: discovery by multicast is at port 7400 + 250 * domain.
"""
from pathlib import Path

FIRST_PORT = 7400
DOMAIN_PORTS = 250
LAST_DOMAIN = 101
"""Ports of higher ones are among those that Linux hands out to anybody."""


def domains_in_use(table=Path('/proc/net/udp')) -> list:
    """
    Give the domains in use, in their order; none where that cannot be told.

    :param table: of UDP sockets, as Linux writes it.
    """
    if not table.exists():
        return []
    ports = {int(line.split()[1].rpartition(':')[2], 16)
             for line in table.read_text().splitlines()[1:]}
    return [domain for domain in range(LAST_DOMAIN + 1)
            if FIRST_PORT + DOMAIN_PORTS * domain in ports]
