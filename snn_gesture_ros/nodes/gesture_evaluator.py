# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The gesture_evaluator node: evaluate what the live nodes announce, and write a report."""
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
import sys

import numpy as np
from rclpy.node import Node
import rclpy.utilities
from snn_gesture_ros.evaluation.evaluating import Evaluated, load_classifier
from snn_gesture_ros.evaluation.results import make_results
from snn_gesture_ros.evaluation.run import Run, RunRecorder
from snn_gesture_ros.evaluation.sources import find_sources, Labels
from snn_gesture_ros.evaluation.verdicts import judge_run
from snn_gesture_ros.events.packet import decode_packet
from snn_gesture_ros.events.stream import StreamCounters
from snn_gesture_ros.frames.frame_stream import Slicing
from snn_gesture_ros.parameters import GESTURE_CLASSIFIER, SLICING
from snn_gesture_ros.ros.followed_topic import FollowedTopic
from snn_gesture_ros.ros.parameters import declare
from snn_gesture_ros.ros.running import every, run_node
from snn_gesture_ros.ros.state import contest_before, NodeStates
from snn_gesture_ros.ros.topics import LATCHED_QOS, read_message, STREAM_QOS
from snn_gesture_ros.settings import make_settings, setting, settings_of
from std_msgs.msg import UInt8MultiArray
from vision_msgs.msg import Classification, LabelInfo

PERIOD_S = 0.2
LISTENING = 'listening: events may come now; Ctrl-C writes the report'
"""Printed once no event and no decision can be missed; replay.launch.py waits for it."""
BEHIND = ('late_events', 'frames_dropped', 'lost')
"""Counters of gesture_classifier that grow if the machine is too slow."""
PLAYER = 'event_player'
SOURCES = 'event_stream', 'gesture_scores'
"""Topics of the nodes that are evaluated."""


@dataclass(frozen=True)
class EvaluatorSettings:
    """What is shown, and where the report is written."""

    recording: str = setting(
        '', 'The recording that is played; its labels are searched as by evaluate')
    label_table: str = setting(
        '', 'Table of what is shown, with the columns start,end,label in seconds; empty: it '
        'is searched')
    label: str = setting('', 'What is shown from start to end, instead of a table')
    output: str = setting('evaluation', 'Folder for report.html, report.json and decisions.csv')


PARAMETERS = (
    *settings_of(EvaluatorSettings),
    *(replace(each, live=False) for each in GESTURE_CLASSIFIER
      if each.name in ('checkpoint', 'state', *SLICING)),
)


