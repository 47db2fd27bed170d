# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Messages of any type from the fields that a YAML file gives, checked one by one."""
from importlib import import_module
import math
import re
from reprlib import repr as brief_repr
import sys

from ament_index_python.resources import get_resource

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
