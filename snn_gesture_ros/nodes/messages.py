# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Gesture messages: scores and labels as vision_msgs."""
from builtin_interfaces.msg import Time
from std_msgs.msg import Header
from vision_msgs.msg import Classification, LabelInfo, ObjectHypothesis, VisionClass


def header(stamp_ns: int, frame_id: str) -> Header:
    """Make a header from ROS time in nanoseconds."""
    seconds, nanoseconds = divmod(max(stamp_ns, 0), 1_000_000_000)
    return Header(stamp=Time(sec=seconds, nanosec=nanoseconds), frame_id=frame_id)


def classification(message_header: Header, scores: dict) -> Classification:
    """List scores by label, the best first; no scores say that a gesture ended."""
    ranked = sorted(scores.items(), key=lambda item: -item[1])
    return Classification(header=message_header, results=[
        ObjectHypothesis(class_id=label, score=float(score)) for label, score in ranked])


def label_info(message_header: Header, labels, threshold: float) -> LabelInfo:
    """Tabulate the network's labels in the order of its outputs."""
    return LabelInfo(header=message_header, threshold=threshold, class_map=[
        VisionClass(class_id=index, class_name=label) for index, label in enumerate(labels)])
