# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Messages of any type from the fields that a YAML file gives, checked one by one."""
from importlib import import_module
import math
import re
from reprlib import repr as brief_repr
import sys

from ament_index_python.resources import get_resource
from rclpy.action import ActionClient
from snn_gesture_ros.behavior.table import Call, Goal, Publish
from std_msgs.msg import Header

FLOATS = {'float': 3.402823466e38, 'double': sys.float_info.max}
"""The greatest value by type."""
INTEGERS = {'octet': (0, 255), 'char': (0, 255),
            **{f'uint{bits}': (0, 2**bits - 1) for bits in (8, 16, 32, 64)},
            **{f'int{bits}': (-2**(bits - 1), 2**(bits - 1) - 1) for bits in (8, 16, 32, 64)}}
"""The least and the greatest value by type."""
LIST = re.compile(r'sequence<(?P<of>.+?)(, (?P<most>\d+))?>|(?P<each>.+)\[(?P<exactly>\d+)\]')
TEXT = re.compile(r'w?string(<(?P<most>\d+)>)?')


def interface_class(type_name: str, kind: str):
    """
    Import the class of a type such as `std_msgs/msg/String`, if the index of ROS has it.

    :param kind: msg, srv or action.
    :raises ValueError: if there is no such type, or its package is not installed.
    """
    package, _, name = type_name.partition(f'/{kind}/')
    if not re.fullmatch('[a-z][a-z0-9_]*', package) or not re.fullmatch('[A-Z][A-Za-z0-9]*', name):
        raise ValueError(f'{type_name} is no type: write package/{kind}/Name')
    try:
        interfaces, _ = get_resource('rosidl_interfaces', package)
    except (LookupError, OSError):
        raise ValueError(f'no package of interfaces {package}, for {type_name}, is installed: '
                         'install it, or source the workspace that has it') from None
    if not {f'{kind}/{name}.{suffix}' for suffix in (kind, 'idl')} & set(interfaces.split()):
        raise ValueError(f'{package} has no {kind}/{name}')
    try:
        return getattr(import_module(f'{package}.{kind}'), name)
    except (ImportError, AttributeError) as error:
        raise ValueError(f'{type_name} cannot be used in Python: {error}') from None


def make_message(message_class, fields: dict, place: str = ''):
    """
    Make a message with some fields set.

    :param fields: values by name; those of messages within are dicts again.
    :param place: of the message within another, for errors.
    :raises ValueError: names the field that is wrong and says what it takes.
    """
    message = message_class()
    types = message_class.get_fields_and_field_types()
    for name, value in fields.items():
        if name not in types:
            known = ', '.join(types) or 'it has none'
            raise ValueError(f'{place}{name} is no field; the fields are: {known}')
        setattr(message, name, _value(types[name], value, f'{place}{name}'))
    return message


def holds_type(message_class, names) -> bool:
    """
    Return whether a message is of one of some types, or holds one, however deep.

    :param names: of messages, such as geometry_msgs/Twist.
    """
    if _own_name(message_class) in names:
        return True
    kinds = [parts['of'] or parts['each'] if (parts := LIST.fullmatch(kind)) else kind
             for kind in message_class.get_fields_and_field_types().values()]
    return any(holds_type(_message_within(kind), names) for kind in kinds if '/' in kind)


def _own_name(message_class) -> str:
    return f'{message_class.__module__.partition(".")[0]}/{message_class.__name__}'


def _message_within(kind: str):
    """Import the class of a field's type, such as geometry_msgs/Vector3."""
    package, _, name = kind.partition('/')
    return interface_class(f'{package}/msg/{name}', 'msg')


def _value(kind: str, value, place: str):
    """Give a value for a field of a type as rosidl spells it."""
    if parts := LIST.fullmatch(kind):
        return _list(kind, parts, value, place)
    if '/' in kind:
        if not isinstance(value, dict):
            raise ValueError(f'{place} must be the fields of a {kind}, not {brief_repr(value)}')
        return make_message(_message_within(kind), value, f'{place}.')
    if parts := TEXT.fullmatch(kind):
        right = isinstance(value, str) and len(value) <= int(parts['most'] or len(value))
    elif kind == 'boolean':
        right = isinstance(value, bool)
    elif kind in FLOATS:
        right = (isinstance(value, (int, float)) and not isinstance(value, bool)
                 and (abs(value) <= FLOATS[kind] or value in (math.inf, -math.inf)
                      or value != value))
        value = float(value) if right else value
    else:
        least, most = INTEGERS[kind]
        right = isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
    if not right:
        raise ValueError(f'{place} must be a {kind}, not {brief_repr(value)}')
    return bytes([value]) if kind == 'octet' else value


def _list(kind: str, parts, value, place: str) -> list:
    exactly, most = parts['exactly'], parts['most']
    if (not isinstance(value, list) or exactly and len(value) != int(exactly)
            or most and len(value) > int(most)):
        raise ValueError(f'{place} must be a list: {kind}, not {brief_repr(value)}')
    return [_value(parts['of'] or parts['each'], item, f'{place}[{number}]')
            for number, item in enumerate(value)]


VELOCITIES = ('geometry_msgs/Twist', 'geometry_msgs/Accel', 'geometry_msgs/Wrench',
              'ackermann_msgs/AckermannDrive')
"""Types that say how a robot is to move, on whatever topic."""


