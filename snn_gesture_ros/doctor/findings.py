# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Findings: all that the doctor learns of a running system."""
from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional

SILENCE_S = 3.0
"""A camera that sees nothing for longer is not well: every sensor has some noise."""
INACTIVE = 'inactive'
"""What a node says of itself that was not activated."""


@dataclass
class Party:
    """A publisher or a subscriber of a topic."""

    node: str
    """Name with namespace."""
    message_type: str
    reliability: str
    durability: str


@dataclass
class EventTopic:
    """A topic of event messages, and what came on it."""

    name: str
    message_type: str
    unreadable: str = ''
    """Why its messages cannot be read here; empty if they can."""
    publishers: list = field(default_factory=list)
    """Of Party."""
    subscribers: list = field(default_factory=list)
    mismatches: list = field(default_factory=list)
    """Of text: subscribers that get nothing, and why."""
    contenders: list = field(default_factory=list)
    """Names of nodes that send at the same time; empty if one sends alone."""
    messages: int = 0
    """What follows is of one publisher."""
    messages_per_s: float = 0.0
    events_per_s: float = 0.0
    malformed: int = 0
    malformed_reason: str = ''
    width: Optional[int] = None
    """Of the sensor in pixels, like the next."""
    height: Optional[int] = None
    encoding: Optional[str] = None
    stamp_offset_s: Optional[float] = None
    """Newest stamp less the time of arrival by this machine's clock."""
    sim_offset_s: Optional[float] = None
    """The same by `/clock`, if that is published."""


@dataclass
class OurNode:
    """An event_stream, gesture_classifier or gesture_behavior that runs."""

    name: str
    """With namespace."""
    kind: str
    """Its name where nobody has given it another."""
    reads: str = ''
    """Topic; empty if packets are handed over in memory or it has not said."""
    level: str = 'STALE'
    """OK, WARN, ERROR or STALE."""
    message: str = 'no diagnostics come: is it still starting?'
    values: dict = field(default_factory=dict)
    """Text by name, of its newest diagnostics."""

    def number(self, name: str) -> float:
        """Give a value as a number; 0 if it is not there."""
        return float(self.values.get(name, 0))


@dataclass
class Findings:
    """The whole system, as seen from here."""

    ros_distro: str
    rmw: str
    domain_id: int
    discovery_range: str
    packages: dict
    """Whether message packages are installed, by name."""
    topics: list = field(default_factory=list)
    """Of EventTopic."""
    foreign_topics: dict = field(default_factory=dict)
    """Who publishes what cannot be read, of Party, by topic that is read or seems a camera's."""
    mismatches: list = field(default_factory=list)
    """Of text: subscribers of gestures that get nothing, and why."""
    nodes: list = field(default_factory=list)
    """Of OurNode."""
    clocks: list = field(default_factory=list)
    """Nodes that publish `/clock`."""
    other_domains: dict = field(default_factory=dict)
    """Types of event topics by name, by ROS domain of this machine; looked for if here is none."""

    def of_kind(self, kind: str) -> list:
        """Give the nodes of a kind."""
        return [node for node in self.nodes if node.kind == kind]


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
