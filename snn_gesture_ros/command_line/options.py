# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Options that several verbs share: numbers, recordings, examples, the region of the sensor."""
import argparse
import re
import sys

from snn_gesture_ros.command_line.terminal import (
    device_name, show_progress, usage, UsageError)
from snn_gesture_ros.datasets.clip_set import ClipSet
from snn_gesture_ros.datasets.cutting import Cleaning
from snn_gesture_ros.events.geometry import Geometry
from snn_gesture_ros.recordings.opening import open_recording
from snn_gesture_ros.settings import make_settings, settings_of

MAX_INTEGER = (1 << 31) - 1


SPECIAL = {'device': {'type': device_name}, 'region': {'metavar': ('X', 'Y', 'WIDTH', 'HEIGHT')}}
"""Arguments of `add_argument`, by the name of the setting."""
ENCODINGS = ('evt2', 'evt21', 'evt3')
"""Encodings of Prophesee sensors."""


def add_setting(parser, setting, **special) -> None:
    """
    Declare the option of a Setting; `make_settings` checks the values.

    :param special: arguments of `add_argument` that override those of the setting.
    """
    default, several = setting.default, isinstance(setting.default, tuple)
    kind = type(default[0] if default else '') if several else type(default)
    options = {'dest': setting.name, 'default': default}
    if kind is bool:
        options['action'] = argparse.BooleanOptionalAction
    elif several:
        options |= {'type': kind, 'nargs': len(default) or '+', 'metavar': 'NAME'}
    else:
        options |= {'type': kind, 'metavar': kind.__name__.upper()}
    if kind is str and setting.choices is not None:
        options['choices'] = tuple(setting.choices)
    if setting.is_range:
        options['metavar'] = ('MIN', 'MAX')
    options |= SPECIAL.get(setting.name, {}) | special
    if several:
        default = ' '.join(map(str, default)) if any(default) else ''
    elif kind is bool:
        default = 'on' if default else ''
    unit = setting.unit and f' {setting.unit}'
    shown = '' if default == '' else f' (default: {default}{unit})'
    names = {f'--{setting.name.replace("_", "-")}': None, **dict.fromkeys(setting.flags)}
    parser.add_argument(*names, help=(setting.text + shown).replace('%', '%%'), **options)


def number_from(text: str, minimum: float, maximum: float) -> float:
    """
    Return a number in a range.

    :raises ArgumentTypeError: if it is not a number in that range.
    """
    try:
        if minimum <= float(text) <= maximum:
            return float(text)
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f'{text} is not a number from {minimum:g} to {maximum:g}')


def integer_from(text: str, minimum: int) -> int:
    """
    Return a whole number.

    :raises ArgumentTypeError: if it is not a whole number, or too small or large.
    """
    try:
        if minimum <= int(text) <= MAX_INTEGER:
            return int(text)
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f'{text} is not a whole number of {minimum} or more')


def positive(text: str) -> int:
    """
    Return a whole number of at least 1.

    :raises ArgumentTypeError: if it is not one.
    """
    return integer_from(text, 1)


def seed(text: str) -> int:
    """
    Return a seed.

    :raises ArgumentTypeError: if it is not a whole number of at least 0.
    """
    return integer_from(text, 0)


def share(text: str) -> float:
    """
    Return a share.

    :raises ArgumentTypeError: if it is not a number from 0 to 1.
    """
    return number_from(text, 0.0, 1.0)


def add_stream_option(parser) -> None:
    """Declare --topic, also called --stream."""
    parser.add_argument('--topic', '--stream', dest='topic', metavar='TOPIC',
                        help='topic of a bag, or stream of another file, with several cameras')


def add_file_options(parser) -> None:
    """Declare --encoding and --size."""
    parser.add_argument('--encoding', choices=ENCODINGS,
                        help='encoding of a Prophesee sensor, for a file without a header')
    parser.add_argument('--size', type=sensor_size, metavar='WxH',
                        help='resolution of the sensor, if the file does not contain it, such '
                             'as 346x260')


