# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The node of the doctor: inspect the graph, the messages of cameras and the diagnostics."""
from contextlib import contextmanager
from importlib.util import find_spec
import os
import time

from diagnostic_msgs.msg import DiagnosticArray
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rosgraph_msgs.msg import Clock
from snn_gesture_ros.doctor.findings import domains_in_use, EventTopic, Findings, OurNode, Party
from snn_gesture_ros.events.event import EVENT_TYPES
from snn_gesture_ros.events.messages import MessageDecoder
from snn_gesture_ros.events.stream import warm_up
from snn_gesture_ros.ros.diagnostics import ERROR, OK, STALE, WARN
from snn_gesture_ros.ros.followed_topic import FollowedTopic
from snn_gesture_ros.ros.topics import (
    CAMERA_QOS, event_topics, foreign_publishers, message_class, publishers, STREAM_TYPE,
    subscribers, why_unconnected, why_unreadable)

LOOK_PERIOD_S = 0.2
DIAGNOSTICS_TIMEOUT_S = 5.0
"""How much longer to wait for nodes of this package without diagnostics."""
DISCOVERY_TIMEOUT_S = 2.0
"""For another domain."""
LEVELS = {OK: 'OK', WARN: 'WARN', ERROR: 'ERROR', STALE: 'STALE'}
MARKS = {'event_stream': 'events_out', 'gesture_classifier': 'inference_ms',
         'gesture_behavior': 'watchdog_stops'}
"""A value that identifies the diagnostics of each kind of node, whatever its name is."""
OUR_TYPES = (STREAM_TYPE, 'vision_msgs/msg/Classification', 'vision_msgs/msg/LabelInfo')
CLOCK_QOS = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
MIN_S = 0.5
"""Of the time that rates are computed over, so that a single message gives no high rate."""


def inspect(seconds: float) -> Findings:
    """
    Inspect the ROS domain of this shell; if nobody publishes events, also the other domains.

    :param seconds: how long to listen to each topic of events.
    """
    with _node_in(None) as (node, executor):
        inspector = Inspector(node, executor)
        inspector.listen(seconds)
        findings = inspector.findings()
    if not any(topic.publishers for topic in findings.topics):
        for domain_id in domains_in_use():
            if domain_id != findings.domain_id and (found := _cameras_in(domain_id)):
                findings.other_domains[domain_id] = found
    return findings


@contextmanager
def _node_in(domain_id):
    """Yield a node and its executor in a domain; None for that of the shell."""
    context = rclpy.Context()
    rclpy.init(context=context, domain_id=domain_id)
    try:
        node = rclpy.create_node(f'_snn_gesture_doctor_{os.getpid()}', context=context,
                                 start_parameter_services=False)
        executor = SingleThreadedExecutor(context=context)
        executor.add_node(node)
        yield node, executor
        node.destroy_node()
    finally:
        context.try_shutdown()


def _cameras_in(domain_id: int) -> dict:
    """Return the types of the event topics of another domain, by name."""
    with _node_in(domain_id) as (node, executor):
        end_s = time.monotonic() + DISCOVERY_TIMEOUT_S
        found = {}
        while not found and time.monotonic() < end_s:
            executor.spin_once(timeout_sec=LOOK_PERIOD_S)
            found = {name: types[0] for name, types in event_topics(node).items()
                     if publishers(node, name)}
        return found


