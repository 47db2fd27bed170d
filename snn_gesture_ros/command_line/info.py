# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Verb `info`: show the facts of a recording."""
from dataclasses import asdict
import json

from snn_gesture_ros.recordings.facts import gather_facts
from snn_gesture_ros.recordings.recording import open_recording, UnreadableRecording


def add_arguments(parser) -> None:
    """Declare the arguments."""
    parser.add_argument('file', metavar='FILE',
                        help='rosbag2 folder or file, AEDAT (3.1, 4) or npz with t, x, y, p')
    parser.add_argument('--topic', help='topic of a bag with several cameras')
    parser.add_argument('--json', action='store_true', help='print one JSON object')


def run(arguments) -> int:
    """
    Read the recording to its end and print what is in it.

    :raises UnreadableRecording: if it cannot be read to its end, after what can be is printed.
    """
    with open_recording(arguments.file) as recording:
        facts = gather_facts(recording, arguments.topic)
    if arguments.json:
        print(json.dumps({'format': recording.file_format, **asdict(facts)}, indent=2))
    else:
        print(as_table(recording.file_format, facts))
    if facts.damage:
        raise UnreadableRecording(facts.damage)
    return 0


def as_table(file_format, facts) -> str:
    """Return the facts in lines of name and value, without those that are not known."""
    rows = [('format', file_format), ('topic', facts.topic),
            ('type', facts.message_type), ('encoding', facts.encoding)]
    if facts.width is not None:
        rows.append(('sensor', f'{facts.width} x {facts.height} pixels'))
    rows.append(('events', f'{facts.events} ({facts.on} ON, {facts.off} OFF)'))
    if facts.out_of_range:
        rows.append(('dropped', f'{facts.out_of_range} events outside the sensor'))
    rows.append(
        ('triggers', f'{facts.triggers_rising} rising, {facts.triggers_falling} falling'))
    if facts.events:
        rows.append(('camera time', f'{facts.t_first_us} to {facts.t_last_us} us'))
        rows.append(('duration', f'{facts.duration_s:.6f} s'))
    if facts.rate_eps is not None:
        rows.append(('rate', f'{facts.rate_eps:.0f} events/s'))
    if facts.messages is not None:
        lost = '' if facts.lost is None else f'{facts.lost} lost, '
        rows.append(('messages', f'{facts.messages} ({lost}{facts.malformed} malformed)'))
    return '\n'.join(f'{name:<12} {value}' for name, value in rows if value is not None)
