# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
ROS domains that processes of this machine are in, told by the ports that they listen at.

OMG DDSI-RTPS 2.5, 9.6.2.4: of 250 ports from 7400 + 250 * domain on, the first is for discovery
by multicast, which a participant that is limited to this machine does without; from the eleventh
on each participant has two of its own.
"""
from pathlib import Path

FIRST_PORT = 7400
DOMAIN_PORTS = 250
FIRST_OWN = 10
END = 32768
"""From this port on, that of a domain after 101, Linux hands them out to anybody."""


def domains_in_use(table=Path('/proc/net/udp')) -> list:
    """
    Give the domains in use, in their order; none where that cannot be told.

    :param table: of UDP sockets, as Linux writes it.
    """
    if not table.exists():
        return []
    ports = (int(line.split()[1].rpartition(':')[2], 16)
             for line in table.read_text().splitlines()[1:])
    places = (divmod(port - FIRST_PORT, DOMAIN_PORTS) for port in ports
              if FIRST_PORT <= port < END)
    return sorted({domain for domain, place in places if place == 0 or place >= FIRST_OWN})
