# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Recorded examples: the labelled parts of recordings, as if they had been shown to the robot."""
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from snn_gesture_ros.datasets.cutting import Cleaning, cut_recording
from snn_gesture_ros.evaluation.sources import Source
from snn_gesture_ros.events.packet import PACKED_EVENT
from snn_gesture_ros.learning.examples import check_label, ExampleStore, LONGEST_US, trimmed

NO_EVENTS = np.empty(0, PACKED_EVENT)
SOMEONE = 'someone'
"""Who is recorded, where no table tells it, or several are."""


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
        """As ExampleStore.origins: which example it is."""
        return self.label, self.recording, self.source


def read_examples(source: Source, cleaning: Cleaning) -> tuple:
    """
    Cut the labelled parts of a recording, without rest at their ends, and none too long.

    :returns: list of RecordedExample, and a line for each part that is left out.
    :raises ValueError: if the recording cannot be read, or a label cannot be used.
    """
    if source.archive is not None:
        raise ValueError(f'{source.path.parent}: examples are not read from an archive: unpack it')
    if not source.parts:
        return [], [f'{source.name}: nothing tells its label; left out']
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
        for start_us, duration_us, events in pieces(*(cut or (1, NO_EVENTS))):
            place = f'from {(part.start_us + start_us) / 1e6:g} s on'
            try:
                events, duration_us = trimmed(events, duration_us)
            except ValueError as error:
                left_out.append(f'{source.name}: {part.label} {place}: {error}; left out')
                continue
            examples.append(RecordedExample(
                part.label, person, recording, events, duration_us, scale,
                f'recorded, {place}, {cleaning.description()["geometry"]}'))
    return examples, left_out


def pieces(duration_us: int, events: np.ndarray):
    """
    Cut a clip into equal parts that are not longer than LONGEST_US.

    :returns: a generator of the start, duration and events of each.
    """
    count = -(-duration_us // LONGEST_US)
    ends_us = [duration_us * number // count for number in range(count + 1)]
    places = np.searchsorted(events['dt_us'], ends_us)
    for number in range(count):
        piece = events[places[number]:places[number + 1]].copy()
        piece['dt_us'] -= np.uint32(ends_us[number])
        yield ends_us[number], ends_us[number + 1] - ends_us[number], piece


def add_examples(store: ExampleStore, examples: list) -> list:
    """Add those examples that are not there yet; return their names."""
    there = store.origins()
    new = {each.origin: each for each in examples if each.origin not in there}
    return [store.add(**each._asdict()) for each in new.values()]
