# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Verb `convert`: write a recording in another format."""
from pathlib import Path
import sys

from snn_gesture_ros.command_line.options import add_file_options, add_stream_option, open_given
from snn_gesture_ros.command_line.terminal import show_progress, usage
from snn_gesture_ros.datasets.labeled_recordings import hand_over_labels
from snn_gesture_ros.events.event import EVENT_TYPES
from snn_gesture_ros.recordings.bag_writer import is_journal
from snn_gesture_ros.recordings.converting import check_free, check_suffix, Conversion
from snn_gesture_ros.recordings.facts import gather_facts
from snn_gesture_ros.recordings.opening import FORMATS
from snn_gesture_ros.recordings.recording import UnreadableRecording

EXAMPLE = 'snn-gesture convert my_recording.aedat4 my_recording.mcap'


def add_arguments(parser) -> None:
    """Declare the arguments."""
    parser.add_argument('recording', metavar='INPUT',
                        help=f'{FORMATS}; if it is damaged, what comes before the damage is '
                             'written')
    parser.add_argument('output', metavar='OUTPUT', type=Path,
                        help='.npz, .h5, .hdf5, .aedat4, .raw (EVT 3.0), .csv, .mcap or .db3 by '
                             'its suffix; without a suffix, the folder of a bag (mcap)')
    add_stream_option(parser)
    add_file_options(parser)
    parser.add_argument('--message-type', choices=EVENT_TYPES, metavar='TYPE',
                        help=f'of the messages in a bag: {", ".join(EVENT_TYPES)} (default: '
                             'the messages of a bag are copied; of other files, the last type, '
                             'with encoding mono)')
    parser.add_argument('--force', action='store_true', help='replace an existing output')


def run(arguments) -> int:
    """
    Convert, and print what was written and what was not.

    :raises ValueError: if it is not possible, or the recording is damaged, after what comes
        before the damage is written.
    """
    with usage():
        check_suffix(arguments.output)
    check_free(arguments.output, arguments.force)
    with open_given(arguments.recording, arguments) as recording:
        conversion = Conversion(recording, arguments.output, arguments.topic,
                                arguments.message_type)
        facts = gather_facts(recording, arguments.topic)
        total = facts.messages if conversion.copies else facts.events
        try:
            show_progress(conversion.steps(arguments.force), total, 'converting')
        except UnreadableRecording:     # what comes before the damage is written
            finish_labels(arguments)
            raise
    finish_labels(arguments)
    what = f'{facts.messages} messages with ' if conversion.copies else ''
    print(f'{arguments.output}: {what}{facts.events} events')
    for note in notes(facts, recording, conversion.copies):
        print(note, file=sys.stderr)
    return 0


def finish_labels(arguments) -> None:
    """
    Move the labels of an unfinished recording to its output.

    :raises ValueError: if their table is damaged.
    """
    if is_journal(Path(arguments.recording)):
        hand_over_labels(Path(arguments.recording), arguments.output)


def notes(facts, recording, copies: bool) -> list:
    """Return lines on what users of the output should know about the recording."""
    found = [*recording.notes]
    if facts.malformed:
        fate = 'copied as they are' if copies else 'left out'
        found.append(f'{facts.malformed} of {facts.messages} messages cannot be read and were '
                     f'{fate}; the first: {facts.malformed_reason}')
    if facts.lost:
        found.append(f'{facts.lost} messages are missing in the recording, by their numbers')
    if facts.out_of_range:
        fate = ('were dropped' if facts.encoding and recording.topics and not copies else
                'are kept, but readers that use that resolution will drop them')
        found.append(f'{facts.out_of_range} more events are outside the {facts.width}x'
                     f'{facts.height} pixels of the sensor in the recording, and {fate}')
    if (facts.triggers_rising or facts.triggers_falling) and not copies:
        found.append(f'{facts.triggers_rising} rising and {facts.triggers_falling} falling '
                     'triggers are not events, and were not written')
    return found
