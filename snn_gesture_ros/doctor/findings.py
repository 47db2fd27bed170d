# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Findings: all that the doctor knows about a running system; no ROS in here."""
from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional

SILENCE_S = 3.0
"""A camera without events for longer has a fault: every sensor has some noise."""
INACTIVE = 'inactive'
"""Message of a node that was not activated."""
FIRST_PORT = 7400
PORTS_PER_DOMAIN = 250
FIRST_UNICAST = 10
END_PORT = 32768
"""From this port on, which is of domain 102, Linux assigns ports to any process."""


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
    """A topic of event messages, and what was received on it."""

    name: str
    message_type: str
    unreadable: str = ''
    """Why its messages cannot be read on this machine; empty if they can."""
    publishers: list = field(default_factory=list)
    """Of Party."""
    subscribers: list = field(default_factory=list)
    mismatches: list = field(default_factory=list)
    """Texts: which subscribers receive nothing, and why."""
    contenders: list = field(default_factory=list)
    """Names of nodes that send at the same time; empty if only one sends."""
    messages: int = 0
    """This and the following values are of one publisher."""
    messages_per_s: float = 0.0
    events_per_s: float = 0.0
    malformed: int = 0
    malformed_reason: str = ''
    width: Optional[int] = None
    """Width of the sensor in pixels; None if unknown."""
    height: Optional[int] = None
    encoding: Optional[str] = None
    stamp_offset_s: Optional[float] = None
    """Newest stamp minus its time of arrival by the clock of this machine."""
    sim_offset_s: Optional[float] = None
    """The same by `/clock`, if it is published."""


@dataclass
class OurNode:
    """A running event_stream, gesture_classifier or gesture_behavior."""

    name: str
    """With namespace."""
    kind: str
    """Its default name, which is that of its executable."""
    reads: str = ''
    """Topic; empty in a composed process, or if it is not known yet."""
    level: str = 'STALE'
    """OK, WARN, ERROR or STALE."""
    message: str = 'no diagnostics arrive: is it still starting?'
    values: dict = field(default_factory=dict)
    """Texts by name, from its newest diagnostics."""

    def number(self, name: str) -> float:
        """Return a value as a number; 0 if it is missing."""
        return float(self.values.get(name, 0))


@dataclass
class Findings:
    """The whole system, as seen from this machine."""

    ros_distro: str
    rmw: str
    domain_id: int
    discovery_range: str
    packages: dict
    """Whether message packages are installed, by name."""
    topics: list = field(default_factory=list)
    """Of EventTopic."""
    foreign_topics: dict = field(default_factory=dict)
    """Publishers of other types (Party), by topic that is read or looks like that of a camera."""
    mismatches: list = field(default_factory=list)
    """Texts: which subscribers of gestures receive nothing, and why."""
    nodes: list = field(default_factory=list)
    """Of OurNode."""
    clocks: list = field(default_factory=list)
    """Nodes that publish `/clock`."""
    other_domains: dict = field(default_factory=dict)
    """Types of event topics by name, by ROS domain; searched if this domain has none."""

    def of_kind(self, kind: str) -> list:
        """Return the nodes of a kind."""
        return [node for node in self.nodes if node.kind == kind]


def domains_in_use(table=Path('/proc/net/udp')) -> list:
    """
    Return the ROS domains in use, sorted; none if this is not Linux.

    :param table: UDP sockets, as Linux lists them.
    """
    if not table.exists():
        return []
    ports = (int(line.split()[1].rpartition(':')[2], 16)
             for line in table.read_text().splitlines()[1:])
    places = (divmod(port - FIRST_PORT, PORTS_PER_DOMAIN) for port in ports
              if FIRST_PORT <= port < END_PORT)
    return sorted({domain for domain, place in places if place == 0 or place >= FIRST_UNICAST})
