# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Examples: gestures that people have shown and named, cut from recent events and stored on disk.

The store is a clip set with one part per example, so that `snn-gesture train --data` reads it
too. Examples are only added; one that is set aside is moved, and can be moved back.
"""
from collections import Counter, deque
from dataclasses import replace
import os
from pathlib import Path
import re
from typing import NamedTuple

import numpy as np
from snn_gesture_ros.datasets.clip_set import Clip, ClipSet, ClipSetWriter
from snn_gesture_ros.datasets.cutting import Cleaning, cut_recording
from snn_gesture_ros.evaluation.sources import Source
from snn_gesture_ros.events.packet import PACKED_EVENT, StreamPacket

LABEL = re.compile(r'\w{1,50}')
"""Labels are part of file names."""
VALIDATION_EVERY = 5
"""Every n-th example of a label is for validation if `snn-gesture train` reads the store; `learn`
holds out all examples in turn."""
MIN_US, MAX_US = 1_000_000, 10_000_000
"""Duration of an example."""
BIN_US = 100_000
MIN_ACTIVITY = 0.25
"""Bins at both ends of an example with a lower share of its usual events are rest."""
NO_EVENTS = np.empty(0, PACKED_EVENT)
SOMEONE = 'someone'
"""Person of a recording, if no table names one, or names several."""


class ExampleStore:
    """The labeled examples in a folder."""

    def __init__(self, folder):
        """
        Create a store, or open the one in the folder.

        :raises ValueError: if the folder contains other files.
        """
        self.folder = Path(folder)
        self._writer = ClipSetWriter(folder, {'made_by': 'examples shown to the robot'})
        self._parts, self._set_aside = self.folder / 'parts', self.folder / 'set_aside'

    def names(self) -> list:
        """Return the names of the examples, oldest first."""
        return sorted(path.stem for path in self._parts.glob('*.json'))

    def counts(self) -> Counter:
        """Return the number of examples by label."""
        return Counter(map(label_of, self.names()))

    def add(self, label: str, person: str, recording: str, events: np.ndarray,
            duration_us: int, scale: float = 1.0, source: str = 'shown to the robot') -> str:
        """
        Store an example.

        :param label: letters, digits and underscores.
        :param person: who shows it.
        :param recording: time of the recording, or its file.
        :param events: PACKED_EVENT[n] at the resolution of ClipSet.SIZE, sorted by time.
        :param scale: width of such a pixel in pixels of the sensor.
        :param source: how it was shown; with label and recording it identifies the example.
        :returns: its name.
        :raises ValueError: if the label or the events cannot be used.
        """
        check_label(label)
        taken = [path.stem for folder in (self._parts, self._set_aside)
                 for path in folder.glob('*.npy')]
        number = 1 + max((int(name.partition('-')[0]) for name in taken), default=0)
        validation = self.counts()[label] % VALIDATION_EVERY == VALIDATION_EVERY - 1
        clip = Clip(label, person, recording, 'validation' if validation else 'train',
                    duration_us, source=source, scale=scale)
        name = f'{number:06d}-{label}'
        self._writer.write(name, [(clip, events)])
        return name

    def origins(self) -> set:
        """Return label, recording and source of every example."""
        return {(clip.label, clip.recording, clip.source)
                for clip in (self.clips().clips if self.names() else ())}

    def set_aside_newest(self) -> str:
        """
        Move the newest example to `set_aside/`.

        :returns: its name.
        :raises ValueError: if there are no examples.
        """
        if not self.names():
            raise ValueError('there is no example')
        name = self.names()[-1]
        self._set_aside.mkdir(exist_ok=True)
        for suffix in ('json', 'npy'):      # without its .json it is not an example
            os.replace(self._parts / f'{name}.{suffix}', self._set_aside / f'{name}.{suffix}')
        return name

    def clips(self) -> ClipSet:
        """
        Return the examples in the order of `names`.

        :raises ValueError: if there are no examples, or one is damaged.
        """
        return ClipSet(self.folder)


def check_label(label: str) -> None:
    """
    Check the label of an example.

    :raises ValueError: if it is not valid.
    """
    if not LABEL.fullmatch(label):
        raise ValueError(f'label {label!r} must be letters, digits and underscores, at most 50')


def label_of(name: str) -> str:
    """Return the label in the name of an example."""
    return name.partition('-')[2]


def trim(events: np.ndarray, duration_us: int) -> tuple:
    """
    Cut off the rest at both ends of a new example.

    :param events: PACKED_EVENT[n] sorted by time.
    :returns: as `cut_off_rest`.
    :raises ValueError: if nothing moves, or not long enough.
    """
    if len(events):
        events, duration_us = cut_off_rest(events, duration_us)
    if not len(events) or duration_us < MIN_US:
        raise ValueError(f'nothing moved for {MIN_US / 1e6:g} s or longer')
    return events, duration_us


def cut_off_rest(events: np.ndarray, duration_us: int) -> tuple:
    """
    Cut off the rest before and after a gesture.

    :param events: PACKED_EVENT[n] sorted by time, not empty.
    :returns: events with times from the new start, and the new duration in microseconds.
    """
    bins = np.bincount(events['dt_us'] // BIN_US, minlength=-(-duration_us // BIN_US))
    some = bins[bins > 0]
    busy = np.flatnonzero(bins >= MIN_ACTIVITY * np.median(some[some >= np.median(some)]))
    start_us = int(busy[0]) * BIN_US
    end_us = min((int(busy[-1]) + 1) * BIN_US, duration_us)
    first, last = np.searchsorted(events['dt_us'], (start_us, end_us))
    kept = events[first:last].copy()
    kept['dt_us'] -= np.uint32(start_us)
    return kept, end_us - start_us


class RecordedExample(NamedTuple):
    """A part of a recording; the fields are the arguments of ExampleStore.add."""

    label: str
    person: str
    recording: str
    events: np.ndarray
    duration_us: int
    scale: float
    source: str

    @property
    def origin(self) -> tuple:
        """Label, recording and source, which identify the example as in ExampleStore.origins."""
        return self.label, self.recording, self.source


def read_examples(source: Source, cleaning: Cleaning) -> tuple:
    """
    Cut the labeled parts of a recording into examples, without rest at their ends.

    :returns: list of RecordedExample, and a line for each part that is left out.
    :raises ValueError: if the recording cannot be read, or a label cannot be used.
    """
    if source.archive is not None:
        raise ValueError(f'{source.path.parent}: examples need files, not an archive: unpack it')
    if not source.parts:
        return [], [f'{source.name}: left out, since it has no label']
    for part in source.parts:
        check_label(part.label)
    cleaning = replace(cleaning, geometry=cleaning.geometry.turned(source.turn))
    cuts, scale = cut_recording(
        source.path, [(part.start_us, part.end_us) for part in source.parts], source.topic,
        source.sensor_size, 0 if source.camera_time else None, cleaning)
    person = source.people[0] if len(source.people) == 1 else SOMEONE
    recording = ' '.join(filter(None, [str(source.path.resolve()), source.topic]))
    examples, left_out = [], []
    for part, cut in zip(source.parts, cuts):
        for start_us, duration_us, events in split_clip(*(cut or (1, NO_EVENTS))):
            place = f'from {(part.start_us + start_us) / 1e6:g} s on'
            try:
                events, duration_us = trim(events, duration_us)
            except ValueError as error:
                left_out.append(f'{source.name}: {part.label} {place}: {error}; left out')
                continue
            examples.append(RecordedExample(
                part.label, person, recording, events, duration_us, scale,
                f'recorded, {place}, {cleaning.description()["geometry"]}'))
    return examples, left_out


def split_clip(duration_us: int, events: np.ndarray):
    """
    Split a clip into equal parts of at most MAX_US.

    :returns: generator of the start, duration and events of each.
    """
    count = -(-duration_us // MAX_US)
    ends_us = [duration_us * number // count for number in range(count + 1)]
    places = np.searchsorted(events['dt_us'], ends_us)
    for number in range(count):
        piece = events[places[number]:places[number + 1]].copy()
        piece['dt_us'] -= np.uint32(ends_us[number])
        yield ends_us[number], ends_us[number + 1] - ends_us[number], piece


def add_examples(store: ExampleStore, examples: list) -> list:
    """Add the examples that are not in the store yet; return their names."""
    there = store.origins()
    new = {each.origin: each for each in examples if each.origin not in there}
    return [store.add(**each._asdict()) for each in new.values()]


class RecentEvents:
    """The packets of the last seconds."""

    def __init__(self, keep_us: int):
        """
        Start without packets.

        :param keep_us: camera time in microseconds that is kept.
        """
        self._keep_us = keep_us
        self._packets = deque()

    def add_packet(self, packet: StreamPacket) -> None:
        """
        Add the next packet; if its number shows a restart, forget the others.

        :raises ValueError: if its resolution is not that of clips.
        """
        if (packet.width, packet.height) != (ClipSet.SIZE, ClipSet.SIZE):
            self._packets.clear()
            raise ValueError(f'examples need the resolution {ClipSet.SIZE}x{ClipSet.SIZE}, '
                             f'not {packet.width}x{packet.height}: set width and height of '
                             'event_stream')
        if self._packets and packet.sequence <= self._packets[-1].sequence:
            self._packets.clear()
        self._packets.append(packet)
        while self._packets[0].t_newest_us < packet.t_newest_us - self._keep_us:
            self._packets.popleft()

    def last(self, duration_us: int) -> tuple:
        """
        Return the latest events.

        :param duration_us: camera time up to the newest event.
        :returns: PACKED_EVENT[n] sorted by time, dt_us from the start of that duration; and their
            `scale`, as in StreamPacket.
        :raises ValueError: if there are no packets, or not for that duration.
        """
        if not self._packets:
            raise ValueError('no events: is the camera on, and event_stream running?')
        start_us = self._packets[-1].t_newest_us + 1 - duration_us
        if self._packets[0].t_base_us > start_us:
            raise ValueError(f'events came for less than {duration_us / 1e6:g} s')
        pieces = [np.empty(0, PACKED_EVENT)]
        for packet in self._packets:
            times_us = packet.events['dt_us'].astype(np.int64) + (packet.t_base_us - start_us)
            inside = (times_us >= 0) & (times_us < duration_us)
            piece = packet.events[inside]
            piece['dt_us'] = times_us[inside]
            pieces.append(piece)
        events = np.concatenate(pieces)
        return events[np.argsort(events['dt_us'], kind='stable')], self._packets[-1].scale
