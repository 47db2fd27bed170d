# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The ROS graph: publishers of a topic, their types, and messages with their publisher's id."""
import ctypes
from typing import NamedTuple

from rclpy.qos import qos_check_compatible, QoSCompatibility, QoSProfile
from snn_gesture_ros.events.event import EVENT_TYPES, EVENTS_TOPIC
from snn_gesture_ros.printable import printable
from snn_gesture_ros.ros.topics import message_class

TAKEN, NOTHING_WAITS = 0, 401
"""Return codes RCL_RET_OK and RCL_RET_SUBSCRIPTION_TAKE_FAILED of rcl."""
ID_BYTES = 16
"""Length of a publisher's id; Humble has eight more bytes, all zero."""
NO_CAMERAS = ('diagnostic_msgs', 'lifecycle_msgs', 'rcl_interfaces', 'sensor_msgs', 'std_msgs',
              'vision_msgs')
"""Packages whose messages never contain events of a camera, whatever the topic is named."""
UNKNOWN = '_UNKNOWN_'
"""The name of a node that is not discovered yet ends like this."""
SERVICE_EVENTS = '_service_event'
"""Names of topics that report the calls of a service end like this."""
SEARCH_PERIOD_S = 0.2


class _Allocator(ctypes.Structure):
    _fields_ = [(name, ctypes.c_void_p) for name in (
        'allocate', 'deallocate', 'reallocate', 'zero_allocate', 'state')]


class _SerializedMessage(ctypes.Structure):
    _fields_ = [('buffer', ctypes.c_void_p), ('buffer_length', ctypes.c_size_t),
                ('buffer_capacity', ctypes.c_size_t), ('allocator', _Allocator)]


class _MessageInfo(ctypes.Structure):
    _fields_ = [('source_timestamp', ctypes.c_int64), ('received_timestamp', ctypes.c_int64),
                ('publication_sequence_number', ctypes.c_uint64),
                ('reception_sequence_number', ctypes.c_uint64),
                ('implementation_identifier', ctypes.c_char_p),
                ('publisher_gid', ctypes.c_uint8 * ID_BYTES),
                ('further', ctypes.c_uint8 * 16)]
    # `further` has room for the fields that differ between distributions and are not used.


# PyDLL keeps the GIL, as rclpy does: waiting for it again would take longer than the call.
_rcl, _rcutils = ctypes.PyDLL('librcl.so'), ctypes.PyDLL('librcutils.so')
_rcutils.rcutils_get_default_allocator.restype = _Allocator
_rcutils.rcutils_uint8_array_fini.argtypes = [ctypes.POINTER(_SerializedMessage)]
_rcl.rcl_take_serialized_message.argtypes = [
    ctypes.c_void_p, ctypes.POINTER(_SerializedMessage), ctypes.POINTER(_MessageInfo),
    ctypes.c_void_p]


def take(subscription):
    """
    Take the next waiting message; call this in the executor's thread.

    :param subscription: of rclpy.
    :returns: the serialized message and the id of its publisher; None if no message waits.
    :raises RuntimeError: if the middleware fails.
    """
    message = _SerializedMessage(allocator=_rcutils.rcutils_get_default_allocator())
    info = _MessageInfo()
    with subscription.handle:
        result = _rcl.rcl_take_serialized_message(
            subscription.handle.pointer, message, info, None)
    try:
        if result == TAKEN:
            return (ctypes.string_at(message.buffer, message.buffer_length),
                    bytes(info.publisher_gid))
    finally:
        _rcutils.rcutils_uint8_array_fini(message)
    if result == NOTHING_WAITS:
        return None
    raise RuntimeError(f'{subscription.topic_name}: rcl cannot take a message, error {result}')


class Endpoint(NamedTuple):
    """A publisher or a subscriber."""

    node: str
    """Name with namespace."""
    message_type: str
    qos: QoSProfile


def endpoints(infos) -> list:
    """Return an Endpoint for each of rclpy's infos."""
    return [Endpoint(printable(f'{info.node_namespace.rstrip("/")}/{info.node_name}'),
                     printable(info.topic_type), info.qos_profile) for info in infos]


def publishers(node, topic: str) -> list:
    """Return the Endpoints that publish a topic."""
    return endpoints(node.get_publishers_info_by_topic(topic))


def publisher_names(node, topic: str) -> dict:
    """
    Return the names, with namespace, of the nodes that publish a topic, by id of the publisher.

    Nodes that are not discovered yet are missing. The ids are those that `take` returns, except
    with CycloneDDS, whose messages have other ids.
    """
    infos = node.get_publishers_info_by_topic(topic)
    return {bytes(info.endpoint_gid[:ID_BYTES]): each.node
            for info, each in zip(infos, endpoints(infos)) if not each.node.endswith(UNKNOWN)}


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