class GestureEvaluatorNode(Node):
    """Store all decisions and announcements; `write_report` evaluates them."""

    def __init__(self):
        """
        Declare parameters, find the labels and subscribe.

        :raises ValueError: if a parameter or the labels are wrong.
        """
        super().__init__('gesture_evaluator')
        self._values = declare(self, PARAMETERS)
        self._simulated = self.get_parameter('use_sim_time').value
        self._card = load_classifier(checkpoint=self._values['checkpoint']).card
        self._source = self._find_source()
        self._frames = make_settings(Slicing, self._values).frames(self._card)
        self._recorder = RunRecorder(self._card, self._values['state'])
        self._packets, self._decisions, self._changes = [], {}, {}
        self._events = self._malformed = 0
        self._problem = 'no decision was received: is gesture_classifier running?'
        self._states = NodeStates(self, [PLAYER])
        self._names = {}
        """Of the nodes that publish each topic."""
        self.create_subscription(LabelInfo, 'gesture_labels', self._on_labels, LATCHED_QOS)
        self._classified = [
            FollowedTopic(self, Classification, topic, partial(self._try_to_read, read),
                          STREAM_QOS)
            for topic, read in (('gesture_scores', self._read_scores),
                                ('gesture', self._read_gesture))]
        self._stream = None
        self._waiting = every(self, PERIOD_S, self._wait)
        self._contests = {}
        """Which nodes sent at the same time, each text once, in order of time."""
        every(self, PERIOD_S, self._watch)

    def _wait(self) -> None:
        """
        Print when all nodes are connected; what comes before is not in the report.

        Several nodes that start at once need seconds to discover each other.
        """
        if self._stream is not None and all(map(self._is_connected, SOURCES)):
            print(LISTENING, flush=True)
            self._waiting.cancel()

    def _watch(self) -> None:
        """Record which nodes send at the same time: it is not clear what is evaluated then."""
        followed = [each for each in (self._stream, *self._classified) if each is not None]
        senders = [name for each in followed for name in each.senders()]
        self._contests.update(dict.fromkeys(filter(None, [
            contest_before(self._states.state_of, senders),
            *(each.contest() for each in followed)])))

    def _is_connected(self, topic: str) -> bool:
        """Return whether the publisher of a topic has discovered all subscribers."""
        resolved = self.resolve_topic_name(topic)
        for each in self.get_publishers_info_by_topic(resolved):
            self._names[topic] = f'{each.node_namespace.rstrip("/")}/{each.node_name}'
        return self._state_of(topic).get('listeners', 0) >= self.count_subscribers(resolved)

    def _state_of(self, topic: str) -> dict:
        """Return the newest state of the node that publishes a topic."""
        return self._states.state_of(self._names[topic]) if topic in self._names else {}

    def _find_source(self):
        values = self._values
        if not values['recording']:
            raise ValueError('parameter recording must name the recording that is played')
        try:
            sources, _ = find_sources([values['recording']], Labels(
                Path(values['label_table']) if values['label_table'] else None,
                values['label'] or None, None, self._card.labels))
        except OSError as error:
            raise ValueError(f'{error.filename}: {error.strerror}') from None
        if len(sources) > 1:
            raise ValueError(f'{values["recording"]}: only one recording is played at a time')
        return sources[0]

    def _on_labels(self, message: LabelInfo) -> None:
        """Subscribe to the events only now: event_stream starts once somebody does."""
        labels = tuple(item.class_name for item in message.class_map)
        if labels != self._card.labels:
            self._decisions.clear()
            self._problem = ('gesture_classifier has other labels than '
                             f'{self._values["checkpoint"]}: set checkpoint')
            rclpy.utilities.try_shutdown()
        elif self._stream is None:
            self._stream = FollowedTopic(
                self, UInt8MultiArray, 'event_stream',
                partial(self._try_to_read, self._read_packet), STREAM_QOS)

    def _try_to_read(self, read, data: bytes) -> None:
        try:
            read(data)
        except ValueError as error:
            self._malformed += 1
            self.get_logger().warning(f'message skipped: {error}', throttle_duration_sec=1.0)

    def _read_packet(self, data: bytes) -> None:
        packet = decode_packet(data)
        self._recorder.add_packet(packet)
        self._events += len(packet.events)
        self._packets.append((packet.stamp_ns, packet.ros_offset_ns))
        for frame in self._frames.slice_packet(packet):
            self._recorder.add_frame(frame)

    def _read_scores(self, data: bytes) -> None:
        message = read_message(data, Classification)
        stamp_ns = _nanoseconds(message)
        if self._stream is None:
            return
        scores = {result.class_id: result.score for result in message.results}
        if scores.keys() != {*self._card.labels}:
            raise ValueError('the scores are not those of the labels of the network')
        delay_ms = np.nan
        if not self._simulated:     # simulated time stands still between the messages
            delay_ms = (self.get_clock().now().nanoseconds - stamp_ns) / 1e6
        self._decisions[stamp_ns] = ([scores[label] for label in self._card.labels], delay_ms)

    def _read_gesture(self, data: bytes) -> None:
        message = read_message(data, Classification)
        result = message.results[0] if message.results else None
        if result is not None and result.class_id not in self._card.labels:
            raise ValueError('the gesture is not a label of the network')
        self._changes.setdefault(_nanoseconds(message), []).append(
            (result.class_id, result.score) if result else (None, 0.0))

    def write_report(self) -> str:
        """
        Write the report.

        :returns: the folder that it is in.
        :raises ValueError: if there was no decision, or no label is within what was played.
        """
        from snn_gesture_ros.evaluation.report_files import write_evaluation
        if not self._decisions or not self._packets:
            raise ValueError(self._problem)
        run = self._run()
        verdicts = judge_run(run, self._source.parts, self._source.camera_time)
        evaluated = [Evaluated(self._source._replace(notes=self._notes()), run, verdicts)]
        write_evaluation(make_results(evaluated, self._card.labels, {
            'command': 'live, from the topics gesture and gesture_scores',
            'checkpoint': {'name': self._values['checkpoint'], 'labels': list(self._card.labels),
                           'frames': self._frames.description},
            'settings': self._values}), evaluated, self._values['output'])
        return self._values['output']

    def _notes(self) -> tuple:
        """Return why the live result may differ from the offline one."""
        player = self._states.state_of(PLAYER)
        stream, classifier = map(self._state_of, SOURCES)
        counts = {name: classifier.get(name, 0) for name in BEHIND}
        counts['messages lost'] = (
            player['messages'] - stream.get('messages', 0) if player else 0)
        return (*(f'live: {contest}' for contest in self._contests),
                *([f'live: {self._malformed} messages were skipped; see the log']
                  if self._malformed else ()),
                *(f'live: {count} {name.replace("_", " ")}; the machine was too slow'
                  for name, count in counts.items() if count > 0))

    def _run(self) -> Run:
        """Return decisions and announcements in order, in the time of the camera."""
        stamps_ns, offsets_ns = map(np.array, zip(*sorted(self._packets)))

        def camera_us(stamp_ns) -> int:
            # The classifier used the offset of the packet that completed the frame.
            place = min(np.searchsorted(stamps_ns, stamp_ns), len(stamps_ns) - 1)
            return int(stamp_ns - offsets_ns[place]) // 1000

        for stamp_ns in sorted({*self._decisions, *self._changes}):
            t_us = camera_us(stamp_ns)
            for label, score in self._changes.get(stamp_ns, ()):
                self._recorder.add_change(t_us, label, score)
            if stamp_ns in self._decisions:
                scores, delay_ms = self._decisions[stamp_ns]
                self._recorder.add_decision(t_us, scores, delay_ms)
        counters = asdict(StreamCounters(events_in=self._events))
        for name, value in self._state_of('event_stream').items():
            if name in counters:
                counters[name] = value
        seconds = max(stamps_ns[-1] - stamps_ns[0], 1) / 1e9
        return self._recorder.result(counters, seconds)


def _nanoseconds(message) -> int:
    stamp = message.header.stamp
    return stamp.sec * 1_000_000_000 + stamp.nanosec


def main(arguments=None) -> None:
    """Run the node until it is interrupted, then write the report."""
    run_node(GestureEvaluatorNode, arguments, conclude=report)


def report(node: GestureEvaluatorNode) -> None:
    """Write the report; if there is nothing to report, exit with the reason and status 1."""
    try:
        print(f'report: {node.write_report()}/report.html')
    except (OSError, ValueError) as error:
        sys.exit(f'gesture_evaluator: {error}')
