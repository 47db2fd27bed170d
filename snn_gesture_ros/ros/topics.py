# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Topics: quality of service, message types, messages, and which nodes publish and read them."""
from importlib import import_module
from typing import NamedTuple

from builtin_interfaces.msg import Time
from rclpy.qos import (
    DurabilityPolicy, qos_check_compatible, QoSCompatibility, QoSProfile, ReliabilityPolicy)
from rclpy.serialization import deserialize_message
from snn_gesture_ros.events.event import EVENT_PACKET_TYPE, EVENT_TYPES, EVENTS_TOPIC
from snn_gesture_ros.printable import one_line
from std_msgs.msg import Header
from vision_msgs.msg import Classification, LabelInfo, ObjectHypothesis, VisionClass

CAMERA_QOS = QoSProfile(depth=1000, reliability=ReliabilityPolicy.BEST_EFFORT)
"""Compatible with drivers that publish best effort and drivers that publish reliably."""
STREAM_TYPE = 'std_msgs/msg/UInt8MultiArray'
"""Type of the compact stream between event_stream and gesture_classifier."""
STREAM_QOS = QoSProfile(depth=1000, reliability=ReliabilityPolicy.RELIABLE)
GESTURE_QOS = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)
TRUTH_QOS = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE,
                       durability=DurabilityPolicy.TRANSIENT_LOCAL)
IMAGE_QOS = QoSProfile(depth=2, reliability=ReliabilityPolicy.RELIABLE)
LATCHED_QOS = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE,
                         durability=DurabilityPolicy.TRANSIENT_LOCAL)
NO_CAMERAS = ('diagnostic_msgs', 'lifecycle_msgs', 'rcl_interfaces', 'sensor_msgs', 'std_msgs',
              'vision_msgs')
"""Packages whose messages never contain events of a camera, whatever the topic is named."""
SERVICE_EVENTS = '_service_event'
"""Names of topics that report the calls of a service end like this."""
SEARCH_PERIOD_S = 0.2


def message_class(message_type: str):
    """
    Return the class of a message type such as `dvs_msgs/msg/EventArray`.

    :raises ValueError: if it is not one of EVENT_TYPES or its package is not installed.
    """
    if message_type not in EVENT_TYPES:
        raise ValueError(f'{message_type} is not an event message: use one of '
                         f'{", ".join(EVENT_TYPES)}')
    package, _, name = message_type.split('/')
    try:
        return getattr(import_module(f'{package}.msg'), name)
    except ImportError:
        released = package == EVENT_PACKET_TYPE.partition('/')[0]
        raise ValueError(f'the message package {package} is not installed: ' + (
            f'install ros-$ROS_DISTRO-{package.replace("_", "-")}' if released else
            "no distribution of ROS has it: build it from the sources of the camera's driver, and "
            'source that workspace')) from None


def read_message(data: bytes, message):
    """
    Return a message from its serialized form.

    :param message: its class.
    :raises ValueError: if it is not one.
    """
    try:
        return deserialize_message(data, message)
    except RuntimeError:    # RMWError of rclpy, which Humble does not name
        raise ValueError(f'{len(data)} bytes are not a {message.__name__}') from None


def header(stamp_ns: int, frame_id: str) -> Header:
    """Return a header with a ROS time in nanoseconds."""
    seconds, nanoseconds = divmod(max(stamp_ns, 0), 1_000_000_000)
    return Header(stamp=Time(sec=seconds, nanosec=nanoseconds), frame_id=frame_id)


def classification(message_header: Header, scores: dict) -> Classification:
    """Return scores by label as a message, the best first; none mean that a gesture ended."""
    ranked = sorted(scores.items(), key=lambda item: -item[1])
    return Classification(header=message_header, results=[
        ObjectHypothesis(class_id=label, score=float(score)) for label, score in ranked])


def label_info(message_header: Header, labels, threshold: float) -> LabelInfo:
    """Return the labels of the network as a message, in the order of its outputs."""
    return LabelInfo(header=message_header, threshold=threshold, class_map=[
        VisionClass(class_id=index, class_name=label) for index, label in enumerate(labels)])


class Endpoint(NamedTuple):
    """A publisher or a subscriber."""

    node: str
    """Name with namespace."""
    message_type: str
    qos: QoSProfile


