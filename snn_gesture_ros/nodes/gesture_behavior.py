# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The gesture_behavior node: from gesture scores to what the robot does, by a table."""
from dataclasses import dataclass
from functools import partial
import time

from ament_index_python.packages import get_package_share_directory
from geometry_msgs.msg import Twist, TwistStamped, Vector3
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.qos import QoSProfile
from snn_gesture_ros.behavior.behavior import Behavior
from snn_gesture_ros.behavior.row_actions import ACTIONS, GoalSender, resolve_name
from snn_gesture_ros.behavior.table import Call, Cancel, Publish, read_table
from snn_gesture_ros.ros.diagnostics import NodeDiagnostics, RUNNING, WARN
from snn_gesture_ros.ros.followed_topic import FollowedTopic, publisher_setting, source_values
from snn_gesture_ros.ros.parameters import declare
from snn_gesture_ros.ros.running import avoid_shared_memory, every, publish_while_running, run_node
from snn_gesture_ros.ros.state import contest_before, NodeStates
from snn_gesture_ros.ros.topics import GESTURE_QOS, read_message
from snn_gesture_ros.settings import setting, settings_of
from std_srvs.srv import SetBool
from vision_msgs.msg import Classification

PERIOD_S = 0.02
"""Velocities are published and the watchdog is checked with this period."""
DRAIN_ZERO = Duration(seconds=0.2)
"""How long the node waits at its end until the robot has received a last zero."""
CANCEL_TIMEOUT_S = 0.5
"""How long the node waits at its end until servers have agreed to cancel goals."""
OWN_TOPICS = ('events', 'event_stream', 'gesture', 'gesture_scores', 'gesture_labels', '~/state',
              'event_stream/state', 'gesture_classifier/state', '/clock', '/diagnostics',
              '/rosout', '/parameter_events')
"""Topics that lead to gestures, or on which the nodes report their state."""


@dataclass(frozen=True)
class BehaviorSettings:
    """What the robot does, and whether from the start."""

    table: str = setting(
        '', 'YAML file with what each gesture makes the robot do; empty: config/behavior.yaml of '
        'the package')
    armed: bool = setting(
        False, 'Start armed; otherwise rows act after a gesture or the service ~/arm')
    scores_from: str = publisher_setting('gesture_scores', 'gesture_classifier')


PARAMETERS = settings_of(BehaviorSettings)


def find_table(path: str) -> str:
    """Return the path of a table; by default that of the package's own."""
    return path or f'{get_package_share_directory("snn_gesture_ros")}/config/behavior.yaml'