class Inspector:
    """Listen to all event topics, to diagnostics and to simulated time."""

    def __init__(self, node, executor):
        """Subscribe to diagnostics and to simulated time."""
        self._node, self._executor = node, executor
        self._self = f'/{node.get_name()}'
        self._probes, self._followed = {}, {}
        """Probes and FollowedTopics, by name and type of the topic."""
        self._statuses = {}
        """Kind and newest DiagnosticStatus of our nodes, by name with namespace."""
        self._sim_ns = None
        node.create_subscription(DiagnosticArray, '/diagnostics', self._on_diagnostics, 10)
        node.create_subscription(Clock, '/clock', self._on_clock, CLOCK_QOS)

    def listen(self, seconds: float) -> None:
        """Listen this long after the last new topic was found, or until all our nodes report."""
        look_s = 0.0
        end_s = time.monotonic() + seconds
        while (now_s := time.monotonic()) < end_s or (
                now_s < end_s + DIAGNOSTICS_TIMEOUT_S and not self._all_have_reported()):
            if now_s > look_s:
                look_s = now_s + LOOK_PERIOD_S
                if self._probe_new_topics():
                    end_s = time.monotonic() + seconds
            self._executor.spin_once(timeout_sec=LOOK_PERIOD_S)

    def _nodes_there(self) -> dict:
        """Return the names of all nodes, by name with namespace."""
        return {f'{namespace.rstrip("/")}/{name}': name
                for name, namespace in self._node.get_node_names_and_namespaces()}

    def _all_have_reported(self) -> bool:
        return all(full_name in self._statuses
                   for full_name, name in self._nodes_there().items() if name in MARKS)

    def _probe_new_topics(self) -> bool:
        """Subscribe to new topics that can be read; return whether there was one."""
        found = False
        for name, message_type, published in self._topics():
            if (name, message_type) in self._probes or not published or (
                    why_unreadable(message_type)):
                continue
            probe = self._probes[name, message_type] = Probe(message_type)
            self._followed[name, message_type] = FollowedTopic(
                self._node, message_class(message_type), name, self._feeding(probe), CAMERA_QOS)
            found = True
        return found

    def _topics(self):
        """Yield name, type and publishers of each event topic, once for each of its types."""
        for name, types in sorted(event_topics(self._node).items()):
            there = publishers(self._node, name)
            for message_type in types:
                yield name, message_type, [
                    each for each in there if each.message_type == message_type]

    def _feeding(self, probe):
        return lambda data: probe.process_message(data, time.time_ns(), self._sim_ns)

    def _on_clock(self, message) -> None:
        self._sim_ns = message.clock.sec * 10**9 + message.clock.nanosec

    def _on_diagnostics(self, message) -> None:
        for status in message.status:
            keys = {pair.key for pair in status.values}
            for kind, mark in MARKS.items():
                if mark in keys:
                    self._statuses[f'/{status.name}'] = kind, status

    def findings(self) -> Findings:
        """Return what is in the graph now, and what was received."""
        node = self._node
        nodes = sorted(self._our_nodes(), key=lambda each: each.name)
        read = [each.reads for each in nodes if each.kind == 'event_stream']
        return Findings(
            ros_distro=os.environ.get('ROS_DISTRO', ''),
            rmw=rclpy.get_rmw_implementation_identifier(),
            domain_id=node.context.get_domain_id(),
            discovery_range=discovery_range(),
            packages=installed_packages(),
            topics=[self._event_topic(*each) for each in self._topics()],
            foreign_topics={name: as_parties(found)
                            for name, found in foreign_publishers(node, read).items()},
            mismatches=[text for name, types in node.get_topic_names_and_types()
                        if any(each in OUR_TYPES for each in types)
                        for text in self._mismatches(name, publishers(node, name))],
            nodes=nodes,
            clocks=sorted({each.node for each in publishers(node, '/clock')}))

    def _event_topic(self, name: str, message_type: str, published: list) -> EventTopic:
        topic = EventTopic(
            name, message_type, why_unreadable(message_type), as_parties(published),
            as_parties(each for each in self._readers(name) if each.message_type == message_type),
            self._mismatches(name, published))
        if (name, message_type) in self._probes:
            self._probes[name, message_type].write_to(topic)
            topic.contenders = self._followed[name, message_type].contenders()
        return topic

    def _readers(self, name: str) -> list:
        return [each for each in subscribers(self._node, name) if each.node != self._self]

    def _mismatches(self, name: str, published: list) -> list:
        return [f'{reader.node} receives nothing from {sender.node} on {name}: {reason}'
                for sender in published for reader in self._readers(name)
                if (reason := why_unconnected(sender, reader))]

    def _our_nodes(self):
        """Yield our nodes: those with diagnostics, and those that only have the name of one."""
        for full_name, name in self._nodes_there().items():
            if full_name in self._statuses:
                kind, status = self._statuses[full_name]
                # Diagnostics contain the topic of event_stream also before it subscribes.
                reads = status.hardware_id if kind == 'event_stream' else self._stream_of(
                    full_name)
                yield OurNode(full_name, kind, reads, LEVELS[status.level], status.message,
                              {pair.key: pair.value for pair in status.values})
            elif name in MARKS:
                yield OurNode(full_name, name)

    def _stream_of(self, full_name: str) -> str:
        """Return the topics from which a classifier reads packets; empty in a composed process."""
        return ', '.join(
            topic for topic, types in self._node.get_topic_names_and_types()
            if STREAM_TYPE in types
            and any(each.node == full_name for each in subscribers(self._node, topic)))


