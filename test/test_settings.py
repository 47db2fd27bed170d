# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Settings: declared once; options, parameters and arguments are made of the declaration."""
import argparse
from array import array
from dataclasses import dataclass

import pytest
from snn_gesture_ros.command_line.options import add_setting
from snn_gesture_ros.launching.arguments import for_parameters, FROM_FILE
from snn_gesture_ros.ros.parameters import describe
from snn_gesture_ros.settings import check_fields, make_settings, setting, settings_of


@dataclass(frozen=True)
class Lamp:
    """Settings of a lamp."""

    level: float = setting(0.5, 'Brightness', '-l', minimum=0.0, maximum=1.0, live=True)
    delay_ms: int = setting(20, 'Time until it shines', unit='ms', minimum=0, maximum=1000)
    color: str = setting('warm', 'Color', name='light', choices={
        'warm': 'like a bulb', 'cold': ''})
    place: tuple = setting((0, 0), 'x and y', unit='m')
    sweep: tuple = setting((1.0, 2.0), 'Smallest and largest angle', minimum=0, is_range=True)

    def __post_init__(self):
        """Raise ValueError if a setting is wrong."""
        check_fields(self)


BY_NAME = {each.name: each for each in settings_of(Lamp)}


@pytest.mark.parametrize('name, given, value', [
    ('level', 1, 1.0), ('delay_ms', 0, 0), ('light', 'cold', 'cold'), ('place', [3, 4], (3, 4)),
    ('place', array('q', (3, 4)), (3, 4)), ('sweep', [1, 1.5], (1, 1.5))])
def test_values_have_the_type_of_the_setting(name, given, value):
    checked = BY_NAME[name].check(given)
    assert checked == value and type(checked) is type(value)


@pytest.mark.parametrize('name, given, reason', [
    ('level', 1.5, 'level must be between 0.0 and 1.0, not 1.5'),
    ('level', float('nan'), 'level must be between'), ('level', True, 'level must be a number'),
    ('level', None, 'level must not be empty'),
    ('delay_ms', -1, 'delay_ms must be between 0 and 1000 ms'),
    ('delay_ms', 1.0, 'delay_ms must be a whole number'),
    ('light', 'blue', "light 'blue' is not one of warm, cold"),
    ('place', 3, 'place must be a list'), ('sweep', [2, 1], 'the smaller first'),
    ('sweep', [-1, 1], 'sweep must be at least 0')])
def test_wrong_values_are_refused_with_the_reason(name, given, reason):
    with pytest.raises(ValueError, match=reason):
        BY_NAME[name].check(given)


def test_settings_are_made_of_values_by_name():
    lamp = make_settings(Lamp, {'light': 'cold', 'place': [1, 2], 'others': 3})
    assert lamp == Lamp(color='cold', place=(1, 2))
    with pytest.raises(ValueError, match='level must be'):
        Lamp(level=2.0)


def test_a_parameter_is_described_to_ros():
    level, light = describe(BY_NAME['level']), describe(BY_NAME['light'])
    assert (level.description, level.read_only, level.dynamic_typing) == (
        'Brightness', False, True)
    assert level.floating_point_range[0].to_value == 1.0
    assert (light.description, light.read_only) == ('Color: warm (like a bulb), cold', True)
    assert light.additional_constraints == 'one of warm, cold'
    assert describe(BY_NAME['delay_ms']).integer_range[0].to_value == 1000


def test_an_option_is_made_of_a_setting(capsys):
    parser = argparse.ArgumentParser()
    for each in BY_NAME.values():
        add_setting(parser, each)
    given = parser.parse_args('-l 1 --light cold --place 3 4'.split())
    assert make_settings(Lamp, vars(given)) == Lamp(1.0, color='cold', place=(3, 4))
    assert make_settings(Lamp, vars(parser.parse_args([]))) == Lamp()
    for words, reason in (('--delay-ms few', "invalid int value: 'few'"),
                          ('--light blue', 'invalid choice'), ('--place 1', 'expected 2')):
        with pytest.raises(SystemExit):
            parser.parse_args(words.split())
        assert reason in capsys.readouterr().err
    assert 'Time until it shines (default: 20 ms)' in ' '.join(parser.format_help().split())


def test_an_argument_of_a_launch_file_is_made_of_a_setting():
    level, place = for_parameters(BY_NAME.values(), ('level', 'light'))
    assert level.description == 'Brightness' + FROM_FILE
    assert level.read('1') == 1.0 and place.read('cold') == 'cold'
    for argument, text in ((level, '2'), (level, 'x'), (place, 'blue')):
        with pytest.raises(ValueError):
            argument.read(text)


def test_a_value_that_expands_without_end_is_refused_in_one_short_line():
    """A few lines of YAML with aliases make it."""
    value = 'x'
    for _ in range(40):
        value = [value] * 9
    for name in ('delay_ms', 'sweep'):
        with pytest.raises(ValueError) as error:
            BY_NAME[name].check(value)
        assert len(str(error.value)) < 1000 and str(error.value).isprintable()
