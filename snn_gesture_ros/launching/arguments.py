# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Arguments of the launch files, which are text: checked by name, before anything starts."""
from argparse import ArgumentTypeError
from functools import partial
from pathlib import Path
from typing import Any, Callable, NamedTuple, Optional

from rclpy.exceptions import NameValidationException
from rclpy.validate_namespace import validate_namespace
from rclpy.validate_node_name import validate_node_name
from rclpy.validate_topic_name import validate_topic_name
from snn_gesture_ros.command_line.terminal import device_name
from snn_gesture_ros.events.event import EVENT_TYPES
from snn_gesture_ros.network.checkpoint_files import find_checkpoint
from snn_gesture_ros.settings import KINDS
import yaml

FROM_FILE = '; by default as in params_file'
TRUTHS = {'true': True, 'yes': True, 'on': True, '1': True,
          'false': False, 'no': False, 'off': False, '0': False}
LEVELS = ('debug', 'info', 'warn', 'error', 'fatal')


class Argument(NamedTuple):
    """One argument of a launch file."""

    name: str
    description: str
    read: Callable[[str], Any] = str
    """Returns the value of a text; raises ValueError."""
    default: Optional[str] = ''
    """Empty where there is no value unless one is given, None where one must be given."""
    parameter: str = ''
    """Of the node that the value is for."""


def read_arguments(arguments, texts: dict) -> dict:
    """
    Return the values by name, without those of arguments that are empty.

    :param texts: by name.
    :raises ValueError: if a text is wrong.
    """
    values = {}
    for argument in arguments:
        text = texts[argument.name]
        try:
            if text:
                values[argument.name] = argument.read(text)
        except (ValueError, ArgumentTypeError, NameValidationException) as error:
            reason = str(error).split('\n')[0].rstrip(':')
            raise ValueError(f'launch argument {argument.name}:={text}: {reason}') from None
    return values


def for_parameters(settings, names, default: Optional[str] = '') -> tuple:
    """
    Return arguments for parameters of a node.

    :param settings: a Setting for each parameter of the node.
    :param names: of those that are arguments; a dict has the names of their parameters.
    :param default: of Argument.
    """
    by_name = {setting.name: setting for setting in settings}
    parameters = names if isinstance(names, dict) else dict(zip(names, names))
    return tuple(
        Argument(name, by_name[parameter].text + ('' if default is None else FROM_FILE),
                 partial(read_parameter, by_name[parameter]), default, parameter)
        for name, parameter in parameters.items())


def given(arguments, values: dict) -> dict:
    """Return the parameters of a node, by name, for which an argument was given."""
    return {argument.parameter: values[argument.name] for argument in arguments
            if argument.name in values}


def read_parameter(setting, text: str):
    """
    Return the value of a parameter in its type.

    :raises ValueError: if it is of another type, or cannot be used.
    """
    value = setting.check(READERS[type(setting.default)](text))
    if setting.name in CHECKS:
        CHECKS[setting.name](value)
    return value


def truth(text: str) -> bool:
    """Return whether a text means true; raise ValueError if it means neither true nor false."""
    if text.lower() not in TRUTHS:
        raise ValueError('it is neither true nor false')
    return TRUTHS[text.lower()]


def number(kind, text: str):
    """Return a number of a kind, int or float; raise ValueError if it is not one."""
    try:
        return kind(text)
    except ValueError:
        raise ValueError(f'it is not {KINDS[kind]}') from None


def texts(text: str) -> list:
    """Return a list of strings, as in [a, b]; raise ValueError if it is not one."""
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        value = None
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ValueError('it is not a list, as in [a, b]')
    return value


def message_type(text: str) -> None:
    """Raise ValueError if messages of a type are not of events."""
    if text not in EVENT_TYPES:
        raise ValueError(f'it is not one of {", ".join(EVENT_TYPES)}')


def existing(text: str) -> str:
    """Return the path of a file or folder; raise ValueError if it does not exist."""
    if not Path(text).exists():
        raise ValueError('no such file or folder')
    return text


def file(text: str) -> str:
    """Return the path of a file; raise ValueError if it does not exist."""
    if not Path(text).is_file():
        raise ValueError('no such file')
    return text


def parameter_file(text: str) -> str:
    """Return the path of a YAML file with parameters; raise ValueError if it is not one."""
    try:
        content = yaml.safe_load(Path(file(text)).read_text())
    except OSError as error:
        raise ValueError(error.strerror) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f'it is not a YAML file: {" ".join(str(error).split())}') from None
    if not isinstance(content, dict):
        raise ValueError('it has no parameters of nodes')
    return text


def node_name(text: str) -> str:
    """Return the name of a node; raise NameValidationException if it cannot be one."""
    validate_node_name(text)
    return text


def namespace(text: str) -> str:
    """Return a namespace, relative or not; raise NameValidationException if it is not one."""
    validate_namespace(absolute(text))
    return text


def namespaces(text: str) -> list:
    """Return several namespaces; raise NameValidationException or ValueError if one is wrong."""
    names = text.split()
    for name in names:
        namespace(name)
    if len(set(names)) < len(names):
        raise ValueError('it names one twice')
    return names


def absolute(name: str) -> str:
    """Return a name from the root on."""
    return name if name.startswith('/') else f'/{name}'


def topic(text: str) -> str:
    """Return the name of a topic; raise NameValidationException if it cannot be one."""
    validate_topic_name(text)
    return text


def relative_topic(text: str) -> str:
    """Return the name of a topic within a namespace; raise an error if it is not one."""
    if text.startswith('/'):
        raise ValueError('the topic would be the same for all cameras: leave out the first /, '
                         'and it is within the namespace of each camera')
    return topic(text)


def log_level(text: str) -> str:
    """Return a log level, of all loggers or as LOGGER:=LEVEL; raise ValueError if unknown."""
    if text.rpartition(':=')[-1].lower() not in LEVELS:
        raise ValueError(f'it is not one of {", ".join(LEVELS)}')
    return text


READERS = {bool: truth, int: partial(number, int), float: partial(number, float), str: str,
           tuple: texts}
"""By the type of a parameter."""
CHECKS = {'checkpoint': find_checkpoint, 'device': device_name, 'label_table': file,
          'message_type': message_type, 'recording': existing, 'table': file}
"""What a node would refuse, by the name of the parameter."""
