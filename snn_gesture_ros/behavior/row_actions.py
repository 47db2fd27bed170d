# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What rows of a behavior table do in ROS: messages, calls and goals, from fields in YAML."""
from importlib import import_module
import math
import re
import sys

from ament_index_python.resources import get_resource
from rclpy.action import ActionClient
from snn_gesture_ros.behavior.table import Call, Goal, Publish
from snn_gesture_ros.printable import brief_repr
from std_msgs.msg import Header

FLOATS = {'float': 3.402823466e38, 'double': sys.float_info.max}
"""Maximum by type."""
INTEGERS = {'octet': (0, 255), 'char': (0, 255),
            **{f'uint{bits}': (0, 2**bits - 1) for bits in (8, 16, 32, 64)},
            **{f'int{bits}': (-2**(bits - 1), 2**(bits - 1) - 1) for bits in (8, 16, 32, 64)}}
"""Minimum and maximum by type."""
LIST = re.compile(r'sequence<(?P<of>.+?)(, (?P<max>\d+))?>|(?P<each>.+)\[(?P<exactly>\d+)\]')
TEXT = re.compile(r'w?string(<(?P<max>\d+)>)?')
VELOCITIES = ('geometry_msgs/Twist', 'geometry_msgs/Accel', 'geometry_msgs/Wrench',
              'ackermann_msgs/AckermannDrive')
"""Types that command how a robot moves, on any topic."""


def interface_class(type_name: str, kind: str):
    """
    Return the class of a type such as `std_msgs/msg/String`, if its package is installed.

    :param kind: msg, srv or action.
    :raises ValueError: if there is no such type, or its package is not installed.
    """
    package, _, name = type_name.partition(f'/{kind}/')
    if not re.fullmatch('[a-z][a-z0-9_]*', package) or not re.fullmatch('[A-Z][A-Za-z0-9]*', name):
        raise ValueError(f'{type_name} is not a type: write package/{kind}/Name')
    try:
        interfaces, _ = get_resource('rosidl_interfaces', package)
    except (LookupError, OSError):
        raise ValueError(f'the interface package {package}, for {type_name}, is not installed: '
                         'install it, or source the workspace that has it') from None
    if not {f'{kind}/{name}.{suffix}' for suffix in (kind, 'idl')} & set(interfaces.split()):
        raise ValueError(f'{package} has no {kind}/{name}')
    try:
        return getattr(import_module(f'{package}.{kind}'), name)
    except (ImportError, AttributeError) as error:
        raise ValueError(f'{type_name} cannot be used in Python: {error}') from None


def make_message(message_class, fields: dict, place: str = ''):
    """
    Return a message with some fields set.

    :param fields: values by name; nested messages are dicts again.
    :param place: of a nested message within the outer one, for errors.
    :raises ValueError: names the field that is wrong and its type.
    """
    message = message_class()
    types = message_class.get_fields_and_field_types()
    for name, value in fields.items():
        if name not in types:
            known = ', '.join(types) or 'none'
            raise ValueError(f'{place}{name} is not a field; the fields are: {known}')
        setattr(message, name, _value(types[name], value, f'{place}{name}'))
    return message


def holds_type(message_class, names) -> bool:
    """
    Return whether a message is of one of some types, or contains one at any depth.

    :param names: of messages, such as geometry_msgs/Twist.
    """
    if _own_name(message_class) in names:
        return True
    kinds = [parts['of'] or parts['each'] if (parts := LIST.fullmatch(kind)) else kind
             for kind in message_class.get_fields_and_field_types().values()]
    return any(holds_type(_nested_class(kind), names) for kind in kinds if '/' in kind)


def _own_name(message_class) -> str:
    return f'{message_class.__module__.partition(".")[0]}/{message_class.__name__}'


def _nested_class(kind: str):
    """Return the class of a field's type, such as geometry_msgs/Vector3."""
    package, _, name = kind.partition('/')
    return interface_class(f'{package}/msg/{name}', 'msg')


