# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Verb `frames`: integrate recordings to frames, as SpikingJelly does."""
from pathlib import Path
import sys

import numpy as np
from snn_gesture_ros.command_line.options import (
    add_file_options, add_stream_option, number_from, open_given, positive)
from snn_gesture_ros.command_line.terminal import show_progress, UsageError
from snn_gesture_ros.frames.integration import Cut, Integrator, SPLITS
from snn_gesture_ros.recordings.converting import check_free, unfinished
from snn_gesture_ros.recordings.facts import gather_facts
from snn_gesture_ros.recordings.opening import find_recordings
from snn_gesture_ros.recordings.recording import find_sensor_size, UnreadableRecording

EXAMPLE = 'snn-gesture frames my_recording.raw frames.npz --frames-number 16'


def add_arguments(parser) -> None:
    """Declare the arguments."""
    parser.add_argument('recording', metavar='INPUT', type=Path,
                        help='a recording, or a folder of recordings')
    parser.add_argument('output', metavar='OUTPUT', type=Path,
                        help='npz with the array frames [T, 2, H, W], channel 0 OFF and 1 ON; '
                             'for a folder, a folder of such files with the same names')
    parser.add_argument('--split-by', choices=SPLITS,
                        help='frames of equally many events (number) or of equal duration (time) '
                             f'(default: {Cut.split_by})')
    parser.add_argument('--frames-number', type=positive, metavar='T',
                        help=f'frames per recording (default: {Cut.frames})')
    parser.add_argument('--duration-ms', type=milliseconds, metavar='MS',
                        help='instead of both: duration of a frame; their number follows')
    parser.add_argument('--height', type=positive, metavar='H',
                        help='of a frame in pixels (default: that of the sensor)')
    parser.add_argument('--width', type=positive, metavar='W', help='of a frame, likewise')
    add_stream_option(parser)
    add_file_options(parser)
    parser.add_argument('--force', action='store_true', help='replace an existing output')


def milliseconds(text: str) -> float:
    """
    Return the duration of a frame in milliseconds.

    :raises ArgumentTypeError: if it is not a number in range.
    """
    return number_from(text, 0.001, 1e9)


def run(arguments) -> int:
    """
    Integrate, and print what was written.

    :raises ValueError: if the arguments exclude each other, or recordings are damaged, after all
        others are integrated.
    """
    cut = cut_of(arguments)
    recordings = find_recordings(arguments.recording)
    if not recordings:
        raise ValueError(f'{arguments.recording}: the folder has no recordings')
    single = recordings == [arguments.recording]
    if single and arguments.output.suffix != '.npz':
        raise UsageError(f'{arguments.output}: frames are written to a file with the suffix .npz')
    outputs = [arguments.output if single else
               arguments.output / recording.relative_to(arguments.recording).with_suffix('.npz')
               for recording in recordings]
    for output in outputs:
        check_free(output, arguments.force)
    if len(set(outputs)) < len(outputs):
        raise ValueError(f'{arguments.recording}: two recordings differ only in their suffixes')
    faults = []

    def integrate_all():
        yield 0
        for recording, output in zip(recordings, outputs):
            try:
                integrate(recording, output, cut, arguments)
            except ValueError as error:
                faults.append(str(error))
            yield 1

    show_progress(integrate_all(), len(recordings), 'integrating')
    if faults:
        raise ValueError('; '.join(faults))
    return 0


def cut_of(arguments) -> Cut:
    """
    Return how recordings are sliced.

    :raises UsageError: if the options exclude each other.
    """
    given = {'split_by': arguments.split_by, 'frames': arguments.frames_number}
    given = {name: value for name, value in given.items() if value is not None}
    if arguments.duration_ms is not None:
        if given:
            raise UsageError('--duration-ms excludes --split-by and --frames-number')
        given = {'duration_us': round(arguments.duration_ms * 1000)}
    return Cut(**given)


def integrate(path: Path, output: Path, cut: Cut, arguments) -> None:
    """
    Write the frames of a recording.

    :raises ValueError: if it is damaged or has no events.
    """
    with open_given(path, arguments) as recording:
        facts = gather_facts(recording, arguments.topic)
        if facts.damage:
            raise UnreadableRecording(
                f'{facts.damage} (snn-gesture convert keeps what comes before)')
        if not facts.events:
            raise UnreadableRecording(f'{path}: no events, and therefore no frames')
        width, height = find_sensor_size(recording, arguments.topic)
        integrator = Integrator(cut, arguments.width or width, arguments.height or height,
                                facts.events, facts.t_first_us, facts.t_last_us)
        for events in recording.events(arguments.topic):
            integrator.add(events[(events['x'] < width) & (events['y'] < height)])
    for note in recording.notes:
        print(note, file=sys.stderr)
    output.parent.mkdir(parents=True, exist_ok=True)
    with unfinished(output, arguments.force) as unnamed:
        np.savez_compressed(unnamed, frames=integrator.frames)
    shape = 'x'.join(map(str, integrator.frames.shape))
    left_out = integrator.left_out + facts.out_of_range
    print(f'{output}: {shape} of {facts.events - integrator.left_out} events'
          + (f', {left_out} outside' if left_out else ''), file=sys.stderr)