def as_parties(found) -> list:
    """Return a Party for each Endpoint."""
    return [Party(each.node, each.message_type, each.qos.reliability.name.lower(),
                  each.qos.durability.name.lower()) for each in found]


def installed_packages() -> dict:
    """Return whether each message package that the nodes use is installed, by name."""
    names = [*(message_type.split('/')[0] for message_type in EVENT_TYPES), 'vision_msgs']
    return {name: getattr(find_spec(name), 'origin', None) is not None for name in names}


def discovery_range() -> str:
    """Return the discovery range of the middleware, as the environment sets it."""
    localhost_only = os.environ.get('ROS_LOCALHOST_ONLY') == '1'
    if os.environ.get('ROS_DISTRO') == 'humble' or localhost_only:
        return 'LOCALHOST (ROS_LOCALHOST_ONLY=1)' if localhost_only else 'SUBNET'
    peers = os.environ.get('ROS_STATIC_PEERS')
    return (os.environ.get('ROS_AUTOMATIC_DISCOVERY_RANGE') or 'SUBNET') + (
        f', peers {peers}' if peers else '')


class Probe:
    """Read the messages of one topic."""

    def __init__(self, message_type: str):
        """
        Start without messages.

        :raises ValueError: if the type is not an event message.
        """
        warm_up(message_type)
        self._decoder = MessageDecoder(message_type)
        self._messages = self._events = self._malformed = 0
        self._reason = ''
        self._newest = None
        """The newest decoded message, its stamp and its two times of arrival."""
        self._start_s = None

    def process_message(self, data: bytes, now_ns: int, sim_ns) -> None:
        """
        Decode a serialized message and count its events.

        :param now_ns: time of its arrival.
        :param sim_ns: newest simulated time; None if there is none.
        """
        self._start_s = self._start_s or time.monotonic()
        self._messages += 1
        try:
            message = self._decoder.decode(data)
        except ValueError as error:
            self._malformed += 1
            self._reason = str(error)
            return
        self._events += len(message.events)
        stamp_ns = message.stamp_ns
        if stamp_ns is None and len(message.events):
            stamp_ns = int(message.events['t'][-1]) * 1000
        self._newest = message, stamp_ns, now_ns, sim_ns

    def write_to(self, topic: EventTopic) -> None:
        """Set the fields of a topic to what was measured."""
        if self._start_s is None:
            return
        elapsed_s = max(time.monotonic() - self._start_s, MIN_S)
        topic.messages, topic.malformed = self._messages, self._malformed
        topic.malformed_reason = self._reason
        topic.messages_per_s = round(self._messages / elapsed_s, 1)
        topic.events_per_s = round(self._events / elapsed_s, 1)
        topic.encoding = self._decoder.encoding
        if self._newest is None:
            return
        message, stamp_ns, now_ns, sim_ns = self._newest
        topic.width, topic.height = message.width, message.height
        if stamp_ns is not None:
            topic.stamp_offset_s = round((stamp_ns - now_ns) / 1e9, 3)
            if sim_ns is not None:
                topic.sim_offset_s = round((stamp_ns - sim_ns) / 1e9, 3)