class GestureBehaviorNode(Node):
    """Do what the table defines, as long as it is safe."""

    def __init__(self):
        """
        Declare parameters, read the table and create what its rows need.

        :raises ValueError: if a parameter or the table is wrong.
        :raises OSError: if the table cannot be read.
        """
        super().__init__('gesture_behavior')
        values = declare(self, PARAMETERS)
        path = find_table(values['table'])
        table = read_table(path)
        self._arming = self.create_service(SetBool, '~/arm', self._on_arm)
        self._own = {what: set(map(partial(resolve_name, self, what), names)) for what, names in (
            (Publish, OWN_TOPICS), (Call, (each.srv_name for each in self.services)))}
        self._users = {}
        """The first user of a name and its type, by kind and name."""
        if table.velocity is not None:
            kind = TwistStamped if table.velocity.stamped else Twist
            try:
                self._use(Publish, table.velocity.topic, f'geometry_msgs/msg/{kind.__name__}',
                          'velocity')
            except ValueError as error:
                raise ValueError(f'{path}: velocity: {error}') from None
            self._out = self.create_publisher(kind, table.velocity.topic, QoSProfile(depth=1))
            self._own[Publish].add(resolve_name(self, Publish, table.velocity.topic))
        self._actions = {}
        for row in table.rows:
            if type(row.does) in ACTIONS:
                try:
                    self._use(type(row.does), *row.does[:2], row.name)
                    self._actions[row.name] = ACTIONS[type(row.does)](self, row)
                except ValueError as error:
                    raise ValueError(f'{path}: {row.name}: {error}') from None
        self._goals = [each for each in self._actions.values() if isinstance(each, GoalSender)]
        self._velocity = table.velocity
        self._behavior = Behavior(table, values['armed'])
        self._stopped = self._behavior.stopped
        self._states = NodeStates(self)
        self._malformed = 0
        self._listening = FollowedTopic(
            self, Classification, 'gesture_scores', self._on_scores, GESTURE_QOS, 'scores_from')
        self._scores_topic = self.resolve_topic_name('gesture_scores')
        every(self, PERIOD_S, self._on_time)
        self._diagnostics = NodeDiagnostics(
            self, path, self._counters, ('watchdog_stops', 'malformed'), state=self._state)
        self.get_logger().info(f'{path}: {len(table.rows)} rows; '
                               f'{"armed" if values["armed"] else "disarmed"}')

    def destroy_node(self) -> None:
        """Stop the robot and cancel the goals that are still active."""
        self._listening.destroy()
        self.destroy_service(self._arming)
        self._apply(self._behavior.set_armed(time.monotonic_ns(), False))
        for goal in self._goals:
            goal.cancel()
        if self._velocity is not None:
            self._out.wait_for_all_acked(DRAIN_ZERO)
        until_s = time.monotonic() + CANCEL_TIMEOUT_S
        while any(goal.is_active for goal in self._goals) and time.monotonic() < until_s:
            self.executor.spin_once()
        super().destroy_node()

    def _use(self, what, name: str, type_name: str, user: str) -> None:
        """
        Register the user of a name.

        :param what: kind of row that uses such names, Publish for topics.
        :raises ValueError: if it is not a valid name, is not for a table, or another user has it
            with another type.
        """
        full = resolve_name(self, what, name)
        if full in self._own.get(what, ()) or '/_' in full:
            raise ValueError(f'{name} is not for a table: gestures, velocities or the node itself '
                             'need it; see do: drive, arm, disarm and cancel')
        other, other_type = self._users.setdefault((what, full), (user, type_name))
        if type_name != other_type:
            raise ValueError(f'{name} cannot be of type {type_name}: {other} uses it with '
                             f'{other_type}')

    def _on_scores(self, data: bytes) -> None:
        try:
            message = read_message(data, Classification)
        except ValueError as error:
            self._malformed += 1
            self.get_logger().warning(f'scores skipped: {error}', throttle_duration_sec=1.0)
            return
        stamp = message.header.stamp
        stamp_ns = stamp.sec * 1_000_000_000 + stamp.nanosec
        age_ns = self.get_clock().now().nanoseconds - stamp_ns
        scores = {result.class_id: result.score for result in message.results}
        stopped = self._behavior.stopped
        changes = self._behavior.update_scores(time.monotonic_ns(), stamp_ns, age_ns, scores)
        if changes or self._behavior.stopped != stopped:
            self._apply(changes)

    def _on_time(self) -> None:
        self._behavior.contest = self._contest()
        self._behavior.silence = self._silence()
        self._apply(self._behavior.advance(time.monotonic_ns()))

    def _contest(self) -> str:
        """Return where, from the camera to this node, several send at the same time."""
        return self._listening.contest() or contest_before(
            self._states.state_of, self._listening.senders())

    def _silence(self) -> str:
        """Return that the camera or event_stream has failed; empty if events come."""
        for name in self._listening.senders():
            if self._scores_topic in self._states.state_of(name).get('silent', ()):
                return f'no events come to {name}: see its diagnostics'
        return ''

    def _on_arm(self, request, response):
        self._apply(self._behavior.set_armed(time.monotonic_ns(), request.data))
        response.success = True
        response.message = self._behavior.stopped or 'armed'
        return response

    def _apply(self, changes: list) -> None:
        """Do what the behavior has decided: the velocity first."""
        if self._behavior.velocity is not None:
            self._publish(self._behavior.velocity)
        if self._behavior.stopped != self._stopped:
            self._stopped = self._behavior.stopped
            if self._behavior.contest:
                self.get_logger().error(f'the robot must not move: {self._stopped}')
            else:
                self.get_logger().info(f'the robot must not move: {self._stopped}'
                                       if self._stopped else 'the robot may move')
            if self._stopped:
                for goal in self._goals:
                    goal.cancel()
        for change in changes:
            self._act(change.row, change.started)

    def _act(self, row, started: bool) -> None:
        self.get_logger().info(f'{row.name} {"starts" if started else "ends"}')
        action = self._actions.get(row.name)
        if isinstance(row.does, Cancel):
            for goal in self._goals:
                if started and goal.action == row.does.action:
                    goal.cancel()
        elif started and action is not None:
            action.start()
        elif isinstance(action, GoalSender):
            action.end()

    def _publish(self, velocity: tuple) -> None:
        twist = Twist(linear=Vector3(**dict(zip('xyz', velocity[:3]))),
                      angular=Vector3(**dict(zip('xyz', velocity[3:]))))
        if self._velocity.stamped:
            stamped = TwistStamped(twist=twist)
            stamped.header.frame_id = self._velocity.frame_id
            stamped.header.stamp = self.get_clock().now().to_msg()
            twist = stamped
        publish_while_running(self._out, twist)

    def _counters(self) -> dict:
        behavior = self._behavior
        return {
            'armed': behavior.armed,
            'stopped': behavior.stopped,
            'acting': ', '.join(row.name for row in behavior.acting),
            'watchdog_stops': behavior.watchdog_stops,
            'malformed': self._malformed,
            **source_values([self._listening]),
            'contest': behavior.contest,
        }

    def _state(self, _) -> tuple:
        unread = self._listening.unread()
        return (WARN, unread) if unread else RUNNING


def main(arguments=None) -> None:
    """Run the node."""
    avoid_shared_memory()
    run_node(GestureBehaviorNode, arguments, publishes_at_end=True)
