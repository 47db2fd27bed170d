# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Run all nodes for hours under a changing load: `make soak HOURS=2`.

A cycle is a simulated person, and recordings of noise that event_player plays as bags: a still
scene, a lively one, and one million events per second. In each cycle the network is hot-swapped
and an example is stored; from time to time a node is killed, or ended, and started again. Every
event that was sent must be found again in the counters of the nodes, and neither memory nor
handles, threads or latency may grow.

The status is 1 if something grows or an event is not accounted for. `samples.jsonl`, in the output
folder, has all that was measured.
"""
import argparse
from collections import defaultdict
from itertools import count, cycle
import json
from pathlib import Path
import shutil
import signal
import sys
import time
from typing import NamedTuple

import numpy as np
from rcl_interfaces.srv import SetParameters
from rclpy.parameter import Parameter
from ros_domain import Ros
from slopes import slope_by_hour
from snn_gesture_ros.events.event import EVENT, EVENT_PACKET_TYPE
from snn_gesture_ros.network.checkpoint_files import MODELS_FOLDER
from snn_gesture_ros.recordings.bag_writer import BagWriter
from snn_gesture_ros.ros.running import every
from snn_gesture_ros.ros.state import NodeStates
from snn_gesture_ros.ros.topics import GESTURE_QOS
from std_msgs.msg import String
from vision_msgs.msg import Classification

SENSOR = 128
"""Width and height: as the frames of the network, so that no event is cropped."""
PERSON = 'person'
LOADS = {PERSON: 0, 'still scene': 2, '100 000 events/s': 100, '1 000 000 events/s': 1000}
"""Events of a message by the name of a load; a message is 1 ms."""
MAX_LOAD_S = 30.0
PERSON_S = 12.0
"""A person acts for at least this long, so that a node that is started again has something to
decide on."""
BRIEF = 1 / 3
"""Share of that time for the greatest load: the machine may have other work."""
PAUSE_S = 5.0
"""About the time between two loads, in which the nodes start, and report all they have read."""
SAMPLE_S = 3.0
RESTART_EVERY = 4
"""Cycles from one restart of a node to the next."""
GESTURES = ('right_hand_wave', 'left_arm_clockwise', 'hand_clapping')
EXAMPLE_S = 3.0
NETWORKS = 2
"""Each cycle swaps to the next, in another runtime."""
FILTERS = {'hot_pixels': True, 'refractory_us': 1000, 'background_us': 20_000}
NO_FILTERS = {'hot_pixels': False, 'refractory_us': 0, 'background_us': 0}
BOUNDS = {'private_mb': 1.0, 'shared_mb': 1.0, 'handles': 0.5, 'threads': 0.5,
          'latency_p50_ms': 1.0, 'latency_p99_ms': 10.0}
"""What the low end of the interval of a slope by the hour may reach."""
UNITS = {'private_mb': 'MB', 'shared_mb': 'MB', 'latency_p50_ms': 'ms', 'latency_p99_ms': 'ms'}


class Usage(NamedTuple):
    """What a process uses (Linux)."""

    private_mb: float
    """Memory that it has written and no other process shares. Not the pages of libraries: they are
    private once the last other process that uses them has ended, which is no growth."""
    shared_mb: float
    """Its part of the memory by which processes exchange messages."""
    handles: int
    threads: int


def usage(pid: int) -> Usage:
    """
    Return what a process uses now.

    :raises OSError: if there is no such process.
    """
    folder = Path(f'/proc/{pid}')
    kb = {name: int(text.split()[0]) for name, text in (
        line.split(':') for line in (folder / 'smaps_rollup').read_text().splitlines()[1:])}
    return Usage(kb['Private_Dirty'] / 1000, kb['Pss_Shmem'] / 1000,
                 len(list((folder / 'fd').iterdir())), len(list((folder / 'task').iterdir())))


class Account(NamedTuple):
    """Where the events of one load are, by the counters of the nodes."""

    load: str
    sent: int
    messages_lost: int
    """Messages that DDS did not deliver to event_stream, or that came from a publisher that it
    did not follow."""
    events_lost: int
    """Events of these."""
    malformed: int
    late: int
    filtered: int
    events_out: int
    packets_lost: int
    """Packets that DDS did not deliver to gesture_classifier."""
    packet_events_lost: int
    late_for_frame: int
    used: int
    unaccounted: int


def growth(before: dict, after: dict, name: str) -> int:
    """Return by how much a counter grew; it starts again where the type of messages changes."""
    same = before.get('message_type') == after.get('message_type')
    return after[name] - (before[name] if same else 0)


def settle(load: str, sent: dict, stream: tuple, classifier: tuple) -> Account:
    """
    Return the account of a load.

    :param sent: final counters of the camera or the player: `messages`, and `events` of a camera.
    :param stream: states of event_stream before and after.
    :param classifier: of gesture_classifier, likewise.
    """
    messages, events_in, malformed, late, events_out, out_of_range = (
        growth(*stream, name) for name in (
            'messages', 'events_in', 'malformed', 'late', 'events_out', 'out_of_range'))
    received, late_for_frame, used, packets_lost, bad_packets = (
        growth(*classifier, name) for name in (
            'events_in', 'late_events', 'events_used', 'lost', 'malformed'))
    messages_lost = sent['messages'] - messages
    by_message = LOADS[load]
    if by_message:
        # Here each message's events are known, and nothing is filtered.
        events_sent = sent['messages'] * by_message
        events_lost = (messages_lost + malformed) * by_message
        filtered = out_of_range
    else:
        events_sent = sent['events']
        events_lost = (events_sent - events_in) if messages_lost + malformed else 0
        filtered = events_in - late - events_out
    packet_events_lost = events_out - received if packets_lost + bad_packets else 0
    unaccounted = (abs(events_sent - events_in - events_lost)
                   + abs(events_in - late - filtered - events_out)
                   + abs(events_out - received - packet_events_lost)
                   + abs(received - late_for_frame - used)
                   + sum(max(-each, 0) for each in (messages_lost, events_lost, filtered,
                                                    packet_events_lost)))
    return Account(load, events_sent, messages_lost, events_lost, malformed, late, filtered,
                   events_out, packets_lost, packet_events_lost, late_for_frame, used, unaccounted)


def write_noise(path: Path, by_message: int, seconds: float) -> None:
    """Write a bag of messages of 1 ms with equally many events at random places."""
    rng = np.random.default_rng(by_message)
    writer = BagWriter(path, 'events', EVENT_PACKET_TYPE, SENSOR, SENSOR)
    for second in np.arange(0, seconds, 1):
        messages = round(1000 * min(1, seconds - second))
        events = np.zeros(messages * by_message, EVENT)
        start_us = 10**9 + round(second * 1e6) + 1000 * np.arange(messages)
        within_us = np.sort(rng.integers(0, 1000, (messages, by_message)), axis=1)
        events['t'] = (start_us[:, None] + within_us).ravel()
        events['x'], events['y'] = rng.integers(0, SENSOR, (2, len(events)))
        events['p'] = rng.integers(0, 2, len(events))
        writer.write(events)
    writer.close()


class Soak:
    """All nodes, what they are shown, and what is measured meanwhile."""

    def __init__(self, ros: Ros, folder: Path, hours: float):
        """Write the recordings and start the nodes."""
        self._ros, self._folder = ros, folder
        self._start_s = time.monotonic()
        self._end_s = self._start_s + 3600 * hours
        self._load_s = min(MAX_LOAD_S, max(3600 * hours / len(LOADS) - PAUSE_S, 2.0))
        self._samples = (folder / 'samples.jsonl').open('w')
        self._cycle, self._lives = 0, count()
        self.points = defaultdict(list)
        """Usage in each cycle, by the name of a process: cycle, life and Usage."""
        self.delays_ms = defaultdict(list)
        """Times from the newest event of a frame to the arrival of its scores, by cycle."""
        self.accounts, self.restarts = [], []
        self.examples = 0
        self._is_loaded = False
        self._settled = None
        """States of both nodes after the latest load; None if one was started again."""
        self._acting_since_ns = None
        """ROS time from which a decision of the network is waited for."""
        self._awaits_silence = False
        """Whether the network may still decide on events from before."""
        self._acted_s = None
        for load, by_message in LOADS.items():
            if by_message:
                write_noise(folder / load.replace(' ', '_').replace('/', '_'), by_message,
                            self._seconds(load))
        for suffix in ('safetensors', 'onnx'):
            shutil.copy(MODELS_FOLDER / f'fast.{suffix}', folder / f'copy.{suffix}')
        self._models = cycle([str(folder / 'copy.safetensors'), 'fast'])    # NETWORKS of them
        self._states = NodeStates(ros.node)
        self._labels = ros.node.create_publisher(String, 'label', 10)
        ros.node.create_subscription(
            Classification, 'gesture_scores', self._on_scores, GESTURE_QOS)
        self._parameters_of = {
            'event_stream': {}, 'gesture_classifier': {}, 'gesture_behavior': {'armed': True},
            'gesture_trainer': {'folder': folder / 'learned', 'rehearsal': 'none'}}
        self._nodes = {}
        for name in self._parameters_of:
            self._start(name)
        self._next_to_restart = cycle(self._parameters_of)
        self._signals = cycle((signal.SIGKILL, signal.SIGTERM))
        for name in self._nodes:
            self._wait_for_state(name, lambda _: True)
        every(ros.node, SAMPLE_S, self._sample)

    def run(self) -> None:
        """Show one cycle of loads after another, until the time is over."""
        while not self._cycle or time.monotonic() + len(LOADS) * self._load_s < self._end_s:
            for load in LOADS:
                self._show(load)
            self._cycle += 1
        self._samples.close()

    def _seconds(self, load: str) -> float:
        if load == PERSON:
            return max(self._load_s, PERSON_S)
        return self._load_s * (BRIEF if LOADS[load] == max(LOADS.values()) else 1)

    def _start(self, name: str) -> None:
        process = self._ros.start(name, **self._parameters_of[name])
        self._nodes[name] = process, next(self._lives), time.time_ns()

    def _wait_for_state(self, name: str, condition) -> dict:
        """Return the state of the running process of a node once a condition is true for it."""
        started_ns = self._nodes[name][2]

        def state():
            state = self._states.state_of(name)
            return state if state.get('started_ns', 0) > started_ns and condition(state) else None
        return self._ros.wait_for(state, f'the state of {name}')

    def _set(self, node: str, **values) -> None:
        request = SetParameters.Request(parameters=[
            Parameter(name, value=value).to_parameter_msg() for name, value in values.items()])
        client = self._ros.client(SetParameters, f'/{node}/set_parameters')
        future = client.call_async(request)
        self._ros.wait_for(future.done, f'{node} to set {", ".join(values)}')
        for result in future.result().results:
            if not result.successful:
                raise AssertionError(f'{node}: {result.reason}')

    def _show(self, load: str) -> None:
        self._set('event_stream', **(NO_FILTERS if LOADS[load] else FILTERS))
        before = self._settled or self._quiet()
        source = self._start_source(load)
        acting_s = time.monotonic()
        self._is_loaded = True
        interrupted = False
        if load == PERSON:
            if self._cycle % RESTART_EVERY == 0:
                interrupted = self._restart(next(self._next_to_restart))
            else:
                self._ros.wait_for(lambda: time.monotonic() > acting_s + EXAMPLE_S, 'an example')
                self._labels.publish(String(data=f'{GESTURES[0]} {EXAMPLE_S}'))
        elif load == '100 000 events/s':
            self._set('gesture_classifier', checkpoint=next(self._models))
        self._wait_for_end(source, load)
        self._is_loaded = False
        if source.returncode:
            raise AssertionError(f'{load} ended with status {source.returncode}: '
                                 f'{self._ros.output(source)}')
        sent = self._states.state_of(source.name)
        self._settled = after = self._quiet()
        if interrupted:
            print(f'cycle {self._cycle}, {load}: not accounted for, since a node was restarted',
                  flush=True)
            return
        account = settle(load, sent, *(
            (before[name], after[name]) for name in ('event_stream', 'gesture_classifier')))
        self.accounts.append(account)
        self._write({'cycle': self._cycle, **account._asdict()})
        if account.unaccounted:
            print(f'cycle {self._cycle}: {account}\n{sent}\n{before}\n{after}', flush=True)

    def _start_source(self, load: str):
        """Start what sends the events of a load, and wait until it has begun."""
        started_ns, seconds = time.time_ns(), self._seconds(load)
        if load == PERSON:
            process = self._ros.start(
                'simulated_camera', gestures=f'[{", ".join(GESTURES)}]', loop=False, pause_s=0.0,
                gesture_s=seconds / len(GESTURES), wait_for_subscriber=True,
                seed=self._cycle + 1)
            process.name = 'simulated_camera'
        else:
            process = self._ros.start(
                'event_player', recording=self._folder / load.replace(' ', '_').replace('/', '_'))
            process.name = 'event_player'
        self._ros.wait_for(
            lambda: self._states.state_of(process.name).get('started_ns', 0) > started_ns
            and self._states.state_of(process.name)['messages'] or process.poll() is not None,
            f'{process.name} to send')
        return process

    def _wait_for_end(self, source, load: str) -> None:
        """Wait until a source has ended, as long as it still sends: a machine may be slow."""
        while source.poll() is None:
            before = self._states.state_of(source.name)
            self._ros.wait_for(
                lambda: source.poll() is not None
                or self._states.state_of(source.name)['messages'] > before['messages'],
                f'the end of {load}')

    def _quiet(self) -> dict:
        """Return the states of both nodes when they have reported all that they were sent."""
        counters = {'event_stream': 'messages', 'gesture_classifier': 'events_in'}
        before = {name: self._wait_for_state(name, lambda _: True) for name in counters}
        while True:
            now = {name: self._wait_for_state(name, lambda state: state is not before[name])
                   for name in counters}
            if all(now[name][counter] == before[name][counter]
                   for name, counter in counters.items()):
                return now
            before = now

    def _restart(self, name: str) -> bool:
        """Kill or end a node and start it again; return whether its counters started again."""
        process, _, _ = self._nodes[name]
        how = next(self._signals)
        process.send_signal(how)
        self._ros.wait_for(lambda: process.poll() is not None, f'{name} to end')
        counts = name in ('event_stream', 'gesture_classifier')
        self._acted_s, self._acting_since_ns = None, time.time_ns()
        self._awaits_silence = name == 'event_stream'
        start_s = time.monotonic()
        self._start(name)
        if counts:
            self._ros.wait_for(lambda: self._acted_s is not None, f'scores after {name} started')
            took_s = self._acted_s - start_s
        self._wait_for_state(name, lambda _: True)
        if not counts:
            took_s = time.monotonic() - start_s
        self.restarts.append((self._cycle, name, how.name, took_s,
                              'scores' if counts else 'its state'))
        self._write({'cycle': self._cycle, 'restarted': name, 'by': how.name, 'took_s': took_s})
        return counts

    def _on_scores(self, message: Classification) -> None:
        stamp = message.header.stamp
        stamp_ns = stamp.sec * 1_000_000_000 + stamp.nanosec
        is_silent = message.results[0].score == 1.0 and message.results[0].class_id == 'none'
        if self._is_loaded and not is_silent:
            self.delays_ms[self._cycle].append((time.time_ns() - stamp_ns) / 1e6)
        if is_silent:
            self._awaits_silence = False
        elif self._acted_s is None and not self._awaits_silence and (
                self._acting_since_ns is not None and stamp_ns > self._acting_since_ns):
            self._acted_s = time.monotonic()

    def _sample(self) -> None:
        """Measure each process, and write what it reports."""
        for name, (process, life, _) in self._nodes.items():
            try:
                used = usage(process.pid)
            except OSError:
                continue
            self.points[name].append((self._cycle, life, used))
            self._write({'node': name, **used._asdict(), 'state': self._states.state_of(name)})
            if process.poll() is not None and process.returncode not in (0, -9):
                raise AssertionError(f'{name} ended: {self._ros.output(process)}')

    def _write(self, values: dict) -> None:
        seconds = round(time.monotonic() - self._start_s, 1)
        self._samples.write(json.dumps({'s': seconds, **values}) + '\n')
        self._samples.flush()

    # What it comes to

    def slopes(self) -> dict:
        """Return the mean and the Slope of each quantity, by process and name."""
        found = {}
        hours = (time.monotonic() - self._start_s) / 3600 / max(self._cycle, 1)
        for name, points in self.points.items():
            means = _means_of_cycles(points)
            for place, field in enumerate(Usage._fields):
                values = [mean[place] for _, _, mean in means]
                if values:
                    found[name, field] = np.mean(values), slope_by_hour(
                        [number * hours for number, _, _ in means], values,
                        [life for _, life, _ in means])
        cycles = sorted(self.delays_ms)
        for part in (50, 99):
            values = [np.percentile(self.delays_ms[number], part) for number in cycles]
            if values:
                found['gesture_classifier', f'latency_p{part}_ms'] = np.mean(values), (
                    slope_by_hour([number * hours for number in cycles], values, [0] * len(cycles))
                )
        return found


def _means_of_cycles(points: list) -> list:
    """
    Return the mean Usage in each whole cycle of each life of a process.

    One value for each cycle, since a cycle has all loads and its values depend on each other. As
    many cycles as there are networks are left out when a process has started: it compiles, fills
    its buffers and loads each runtime for the first time.
    """
    by_cycle, first = defaultdict(list), {}
    for number, life, used in points:
        first.setdefault(life, number)
        by_cycle[number, life].append(used)
    return [(number, life, np.mean(all_used, axis=0))
            for (number, life), all_used in by_cycle.items()
            if number >= first[life] + NETWORKS]


def report(soak: Soak) -> tuple:
    """Return the tables as text, and what is wrong as a list of lines."""
    lines, faults = ['', '| process | what | mean | slope by the hour, 95 % interval |',
                     '| --- | --- | --- | --- |'], []
    for (name, field), (mean, slope) in soak.slopes().items():
        unit = UNITS.get(field, '')
        text = 'too short' if slope is None else (
            f'{slope.by_hour:+.2f} ({slope.low:+.2f} to {slope.high:+.2f}) {unit}')
        lines.append(f'| {name} | {field} | {mean:.1f} {unit} | {text} |')
        if slope is not None and slope.low > BOUNDS[field]:
            faults.append(f'{field} of {name} grows by {slope.by_hour:.2f} {unit} an hour: see '
                          'samples.jsonl for when')
    totals = {name: sum(getattr(account, name) for account in soak.accounts)
              for name in Account._fields[1:]}
    lines += ['', '| events | |', '| --- | --- |']
    lines += [f'| {name.replace("_", " ")} | {value} |' for name, value in totals.items()]
    if totals['unaccounted']:
        faults.append(f'{totals["unaccounted"]} events are not accounted for')
    lines += ['', '| restart in cycle | node | by | s to | |', '| --- | --- | --- | --- | --- |']
    lines += [f'| {number} | {name} | {how} | {took_s:.1f} | {what} |'
              for number, name, how, took_s, what in soak.restarts]
    return '\n'.join(lines), faults


def main(arguments=None) -> int:
    """Run the command; return its status."""
    parser = argparse.ArgumentParser(prog='make soak', description=__doc__.split('\n\n')[0])
    parser.add_argument('--hours', type=float, required=True, help='fractions are allowed')
    parser.add_argument('--output', type=Path, required=True, help='a folder that is not there')
    options = parser.parse_args(arguments)
    try:
        options.output.mkdir(parents=True)
    except OSError as error:
        print(f'make soak: {options.output}: {error.strerror}', file=sys.stderr)
        return 1
    (options.output / 'logs').mkdir()
    ros = Ros(options.output / 'logs')
    try:
        soak = Soak(ros, options.output, options.hours)
        try:
            soak.run()
            stopped = []
        except (AssertionError, KeyboardInterrupt) as error:
            stopped = [f'stopped before its end: {error or "interrupted"}']
        text, faults = report(soak)
    finally:
        ros.stop()
    (options.output / 'report.md').write_text(text + '\n')
    print(text)
    for line in stopped + faults:
        print(f'make soak: {line}', file=sys.stderr)
    return 1 if stopped + faults else 0


if __name__ == '__main__':
    sys.exit(main())
