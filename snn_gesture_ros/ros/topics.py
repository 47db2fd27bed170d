# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Topics: quality of service, message types, and functions that make messages."""
from importlib import import_module

from builtin_interfaces.msg import Time
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.serialization import deserialize_message
from snn_gesture_ros.events.event import EVENT_PACKET_TYPE, EVENT_TYPES
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
