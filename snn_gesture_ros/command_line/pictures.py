# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Verb `pictures`: draw every class as the simulated camera sees it."""
from pathlib import Path

import numpy as np
from snn_gesture_ros.command_line.options import seed
from snn_gesture_ros.command_line.terminal import image_file
from snn_gesture_ros.labels import DVS128_GESTURES, NONE
from snn_gesture_ros.simulation import FRAMINGS, random_clip, SENSORS
from snn_gesture_ros.simulation.activities import IDLE_ACTIVITIES
from snn_gesture_ros.viewing.film import Exposure

EXAMPLE = 'snn-gesture pictures --seed 3 --output people.png'
SENSOR = SENSORS['dvs128']
CLIP_US = 1_500_000
SHOWN_US = 60_000
"""Duration that a tile shows: the part of a clip with the most events."""
PEOPLE = 2
"""Number of people in each framing."""


def add_arguments(parser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument('--output', type=image_file, default=Path('gestures.png'),
                        metavar='FILE',
                        help='file of the image (default: %(default)s)')
    parser.add_argument('--seed', type=seed, default=0, metavar='N',
                        help='another seed, other people (default: %(default)s)')


def run(arguments) -> int:
    """
    Draw a row for each gesture and for each kind of none: people in every framing.

    :raises OSError: if the image cannot be written.
    """
    from snn_gesture_ros.command_line.terminal import show_progress
    from snn_gesture_ros.viewing.image import save_strip, TEXT
    rows = [(label, TEXT, []) for label in DVS128_GESTURES]
    rows += [(f'{NONE}: {activity}', TEXT, []) for activity in IDLE_ACTIVITIES]

    def simulate():
        yield 0
        number = arguments.seed * len(rows) * PEOPLE * len(FRAMINGS)
        for caption, _, tiles in rows:
            for framing in np.repeat(list(FRAMINGS), PEOPLE):
                tiles.append(liveliest(caption.split()[-1], number, framing))
                number += 1
            yield 1

    show_progress(simulate(), len(rows), 'simulating')
    save_strip(rows, arguments.output)
    print(f'image: {arguments.output}')
    return 0


def liveliest(activity, seed, framing) -> np.ndarray:
    """Simulate a clip; return the event counts [2, H, W] of its part with the most events."""
    events = random_clip(activity, seed, CLIP_US, 'dvs128', framing)
    parts = events['t'] // SHOWN_US
    shown = events[parts == np.bincount(parts).argmax()]
    exposure = Exposure()
    exposure.add(shown, SENSOR.width, SENSOR.height)
    return exposure.take()
