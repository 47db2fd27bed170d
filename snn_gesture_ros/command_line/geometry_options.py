# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The options of verbs that make clips: which part of the sensor, and how it is turned."""
from snn_gesture_ros.datasets.clip_set import ClipSet
from snn_gesture_ros.events.geometry import Geometry, MODES, ROTATIONS


def add_geometry(parser) -> None:
    """Declare the options, which are parameters of event_stream too."""
    parser.add_argument('--geometry', choices=MODES, default='square',
                        help='part of the sensor that is used (default: %(default)s, the largest '
                             'centred one)')
    parser.add_argument('--region', type=int, nargs=4, metavar=('X', 'Y', 'WIDTH', 'HEIGHT'),
                        help='in sensor pixels, for geometry region')
    parser.add_argument('--rotation', type=int, choices=ROTATIONS, default=0,
                        help='turn the picture clockwise by so many degrees, before it is '
                             'mirrored: as far as the camera was turned clockwise')
    parser.add_argument('--flip-x', action='store_true', help='mirror the picture left to right')
    parser.add_argument('--flip-y', action='store_true', help='turn the picture upside down')


def geometry_of(arguments) -> Geometry:
    """
    Return the geometry of clips.

    :raises ValueError: if it is impossible.
    """
    if arguments.region and arguments.geometry != 'region':
        raise ValueError('--region is for --geometry region')
    return Geometry.of({**vars(arguments), 'region': arguments.region or Geometry.region,
                        'width': ClipSet.SIZE, 'height': ClipSet.SIZE})
