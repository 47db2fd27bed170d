# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The gesture_pipeline process: both nodes, which pass packets in memory."""
from snn_gesture_ros.nodes.event_stream import EventStreamNode
from snn_gesture_ros.nodes.gesture_classifier import GestureClassifierNode
from snn_gesture_ros.ros.running import run_nodes


def make_pipeline() -> list:
    """
    Return both nodes; each has its own name, parameters and diagnostics.

    :raises ValueError: if a parameter is wrong or the checkpoint cannot be used.
    """
    classifier = GestureClassifierNode(subscribe=False)
    stream = EventStreamNode()
    classifier.read_from(stream)
    return [stream, classifier]


def main(arguments=None) -> None:
    """Run the nodes."""
    run_nodes(make_pipeline, arguments)
