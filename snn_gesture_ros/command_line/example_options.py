# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The options of verbs that learn from recordings."""
import sys

from snn_gesture_ros.command_line.geometry_options import add_geometry, geometry_of
from snn_gesture_ros.command_line.progress import follow
from snn_gesture_ros.command_line.usage import usage, UsageError
from snn_gesture_ros.datasets.cutting import Cleaning


def add_recordings(parser) -> None:
    """Declare what is said of recordings; `--examples` is of the verb itself."""
    parser.add_argument('--label', dest='labelled', nargs='+', action='append', default=[],
                        metavar=('LABEL', 'RECORDING'),
                        help='examples of a label, new, known or none: recordings, or folders of '
                             'them, that show it from start to end; give it once for each label')
    add_geometry(parser.add_argument_group('how recordings are seen, as by event_stream'))


def are_recordings_given(arguments, paths: list) -> bool:
    """
    Return whether there are recordings to learn from.

    :raises UsageError: if there are none, and yet it is said how they are seen.
    """
    with usage():
        geometry = geometry_of(arguments)
    if paths or arguments.labelled:
        return True
    if geometry != Cleaning().geometry:
        raise UsageError('--geometry, --region, --rotation, --flip-x and --flip-y are for '
                         'recordings: give --examples or --label')
    return False


def read_recordings(arguments, paths: list) -> list:
    """
    Read the examples in recordings, and print what of them is left out.

    :param paths: recordings, folders of them and tables, whose labels are found as by `evaluate`.
    :returns: of RecordedExample.
    :raises ValueError: if there are none, or a recording, a table or a label cannot be used.
    """
    from snn_gesture_ros.evaluation.sources import find_sources, Labels
    from snn_gesture_ros.learning.examples import check_label
    from snn_gesture_ros.learning.recorded_examples import read_examples
    cleaning = Cleaning(geometry_of(arguments))
    with usage():
        for label, *recordings in arguments.labelled:
            check_label(label)
            if not recordings:
                raise UsageError(f'--label {label}: name the recordings that show it')
    sources, left_out = find_sources(paths, Labels()) if paths else ([], [])
    for label, *recordings in arguments.labelled:
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

    follow(read(), len(sources), 'reading')
    for note in left_out:
        print(note, file=sys.stderr)
    if not examples:
        raise ValueError('the recordings hold no example')
    return examples


def add_to(folder, examples: list) -> None:
    """
    Add examples to those of gesture_trainer, and print how many are new.

    :param folder: of gesture_trainer.
    :raises ValueError: if it has something else in it.
    """
    from snn_gesture_ros.learning.examples import ExampleStore
    from snn_gesture_ros.learning.recorded_examples import add_examples
    new = add_examples(ExampleStore(folder / 'examples'), examples)
    there = f'; {len(examples) - len(new)} were there already' if len(new) < len(examples) else ''
    print(f'{len(new)} examples added to {folder / "examples"}{there}', file=sys.stderr)