def resolved(node, what, name: str) -> str:
    """
    Give the full name of a topic, service or action, after all remapping.

    :param what: Publish, Call or Goal.
    :raises ValueError: if it cannot be one.
    """
    try:
        return (node.resolve_service_name if what is Call else node.resolve_topic_name)(name)
    except RuntimeError as error:  # of rcl
        reason = str(error).split(', at ')[0].partition(': ')[2]
        raise ValueError(f'"{name}" cannot be a name: {reason}') from None


def content(message_class, type_name: str, fields: dict):
    """
    Make the message, request or goal of a row.

    :raises ValueError: if a field is wrong, or it holds a velocity, beside all limits.
    """
    if holds_type(message_class, VELOCITIES):
        raise ValueError(f'{type_name} holds a velocity, beside the limits of the table: let the '
                         'row do: drive')
    return make_message(message_class, fields)


class Publishing:
    """Publish the row's message."""

    def __init__(self, node, row):
        """
        Make the message and its publisher.

        :raises ValueError: if its type or fields are wrong.
        """
        self._node = node
        message_class = interface_class(row.does.type, 'msg')
        self._message = content(message_class, row.does.type, row.does.message)
        self._out = node.create_publisher(message_class, row.does.topic, 10)

    def start(self) -> None:
        """Publish, with the time of now if the message has a header."""
        if isinstance(getattr(self._message, 'header', None), Header):
            self._message.header.stamp = self._node.get_clock().now().to_msg()
        self._out.publish(self._message)


class Calling:
    """Call the row's service."""

    def __init__(self, node, row):
        """
        Make the request and its client.

        :raises ValueError: if its type or fields are wrong.
        """
        self._log = node.get_logger()
        self._row = row
        service_class = interface_class(row.does.type, 'srv')
        self._request = content(service_class.Request, row.does.type, row.does.request)
        self._client = node.create_client(service_class, row.does.service)

    def start(self) -> None:
        """Call, without waiting for the service to come or to answer."""
        if self._client.service_is_ready():
            self._client.call_async(self._request).add_done_callback(self._on_answer)
        else:
            self._log.error(f'{self._row.name}: no service {self._row.does.service} is there')

    def _on_answer(self, future) -> None:
        self._log.info(f'{self._row.name}: {self._row.does.service} has answered: '
                       f'{future.result()}')


class Pursuing:
    """Send the row's goal to its action, and cancel it."""

    def __init__(self, node, row):
        """
        Make the goal and its client.

        :raises ValueError: if its type or fields are wrong.
        """
        self._log = node.get_logger()
        self._row = row
        action_class = interface_class(row.does.type, 'action')
        self._goal = content(action_class.Goal, row.does.type, row.does.goal)
        self._client = ActionClient(node, action_class, row.does.action)
        self._pursuit = None

    @property
    def action(self) -> str:
        """Name of the action."""
        return self._row.does.action

    @property
    def pursued(self) -> bool:
        """Whether a goal may still be pursued."""
        return self._pursuit is not None and not self._pursuit.over

    def start(self) -> None:
        """Send the goal, unless the last one is still pursued."""
        if self._server_is_gone():
            self._log.error(f'{self._row.name}: no action {self.action} is there')
        elif self.pursued and not self._pursuit.is_given_up:
            self._log.warning(f'{self._row.name}: {self.action} still pursues the last goal')
        else:
            self._pursuit = _Pursuit(self._client.send_goal_async(self._goal), self._report)

    def end(self) -> None:
        """Cancel if the goal lasts only as long as the gesture."""
        if self._row.does.cancel_at_end:
            self.cancel()

    def cancel(self) -> None:
        """Ask to cancel the goal, if one is pursued; it is until the server agrees."""
        if self.pursued:
            self._pursuit.cancel()
            self._server_is_gone()

    def _server_is_gone(self) -> bool:
        """Tell whether there is no server, so that a goal that is pursued is given up."""
        gone = not self._client.server_is_ready()
        if gone and self.pursued:
            self._pursuit.give_up()
        return gone

    def _report(self, what: str) -> None:
        self._log.info(f'{self._row.name}: {self.action}: {what}')


class _Pursuit:
    """One goal on its way."""

    def __init__(self, response, report):
        """Wait for the server's response; tell `report` what becomes of the goal."""
        self.over = False
        """Whether it was refused, is done, or the server has agreed to cancel it."""
        self._handle = None
        self._unwanted = self._lost = False
        self._report = report
        response.add_done_callback(self._on_response)

    def cancel(self) -> None:
        """Ask to cancel it, at once or as soon as it is accepted; again if not answered yet."""
        self._unwanted = True
        if self._handle is not None:
            self._handle.cancel_goal_async().add_done_callback(self._on_cancel)

    def give_up(self) -> None:
        """Keep no other goal away any longer: its server is gone."""
        if not self._lost:
            self._lost = True
            self._report('the goal is given up: its server is gone')

    @property
    def is_given_up(self) -> bool:
        """Whether its server is gone, or has not answered yet and it is to be cancelled then."""
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
            self._end('the goal is cancelled')
        elif reply.return_code in (reply.ERROR_UNKNOWN_GOAL_ID, reply.ERROR_GOAL_TERMINATED):
            self._end('the goal is gone')
        elif not self.over:
            self._report('the server refuses to cancel the goal')

    def _end(self, how: str) -> None:
        if not self.over:
            self.over = True
            self._report(how)


ACTIONS = {Publish: Publishing, Call: Calling, Goal: Pursuing}
"""By what the row does."""
