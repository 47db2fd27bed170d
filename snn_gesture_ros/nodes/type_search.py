# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The search for the type of a topic, which only its publisher knows."""

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
        self.refused = {}
        """Why a type is not read, by type."""

    def look(self) -> None:
        """Subscribe if there is a publisher whose type is new and can be used."""
        found = [self._forced_type] if self._forced_type else [
            info.topic_type for info in self._node.get_publishers_info_by_topic(self._topic)]
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

    def forget(self) -> None:
        """Begin anew, where the subscription was given up."""
        self.type = ''