def _value(kind: str, value, place: str):
    """Return a value for a field; `kind` is its type as rosidl spells it."""
    if parts := LIST.fullmatch(kind):
        return _list(kind, parts, value, place)
    if '/' in kind:
        if not isinstance(value, dict):
            raise ValueError(f'{place} must be the fields of a {kind}, not {brief_repr(value)}')
        return make_message(_nested_class(kind), value, f'{place}.')
    if parts := TEXT.fullmatch(kind):
        valid = isinstance(value, str) and len(value) <= int(parts['max'] or len(value))
    elif kind == 'boolean':
        valid = isinstance(value, bool)
    elif kind in FLOATS:
        valid = (isinstance(value, (int, float)) and not isinstance(value, bool)
                 and (abs(value) <= FLOATS[kind] or value in (math.inf, -math.inf)
                      or value != value))
        value = float(value) if valid else value
    else:
        minimum, maximum = INTEGERS[kind]
        valid = (isinstance(value, int) and not isinstance(value, bool)
                 and minimum <= value <= maximum)
    if not valid:
        raise ValueError(f'{place} must be a {kind}, not {brief_repr(value)}')
    return bytes([value]) if kind == 'octet' else value


def _list(kind: str, parts, value, place: str) -> list:
    exactly, maximum = parts['exactly'], parts['max']
    if (not isinstance(value, list) or exactly and len(value) != int(exactly)
            or maximum and len(value) > int(maximum)):
        raise ValueError(f'{place} must be a list: {kind}, not {brief_repr(value)}')
    return [_value(parts['of'] or parts['each'], item, f'{place}[{number}]')
            for number, item in enumerate(value)]


def resolve_name(node, what, name: str) -> str:
    """
    Return the full name of a topic, service or action, after remapping.

    :param what: Publish, Call or Goal.
    :raises ValueError: if it is not a valid name.
    """
    try:
        return (node.resolve_service_name if what is Call else node.resolve_topic_name)(name)
    except RuntimeError as error:  # of rcl
        reason = str(error).split(', at ')[0].partition(': ')[2]
        raise ValueError(f'"{name}" is not a valid name: {reason}') from None


def make_content(message_class, type_name: str, fields: dict):
    """
    Return the message, request or goal of a row.

    :raises ValueError: if a field is wrong, or it holds a velocity, which no limit would bound.
    """
    if holds_type(message_class, VELOCITIES):
        raise ValueError(f'{type_name} holds a velocity, which the limits of the table would not '
                         'bound: use do: drive')
    return make_message(message_class, fields)


class MessagePublisher:
    """Publish the message of a row."""

    def __init__(self, node, row):
        """
        Create the message and its publisher.

        :raises ValueError: if its type or fields are wrong.
        """
        self._node = node
        message_class = interface_class(row.does.type, 'msg')
        self._message = make_content(message_class, row.does.type, row.does.message)
        self._out = node.create_publisher(message_class, row.does.topic, 10)

    def start(self) -> None:
        """Publish, with the current time if the message has a header."""
        if isinstance(getattr(self._message, 'header', None), Header):
            self._message.header.stamp = self._node.get_clock().now().to_msg()
        self._out.publish(self._message)


class ServiceCaller:
    """Call the service of a row."""

    def __init__(self, node, row):
        """
        Create the request and its client.

        :raises ValueError: if its type or fields are wrong.
        """
        self._log = node.get_logger()
        self._row = row
        service_class = interface_class(row.does.type, 'srv')
        self._request = make_content(service_class.Request, row.does.type, row.does.request)
        self._client = node.create_client(service_class, row.does.service)

    def start(self) -> None:
        """Call, without waiting for the service to appear or to answer."""
        if self._client.service_is_ready():
            self._client.call_async(self._request).add_done_callback(self._on_answer)
        else:
            self._log.error(f'{self._row.name}: there is no service {self._row.does.service}')

    def _on_answer(self, future) -> None:
        self._log.info(f'{self._row.name}: {self._row.does.service} has answered: '
                       f'{future.result()}')


