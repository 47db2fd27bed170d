# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The search for the type of a topic, which only its publisher knows."""
from snn_gesture_ros.events.message_types import EVENT_TYPES
from snn_gesture_ros.nodes.graph import publishers

SEARCH_PERIOD_S = 0.2


class TypeSearch:
    """Subscribe to a topic with its publisher's type, and follow a publisher that changes it."""

    def __init__(self, node, topic: str, subscribe, forced_type: str = ''):
        """
        Begin with no type.

        :param topic: its resolved name.
        :param subscribe: called with a type; raises ValueError where it cannot be used.
        :param forced_type: this type and no other.
        """
        self.type = ''
        """Of the subscription."""
        self._node = node
        self._topic = topic
        self._subscribe = subscribe
        self._forced_type = forced_type
        self.contest = ''
        """Who publishes events of different types on the topic; empty if nobody does."""
        self.refused = {}
        """Why a type is not read, by type."""

    def look(self) -> None:
        """Subscribe if there is a publisher whose type is new and can be used."""
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
        """Find out whether cameras of different types are there, of which only one is read."""
        cameras = [each for each in there if each.message_type in EVENT_TYPES]
        contest = ''
        if self.type and len({each.message_type for each in cameras}) > 1:
            who = ' and '.join(f'{each.node} ({each.message_type})' for each in cameras)
            contest = (f'{who} publish {self._topic}, and only {self.type} is read: '
                       'stop all but one')
        if contest and contest != self.contest:
            self._node.get_logger().error(contest)
        self.contest = contest

    def forget(self) -> None:
        """Begin anew, where the subscription was given up."""
        self.type = self.contest = ''
