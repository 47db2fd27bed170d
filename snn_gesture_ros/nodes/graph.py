# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Who publishes events, and who listens, as the ROS graph tells it."""
from typing import NamedTuple

from rclpy.qos import qos_check_compatible, QoSCompatibility, QoSProfile
from snn_gesture_ros.events.message_types import EVENT_TYPES, EVENTS_TOPIC
from snn_gesture_ros.nodes.taking import ID_BYTES
from snn_gesture_ros.nodes.topics import message_class

NO_CAMERAS = ('diagnostic_msgs', 'lifecycle_msgs', 'rcl_interfaces', 'sensor_msgs', 'std_msgs',
              'vision_msgs')
"""Packages of which no message holds events of a camera, whatever the topic is called."""
UNKNOWN = '_UNKNOWN_'
"""The name of a node ends so that is not discovered yet."""
SERVICE_EVENTS = '_service_event'
"""Names of topics end so that tell of the calls of a service."""


class Endpoint(NamedTuple):
    """A publisher or a subscriber."""

    node: str
    """Name with namespace."""
    message_type: str
    qos: QoSProfile


def endpoints(infos) -> list:
    """Give an Endpoint for each of rclpy's infos."""
    return [Endpoint(f'{info.node_namespace.rstrip("/")}/{info.node_name}', info.topic_type,
                     info.qos_profile) for info in infos]


def publishers(node, topic: str) -> list:
    """Give the Endpoints that publish a topic."""
    return endpoints(node.get_publishers_info_by_topic(topic))


def publisher_names(node, topic: str) -> dict:
    """
    Give the names, with namespace, of the nodes that publish a topic, by id of the publisher.

    Of those that are not discovered yet the middleware knows no name. The ids are those of
    `taking.take`, but with CycloneDDS, whose messages have others.
    """
    infos = node.get_publishers_info_by_topic(topic)
    return {bytes(info.endpoint_gid[:ID_BYTES]): each.node
            for info, each in zip(infos, endpoints(infos)) if not each.node.endswith(UNKNOWN)}


def subscribers(node, topic: str) -> list:
    """Give the Endpoints that subscribe to a topic."""
    return endpoints(node.get_subscriptions_info_by_topic(topic))


def event_topics(node) -> dict:
    """Give the types of each topic of event messages, by name."""
    return {name: [each for each in types if each in EVENT_TYPES]
            for name, types in node.get_topic_names_and_types()
            if any(each in EVENT_TYPES for each in types)}


def foreign_publishers(node, read: list) -> dict:
    """
    Give the Endpoints that publish what cannot be read where events are looked for, by topic.

    :param read: topics that are read; others count that are called events or seem a camera's.
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
    """Say what is missing to read a type; empty if nothing is."""
    try:
        message_class(message_type)
    except ValueError as error:
        return str(error)
    return ''


def why_unconnected(publisher: Endpoint, subscriber: Endpoint) -> str:
    """Say why nothing goes from one to the other; empty if it does."""
    if publisher.message_type != subscriber.message_type:
        return f'{publisher.message_type} is published, {subscriber.message_type} is read'
    compatibility, reason = qos_check_compatible(publisher.qos, subscriber.qos)
    if compatibility != QoSCompatibility.ERROR:
        return ''
    return reason.replace('ERROR: ', '').replace(';', '').lower()
