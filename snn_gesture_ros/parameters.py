# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Parameters: each declared once, with description and range.

Those of the two nodes are here, since `snn-gesture evaluate` has them as options without ROS.
"""
from typing import Any, NamedTuple, Optional

from snn_gesture_ros.decision.recognition import MIN_EVENTS
from snn_gesture_ros.events.packet import MAX_SIDE


class Spec(NamedTuple):
    """One parameter; its default gives its type."""

    name: str
    default: Any
    description: str
    minimum: Optional[float] = None
    maximum: Optional[float] = None
    read_only: bool = True

    def check(self, value):
        """
        Give a value that is in range; a decimal one as float, whatever number it was given as.

        :raises ValueError: if it is no value, no number or out of range.
        """
        if value is None:       # what ROS makes of an empty list, whatever the type
            raise ValueError(f'{self.name} must not be empty')
        if isinstance(self.default, float):
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise ValueError(f'{self.name} must be a number')
            value = float(value)
        if self.minimum is not None and not self.minimum <= value <= self.maximum:
            raise ValueError(f'{self.name} must be between {self.minimum} and {self.maximum}')
        return value


ROTATION = Spec(
    'rotation', 0, 'Turn the picture clockwise by 0, 90, 180 or 270 degrees, before it is '
    'mirrored: as far as the camera, seen from behind, is turned clockwise', 0, 270,
    read_only=False)
EVENT_STREAM = (
    Spec('message_type', '', 'Type of the events topic, such as '
         'event_camera_msgs/msg/EventPacket; empty to find it from the publisher'),
    Spec('geometry', 'square', 'Part of the sensor that is used: square (the largest centred '
         'one), whole, or region', read_only=False),
    Spec('region', [0, 0, 0, 0], 'x, y, width and height in sensor pixels, for geometry region',
         read_only=False),
    ROTATION,
    Spec('flip_x', False, 'Mirror the picture left to right', read_only=False),
    Spec('flip_y', False, 'Turn the picture upside down', read_only=False),
    Spec('width', 128, 'Width of the mapped picture in pixels, a multiple of the frames of the '
         'network', 8, MAX_SIDE),
    Spec('height', 128, 'Height of the mapped picture in pixels', 8, MAX_SIDE),
    Spec('batch_us', 5000, 'Camera time of a packet: messages are gathered to fewer, which costs '
         'this much latency and saves CPU; messages that follow closely are read together, twice '
         'in this time; 0 reads and sends each on', 0, 100_000),
    Spec('hot_pixels', True, 'Learn and silence pixels that fire without cause', read_only=False),
    Spec('refractory_us', 1000, 'Drop events of one polarity on one pixel of the picture that '
         'follow sooner; 0 switches this off', 0, 1_000_000, read_only=False),
    Spec('background_us', 20000, 'Drop events with no other on the pixels around within this '
         'time, shortened for sensors larger than the picture; 0 switches this off',
         0, 1_000_000, read_only=False),
)
GESTURE_CLASSIFIER = (
    Spec('checkpoint', 'fast', 'Path of a checkpoint or name of a shipped model',
         read_only=False),
    Spec('runtime', 'auto', 'What runs the network: auto, onnx (an exported checkpoint) or torch',
         read_only=False),
    Spec('device', 'auto', 'Where the network runs: auto, cpu, cuda or cuda:n', read_only=False),
    Spec('threads', 1, 'Threads of the network on the CPU', 1, 64, read_only=False),
    Spec('state', 'carried', 'carried: the network keeps its state and decides at every frame; '
         'window: it starts at rest for each window and decides at its end', read_only=False),
    Spec('slicing', '', 'How frames are cut: time, count (of events), or empty for the way of the '
         'checkpoint', read_only=False),
    Spec('window_ms', 0.0, 'Duration of a window of frames, for slicing by time; 0 for that of '
         'the checkpoint', 0.0, 60000.0, read_only=False),
    Spec('window_events', 0, 'Events of a window of frames, for slicing by count; 0 for those of '
         'the checkpoint', 0, 100_000_000, read_only=False),
    Spec('queue_size', 8, 'Frames that may wait for the network; more are dropped, oldest first',
         1, 1000),
    Spec('min_events', MIN_EVENTS, 'A window with fewer events is silence, whatever the network '
         'says', 0, 1_000_000, read_only=False),
    Spec('start_threshold', 0.7, 'Averaged score from which a gesture starts', 0.0, 1.0,
         read_only=False),
    Spec('end_threshold', 0.4, 'Averaged score below which a gesture ends', 0.0, 1.0,
         read_only=False),
    Spec('smoothing_ms', 500.0, 'Time constant of the average over decisions; 0 for none', 0.0,
         10000.0, read_only=False),
)
NOISE = ('hot_pixels', 'refractory_us', 'background_us')
DECISION = ('start_threshold', 'end_threshold', 'smoothing_ms')
SLICING = ('slicing', 'window_ms', 'window_events')
NETWORK = ('checkpoint', 'runtime', 'device', 'threads', 'state')
