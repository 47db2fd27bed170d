# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Options of all verbs that read recordings: which camera, and what the file does not say."""
import argparse
import re

from snn_gesture_ros.recordings.opening import open_recording

ENCODINGS = ('evt2', 'evt21', 'evt3')
"""Of what Prophesee's sensors send."""


def add_stream_option(parser) -> None:
    """Declare --topic, also by the name --stream."""
    parser.add_argument('--topic', '--stream', dest='topic', metavar='TOPIC',
                        help='topic of a bag, or stream of another file, with several cameras')


def add_file_options(parser) -> None:
    """Declare --encoding and --size."""
    parser.add_argument('--encoding', choices=ENCODINGS,
                        help='of what a sensor of Prophesee has sent, in a file without a header')
    parser.add_argument('--size', type=sensor_size, metavar='WxH',
                        help='of the sensor in pixels, where the file does not tell it, as in '
                             '346x260')


def open_given(path, arguments):
    """Open a recording as the options say; see `open_recording`."""
    return open_recording(path, arguments.encoding, arguments.size)


def sensor_size(text: str) -> tuple:
    """
    Read the width and the height of a sensor.

    :raises ArgumentTypeError: if it is none.
    """
    found = re.fullmatch(r'([1-9]\d{0,4})x([1-9]\d{0,4})', text)
    if not found:
        raise argparse.ArgumentTypeError(f'{text} is not WIDTHxHEIGHT, as 346x260')
    return int(found[1]), int(found[2])
