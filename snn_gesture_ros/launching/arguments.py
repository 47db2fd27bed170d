# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Arguments of the launch files, which are texts: checked by name, before anything starts."""
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
from snn_gesture_ros.network.classifier import STATES
from snn_gesture_ros.network.runtimes import RUNTIMES
import yaml

FROM_FILE = '; params_file decides if it is not given'
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


def for_parameters(specs, names, checks=None, default: Optional[str] = '') -> tuple:
    """
    Make arguments for parameters of a node.

    :param specs: of the node's parameters.
    :param names: of those that are arguments; a dict gives the names of their parameters.
    :param checks: called with a value, by the parameter's name; raise ValueError.
    :param default: of Argument.
    """
    by_name = {spec.name: spec for spec in specs}
    parameters = names if isinstance(names, dict) else dict(zip(names, names))
    checks = {**CHECKS, **(checks or {})}
    return tuple(
        Argument(name, by_name[parameter].description + ('' if default is None else FROM_FILE),
                 partial(read_parameter, by_name[parameter], checks.get(parameter)), default,
                 parameter)
        for name, parameter in parameters.items())


def given(arguments, values: dict) -> dict:
    """Return the parameters of a node, by name, for which an argument was given."""
    return {argument.parameter: values[argument.name] for argument in arguments
            if argument.name in values}


def read_parameter(spec, check, text: str):
    """
    Return the value of a parameter in its type.

    :raises ValueError: if it is of another, or out of range.
    """
    value = READERS[type(spec.default)](text)
    if check is not None:
        check(value)
    return spec.check(value)


def truth(text: str) -> bool:
    """Read true or false."""
    if text.lower() not in TRUTHS:
        raise ValueError('it is neither true nor false')
    return TRUTHS[text.lower()]


def number(kind, description: str, text: str):
    """Read a number of a kind."""
    try:
        return kind(text)
    except ValueError:
        raise ValueError(f'it is not a {description}') from None


def texts(text: str) -> list:
    """Read a list of texts, such as [a, b]."""
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        value = None
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ValueError('it is not a list, as in [a, b]')
    return value


def one_of(known) -> Callable:
    """Make a check of a value, or of each of a list, that has to be a known one."""
    def check(value):
        unknown = [each for each in (value if isinstance(value, list) else [value])
                   if each not in known]
        if unknown:
            raise ValueError(f'{unknown[0]} is not one of {", ".join(map(str, known))}')
    return check


def there(text: str) -> str:
    """Read the path of something that is there."""
    if not Path(text).exists():
        raise ValueError('no such file or folder')
    return text


def file(text: str) -> str:
    """Read the path of a file."""
    if not Path(text).is_file():
        raise ValueError('no such file')
    return text


def parameter_file(text: str) -> str:
    """Read the path of a YAML file with parameters."""
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
    """Read the name of a node."""
    validate_node_name(text)
    return text


def namespace(text: str) -> str:
    """Read a namespace, which may be relative."""
    validate_namespace(absolute(text))
    return text


def namespaces(text: str) -> list:
    """Read several namespaces."""
    names = text.split()
    for name in names:
        namespace(name)
    if len(set(names)) < len(names):
        raise ValueError('it names one twice')
    return names


def absolute(name: str) -> str:
    """Return a name that begins at the root."""
    return name if name.startswith('/') else f'/{name}'


def topic(text: str) -> str:
    """Read the name of a topic."""
    validate_topic_name(text)
    return text


def log_level(text: str) -> str:
    """Read the least severe level to log, of all loggers or as LOGGER:=LEVEL."""
    if text.rpartition(':=')[-1].lower() not in LEVELS:
        raise ValueError(f'it is not one of {", ".join(LEVELS)}')
    return text


READERS = {bool: truth, int: partial(number, int, 'whole number'),
           float: partial(number, float, 'number'), str: str, list: texts}
"""By the type of a parameter."""
CHECKS = {'checkpoint': find_checkpoint, 'device': device_name, 'label_table': file,
          'message_type': one_of(EVENT_TYPES), 'recording': there, 'runtime': one_of(RUNTIMES),
          'geometry': one_of(('square', 'whole', 'region')),
          'rotation': one_of((0, 90, 180, 270)), 'slicing': one_of(('time', 'count')),
          'state': one_of(STATES), 'table': file}
"""Of texts that parameters of these names can be."""
