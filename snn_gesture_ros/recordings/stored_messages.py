# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The messages of a recording: read, made of events, and their pace."""
import numpy as np
from snn_gesture_ros.events.cdr import encode_event_array
from snn_gesture_ros.events.event import EVENT, MalformedMessage
from snn_gesture_ros.events.messages import MessageDecoder
from snn_gesture_ros.events.timeline import SLACK_US, steady_times
from snn_gesture_ros.recordings.recording import find_sensor_size, Recording

EVENTS_TYPE = 'dv_ros2_msgs/msg/EventArray'
"""Type of the messages for recordings that hold none."""
BATCH_US = 1000
"""Camera time of one such message."""
PEAK_US = 10_000
"""The highest rate is that of such a time, on a fixed grid."""


class EventReader(MessageDecoder):
    """A MessageDecoder that skips and counts the messages that cannot be read."""

    def __init__(self, message_type: str):
        """Start before the first message; the type is one of EVENT_TYPES."""
        super().__init__(message_type)
        self.width = None
        self.height = None
        self.messages = 0
        self.malformed = 0
        """Messages that could not be read; they have no events."""
        self.malformed_reason = None
        """Why the first of them could not."""

    def read(self, data: bytes) -> np.ndarray:
        """
        Return the events of a serialized message, EVENT[n].

        :raises ValueError: if the encoding is not known.
        """
        self.messages += 1
        try:
            message = self.decode(data)
        except MalformedMessage as error:
            self.malformed += 1
            self.malformed_reason = self.malformed_reason or str(error)
            return np.empty(0, EVENT)
        self.width, self.height = message.width, message.height
        return message.events


class StoredMessages:
    """The messages of one camera, serialized: those of a bag, or made of another's events."""

    def __init__(self, recording: Recording, topic=None, sensor_size=None,
                 frame_id: str = 'camera'):
        """
        Choose the topic of a bag, or the stream of another format, and find the sensor's size.

        :param topic: of a bag, needed where it has several with events; or one of its streams.
        :param sensor_size: width and height in pixels, for a format that does not have them; by
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
        return self._read()

    def since(self, start_ns: int):
        """
        Yield what the recording has from so long after its first message on.

        Where the format has an index, the file is not read up to there.

        :returns: a generator of the time since `start_ns`, the time and the bytes of each message.
        """
        for first_ns, _ in self._read():
            for t_ns, data in self._read(first_ns + start_ns if start_ns else None):
                if t_ns - first_ns >= start_ns:
                    yield t_ns - first_ns - start_ns, t_ns, data
            return

    def _read(self, start_ns=None):
        """Yield the time and the bytes of every message; some before start_ns may be missing."""
        if self._recording.topics:
            for message in self._recording.messages([self.topic], start_ns):
                yield message.t_ns, message.data
            return
        start_us = None if start_ns is None else start_ns // 1000
        yield from as_messages(self._recording.slices(BATCH_US, self.topic, start_us),
                               *self.sensor_size, self._frame_id)


def as_messages(slices, width: int, height: int, frame_id: str = 'camera'):
    """
    Yield the time in nanoseconds of the newest event, and a serialized message of EVENTS_TYPE.

    :param slices: EVENT[n] of BATCH_US each.
    """
    for events in slices:
        t_ns = int(steady_times(events['t'])[-1]) * 1000
        yield t_ns, encode_event_array(events, t_ns, frame_id, height, width)


class Pace:
    """Follow the times of events, batch by batch."""

    def __init__(self):
        """Start before the first event."""
        self.longest_gap_us = 0
        """Longest time without an event, between two."""
        self.longest_gap_at_us = None
        """When it begins."""
        self.peak = 0
        """Most events within PEAK_US."""
        self.restarts = 0
        """Times that the camera's clock fell back."""
        self._newest_us = self._last_us = None
        self._bin, self._in_bin = None, 0

    def add(self, times_us: np.ndarray) -> None:
        """Add the times of one event or more, int64[n]; older ones make no gap."""
        before_us = times_us[0] if self._last_us is None else self._last_us
        self.restarts += int(np.count_nonzero(
            np.diff(times_us, prepend=before_us) < -SLACK_US))
        self._last_us = times_us[-1]
        newest_us = np.maximum.accumulate(times_us)
        if self._newest_us is not None:
            newest_us = np.maximum(newest_us, self._newest_us)
        before_us = newest_us[0] if self._newest_us is None else self._newest_us
        gaps_us = np.diff(newest_us, prepend=before_us)
        place = int(gaps_us.argmax())
        if gaps_us[place] > self.longest_gap_us:
            self.longest_gap_us = int(gaps_us[place])
            self.longest_gap_at_us = int(newest_us[place]) - self.longest_gap_us
        self._newest_us = int(newest_us[-1])
        bins, counts = np.unique(times_us // PEAK_US, return_counts=True)
        if bins[0] == self._bin:
            counts[0] += self._in_bin
        self.peak = max(self.peak, int(counts.max()))
        self._bin, self._in_bin = int(bins[-1]), int(counts[-1])
