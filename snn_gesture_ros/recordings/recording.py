# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the recordings of all formats have in common."""
from contextlib import contextmanager

import numpy as np
from snn_gesture_ros.events.messages import MAX_SENSOR_SIDE, Triggers
from snn_gesture_ros.events.timeline import SLACK_US, steady_times
from snn_gesture_ros.printable import one_line

MIN_SENSOR_SIZE = (128, 128)
DISORDER = 0.001
"""Where a larger share of the events is older by SLACK_US, they are out of order; the camera
was not restarted."""

MAX_REASON = 200
"""Letters; some libraries put the bytes of a file into theirs."""
SEEK_SAMPLES = 256
"""Events whose times show where in a file a time is."""
SEEK_MARGIN_US = 1_000_000
"""Is read before a time, so that events out of order around it are treated as from the start."""


class UnreadableRecording(ValueError):
    """The file cannot be read; the message is one line that names it."""

    def __init__(self, message: str):
        """Replace what cannot be printed: names in a file may contain anything."""
        super().__init__(one_line(message))


class Recording:
    """
    A recording, open for reading; use it as a context manager.

    A bag has `topics` and its messages can be read as they are. The other formats hold events
    without messages: they have no topics, may have `streams`, and the resolution of the sensor
    where the file has it. Events can be read from all of them.
    """

    file_format = ''
    path = None
    topics = {}
    """Message type by topic, of the topics that carry events."""
    contents = {}
    """Message type and number of messages, None if unknown, of every topic of a bag."""
    streams = {}
    """Width and height of each camera of a format without messages, in a fixed order."""
    encoding = None
    """Encoding of the events, for a format without messages that has several."""
    width = None
    height = None
    notes = ()
    """What was assumed, or is not as it should be though it can be read: a line each."""

    def events(self, topic=None):
        """
        Yield arrays of EVENT in the order of the recording, few enough to hold in memory.

        :param topic: of a bag, needed where it has several with events; or one of `streams`.
        :raises UnreadableRecording: if the file is damaged, or the topic is not clear.
        """
        raise NotImplementedError

    def events_from(self, start_us: int, topic=None):
        """
        Yield what `events` yields, without most of what is before a camera time.

        Where the format has an index, or where its events have places that can be computed, the
        file is not read up to there; other formats yield all. The first event that is yielded is
        earlier than the time, if any is.

        :param topic: as in `events`, like what is raised.
        """
        return self.events(topic)

    @contextmanager
    def _closing_on_error(self):
        """Close the file if reading its header fails, since nobody holds the recording then."""
        try:
            yield
        except BaseException:
            self.close()
            raise

    def choose_topic(self, topic=None):
        """
        Return the topic of a bag, or the only one if it is None; of other formats the stream.

        Of several streams the first is chosen, with a note; the width and the height become those
        of the stream. Return None where there are neither topics nor streams.

        :raises UnreadableRecording: if it has no events, or if there are several topics.
        """
        if topic is None and len(self.streams) > 1:
            first, *others = self.streams
            self.add_note(f'several cameras: {first} is read, --stream chooses another: '
                          f'{", ".join(others)}')
        if topic is None:
            topic = next(iter(self.streams), None)
        elif not self.streams:
            raise UnreadableRecording(f'{self.path}: {self.file_format} has no topics')
        elif topic not in self.streams:
            raise UnreadableRecording(f'{self.path}: there is no stream {topic}; there are: '
                                      f'{", ".join(self.streams)}')
        if topic is not None:
            self.width, self.height = self.streams[topic]
        return topic

    def set_size(self, size: tuple) -> None:
        """Set width and height of the sensor where the file does not have them."""
        if self.width is None and not self.topics:
            self.width, self.height = size
        self.streams = {name: size if known == (None, None) else known
                        for name, known in self.streams.items()}

    def add_note(self, text: str) -> None:
        """Add a line to the notes, once, with the name of the file before it."""
        note = one_line(f'{self.path}: {text}')
        if note not in self.notes:
            self.notes = (*self.notes, note)

    def slices(self, duration_us: int, topic=None, start_us=None):
        """
        Yield the events of each `duration_us` of camera time that has any, EVENT[n].

        :param start_us: camera time before which most may be left out; None for the start.
        """
        if start_us is None:
            return cut_slices(self.events(topic), duration_us)
        return cut_slices(self.events_from(start_us - SEEK_MARGIN_US, topic), duration_us)

    def triggers(self) -> Triggers:
        """Count the triggers of a format without messages."""
        return Triggers()

    def close(self) -> None:
        """Close the file."""

    def _damaged(self, reason) -> UnreadableRecording:
        """Return the error for a file that cannot be read any further."""
        reason = str(reason)[:MAX_REASON] or type(reason).__name__
        return UnreadableRecording(f'{self.path}: the file is cut off or damaged: {reason}')

    def __enter__(self):
        """Return the recording."""
        return self

    def __exit__(self, *_):
        """Close the recording."""
        self.close()


def known_size(width: int, height: int) -> tuple:
    """Return width and height as a file has them, None for both if no sensor can have them."""
    known = 0 < min(width, height) and max(width, height) <= MAX_SENSOR_SIDE
    return (width, height) if known else (None, None)


