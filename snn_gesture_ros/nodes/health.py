# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How a node does, as `/diagnostics`, once a second."""
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from snn_gesture_ros.doctor import findings
from snn_gesture_ros.nodes.gauges import Rates
from snn_gesture_ros.nodes.memory import memory_in_use
from snn_gesture_ros.nodes.running import publish_while_running
from snn_gesture_ros.nodes.timers import every

PERIOD_S = 1.0
OK, WARN, ERROR, STALE = (DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR,
                          DiagnosticStatus.STALE)
"""As the nodes use them: WARN, something is not as it should be; ERROR, nothing can work before
somebody acts; STALE, the values are old, since nothing comes in that changes them."""
SEVERITY = (OK, STALE, WARN, ERROR)
RUNNING = OK, 'running'
INACTIVE = OK, findings.INACTIVE
NO_CLOCK = WARN, 'use_sim_time is set, but no time comes from /clock'


def health_name(node, name: str) -> str:
    """Give the name in `/diagnostics` of a node in the namespace of another."""
    return f'{node.get_namespace()}/{name}'.lstrip('/')


def follow_health(node) -> dict:
    """Subscribe to all diagnostics; give the newest values by name, by node as `health_name`."""
    counters = {}

    def take_in(message):
        for status in message.status:
            counters[status.name] = {pair.key: pair.value for pair in status.values}

    node.create_subscription(DiagnosticArray, '/diagnostics', take_in, 10)
    return counters


class Health:
    """Publish a node's values and its state, and warn of what is not as it should be."""

    def __init__(self, node, hardware_id: str, counters, troubles, rates=(), state=None,
                 causes=None):
        """
        Begin to publish.

        :param counters: called without arguments, gives values by name; `contest`, if it is among
            them and not empty, is an error.
        :param troubles: names of counters whose growth is a warning.
        :param rates: names of counters whose growth in a second is published too.
        :param state: called with all values, gives a level of DiagnosticStatus and a message.
        :param causes: by name of a trouble, called without arguments, gives the reason.
        """
        self.hardware_id = hardware_id
        self._node = node
        self._counters = counters
        self._troubles = troubles
        self._rates = Rates(rates)
        self._state = state or (lambda _: RUNNING)
        self._causes = causes or {}
        self._last = {}
        self._last_message = ''
        self._publisher = node.create_publisher(DiagnosticArray, '/diagnostics', 10)
        every(node, PERIOD_S, self.publish)

    def publish(self) -> None:
        """Publish the values now."""
        counters = self._counters()
        clock = self._node.get_clock()
        now = clock.now()
        values = {**counters, **self._rates.update(counters), **memory_in_use(),
                  'use_sim_time': str(clock.ros_time_is_active).lower()}
        states = [self._state(values)]
        if clock.ros_time_is_active and not now.nanoseconds:
            states.append(NO_CLOCK)
        if counters.get('contest'):
            states.append((ERROR, counters['contest']))
        self._warn_of_change([message for level, message in states if level == WARN])
        states += self._grown(counters)
        level = max((level for level, _ in states), key=SEVERITY.index)
        status = DiagnosticStatus(
            name=health_name(self._node, self._node.get_name()), level=level,
            hardware_id=self.hardware_id,
            message='; '.join(message for each, message in states if level == OK or each != OK),
            values=[KeyValue(key=key, value=str(value)) for key, value in values.items()])
        message = DiagnosticArray(status=[status])
        message.header.stamp = now.to_msg()
        publish_while_running(self._publisher, message)

    def _grown(self, counters: dict) -> list:
        """Give the troubles of the last second as a state, and log them."""
        grown = {name: counters[name] - self._last.get(name, 0) for name in self._troubles
                 if counters[name] > self._last.get(name, 0)}
        self._last = counters
        if not grown:
            return []
        message = ', '.join(
            f'{count} {name}' + (f' ({self._causes[name]()})' if name in self._causes else '')
            for name, count in grown.items())
        self._node.get_logger().warning(f'in the last second: {message}')
        return [(WARN, message)]

    def _warn_of_change(self, messages: list) -> None:
        """Log a warning when it comes up, not every second."""
        message = '; '.join(messages)
        if message and message != self._last_message:
            self._node.get_logger().warning(message)
        self._last_message = message

    def wait_for_all_acked(self) -> None:
        """Wait until all subscribers have what was published."""
        self._publisher.wait_for_all_acked()
