# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A section of a YAML file, read field by field, with errors that name the place."""
import math

from snn_gesture_ros.files import check_regular
from snn_gesture_ros.printable import brief_repr
import yaml

REQUIRED = object()
MAX_BYTES = 100_000
"""Of a file; a thousand rows fit."""
MAX_DEPTH = 20
"""Of nesting; no message of ROS is so deep."""


class _Loader(yaml.SafeLoader):
    """
    YAML without aliases, which could expand a small file without bounds.

    Errors are also nesting that is deeper than Python can follow, and duplicate keys, of which
    all but one would be lost.
    """

    _depth = 0

    def compose_node(self, parent, index):
        """
        Compose a node from the next events of the parser.

        :raises yaml.composer.ComposerError: if it is an alias, or nested too deeply.
        """
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent):
            raise yaml.composer.ComposerError(
                None, None,
                f'aliases are not supported: write out what *{event.anchor} stands for',
                event.start_mark)
        if self._depth == MAX_DEPTH:
            raise yaml.composer.ComposerError(
                None, None, f'more than {MAX_DEPTH} levels of nesting', event.start_mark)
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def construct_mapping(self, node, deep=False):
        """
        Construct a dict.

        :raises yaml.constructor.ConstructorError: if a key is duplicate, or has line breaks.
        """
        given = set()
        for key, _ in node.value:
            name = str(key.value)
            if name in given or not name.isprintable():
                raise yaml.constructor.ConstructorError(
                    None, None, f'{name} is given twice' if name in given
                    else f'{brief_repr(name)} is not a name', key.start_mark)
            given.add(name)
        return super().construct_mapping(node, deep)

    def construct_object(self, node, deep=False):
        """
        Construct a value.

        :raises yaml.constructor.ConstructorError: if it is not what it looks like, such as a date
            that does not exist or a number that is too large.
        """
        try:
            value = super().construct_object(node, deep)
            if (isinstance(value, float) and math.isinf(value)
                    and 'inf' not in node.value.lower()):
                raise ValueError('the number is too large')
        except (ValueError, LookupError, AttributeError) as error:  # as PyYAML lets them through
            raise yaml.constructor.ConstructorError(
                None, None, f'{str(node.value)[:40]} cannot be read: {error}',
                node.start_mark) from None
        return value


def load_section(path) -> 'Section':
    """
    Read a YAML file whose top is a mapping.

    :raises ValueError: in one line, if it is not YAML or not a mapping.
    :raises OSError: if it cannot be read.
    """
    check_regular(path)
    try:
        with open(path, 'rb') as file:
            text = file.read(MAX_BYTES + 1)
        if len(text) > MAX_BYTES:
            raise ValueError(f'{path}: the file is larger than {MAX_BYTES} bytes')
        content = yaml.load(text, _Loader)  # a SafeLoader
    except yaml.YAMLError as error:
        mark = getattr(error, 'problem_mark', None)
        where = f'{path}, line {mark.line + 1}' if mark else path
        raise ValueError(f'{where}: {getattr(error, "problem", None) or "not YAML"}') from None
    return Section(str(path), content)


class Section:
    """
    A mapping whose fields are taken out one by one.

    Each method returns a field, or its default; without a default the field is required. All
    raise ValueError if a field is missing or wrong.
    """

    def __init__(self, place: str, content):
        """
        Hold all fields of a mapping.

        :param place: file and section, with which errors start.
        :raises ValueError: if the content is not a mapping.
        """
        if not isinstance(content, dict):
            raise ValueError(f'{place}: must be fields with values (name: value)')
        self.place = place
        self._left = dict(content)
        self._known = []

    def __contains__(self, name: str) -> bool:
        """Return whether a field is there and was not taken yet."""
        return name in self._left

    def number(self, name: str, minimum: float, maximum: float, default=REQUIRED) -> float:
        """Return a number within a range."""
        what = f'a number from {minimum:g} to {maximum:g}'
        value = self._take(name, what, default)
        if (isinstance(value, bool) or not isinstance(value, (int, float))
                or not minimum <= value <= maximum):
            raise self._wrong(name, what, value)
        return float(value)

    def text(self, name: str, what: str, default=REQUIRED) -> str:
        """Return a text that is not empty; errors name `what` it should be."""
        value = self._take(name, what, default)
        if not isinstance(value, str) or not value or not value.isprintable():
            raise self._wrong(name, what, value)
        return value

    def choice(self, name: str, known) -> str:
        """Return one of the known words."""
        what = f'one of {", ".join(known)}'
        value = self._take(name, what, REQUIRED)
        if not isinstance(value, str) or value not in known:
            raise self._wrong(name, what, value)
        return value

    def flag(self, name: str, default: bool) -> bool:
        """Return true or false."""
        value = self._take(name, 'true or false', default)
        if not isinstance(value, bool):
            raise self._wrong(name, 'true or false', value)
        return value

    def fields(self, name: str) -> dict:
        """Return the fields of a message as they are; none by default."""
        what = 'the fields of a message (name: value)'
        value = self._take(name, what, {})
        if not isinstance(value, dict):
            raise self._wrong(name, what, value)
        return value

    def items(self, name: str) -> list:
        """Return a list that is not empty."""
        what = 'a list of at least one item (lines that start with -)'
        value = self._take(name, what, REQUIRED)
        if not isinstance(value, list) or not value:
            raise self._wrong(name, what, value)
        return value

    def section(self, name: str) -> 'Section':
        """Return a mapping, to be read field by field too."""
        value = self._take(name, 'fields with values (name: value)', REQUIRED)
        return Section(f'{self.place}: {name}', value)

    def finish(self) -> None:
        """
        Check that no field is left.

        :raises ValueError: names the first one that is not known.
        """
        for name in self._left:
            raise ValueError(f'{self.place}: {name} is not known; known are '
                             f'{", ".join(self._known)}')

    def _take(self, name: str, what: str, default):
        self._known.append(name)
        value = self._left.pop(name, default)
        if value is REQUIRED:
            raise ValueError(f'{self.place}: {name} is missing: give {what}')
        return value

    def _wrong(self, name: str, what: str, value) -> ValueError:
        return ValueError(f'{self.place}: {name} must be {what}, not {brief_repr(value)}')
