# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Stored messages: a recording as a camera's driver would send it."""
from snn_gesture_ros.events.cdr import encode_event_array
from snn_gesture_ros.events.timeline import steady_times
from snn_gesture_ros.recordings.recording import find_sensor_size, Recording

EVENTS_TYPE = 'dv_ros2_msgs/msg/EventArray'
"""Type of the messages for recordings that hold none."""
BATCH_US = 1000
"""Camera time of one such message."""


class StoredMessages:
    """The messages of one camera, serialized: those of a bag, or made of another's events."""

    def __init__(self, recording: Recording, topic=None, sensor_size=None,
                 frame_id: str = 'camera'):
        """
        Choose the topic of a bag; of other formats the stream, and find the sensor's size.

        :param topic: of a bag, needed where it has several with events; or one of its streams.
        :param sensor_size: width and height in pixels, for a format that does not tell them; by
            default what `find_sensor_size` finds.
        :param frame_id: for the headers of messages that are made.
        :raises UnreadableRecording: if the file is damaged, or there is no such topic.
        """
        self._recording = recording
        self._frame_id = frame_id
        self.topic = recording.choose_topic(topic)
        self.message_type = recording.topics[self.topic] if recording.topics else EVENTS_TYPE
        if not recording.topics:
            self.sensor_size = sensor_size or find_sensor_size(recording, self.topic)

    def __iter__(self):
        """
        Yield the time in nanoseconds and the serialized bytes of every message.

        The time is that of recording in a bag, else the camera's time of the newest event.
        """
        if self._recording.topics:
            for message in self._recording.messages([self.topic]):
                yield message.t_ns, message.data
            return
        yield from as_messages(self._recording.slices(BATCH_US, self.topic),
                               *self.sensor_size, self._frame_id)


def as_messages(slices, width: int, height: int, frame_id: str = 'camera'):
    """
    Yield the time in nanoseconds of the newest event, and a serialized message of EVENTS_TYPE.

    :param slices: EVENT[n] of BATCH_US each.
    """
    for events in slices:
        t_ns = int(steady_times(events['t'])[-1]) * 1000
        yield t_ns, encode_event_array(events, t_ns, frame_id, height, width)
