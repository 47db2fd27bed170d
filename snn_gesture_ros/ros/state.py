# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
State topics: what the nodes need to know of each other, latched on `~/state` of each node.

The message is a std_msgs/String with a JSON object, so that numbers and flags keep their type.
Programs read these topics; `/diagnostics` is for people.
"""
from contextlib import suppress
from functools import partial
import json
import time

import numpy as np
from rclpy.exceptions import InvalidTopicNameException
from snn_gesture_ros.printable import one_line
from snn_gesture_ros.ros.followed_topic import FollowedTopic
from snn_gesture_ros.ros.running import publish_while_running
from snn_gesture_ros.ros.topics import LATCHED_QOS, read_message
from std_msgs.msg import String

SILENT_TIMEOUT_S = 3.0
"""States come once a second; see FollowedTopic."""


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
    """The newest states of other nodes; what others publish on their topics is not read."""

    def __init__(self, node, names=()):
        """
        Subscribe to the states of some nodes.

        :param node: creates the subscriptions.
        :param names: of nodes to subscribe to now, so that their states arrive in time.
        """
        self._node = node
        self._states = {}
        self._topics = {}
        self._strangers = set()
        """Nodes whose `~/state` is something else."""
        for name in names:
            self.state_of(name)

    def state_of(self, name: str) -> dict:
        """
        Return the newest state of a node; empty until one has come.

        Its `contest` is that of the topic itself where two nodes of that name publish it. The
        first call with a name subscribes; call it in the executor's thread then.

        :param name: of the node, relative to the namespace of this one, or from `/` on.
        """
        if name not in self._states:
            self._states[name] = {}
            with suppress(InvalidTopicNameException):   # what calls itself so has no state
                self._topics[name] = FollowedTopic(
                    self._node, String, f'{name}/state', partial(self._on_state, name),
                    LATCHED_QOS, publisher=name, silent_timeout_s=SILENT_TIMEOUT_S)
        state, topic = self._states[name], self._topics.get(name)
        contest = topic.contest() if topic is not None else ''
        return {**state, 'contest': contest} if contest else state

    def _on_state(self, name: str, data: bytes) -> None:
        state = _read(data)
        if state is not None:
            self._states[name] = state
        elif name not in self._strangers:
            self._strangers.add(name)
            self._node.get_logger().warning(
                f'{name}/state is skipped: it is not the state of a node of snn_gesture_ros')


def _read(data: bytes):
    """Return a state; None if a message is something else, as of a node of another package."""
    try:
        state = json.loads(read_message(data, String).data)
        lists = [state.get(name, []) for name in ('reads_from', 'silent')]
        good = all(isinstance(names, list) and all(isinstance(name, str) for name in names)
                   for names in lists)
    except (ValueError, AttributeError, RecursionError):
        return None
    return state if good else None


def _as_json(value):
    """Return a number of NumPy as Python's own, and anything else as text."""
    return value.item() if isinstance(value, np.generic) else str(value)


def contest_before(state_of, names: list) -> str:
    """
    Return where in a chain of nodes several send at the same time; empty if nowhere.

    :param state_of: returns the state of a node by its name; see NodeStates.
    :param names: of the nodes at its end.
    """
    waiting, seen = list(names), set()
    while waiting:
        name = waiting.pop()
        seen.add(name)
        state = state_of(name)
        if state.get('contest'):
            return one_line(f'{name}: {state["contest"]}')
        waiting += {*state.get('reads_from', ())} - seen
    return ''
