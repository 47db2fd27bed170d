# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Counters of a node as `/diagnostics`, once a second."""
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from snn_gesture_ros.nodes.running import publish_while_running
from snn_gesture_ros.nodes.timers import every

PERIOD_S = 1.0


def follow_health(node) -> dict:
    """Subscribe to all diagnostics; give the newest values by name, by node without namespace."""
    counters = {}

    def take_in(message):
        for status in message.status:
            counters[status.name.rsplit('/')[-1]] = {
                pair.key: pair.value for pair in status.values}

    node.create_subscription(DiagnosticArray, '/diagnostics', take_in, 10)
    return counters


class Health:
    """Publish a node's counters and warn of those that should stay at zero."""

    def __init__(self, node, hardware_id: str, counters, troubles):
        """
        Begin to publish.

        :param counters: called without arguments, gives values by name.
        :param troubles: names of counters whose growth is a warning.
        """
        self.hardware_id = hardware_id
        self._node = node
        self._counters = counters
        self._troubles = troubles
        self._last = {}
        self._publisher = node.create_publisher(DiagnosticArray, '/diagnostics', 10)
        every(node, PERIOD_S, self.publish)

    def publish(self) -> None:
        """Publish the counters now."""
        values = self._counters()
        grown = {name: values[name] - self._last.get(name, 0) for name in self._troubles
                 if values[name] > self._last.get(name, 0)}
        self._last = dict(values)
        status = DiagnosticStatus(name=self._node.get_fully_qualified_name().lstrip('/'),
                                  hardware_id=self.hardware_id, message='running')
        status.level = DiagnosticStatus.OK
        if grown:
            status.level = DiagnosticStatus.WARN
            status.message = ', '.join(f'{count} {name}' for name, count in grown.items())
            self._node.get_logger().warning(f'in the last second: {status.message}')
        status.values = [KeyValue(key=key, value=str(value)) for key, value in values.items()]
        message = DiagnosticArray(status=[status])
        message.header.stamp = self._node.get_clock().now().to_msg()
        publish_while_running(self._publisher, message)

    def wait_for_all_acked(self) -> None:
        """Wait until all subscribers have what was published."""
        self._publisher.wait_for_all_acked()