class GoalSender:
    """Send the goal of a row to its action, and cancel it."""

    def __init__(self, node, row):
        """
        Create the goal and its client.

        :raises ValueError: if its type or fields are wrong.
        """
        self._log = node.get_logger()
        self._row = row
        action_class = interface_class(row.does.type, 'action')
        self._goal = make_content(action_class.Goal, row.does.type, row.does.goal)
        self._client = ActionClient(node, action_class, row.does.action)
        self._sent = None

    @property
    def action(self) -> str:
        """Name of the action."""
        return self._row.does.action

    @property
    def is_active(self) -> bool:
        """Whether the server may still execute a goal."""
        return self._sent is not None and not self._sent.is_over

    def start(self) -> None:
        """Send the goal, unless the last one is still active."""
        if self._server_is_gone():
            self._log.error(f'{self._row.name}: there is no action {self.action}')
        elif self.is_active and not self._sent.is_given_up:
            self._log.warning(f'{self._row.name}: {self.action} still executes the last goal')
        else:
            self._sent = _SentGoal(self._client.send_goal_async(self._goal), self._report)

    def end(self) -> None:
        """Cancel if the goal lasts only as long as the gesture."""
        if self._row.does.cancel_at_end:
            self.cancel()

    def cancel(self) -> None:
        """Ask to cancel the goal, if one is active; it stays so until the server agrees."""
        if self.is_active:
            self._sent.cancel()
            self._server_is_gone()

    def _server_is_gone(self) -> bool:
        """Return whether there is no server; an active goal is given up then."""
        gone = not self._client.server_is_ready()
        if gone and self.is_active:
            self._sent.give_up()
        return gone

    def _report(self, outcome: str) -> None:
        self._log.info(f'{self._row.name}: {self.action}: {outcome}')


class _SentGoal:
    """A goal that was sent, until its end."""

    def __init__(self, response, report):
        """
        Wait for the response of the server.

        :param response: future of the goal handle.
        :param report: called with each outcome as text.
        """
        self.is_over = False
        """Whether it was refused, is done, or the server has agreed to cancel it."""
        self._handle = None
        self._unwanted = self._lost = False
        self._report = report
        response.add_done_callback(self._on_response)

    def cancel(self) -> None:
        """Ask to cancel it, now or as soon as it is accepted; again if not answered yet."""
        self._unwanted = True
        if self._handle is not None:
            self._handle.cancel_goal_async().add_done_callback(self._on_cancel)

    def give_up(self) -> None:
        """Allow the next goal, since the server of this one is gone."""
        if not self._lost:
            self._lost = True
            self._report('the goal is given up: its server is gone')

    @property
    def is_given_up(self) -> bool:
        """Whether its server is gone, or it is to be canceled once the server answers."""
        return self._lost or self._unwanted and self._handle is None

    def _on_response(self, response) -> None:
        self._handle = response.result()
        if not self._handle.accepted:
            self._end('the goal was refused')
            return
        self._handle.get_result_async().add_done_callback(lambda _: self._end('the goal is done'))
        if self._unwanted:
            self.cancel()

    def _on_cancel(self, answer) -> None:
        reply = answer.result()
        if reply.goals_canceling:
            self._end('the goal is canceled')
        elif reply.return_code in (reply.ERROR_UNKNOWN_GOAL_ID, reply.ERROR_GOAL_TERMINATED):
            self._end('the goal is gone')
        elif not self.is_over:
            self._report('the server refuses to cancel the goal')

    def _end(self, outcome: str) -> None:
        if not self.is_over:
            self.is_over = True
            self._report(outcome)


ACTIONS = {Publish: MessagePublisher, Call: ServiceCaller, Goal: GoalSender}
"""By what the row does."""