def cut_slices(batches, duration_us: int):
    """
    Yield the events of each `duration_us` of camera time that has any, EVENT[n].

    A slice also ends where the camera was restarted. A single event whose time leaps stays among
    its neighbors.

    :param batches: arrays of EVENT.
    """
    held, number = [], None
    most_late = -(-SLACK_US // duration_us)
    for events, times_us in _until_restarts(batches):
        numbers = np.maximum.accumulate(times_us) // duration_us
        starts = np.flatnonzero(np.diff(numbers, prepend=numbers[0])).tolist()
        for start, end in zip([0, *starts], [*starts, len(events)]):
            if held and not 0 <= number - numbers[start] <= most_late:
                yield np.concatenate(held)
                held = []
            if not held:
                number = numbers[start]
            held.append(events[start:end])
    if held:
        yield np.concatenate(held)


def _until_restarts(batches):
    """Yield arrays that have events, cut where the camera was restarted, and steady times."""
    for events, times_us in _with_steady_times(batches):
        restarts = np.flatnonzero(np.diff(times_us) < -SLACK_US) + 1
        if len(restarts) > max(DISORDER * len(events), 1):
            restarts = []
        if len(events):
            yield from zip(np.split(events, restarts), np.split(times_us, restarts))


def _with_steady_times(batches):
    """
    Yield arrays of EVENT and their times without leaps.

    The last event of each waits for the next, which shows whether it leaps. The first and the last
    of all may be next to a pause, so their times stay.
    """
    before_us, held = [], []
    for events in batches:
        events = np.concatenate([*held, events])
        if not len(events):
            continue
        times_us = steady_times(np.concatenate([before_us, events['t']]).astype(np.int64))
        times_us = times_us[len(before_us):]
        if not len(before_us):
            times_us = np.concatenate([np.minimum(events['t'][:1], times_us[:1]), times_us[1:]])
        yield events[:-1], times_us[:-1]
        before_us, held = events['t'][-2:-1] if len(events) > 1 else before_us, [events[-1:]]
    for events in held:
        yield events, events['t']


def find_sensor_size(recording: Recording, topic=None) -> tuple:
    """
    Return the width and height in a recording, or else the smallest that hold all its events.

    Of a damaged recording, the events before the damage count.

    :param topic: of a bag, needed where it has several with events; or one of its streams.
    :raises UnreadableRecording: if no event can be read, or the topic is not clear.
    """
    topic = recording.choose_topic(topic)
    if recording.width:
        return recording.width, recording.height
    width, height = MIN_SENSOR_SIZE
    any_events = False
    try:
        for events in recording.events(topic):
            if recording.width:
                return recording.width, recording.height
            if len(events):
                any_events = True
                width = max(width, int(events['x'].max()) + 1)
                height = max(height, int(events['y'].max()) + 1)
    except UnreadableRecording:
        if not any_events:
            raise
    return width, height


def find_place(start_us: int, count: int, times_at) -> tuple:
    """
    Return the place of an event before a camera time, and its time; 0 and None for the start.

    The start is returned, too, where the events are not in the order of time.

    :param count: number of events, or of packets of events.
    :param times_at: returns the camera times int64[m] of the places int64[m], which ascend.
    """
    if not count:
        return 0, None
    places = np.unique(np.linspace(0, count - 1, SEEK_SAMPLES).astype(np.int64))
    times_us = times_at(places)
    before = np.flatnonzero(times_us < start_us)
    if not len(before) or (np.diff(times_us) < -SLACK_US).any():
        return 0, None
    return int(places[before[-1]]), int(times_us[before[-1]])


def read_times(file, start: int, record: np.dtype, places: np.ndarray) -> np.ndarray:
    """
    Return the times of single records of a file, unwrapped; see `find_place`.

    :param start: place of the first record in bytes.
    :param record: its type, with a field `t` of 32 bits.
    :param places: numbers of records, int64[m], ascending.
    """
    times = np.empty(len(places), record['t'])
    for number, place in enumerate(places.tolist()):
        file.seek(start + place * record.itemsize)
        times[number] = np.frombuffer(file.read(record.itemsize), record)['t'][0]
    return Unwrapped().unwrap(times)


class Unwrapped:
    """Follow the times of a file, batch by batch; steps are the shorter way round, also back."""

    def __init__(self, last_us=None):
        """
        Start before the first time.

        :param last_us: the time, unwrapped, that is before the next one; None where there is none.
        """
        self._last_us = last_us

    def unwrap(self, times: np.ndarray) -> np.ndarray:
        """Return the times of the next events, int64[n]; they may be of any type of 32 bits."""
        low = times.astype(np.uint32).view(np.int32)
        if not len(low):
            return np.zeros(0, np.int64)
        if self._last_us is None:
            self._last_us = int(times[0])
        last = np.array(self._last_us & 0xffffffff, np.uint32).view(np.int32)
        steps = np.diff(low, prepend=last)
        times_us = self._last_us + np.cumsum(steps, dtype=np.int64)
        self._last_us = int(times_us[-1])
        return times_us
