# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Verb `view`: show the events of a recording or of a live topic."""
import argparse
from functools import partial
from itertools import chain
from pathlib import Path
import sys

from snn_gesture_ros.command_line.options import add_file_options, number_from, open_given
from snn_gesture_ros.command_line.terminal import UsageError
from snn_gesture_ros.events.event import EVENTS_TOPIC
from snn_gesture_ros.events.geometry import ROTATIONS
from snn_gesture_ros.recordings.recording import UnreadableRecording

EXAMPLE = 'snn-gesture view my_bag --start-s 2 --end-s 5 --checkpoint fast --output wave.gif'
LIVE_FILE_S = 10.0
"""Default duration of a file of a live topic."""
NO_EVENTS = 'there are no events in this part of the recording'


def add_arguments(parser) -> None:
    """Declare the arguments."""
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument('recording', nargs='?', metavar='RECORDING',
                        help='recording of any format that info reads')
    source.add_argument('--live', action='store_true',
                        help='show a topic instead, with the gestures of the nodes')
    parser.add_argument('--topic', '--stream', dest='topic', metavar='TOPIC',
                        help='topic of a bag, or stream of another file, with several cameras; '
                             'with --live that of a camera '
                             f'or of event_stream (default: {EVENTS_TOPIC})')
    add_file_options(parser)
    parser.add_argument('--start-s', type=seconds, default=0.0, metavar='S',
                        help='start this long after the first event (default: %(default)g)')
    parser.add_argument('--end-s', type=seconds, metavar='S',
                        help='end this long after the first event (default: the end; of a live '
                             f'topic in a file: {LIVE_FILE_S:g})')
    parser.add_argument('--frame-ms', type=milliseconds, default=33.0, metavar='MS',
                        help='duration of the events in an image (default: %(default)g)')
    parser.add_argument('--rotation', type=int, choices=ROTATIONS, default=0,
                        help='rotate the image of a camera clockwise by this many degrees')
    parser.add_argument('--checkpoint', metavar='CHECKPOINT',
                        help='also show the gestures of a recording: path of a checkpoint or '
                             'name of a shipped model')
    parser.add_argument('--output', type=film_file, metavar='FILE',
                        help='write a GIF, MP4 or PNG (by the suffix) instead of opening a '
                             'window; without a display, NAME_events.png is written')


def run(arguments) -> int:
    """
    Play in a window, or write a file.

    :raises ValueError: if the recording, the checkpoint or the topic cannot be used; a damaged
        recording is shown as far as it can be read.
    """
    if arguments.end_s is not None and arguments.end_s <= arguments.start_s:
        raise UsageError('--end-s must be later than --start-s')
    if arguments.live and arguments.checkpoint:
        raise UsageError('--checkpoint is for recordings: a live topic has the gestures of '
                         'gesture_classifier')
    if not arguments.live:
        open_given(arguments.recording, arguments).close()
    name = 'live' if arguments.live else Path(arguments.recording).resolve().stem
    window = None if arguments.output else open_window(f'snn-gesture: {name}')
    if window is None and arguments.live and arguments.end_s is None:
        arguments.end_s = arguments.start_s + LIVE_FILE_S
    make_film = live_film(arguments) if arguments.live else recording_film(arguments)
    if window is None:
        save(make_film(), arguments.output or Path(f'{name}_events.png'), arguments)
    else:
        with window:
            play(make_film, window, arguments)
    return 0


def recording_film(arguments):
    """
    Return a function that makes the film of the recording at each call.

    :raises ValueError: if the recording or the checkpoint cannot be used.
    """
    from snn_gesture_ros.viewing.film import film
    watch, printed = None, set()
    if arguments.checkpoint:
        from snn_gesture_ros.network.classifier import SpikingClassifier
        from snn_gesture_ros.viewing.film import Recognition
        watch = partial(Recognition, SpikingClassifier(arguments.checkpoint),
                        rotation=arguments.rotation)

    def make_film():
        with open_given(arguments.recording, arguments) as recording:
            shown = film(recording, round(1000 * arguments.frame_ms), arguments.topic,
                         arguments.start_s, arguments.end_s, watch, arguments.rotation)
            try:
                yield from shown
            finally:
                for note in recording.notes:
                    if note not in printed:
                        print(note, file=sys.stderr)
                        printed.add(note)
    return make_film


def live_film(arguments):
    """
    Return a function that makes the film of the topic.

    :raises ValueError: if there is no ROS 2.
    """
    try:
        from snn_gesture_ros.viewing.live_events import film_live
    except ImportError as error:
        raise ValueError(f'{error}: a live topic needs ROS 2: source env.bash, or your '
                         'ROS') from None
    topic = arguments.topic or EVENTS_TOPIC
    print(f'snn-gesture view: waiting for events of {topic}', file=sys.stderr)
    return lambda: film_live(topic, round(1000 * arguments.frame_ms), arguments.start_s,
                             arguments.end_s, arguments.rotation)


def open_window(title: str):
    """Return a window; None if it cannot be opened, after the reason is printed."""
    from snn_gesture_ros.viewing.window import NoWindow, Window
    try:
        return Window(title)
    except NoWindow as error:
        print(f'snn-gesture view: no window, as {error}', file=sys.stderr)
        return None


def play(make_film, window, arguments) -> None:
    """
    Play until the window is closed; a recording is repeated.

    :raises ValueError: if there are no events to show.
    """
    if arguments.live:
        window.play((shot and shot.draw() for shot in make_film()), 0)
        return
    while not window.closed:
        if not window.play((shot.draw() for shot in make_film()), arguments.frame_ms / 1000):
            raise ValueError(NO_EVENTS)


def save(shots, path: Path, arguments) -> None:
    """
    Write a file in the format of its suffix, and print its path.

    :raises ValueError: if there is no such folder, there are no events to show, or the recording
        is damaged, after what can be read is saved.
    """
    from snn_gesture_ros.viewing.film import at_steady_rate, FORMATS
    if not path.parent.is_dir():
        raise ValueError(f'{path}: there is no folder {path.parent}')
    shots = (shot for shot in shots if shot is not None)
    if arguments.live:
        shots = at_steady_rate(shots, round(1000 * arguments.frame_ms))
    damage = []

    def readable():
        try:
            yield from shots
        except UnreadableRecording as error:
            damage.append(error)

    shown = readable()
    first = next(shown, None)
    if first is not None:
        FORMATS[path.suffix](chain([first], shown), path, arguments.frame_ms)
        print(path)
    if damage:
        raise damage[0]
    if first is None:
        raise ValueError(NO_EVENTS)


def seconds(text: str) -> float:
    """
    Return a duration in seconds.

    :raises ArgumentTypeError: if it is not a number of zero or more.
    """
    return number_from(text, 0.0, 1e9)


def milliseconds(text: str) -> float:
    """
    Return the duration of an image in milliseconds.

    :raises ArgumentTypeError: if it is not a number in range.
    """
    return number_from(text, 1.0, 60_000.0)


def film_file(text: str) -> Path:
    """
    Return the path of a film.

    :raises ArgumentTypeError: if its suffix is not that of a format.
    """
    from snn_gesture_ros.viewing.film import FORMATS
    if Path(text).suffix not in FORMATS:
        raise argparse.ArgumentTypeError(f'{text} must end in one of {", ".join(FORMATS)}')
    return Path(text)
