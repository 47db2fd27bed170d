# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Diagnostics: what a node reports of its status, rates, delays, memory, and silent inputs."""
from collections import deque
from contextlib import suppress
import ctypes
import gc
import json
import os
from pathlib import Path
import sys
import time

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
import numpy as np
from snn_gesture_ros.doctor import findings
from snn_gesture_ros.ros.running import every, publish_while_running
from snn_gesture_ros.ros.state import StatePublisher
from snn_gesture_ros.ros.topics import (
    CAMERA_QOS, Endpoint, event_topics, publishers, subscribers, why_unconnected)

MAX_DURATIONS = 100
MAX_ARRIVALS = 256
PERIOD_S = 1.0
OK, WARN, ERROR, STALE = (DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR,
                          DiagnosticStatus.STALE)
"""As the nodes use them: WARN, something is wrong; ERROR, nothing works until somebody acts;
STALE, the values are old, since no input changes them."""
SEVERITY = (OK, STALE, WARN, ERROR)
RUNNING = OK, 'running'
INACTIVE = OK, findings.INACTIVE
NO_CLOCK = WARN, 'use_sim_time is set, but nobody publishes /clock'
ALL_FILTERED = OK, 'events come, but none passes the geometry and the noise filters'
"""As in a scene where nothing moves."""
NO_EVENTS = f'no events for {findings.SILENCE_S:g} s'


class Rates:
    """Turn counters into rates."""

    def __init__(self, names):
        """
        Start at zero, now.

        :param names: of the counters.
        """
        self._names = names
        self._last = {}
        self._time_s = time.monotonic()

    def update(self, counters: dict) -> dict:
        """
        Return the growth of each counter per second, since the last call, as `NAME_per_s`.

        A counter that fell has started again from zero.
        """
        now_s = time.monotonic()
        elapsed_s = max(now_s - self._time_s, 1e-3)
        rates = {}
        for name in self._names:
            value = counters.get(name, 0)
            last = self._last.get(name, 0)
            grown = value - last if value >= last else value
            rates[f'{name}_per_s'] = round(grown / elapsed_s, 1)
            self._last[name] = value
        self._time_s = now_s
        return rates


class Durations:
    """The latest durations of something that is repeated."""

    def __init__(self):
        """Start without durations."""
        self._latest_s = deque(maxlen=MAX_DURATIONS)

    def add(self, seconds: float) -> None:
        """Add the next duration; this may be called from another thread."""
        self._latest_s.append(seconds)

    def percentile_ms(self, percent: float) -> float:
        """Return a percentile in milliseconds; 0 while there are no durations."""
        latest_s = list(self._latest_s)
        return round(1000 * float(np.percentile(latest_s, percent)), 2) if latest_s else 0.0


class Arrivals:
    """The times at which packets arrived, by the camera time of their events."""

    def __init__(self):
        """Start without packets."""
        self._recent = deque(maxlen=MAX_ARRIVALS)

    def add(self, t_newest_us: int) -> None:
        """Record that a packet has arrived now, with events up to a camera time."""
        if self._recent and t_newest_us < self._recent[-1][0]:
            self._recent.clear()
        self._recent.append((t_newest_us, time.monotonic()))

    def of(self, t_us: int):
        """Return the monotonic time in seconds at which the event of a time arrived, or None."""
        found = None
        for t_newest_us, arrival_s in reversed(self._recent):
            if t_newest_us < t_us:
                break
            found = arrival_s
        return found


class Silence:
    """How long a counter has not changed."""

    def __init__(self):
        """Start now, at zero."""
        self._value = 0
        self._since_s = time.monotonic()

    def update(self, value: int) -> float:
        """Update with the counter; return for how many seconds it has been the same."""
        now_s = time.monotonic()
        if value != self._value:
            self._value, self._since_s = value, now_s
        return round(now_s - self._since_s, 1)


def resident_mb(pid='self') -> int:
    """
    Return the resident memory of a process in MB.

    :raises OSError: if there is no such process, or this is not Linux.
    """
    pages = int(Path(f'/proc/{pid}/statm').read_text().split()[1])
    return round(pages * os.sysconf('SC_PAGE_SIZE') / 1e6)


def gpu_mb() -> int:
    """
    Return the GPU memory in MB that torch has reserved in this process.

    Torch is not imported for that, so it is 0 where torch does not use CUDA.
    """
    cuda = _cuda_in_use()
    if cuda is None:
        return 0
    return round(sum(map(cuda.memory_reserved, range(cuda.device_count()))) / 1e6)


def _cuda_in_use():
    """Return the CUDA module of torch if this process uses it, else None."""
    cuda = sys.modules.get('torch.cuda')
    in_use = getattr(cuda, 'is_initialized', None)  # missing while torch is being imported
    return cuda if in_use is not None and in_use() else None


def release_memory() -> None:
    """Return freed memory to the system and the GPUs, which torch and the C library keep."""
    gc.collect()
    cuda = _cuda_in_use()
    if cuda is not None:
        cuda.empty_cache()
    trim = getattr(ctypes.CDLL(None), 'malloc_trim', None)  # only glibc has it
    if trim is not None:
        trim(0)


def memory_in_use() -> dict:
    """Return the memory of this process by name, as far as it is known."""
    memory = {}
    with suppress(OSError):
        memory['memory_mb'] = resident_mb()
    reserved_mb = gpu_mb()
    if reserved_mb:
        memory['gpu_memory_mb'] = reserved_mb
    return memory


