# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Cut clips from events, filtered as the event_stream node filters them."""
from dataclasses import asdict, dataclass

import numpy as np
from snn_gesture_ros.datasets.clip_set import ClipSet
from snn_gesture_ros.events.geometry import Geometry
from snn_gesture_ros.events.messages import is_possible
from snn_gesture_ros.events.noise import Cleaner
from snn_gesture_ros.events.noise_settings import NoiseSettings
from snn_gesture_ros.events.packet import PACKED_EVENT
from snn_gesture_ros.events.timeline import steady_times, Timeline
from snn_gesture_ros.recordings.opening import open_recording
from snn_gesture_ros.recordings.recording import cut_slices, find_sensor_size

BATCH_US = 10_000
"""Camera time that is filtered at once, as the events of a message are."""
RAW = NoiseSettings(hot_pixels=False, refractory_us=0, background_us=0)
"""No noise is removed."""


@dataclass(frozen=True)
class Cleaning:
    """How events are mapped to the frame of clips; by default as event_stream does it."""

    geometry: Geometry = Geometry(width=ClipSet.SIZE, height=ClipSet.SIZE)
    noise: NoiseSettings = NoiseSettings()

    def description(self) -> dict:
        """Return what a set's description contains of it."""
        geometry = [self.geometry.mode]
        if self.geometry.mode == 'region':
            geometry += map(str, self.geometry.region)
        if self.geometry.rotation:
            geometry.append(f'rotation {self.geometry.rotation}')
        geometry += [name for name in ('flip_x', 'flip_y') if getattr(self.geometry, name)]
        return {'geometry': ' '.join(geometry), **asdict(self.noise)}


def cut_recording(path, spans_us: list, topic=None, sensor_size=None, zero_us=None,
                  cleaning: Cleaning = Cleaning(), encoding=None, notes=None) -> tuple:
    """
    Cut spans of time from a recording.

    :param topic: of a bag with several cameras.
    :param sensor_size: width and height in pixels; None where the recording has it.
    :param encoding: of a recording without a header, see `open_recording`.
    :param notes: a list to which those of the recording are appended.
    :returns: what `cut_clips` returns, and the width of a pixel of the frame in pixels of the
        sensor.
    :raises ValueError: if the recording cannot be read, or the geometry's region is not on it.
    """
    with open_recording(path, encoding, sensor_size) as recording:
        topic = recording.choose_topic(topic)
        size = sensor_size or find_sensor_size(recording, topic)
        cuts = cut_clips(recording.events(topic), size, spans_us, zero_us, cleaning)
    if notes is not None:
        notes += recording.notes
    return cuts, cleaning.geometry.scale(*size)


def cut_clips(batches, sensor_size: tuple, spans_us: list, zero_us=None,
              cleaning: Cleaning = Cleaning()) -> list:
    """
    Filter all events of a sensor and cut spans of time from them.

    :param batches: arrays of EVENT in the order they were sent, read once.
    :param sensor_size: width and height in pixels.
    :param spans_us: start and end of each; an end of None is that of the events.
    :param zero_us: the camera time that spans are counted from, that of the first event by
        default.
    :returns: for each span its duration and its PACKED_EVENT[n] in the order of time, counted
        from its start; None for a span that begins after the last event.
    :raises ValueError: if there is no sensor of that size, or the geometry's region is not on it.
    """
    if not is_possible(*sensor_size):
        raise ValueError('a sensor of {}x{} pixels does not exist'.format(*sensor_size))
    cleaner = Cleaner(cleaning.geometry, cleaning.noise, *sensor_size)
    pieces = [[] for _ in spans_us]
    last_us, timeline = None, Timeline()
    for events in cut_slices(batches, BATCH_US):
        placed = timeline.place(events['t'], int(steady_times(events['t'])[-1]) * 1000)
        if placed is None:
            continue
        if placed.restarted:
            cleaner.restart()
        if placed.kept is not None:
            events = events[placed.kept]
        base_us = placed.first_us
        zero_us = base_us if zero_us is None else zero_us
        last_us = max(last_us or base_us, base_us + int(events['t'].max()) - placed.base_us)
        packed = cleaner.clean(events, placed.base_us)
        if not len(packed):
            continue
        first_us = base_us + int(packed['dt_us'].min()) - zero_us
        newest_us = base_us + int(packed['dt_us'].max()) - zero_us
        for (start_us, end_us), held in zip(spans_us, pieces):
            if newest_us >= start_us and (end_us is None or first_us < end_us):
                held.append(_within(packed, base_us - zero_us, start_us, end_us))
    if last_us is None:
        return [None] * len(spans_us)
    return [_joined(start_us, last_us + 1 - zero_us if end_us is None else end_us, held)
            if start_us <= last_us - zero_us else None
            for (start_us, end_us), held in zip(spans_us, pieces)]


def _within(packed, base_us, start_us, end_us):
    """Return the events of a span, with times counted from its start."""
    times_us = packed['dt_us'].astype(np.int64) + (base_us - start_us)
    inside = times_us >= 0
    if end_us is not None:
        inside &= times_us < end_us - start_us
    cut = packed[inside]
    cut['dt_us'] = times_us[inside]
    return cut


def _joined(start_us, end_us, pieces):
    events = np.concatenate([np.empty(0, PACKED_EVENT), *pieces])
    if (events['dt_us'][1:] < events['dt_us'][:-1]).any():
        events = events[np.argsort(events['dt_us'], kind='stable')]
    return end_us - start_us, events