def endpoints(infos) -> list:
    """Return an Endpoint for each of rclpy's infos."""
    return [Endpoint(one_line(f'{info.node_namespace.rstrip("/")}/{info.node_name}'),
                     one_line(info.topic_type), info.qos_profile) for info in infos]


def publishers(node, topic: str) -> list:
    """Return the Endpoints that publish a topic."""
    return endpoints(node.get_publishers_info_by_topic(topic))


def subscribers(node, topic: str) -> list:
    """Return the Endpoints that subscribe to a topic."""
    return endpoints(node.get_subscriptions_info_by_topic(topic))


def event_topics(node) -> dict:
    """Return the types of each topic of event messages, by its name."""
    return {name: [each for each in types if each in EVENT_TYPES]
            for name, types in node.get_topic_names_and_types()
            if any(each in EVENT_TYPES for each in types)}


def foreign_publishers(node, read: list) -> dict:
    """
    Return the Endpoints that publish unsupported types where events are expected, by topic.

    :param read: topics that nodes subscribe to; others count if they are named events or seem to
        be a camera's.
    """
    found = {name: [each for each in publishers(node, name)
                    if each.message_type not in EVENT_TYPES
                    and (name in read or _seems_events(name, each.message_type))]
             for name, _ in node.get_topic_names_and_types()}
    return {name: there for name, there in found.items() if there}


def _seems_events(topic: str, message_type: str) -> bool:
    return topic.endswith(EVENTS_TOPIC) or (
        'event' in f'{topic} {message_type}'.lower() and not topic.endswith(SERVICE_EVENTS)
        and message_type.split('/')[0] not in NO_CAMERAS)


def why_unreadable(message_type: str) -> str:
    """Return why messages of a type cannot be read; empty if they can."""
    try:
        message_class(message_type)
    except ValueError as error:
        return str(error)
    return ''


def why_unconnected(publisher: Endpoint, subscriber: Endpoint) -> str:
    """Return why no messages go from one to the other; empty if they do."""
    if publisher.message_type != subscriber.message_type:
        return f'{publisher.message_type} is published, {subscriber.message_type} is read'
    compatibility, reason = qos_check_compatible(publisher.qos, subscriber.qos)
    if compatibility != QoSCompatibility.ERROR:
        return ''
    return reason.replace('ERROR: ', '').replace(';', '').lower()


class TypeSearch:
    """Subscribe to a topic with the type of its publisher, again if that type changes."""

    def __init__(self, node, topic: str, subscribe, forced_type: str = ''):
        """
        Prepare a search, which `search` does.

        :param topic: its resolved name.
        :param subscribe: called with a message type; raises ValueError if it cannot be used.
        :param forced_type: if set, the only type that is subscribed to.
        """
        self.type = ''
        """Message type of the subscription; empty if there is none."""
        self._node = node
        self._topic = topic
        self._subscribe = subscribe
        self._forced_type = forced_type
        self.contest = ''
        """Which nodes publish events of different types, and what to do; empty if none do."""
        self.refused = {}
        """Why a message type cannot be used, by type."""

    def search(self) -> None:
        """Subscribe if there is a publisher with another type that can be used."""
        found = [self._forced_type]
        if not self._forced_type:
            there = publishers(self._node, self._topic)
            found = [each.message_type for each in there]
            self._compare(there)
        if self.type in found:
            return
        for message_type in found:
            if message_type in self.refused:
                continue
            try:
                self._subscribe(message_type)
            except ValueError as error:
                self.refused[message_type] = str(error)
                self._node.get_logger().error(f'{self._topic}: {error}')
                continue
            self.type = message_type
            self._node.get_logger().info(f'{self._topic}: reading {message_type}')
            return

    def _compare(self, there: list) -> None:
        """Check whether cameras publish different types, of which only one can be read."""
        cameras = [each for each in there if each.message_type in EVENT_TYPES]
        contest = ''
        if self.type and len({each.message_type for each in cameras}) > 1:
            who = ' and '.join(f'{each.node} ({each.message_type})' for each in cameras)
            contest = (f'{who} publish {self._topic}, and only {self.type} is read: '
                       'stop all but one')
        if contest and contest != self.contest:
            self._node.get_logger().error(contest)
        self.contest = contest

    def reset(self) -> None:
        """Reset the search, after the subscription was destroyed."""
        self.type = self.contest = ''
