# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Parameters of the two nodes from events to gestures, put together from the settings of the core.

They are known without ROS, since `snn-gesture evaluate` has them as options. To add one, add a
field to the dataclass whose code uses it.
"""
from dataclasses import dataclass

from snn_gesture_ros.decision.gesture_filter import DecisionSettings
from snn_gesture_ros.decision.recognition import MIN_EVENTS
from snn_gesture_ros.events.geometry import Geometry
from snn_gesture_ros.events.noise_settings import NoiseSettings
from snn_gesture_ros.frames.frame_stream import Slicing
from snn_gesture_ros.network.classifier import NetworkSettings
from snn_gesture_ros.settings import setting, settings_of


@dataclass(frozen=True)
class StreamSettings:
    """How event_stream reads messages."""

    message_type: str = setting(
        '', 'Type of the events topic, such as event_camera_msgs/msg/EventPacket; empty: that of '
        'the publisher')
    batch_us: int = setting(
        10000, 'Camera time of a packet: messages are read and sent together once in this time, '
        'which saves CPU; if the frames of the network last a multiple of it, it costs '
        'hardly any latency; 0 reads and sends each message', unit='µs', minimum=0,
        maximum=100_000)


@dataclass(frozen=True)
class QueueSettings:
    """Which frames the network of gesture_classifier decides on."""

    queue_size: int = setting(
        8, 'Frames that may wait for the network; more are dropped, oldest first', minimum=1,
        maximum=1000)
    min_events: int = setting(
        MIN_EVENTS, 'A window with fewer events is silence, whatever the scores of the network',
        minimum=0, maximum=1_000_000, live=True)


EVENT_STREAM = settings_of(StreamSettings, Geometry, NoiseSettings)
GESTURE_CLASSIFIER = settings_of(NetworkSettings, Slicing, QueueSettings, DecisionSettings)
NETWORK = tuple(each.name for each in settings_of(NetworkSettings))
SLICING = tuple(each.name for each in settings_of(Slicing))
