# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The facts of a recording, as `snn-gesture info` shows them."""
from dataclasses import dataclass

import numpy as np
from snn_gesture_ros.events.messages import Triggers
from snn_gesture_ros.recordings.recording import Recording, UnreadableRecording
from snn_gesture_ros.recordings.stored_messages import EventReader, Pace, PEAK_US


@dataclass
class Facts:
    """Facts of one camera's events; None where the recording does not have it."""

    topic: str = None
    message_type: str = None
    encoding: str = None
    width: int = None
    height: int = None
    events: int = 0
    on: int = 0
    off: int = 0
    out_of_range: int = 0
    """Events outside the sensor; no other number counts them."""
    triggers_rising: int = 0
    triggers_falling: int = 0
    t_first_us: int = None
    """Earliest camera time of an event."""
    t_last_us: int = None
    sum_time_us: int = 0
    """Sum of the camera times of all events and triggers: a check sum."""
    duration_s: float = None
    rate_eps: float = None
    """Events per second."""
    peak_rate_eps: float = None
    """Events per second in the 10 ms that have most."""
    longest_gap_s: float = None
    """Longest time without an event, between two."""
    longest_gap_at_s: float = None
    """When it begins, since the first event."""
    restarts: int = None
    """Times that the camera's clock fell back, as where it was restarted."""
    messages: int = None
    lost: int = None
    malformed: int = None
    malformed_reason: str = None
    """Why the first malformed message could not be read."""
    damage: str = None
    """Why nothing more could be read, where the rest is only of what came before."""


def gather_facts(recording: Recording, topic=None) -> Facts:
    """
    Read a recording to its end.

    Where it is damaged, the facts are of what comes before.

    :param topic: of a bag, needed where it has several with events; or one of its streams.
    :raises ValueError: if no event can be read, an encoding is unknown or the topic not clear.
    """
    facts, pace = Facts(), Pace()
    gather = _gather_from_messages if recording.topics else _gather_from_events
    try:
        gather(facts, pace, recording, topic)
    except UnreadableRecording as error:
        if not facts.events:
            raise
        facts.damage = str(error)
    if facts.events:
        facts.duration_s = (facts.t_last_us - facts.t_first_us) / 1e6
        facts.rate_eps = facts.events / facts.duration_s if facts.duration_s else None
        facts.restarts = pace.restarts
        facts.peak_rate_eps = pace.peak / PEAK_US * 1e6
        facts.longest_gap_s = pace.longest_gap_us / 1e6
        if pace.longest_gap_us:
            facts.longest_gap_at_s = (pace.longest_gap_at_us - facts.t_first_us) / 1e6
    return facts


def _gather_from_messages(facts, pace, bag, topic):
    facts.topic = bag.choose_topic(topic)
    facts.message_type = bag.topics[facts.topic]
    reader = EventReader(facts.message_type)
    try:
        for message in bag.messages([facts.topic]):
            events = reader.read(message.data)
            facts.width, facts.height = reader.width, reader.height
            _add_events(facts, pace, events)
    finally:
        _add_triggers(facts, reader.triggers)
        facts.encoding = reader.encoding
        facts.out_of_range += reader.out_of_range
        facts.messages, facts.malformed = reader.messages, reader.malformed
        facts.malformed_reason = reader.malformed_reason
        facts.lost = reader.lost if reader.numbered else None


def _gather_from_events(facts, pace, recording, topic):
    topic = recording.choose_topic(topic)
    facts.topic = topic if len(recording.streams) > 1 else None
    facts.width, facts.height = recording.width, recording.height
    facts.encoding = recording.encoding
    try:
        for events in recording.events(topic):
            _add_events(facts, pace, events)
    finally:
        _add_triggers(facts, recording.triggers())


def _add_events(facts, pace, events):
    if facts.width is not None:
        inside = (events['x'] < facts.width) & (events['y'] < facts.height)
        facts.out_of_range += int(np.count_nonzero(~inside))
        events = events[inside]
    if not len(events):
        return
    times_us, on = events['t'], int(np.count_nonzero(events['p']))
    facts.events += len(events)
    facts.on += on
    facts.off += len(events) - on
    first_us, last_us = int(times_us.min()), int(times_us.max())
    facts.t_first_us = first_us if facts.t_first_us is None else min(facts.t_first_us, first_us)
    facts.t_last_us = last_us if facts.t_last_us is None else max(facts.t_last_us, last_us)
    facts.sum_time_us += _exact_sum(times_us)
    pace.add(times_us)


def _add_triggers(facts, triggers: Triggers):
    facts.triggers_rising, facts.triggers_falling = triggers.rising, triggers.falling
    facts.sum_time_us += triggers.time_sum_us


def _exact_sum(times_us):
    """Return the sum, which for times since 1970 does not fit in 64 bits."""
    return (int((times_us >> 20).sum()) << 20) + int((times_us & 0xfffff).sum())