def open_given(path, arguments):
    """Open a recording with these options; see `open_recording`."""
    return open_recording(path, arguments.encoding, arguments.size)


def sensor_size(text: str) -> tuple:
    """
    Return the width and the height of a sensor.

    :raises ArgumentTypeError: if the text is not WIDTHxHEIGHT.
    """
    found = re.fullmatch(r'([1-9]\d{0,4})x([1-9]\d{0,4})', text)
    if not found:
        raise argparse.ArgumentTypeError(f'{text} is not WIDTHxHEIGHT, such as 346x260')
    return int(found[1]), int(found[2])


def add_geometry(parser) -> None:
    """Declare the options of the geometry, which are parameters of event_stream too."""
    for setting in settings_of(Geometry):
        if setting.name not in ('width', 'height'):
            add_setting(parser, setting, **({'default': None} if setting.name == 'region' else {}))


def geometry_of(arguments) -> Geometry:
    """
    Return the geometry of clips.

    :raises ValueError: if it is impossible.
    """
    if arguments.region and arguments.geometry != 'region':
        raise ValueError('--region is for --geometry region')
    return make_settings(Geometry, {
        **vars(arguments), 'region': arguments.region or Geometry.region,
        'width': ClipSet.SIZE, 'height': ClipSet.SIZE})


def add_recordings(parser) -> None:
    """Declare the options for recordings with examples; the verb declares `--examples`."""
    parser.add_argument('--label', dest='labeled', nargs='+', action='append', default=[],
                        metavar=('LABEL', 'RECORDING'),
                        help='examples of a label, which is new, known or none: recordings, or '
                             'folders of them, that show it from start to end; repeat it for '
                             'each label')
    add_geometry(parser.add_argument_group('geometry of recordings, as of event_stream'))


def are_recordings_given(arguments, paths: list) -> bool:
    """
    Return whether there are recordings to learn from.

    :raises UsageError: if there are none, but options of the geometry are given.
    """
    with usage():
        geometry = geometry_of(arguments)
    if paths or arguments.labeled:
        return True
    if geometry != Cleaning().geometry:
        raise UsageError('--geometry, --region, --rotation, --flip-x and --flip-y are for '
                         'recordings: give --examples or --label')
    return False


def read_recordings(arguments, paths: list) -> list:
    """
    Read the examples in recordings, and print which parts are left out.

    :param paths: recordings, folders of them and tables, whose labels are found as by `evaluate`.
    :returns: list of RecordedExample.
    :raises ValueError: if there are none, or a recording, a table or a label cannot be used.
    """
    from snn_gesture_ros.evaluation.sources import find_sources, Labels
    from snn_gesture_ros.learning.examples import check_label, read_examples
    cleaning = Cleaning(geometry_of(arguments))
    with usage():
        for label, *recordings in arguments.labeled:
            check_label(label)
            if not recordings:
                raise UsageError(f'--label {label}: name the recordings that show it')
    sources, left_out = find_sources(paths, Labels()) if paths else ([], [])
    for label, *recordings in arguments.labeled:
        found, notes = find_sources(recordings, Labels(label=label))
        sources, left_out = sources + found, left_out + notes
    examples = []

    def read():
        yield 0
        for source in sources:
            found, notes = read_examples(source, cleaning)
            examples.extend(found)
            left_out.extend(notes)
            yield 1

    show_progress(read(), len(sources), 'reading')
    for note in left_out:
        print(note, file=sys.stderr)
    if not examples:
        raise ValueError('the recordings have no examples')
    return examples


def add_to(folder, examples: list) -> None:
    """
    Add examples to those of gesture_trainer, and print how many are new.

    :param folder: of gesture_trainer.
    :raises ValueError: if it contains other files.
    """
    from snn_gesture_ros.learning.examples import add_examples, ExampleStore
    new = add_examples(ExampleStore(folder / 'examples'), examples)
    there = f'; {len(examples) - len(new)} were there already' if len(new) < len(examples) else ''
    print(f'{len(new)} examples added to {folder / "examples"}{there}', file=sys.stderr)
