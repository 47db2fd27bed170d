# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
State topics: what the nodes need to know of each other, latched on `~/state` of each node.

The message is a std_msgs/String with a JSON object, so that numbers and flags keep their type.
Programs read these topics; `/diagnostics` is for people.
"""
from contextlib import suppress
import json
import time

import numpy as np
from rclpy.exceptions import InvalidTopicNameException
from snn_gesture_ros.ros.running import publish_while_running
from snn_gesture_ros.ros.topics import LATCHED_QOS
from std_msgs.msg import String


class StatePublisher:
    """Publish the state of a node."""

    def __init__(self, node):
        """
        Create the topic.

        :param node: publishes it.
        """
        self._started_ns = time.time_ns()
        self._publisher = node.create_publisher(String, '~/state', LATCHED_QOS)

    def publish(self, values: dict) -> None:
        """
        Publish values by name.

        `started_ns` is added: with another one, the node was started again.

        :param values: numbers, flags, texts, and lists and dicts of them.
        """
        text = json.dumps({'started_ns': self._started_ns, **values}, default=_as_json)
        publish_while_running(self._publisher, String(data=text))

    def wait_for_all_acked(self) -> None:
        """Wait until all subscribers have received what was published."""
        self._publisher.wait_for_all_acked()


class NodeStates:
    """The newest states of other nodes."""

    def __init__(self, node, names=()):
        """
        Subscribe to the states of some nodes.

        :param node: creates the subscriptions.
        :param names: of nodes to subscribe to now, so that their states arrive in time.
        """
        self._node = node
        self._states = {}
        self._strangers = set()
        """Nodes whose `~/state` is something else."""
        for name in names:
            self.state_of(name)

    def state_of(self, name: str) -> dict:
        """
        Return the newest state of a node; empty until one has come.

        The first call with a name subscribes; call it in the executor's thread then.

        :param name: of the node, relative to the namespace of this one, or from `/` on.
        """
        if name not in self._states:
            self._states[name] = {}
            with suppress(InvalidTopicNameException):   # what calls itself so has no state
                self._node.create_subscription(
                    String, f'{name}/state', lambda message: self._on_state(name, message),
                    LATCHED_QOS)
        return self._states[name]

    def _on_state(self, name: str, message: String) -> None:
        state = _read(message.data)
        if state is not None:
            self._states[name] = state
        elif name not in self._strangers:
            self._strangers.add(name)
            self._node.get_logger().warning(
                f'{name}/state is skipped: it is not the state of a node of snn_gesture_ros')


def _read(text: str):
    """Return a state; None if the text is something else, as of a node of another package."""
    try:
        state = json.loads(text)
        lists = [state.get(name, []) for name in ('reads_from', 'silent')]
        good = all(isinstance(names, list) and all(isinstance(name, str) for name in names)
                   for names in lists)
    except (ValueError, AttributeError, RecursionError):
        return None
    return state if good else None


def _as_json(value):
    """Return a number of NumPy as Python's own, and anything else as text."""
    return value.item() if isinstance(value, np.generic) else str(value)