class NodeDiagnostics:
    """Publish the diagnostics and the state of a node, and log warnings when something fails."""

    def __init__(self, node, hardware_id: str, counters, troubles, rates=(), state=None,
                 causes=None):
        """
        Start publishing once a second.

        :param counters: called without arguments, returns values by name; `contest`, if it is
            among them and not empty, is an error.
        :param troubles: names of counters whose growth is a warning.
        :param rates: names of counters whose growth per second is published too.
        :param state: called with all values, returns a level of DiagnosticStatus and a message.
        :param causes: by name of a trouble, called without arguments, returns the reason.
        """
        self.hardware_id = hardware_id
        self._node = node
        self._counters = counters
        self._troubles = troubles
        self._rates = Rates(rates)
        self._state = state or (lambda _: RUNNING)
        self._causes = causes or {}
        self._last = {}
        self._last_message = ''
        self._publisher = node.create_publisher(DiagnosticArray, '/diagnostics', 10)
        self._state_publisher = StatePublisher(node)
        every(node, PERIOD_S, self.publish)

    def publish_state(self) -> dict:
        """Publish the state now, for other nodes, which cannot wait; return its values."""
        counters = self._counters()
        self._state_publisher.publish(counters)
        return counters

    def publish(self) -> None:
        """Publish the values now."""
        counters = self.publish_state()
        clock = self._node.get_clock()
        now = clock.now()
        values = {**counters, **self._rates.update(counters), **memory_in_use(),
                  'use_sim_time': str(clock.ros_time_is_active).lower()}
        states = [self._state(values)]
        if clock.ros_time_is_active and not now.nanoseconds:
            states.append(NO_CLOCK)
        if counters.get('contest'):
            states.append((ERROR, counters['contest']))
        self._warn_of_change([message for level, message in states if level == WARN])
        states += self._grown(counters)
        level = max((level for level, _ in states), key=SEVERITY.index)
        status = DiagnosticStatus(
            name=self._node.get_fully_qualified_name().lstrip('/'), level=level,
            hardware_id=self.hardware_id,
            message='; '.join(message for each, message in states if level == OK or each != OK),
            values=[KeyValue(key=key, value=_as_text(value)) for key, value in values.items()])
        message = DiagnosticArray(status=[status])
        message.header.stamp = now.to_msg()
        publish_while_running(self._publisher, message)

    def _grown(self, counters: dict) -> list:
        """Return the counters of troubles that grew, as level and message, and log them."""
        grown = {name: counters[name] - self._last.get(name, 0) for name in self._troubles
                 if counters[name] > self._last.get(name, 0)}
        self._last = counters
        if not grown:
            return []
        message = ', '.join(
            f'{count} {name}' + (f' ({self._causes[name]()})' if name in self._causes else '')
            for name, count in grown.items())
        self._node.get_logger().warning(f'in the last second: {message}')
        return [(WARN, message)]

    def _warn_of_change(self, messages: list) -> None:
        """Log a warning when it appears, not every second."""
        message = '; '.join(messages)
        if message and message != self._last_message:
            self._node.get_logger().warning(message)
        self._last_message = message

    def wait_for_all_acked(self) -> None:
        """Wait until all subscribers have received what was published."""
        self._publisher.wait_for_all_acked()
        self._state_publisher.wait_for_all_acked()


def _as_text(value) -> str:
    """Return a value as people read it."""
    if isinstance(value, (list, tuple)):
        return ', '.join(map(str, value))
    return json.dumps(value) if isinstance(value, dict) else str(value)


def explain_camera(node, topic: str, message_type: str, messages_come: bool,
                   unreadable: dict) -> tuple:
    """
    Return why no events come from a camera.

    :param topic: of the camera, with namespace.
    :param message_type: that is read; empty if there is none yet.
    :param messages_come: whether messages come, without events.
    :param unreadable: reasons by message type.
    :returns: level of DiagnosticStatus and message.
    """
    if messages_come:
        return WARN, f'{NO_EVENTS}, though messages come on {topic}: lens cap? bias?'
    there = publishers(node, topic)
    if not there:
        return WARN, f'{NO_EVENTS}: nobody publishes {topic}: {suggest_topic(node)}'
    reader = Endpoint(node.get_fully_qualified_name(), message_type, CAMERA_QOS)
    reasons = {f'{each.node}: ' + (
        unreadable.get(each.message_type) or message_type and why_unconnected(each, reader)
        or 'it sends nothing: is it started? lens cap? bias?') for each in there}
    nothing_to_read = all(each.message_type in unreadable for each in there)
    return ERROR if nothing_to_read else WARN, f'{NO_EVENTS} on {topic}: ' + '; '.join(
        sorted(reasons))


def suggest_topic(node) -> str:
    """Return a suggestion of existing event topics, first those that nobody reads."""
    found = sorted((bool(subscribers(node, name)), name, types[0])
                   for name, types in event_topics(node).items() if publishers(node, name))
    if not found:
        return 'is the camera started? is the topic right?'
    return 'did you mean ' + ' or '.join(f'{name} ({kind})' for _, name, kind in found) + '?'


def explain_stream(node, topic: str) -> tuple:
    """Return why a classifier has no events, as `explain_camera` does."""
    senders = sorted({each.node for each in publishers(node, topic)})
    if not senders:
        return STALE, f'{NO_EVENTS}: nobody publishes {topic}: is event_stream started?'
    return STALE, f'{NO_EVENTS} on {topic}: see the diagnostics of {", ".join(senders)}'
