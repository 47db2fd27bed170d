# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Verb `record`: record a camera with labels, for `import`."""
from pathlib import Path

from snn_gesture_ros.command_line.options import number_from
from snn_gesture_ros.command_line.terminal import show_progress, usage, UsageError
from snn_gesture_ros.datasets.labeled_recordings import LabelTable
from snn_gesture_ros.events.event import EVENTS_TOPIC
from snn_gesture_ros.events.geometry import ROTATIONS
from snn_gesture_ros.files import naming
from snn_gesture_ros.recordings.bag_writer import Journal, journal_of
from snn_gesture_ros.recordings.converting import check_free, check_suffix, Conversion
from snn_gesture_ros.recordings.opening import open_recording

EXAMPLE = 'snn-gesture record clips.mcap --labels hand_clapping arm_roll --examples 5'
WAIT_S = 0.05


def add_arguments(parser) -> None:
    """Declare the arguments."""
    parser.add_argument('output', metavar='OUTPUT', type=Path,
                        help='.npz, .h5, .hdf5, .aedat4, .raw, .csv, .mcap or .db3 by its suffix; '
                             'without a suffix, the folder of a bag (mcap); labels.csv is in '
                             'the same folder')
    parser.add_argument('--topic', default=EVENTS_TOPIC,
                        help='topic of the camera, of any supported type (default: %(default)s)')
    parser.add_argument('--labels', nargs='+', metavar='LABEL',
                        help='ask for these gestures in turn, and label them')
    parser.add_argument('--examples', type=examples, default=5, metavar='N',
                        help='number of examples of each gesture (default: %(default)s)')
    parser.add_argument('--seconds', type=seconds, default=3.0, metavar='S',
                        help='duration of a gesture (default: %(default)s)')
    parser.add_argument('--countdown', type=countdown, default=3, metavar='S',
                        help='seconds before each gesture (default: %(default)s)')
    parser.add_argument('--label-topic', metavar='TOPIC',
                        help='read labels from std_msgs/String instead: a label lasts until '
                             'another one comes, also if it is repeated; empty for no label')
    parser.add_argument('--person', default='', help='person, for labels.csv')
    parser.add_argument('--rotation', type=int, choices=ROTATIONS, default=0,
                        help='for labels.csv: degrees by which readers rotate the image '
                             'clockwise; events are recorded unchanged')
    parser.add_argument('--force', action='store_true', help='replace an existing output')


def seconds(text: str) -> float:
    """
    Return the duration of a gesture in seconds.

    :raises ArgumentTypeError: if it is not a number in range.
    """
    return number_from(text, 0.1, 3600.0)


def examples(text: str) -> int:
    """
    Return the number of examples of a gesture.

    :raises ArgumentTypeError: if it is not a number in range.
    """
    return int(number_from(text, 1, 100_000))


def countdown(text: str) -> int:
    """
    Return the seconds before a gesture.

    :raises ArgumentTypeError: if it is not a number in range.
    """
    return int(number_from(text, 0, 3600))


def run(arguments) -> int:
    """
    Record until all gestures are made, or until Ctrl-C.

    :raises ValueError: if the arguments are wrong, or no event arrived.
    """
    output = arguments.output
    check(arguments)
    output.parent.mkdir(parents=True, exist_ok=True)
    journal = journal_of(output)
    with naming(journal):       # now, and not when somebody makes gestures in vain
        journal.touch()
        journal.unlink()
    table = LabelTable(output, arguments.person, arguments.force, arguments.rotation)
    node = record(arguments, journal, table)
    if node is None or not node.messages:
        journal.unlink(missing_ok=True)
        raise ValueError(f'{arguments.topic}: no message arrived, and nothing was recorded')
    if not node.events:
        raise ValueError(f'{journal}: the {node.messages} messages have no events; they are kept')
    with open_recording(journal) as recording:
        conversion = Conversion(recording, output)
        show_progress(conversion.steps(arguments.force),
                      node.messages if conversion.copies else node.events, 'finishing')
    table.finish()
    journal.unlink()
    lost = f', {node.reader.lost} messages lost' if node.reader.numbered else ''
    labels = f'; {table.rows} labels in {table.path}' if table.rows else ''
    ignored = node.followed.ignored
    others = f', {ignored} messages of another publisher left out' if ignored else ''
    print(f'{output}: {node.events} events in {node.messages} messages{lost}{others}{labels}')
    return 0


def check(arguments) -> None:
    """
    Check the arguments before anything is recorded.

    :raises ValueError: names what is wrong.
    """
    output, journal = arguments.output, journal_of(arguments.output)
    with usage():
        check_suffix(output)
    if arguments.labels and arguments.label_topic:
        raise UsageError('labels come from --labels or from --label-topic, not from both')
    if arguments.rotation and not (arguments.labels or arguments.label_topic):
        raise UsageError('--rotation is written with labels: give --labels or --label-topic')
    check_free(output, arguments.force)
    if journal.exists():
        raise ValueError(f'{journal} was not finished: make {output.name} of it with '
                         'snn-gesture convert, then delete it')


def record(arguments, journal: Path, table: LabelTable):
    """Record until the end; return the destroyed node, or None if it did not start."""
    from snn_gesture_ros.command_line.event_recorder import EventRecorderNode
    from snn_gesture_ros.ros.running import run_node

    def make_recorder():
        script = (lambda node: prompts(node, arguments)) if arguments.labels else None
        return EventRecorderNode(arguments.topic, lambda *topic: Journal(journal, *topic),
                                 table.add, arguments.label_topic, script)

    return run_node(make_recorder, [], expected=OSError)


def prompts(recorder, arguments):
    """
    Ask for every gesture on the terminal, and label it, once events arrive.

    :param recorder: EventRecorderNode.
    :returns: generator of due times in seconds, as `Paced` runs them.
    """
    due_s = 0.0
    while not recorder.is_recording:
        due_s += WAIT_S
        yield due_s
    for number in range(1, arguments.examples + 1):
        for label in arguments.labels:
            print_part(f'{label} ({number} of {arguments.examples}) in')
            for left in range(arguments.countdown, 0, -1):
                print_part(f' {left}')
                due_s += 1
                yield due_s
            print_part(' now')
            recorder.set_label(label)
            due_s += arguments.seconds
            yield due_s
            recorder.set_label('')
            print_part(', done\n')


def print_part(text: str) -> None:
    """Print a part of a line at once."""
    print(text, end='', flush=True)
