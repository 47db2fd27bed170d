# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Verb `record`: record a camera, with labels, so that `import` reads it."""
from pathlib import Path

from snn_gesture_ros.command_line.options import number_from
from snn_gesture_ros.command_line.terminal import follow, usage, UsageError
from snn_gesture_ros.datasets.labeled_recordings import LabelTable
from snn_gesture_ros.events.event import EVENTS_TOPIC
from snn_gesture_ros.events.geometry import ROTATIONS
from snn_gesture_ros.recordings.bag_writer import Journal, journal_of
from snn_gesture_ros.recordings.converting import check_suffix, Conversion
from snn_gesture_ros.recordings.opening import open_recording
from snn_gesture_ros.recordings.unfinished import check_free

EXAMPLE = 'snn-gesture record clips.mcap --labels hand_clapping arm_roll --examples 5'
WAIT_S = 0.05


def add_arguments(parser) -> None:
    """Declare the arguments."""
    parser.add_argument('output', metavar='OUTPUT', type=Path,
                        help='.npz, .h5, .hdf5, .aedat4, .raw, .csv, .mcap or .db3 by its suffix; '
                             'without one, the folder of a bag (mcap); labels.csv is beside it')
    parser.add_argument('--topic', default=EVENTS_TOPIC,
                        help='the camera, whose type is found (default: %(default)s)')
    parser.add_argument('--labels', nargs='+', metavar='LABEL',
                        help='ask for these, one after the other, and label them')
    parser.add_argument('--examples', type=examples, default=5, metavar='N',
                        help='of every gesture (default: %(default)s)')
    parser.add_argument('--seconds', type=seconds, default=3.0, metavar='S',
                        help='duration of a gesture (default: %(default)s)')
    parser.add_argument('--countdown', type=countdown, default=3, metavar='S',
                        help='seconds before each (default: %(default)s)')
    parser.add_argument('--label-topic', metavar='TOPIC',
                        help='take labels from std_msgs/String instead: one lasts until another '
                             'comes, however often it is repeated; an empty one: no label')
    parser.add_argument('--person', default='', help='who it is, for labels.csv')
    parser.add_argument('--rotation', type=int, choices=ROTATIONS, default=0,
                        help='for labels.csv: degrees by which whoever reads it turns the picture '
                             'clockwise; events are recorded as they come')
    parser.add_argument('--force', action='store_true', help='replace an output that is there')


def seconds(text: str) -> float:
    """
    Read the duration of a gesture.

    :raises ArgumentTypeError: if it is none.
    """
    return number_from(text, 0.1, 3600.0)


def examples(text: str) -> int:
    """
    Read how often a gesture is made.

    :raises ArgumentTypeError: if it is no such number.
    """
    return int(number_from(text, 1, 100_000))


def countdown(text: str) -> int:
    """
    Read the seconds before a gesture.

    :raises ArgumentTypeError: if it is no such number.
    """
    return int(number_from(text, 0, 3600))


def run(arguments) -> int:
    """
    Record until all gestures are made, or until Ctrl-C.

    :raises ValueError: if the arguments are wrong, or no event came.
    """
    output = arguments.output
    check(arguments)
    output.parent.mkdir(parents=True, exist_ok=True)
    table = LabelTable(output, arguments.person, arguments.force, arguments.rotation)
    journal = journal_of(output)
    node = record(arguments, journal, table)
    if node is None or not node.messages:
        journal.unlink(missing_ok=True)
        raise ValueError(f'{arguments.topic}: no message came, and nothing was recorded')
    if not node.events:
        raise ValueError(f'{journal}: the {node.messages} messages have no events; they are kept')
    with open_recording(journal) as recording:
        conversion = Conversion(recording, output)
        follow(conversion.steps(arguments.force),
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
    Refuse what could not be finished.

    :raises ValueError: says what is wrong.
    """
    output, journal = arguments.output, journal_of(arguments.output)
    with usage():
        check_suffix(output)
    if arguments.labels and arguments.label_topic:
        raise UsageError('labels come from --labels or from --label-topic, not from both')
    if arguments.rotation and not (arguments.labels or arguments.label_topic):
        raise UsageError('--rotation is written beside labels: give --labels or --label-topic')
    check_free(output, arguments.force)
    if journal.exists():
        raise ValueError(f'{journal} was not finished: snn-gesture convert makes {output.name} of '
                         'it; then delete it')


def record(arguments, journal: Path, table: LabelTable):
    """Record until the end; return the node, destroyed, or None if that came before its start."""
    from snn_gesture_ros.command_line.event_recorder import EventRecorderNode
    from snn_gesture_ros.ros.running import run_node

    def make_recorder():
        script = (lambda node: prompts(node, arguments)) if arguments.labels else None
        return EventRecorderNode(arguments.topic, lambda *topic: Journal(journal, *topic),
                                 table.add, arguments.label_topic, script)

    return run_node(make_recorder, [], expected=OSError)


def prompts(recorder, arguments):
    """
    Ask for every gesture on the terminal, and label it, once the camera is there.

    :param recorder: has `is_recording` and `set_label`.
    :returns: a generator of due times in seconds, as `Paced` runs them.
    """
    due_s = 0.0
    while not recorder.is_recording:
        due_s += WAIT_S
        yield due_s
    for number in range(1, arguments.examples + 1):
        for label in arguments.labels:
            say(f'{label} ({number} of {arguments.examples}) in')
            for left in range(arguments.countdown, 0, -1):
                say(f' {left}')
                due_s += 1
                yield due_s
            say(' now')
            recorder.set_label(label)
            due_s += arguments.seconds
            yield due_s
            recorder.set_label('')
            say(', done\n')


def say(text: str) -> None:
    """Print at once, within a line."""
    print(text, end='', flush=True)
