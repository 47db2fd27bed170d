# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Settings: fields of dataclasses that carry their description, unit, limits and choices.

Whatever shows or checks a setting reads the declaration: parameters of nodes and arguments of
launch files, options of the command line, parameter files, and the pages of the documentation.
"""
from array import array
from dataclasses import dataclass, field, fields
from typing import Any, Optional

from snn_gesture_ros.printable import brief_repr, one_line

KINDS = {int: 'a whole number', float: 'a number', bool: 'true or false', str: 'text',
         tuple: 'a list', dict: 'a mapping'}


@dataclass(frozen=True)
class Setting:
    """One setting; its default shows its type."""

    name: str
    default: Any
    description: str
    flags: tuple = ()
    """More names of its option on the command line."""
    unit: str = ''
    choices: Optional[dict] = None
    """The values that it can have, with their meanings; empty where a value explains itself."""
    minimum: Optional[float] = None
    maximum: Optional[float] = None
    is_range: bool = False
    """Whether it is a pair of numbers, the smaller first."""
    live: bool = False
    """Whether it can change while a node runs."""
    field: str = ''
    """Its name in the dataclass."""

    @property
    def text(self) -> str:
        """The description, with the choices that there are."""
        if self.choices is None:
            return self.description
        known = [f'{"empty" if value == "" else value}' + (f' ({meaning})' if meaning else '')
                 for value, meaning in self.choices.items()]
        return f'{self.description}: {", ".join(known)}' + (self.unit and f' {self.unit}')

    @property
    def limits(self) -> str:
        """Which values are valid, in words and with the unit; empty: all of the type."""
        unit = self.unit and f' {self.unit}'
        if self.choices is not None:
            return f'one of {", ".join(str(value) for value in self.choices if value != "")}{unit}'
        if self.minimum is None:
            return self.unit and f'in {self.unit}'
        if self.maximum is None:
            return f'at least {self.minimum}{unit}'
        return f'between {self.minimum} and {self.maximum}{unit}'

    def check(self, value):
        """
        Return a value in the type of the setting: a whole number as float, a list as tuple.

        :raises ValueError: if it is of another type, out of range, not one of the choices, or
            text that an output must not show as it is.
        """
        if value is None:       # what ROS makes of an empty list, whatever the type
            raise ValueError(f'{self.name} must not be empty')
        kind = type(self.default)
        if kind is float and type(value) is int:
            value = float(value)
        if kind is tuple and isinstance(value, (list, array)):
            value = tuple(value)
        good = type(value) is kind
        if good and self.is_range:
            good = len(value) == 2 and all(type(end) in (int, float) for end in value)
            good = good and value[0] <= value[1]
        if not good:
            wanted = 'two numbers, the smaller first' if self.is_range else KINDS[kind]
            raise ValueError(f'{self.name} must be {wanted}, not {brief_repr(value)}')
        if kind is str and one_line(value) != value:
            raise ValueError(f'{self.name} must be one line of printable text, not '
                             f'{brief_repr(value)}')
        if self.choices is not None:
            self._check_choice(value)
        for number in value if self.is_range else [value]:
            if (self.minimum is not None and not number >= self.minimum
                    or self.maximum is not None and not number <= self.maximum):
                raise ValueError(f'{self.name} must be {self.limits}, not {number}')
        return value

    def _check_choice(self, value) -> None:
        unknown = [each for each in (value if isinstance(value, tuple) else [value])
                   if each not in self.choices]
        if unknown and isinstance(value, tuple):
            raise ValueError(f'{self.name} {brief_repr(unknown)} are not known; known are '
                             f'{", ".join(self.choices)}')
        if unknown:
            raise ValueError(f'{self.name} {brief_repr(value)} is not {self.limits}')


def setting(default, description: str, *flags: str, choices=None, **more):
    """
    Declare a setting: a field of a dataclass.

    :param flags: short names of its option.
    :param choices: the values that it can have; a mapping gives their meanings.
    :param more: unit, minimum, maximum, is_range and live of Setting, and `name`, by which it is
        set, where that is not the name of the field.
    """
    if choices is not None and not isinstance(choices, dict):
        choices = dict.fromkeys(choices, '')
    metadata = {'description': description, 'flags': flags, 'choices': choices, **more}
    if isinstance(default, dict):
        return field(default_factory=lambda: dict(default), metadata=metadata)
    return field(default=default, metadata=metadata)


def settings_of(*kinds) -> tuple:
    """Return the Setting of each field that dataclasses declare with `setting`."""
    return tuple(
        Setting(**{'name': each.name, 'field': each.name,
                   'default': each.default_factory() if each.type is dict else each.default,
                   **each.metadata})
        for kind in kinds for each in fields(kind) if each.metadata)


def make_settings(kind, values: dict):
    """
    Return a dataclass of settings.

    :param values: by the names of settings; those of other dataclasses are not read, and those
        that are missing have their default.
    :raises ValueError: if one is wrong.
    """
    return kind(**{each.field: each.check(values[each.name]) for each in settings_of(kind)
                   if each.name in values})


def check_fields(settings) -> None:
    """
    Check a dataclass of settings, and give its values their types; for `__post_init__`.

    :raises ValueError: if one is wrong.
    """
    for each in settings_of(type(settings)):
        object.__setattr__(settings, each.field, each.check(getattr(settings, each.field)))
