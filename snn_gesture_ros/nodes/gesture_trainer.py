# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The gesture_trainer node: collect labeled examples, and fine-tune a network on them."""
from dataclasses import dataclass
from datetime import datetime, timezone
import os
from pathlib import Path
import time

from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node
from snn_gesture_ros.events.packet import decode_packet
from snn_gesture_ros.learning.examples import (
    check_label, ExampleStore, MAX_US, MIN_US, RecentEvents, trim)
from snn_gesture_ros.learning.learning_process import LearningProcess
from snn_gesture_ros.learning.versions import exported, Versions
from snn_gesture_ros.network.runtimes import choose_runtime
from snn_gesture_ros.printable import one_line
from snn_gesture_ros.ros.diagnostics import NodeDiagnostics
from snn_gesture_ros.ros.followed_topic import FollowedTopic, source_values
from snn_gesture_ros.ros.parameters import declare, on_change, RemoteParameters
from snn_gesture_ros.ros.running import every, run_node
from snn_gesture_ros.ros.state import NodeStates
from snn_gesture_ros.ros.topics import STREAM_QOS
from snn_gesture_ros.settings import setting, settings_of
from std_msgs.msg import String, UInt8MultiArray
from std_srvs.srv import Trigger

MIN_S, MAX_S = MIN_US / 1e6, MAX_US / 1e6
CLASSIFIER = ('checkpoint', 'runtime', 'device')
"""Parameters of the classifier that this node needs."""
DRAIN_S = 0.05
"""Packets that arrive within this time are read together."""
MAX_AT_ONCE = 1000
PERIOD_S = 0.2


@dataclass(frozen=True)
class TrainerSettings:
    """Which examples are kept, and which network is offered."""

    folder: str = setting('~/.ros/snn_gesture', 'Folder of examples and learned networks')
    classifier: str = setting('gesture_classifier', 'Name of the node whose network is fine-tuned')
    person: str = setting(
        'someone', 'Who shows the examples; stored with them', live=True)
    example_s: float = setting(
        3.0, 'A label applies to this much time before its arrival', unit='s',
        minimum=MIN_S, maximum=MAX_S, live=True)
    rehearsal: str = setting(
        '', 'Rehearsal set: clips of the old gestures, which must not be forgotten; empty: '
        'simulated people', live=True)
    least_recall: float = setting(
        0.7, 'Minimum recall of each label on held-out examples; a network below it is not used',
        minimum=0.0, maximum=1.0, live=True)
    most_forgotten: float = setting(
        0.02, 'Maximum loss of the mean recall of the old gestures',
        minimum=0.0, maximum=1.0, live=True)


PARAMETERS = settings_of(TrainerSettings)


class GestureTrainerNode(Node):
    """Store examples of the latest events, fine-tune in a process, and load what it learned."""

    def __init__(self):
        """
        Declare parameters and open the store.

        :raises ValueError: if a parameter is wrong, or the folder contains other files or
            cannot be written.
        """
        super().__init__('gesture_trainer')
        self._values = declare(self, PARAMETERS)
        folder = Path(os.path.expanduser(self._values['folder']))
        try:
            self._store = ExampleStore(folder / 'examples')
        except OSError as error:
            raise ValueError(f'folder {folder} cannot be written: {error.strerror}') from None
        self._versions = Versions(folder / 'models')
        self._process = LearningProcess(folder)
        if not self._values['rehearsal']:
            self._process.prepare()
        self._recent = RecentEvents(round(MAX_S * 1e6))
        self._running = ''
        """The checkpoint of the classifier; empty until it has answered."""
        self._looking = False
        """Whether the classifier has started, and was not asked since then."""
        self._classifier_started_ns = None
        """From its state; another value means that it was started again."""
        self._states = NodeStates(self, [self._values['classifier']])
        self._learning = False
        self._figures = {}
        """Results of the latest learning."""
        self._message, self._messages, self._good = 'waiting for examples', 0, True
        self._packets = 0
        self._trouble = ''
        """Why the newest packet could not be used; empty if it could."""
        on_change(self, PARAMETERS, self._values.update)
        group = ReentrantCallbackGroup()        # answers arrive while a service waits for them
        self._classifier = RemoteParameters(self, self._values['classifier'], group)
        self._stream = FollowedTopic(
            self, UInt8MultiArray, 'event_stream', self._on_packet, STREAM_QOS)
        self.create_subscription(String, 'label', self._on_label, 10)
        for name, callback in (('learn', self._learn), ('undo', self._undo),
                               ('discard_example', self._discard_example)):
            self.create_service(Trigger, f'~/{name}', callback, callback_group=group)
        every(self, PERIOD_S, self._watch)
        self._diagnostics = NodeDiagnostics(self, str(folder), self._counters, ())
        self.get_logger().info(f'examples and networks are stored in {folder}')

    def destroy_node(self) -> None:
        """End the learning process, too."""
        self._process.stop()
        super().destroy_node()

    def _on_packet(self, data: bytes) -> None:
        """Read a packet, wait, and read those that came meanwhile: waking up costs the most."""
        self._read(data)
        time.sleep(DRAIN_S)
        for waiting in self._stream.drain(MAX_AT_ONCE):
            self._read(waiting)

    def _read(self, data: bytes) -> None:
        try:
            self._recent.add_packet(decode_packet(data))
            self._packets, self._trouble = self._packets + 1, ''
        except ValueError as error:
            self._trouble = str(error)

    def _on_label(self, message: String) -> None:
        """Store what was shown just now; the message is LABEL, or LABEL SECONDS."""
        label, _, seconds = message.data.strip().partition(' ')
        try:
            check_label(label)
            try:
                shown_s = float(seconds or self._values['example_s'])
            except ValueError:
                raise ValueError(f'{message.data!r} is neither a label nor a label and seconds'
                                 ) from None
            if not MIN_S <= shown_s <= MAX_S:
                raise ValueError(f'an example lasts {MIN_S:g} to {MAX_S:g} s')
            if trouble := self._stream.contest() or self._trouble:
                raise ValueError(trouble)
            duration_us = round(shown_s * 1e6)
            events, scale = self._recent.last(duration_us)
            events, duration_us = trim(events, duration_us)
            now = datetime.now(timezone.utc).isoformat(timespec='seconds')
            name = self._store.add(label, self._values['person'], now, events, duration_us, scale)
        except (ValueError, OSError) as error:
            self._report(f'no example of {label}: {error}', good=False)
        else:
            self._report(f'example {name}: {duration_us / 1e6:.1f} s, {len(events)} events; '
                         f'{self._store.counts()[label]} of {label}')

    async def _learn(self, _, response):
        """Start learning all examples; the state reports the result."""
        response.message = 'learning has started; the topic ~/state reports the result'
        try:
            if self._learning:
                raise ValueError('learning is under way already')
            if not self._store.names():
                raise ValueError('there is no example yet')
            running = (await self._ask_classifier())['checkpoint']
            self._process.start(running, self._values)
            response.success = self._learning = True
            self._report('learning')
        except (ValueError, OSError) as error:
            response.message = str(error)
        return response

    async def _undo(self, _, response):
        """Load the parent of the network that runs in the classifier."""
        try:
            running = (await self._ask_classifier())['checkpoint']
            record = self._versions.record(running)
            if record is None:
                raise ValueError(f'{running} was not learned here: there is nothing to undo')
            await self._set_checkpoint(record['parent'])
            self._versions.undo(running)
            response.success, response.message = True, f'{record["parent"]} runs again'
            self._report(response.message)
        except ValueError as error:
            response.message = str(error)
        return response

    def _discard_example(self, _, response):
        """Move the newest example aside."""
        try:
            response.message = f'example {self._store.set_aside_newest()} is set aside'
            response.success = True
            self._report(response.message)
        except (ValueError, OSError) as error:
            response.message = str(error)
        return response

    def _watch(self) -> None:
        """Check whether the classifier was started, and whether learning has ended."""
        started_ns = self._states.state_of(self._values['classifier']).get('started_ns')
        if started_ns != self._classifier_started_ns:
            self._classifier_started_ns, self._looking = started_ns, True
        if self._looking and self._classifier.are_there():
            self._looking = False
            self.executor.create_task(self._load_newest)
        result = self._process.result()
        if result is not None:
            self.executor.create_task(self._finish, result)

    async def _load_newest(self) -> None:
        """Load the newest network that was learned from the one that runs."""
        try:
            values = await self._ask_classifier()
            newest = self._versions.newest_after(values['checkpoint'])
            if newest is not None:
                await self._load(newest, values)
        except ValueError as error:
            self._report(str(error), good=False)

    async def _finish(self, result: dict) -> None:
        """Load what was learned, or report why not."""
        self._figures = result.get('figures', {})
        try:
            if not result['version']:
                raise ValueError(f'the new network is not used: {result["refused"]}')
            await self._load(Path(result['version']), await self._ask_classifier())
        except ValueError as error:
            self._report(str(error), good=False)
        self._learning = False
        self._diagnostics.publish()

    async def _load(self, weights: Path, values: dict) -> None:
        """Load a version into the classifier, in the format of its runtime."""
        runtime = choose_runtime(values['checkpoint'], values['runtime'], values['device'])
        await self._set_checkpoint(str(exported(weights) if runtime == 'onnx' else weights))
        recall = self._versions.record(weights)['figures']['recall']
        known = ', '.join(f'{label} {share:.0%}' for label, share in recall.items())
        self._report(f'{self._running} runs: {known}')

    async def _ask_classifier(self) -> dict:
        """
        Return parameters of the classifier by name.

        :raises ValueError: if there is no such node.
        """
        if not self._classifier.are_there():
            raise ValueError(f'there is no node {self._values["classifier"]}')
        values = await self._classifier.texts(CLASSIFIER)
        self._running = values['checkpoint']
        return values

    async def _set_checkpoint(self, checkpoint: str) -> None:
        """
        Set the checkpoint of the classifier.

        :raises ValueError: if the classifier refuses it.
        """
        result = await self._classifier.set_text('checkpoint', checkpoint)
        if not result.successful:
            raise ValueError(f'the classifier refuses {checkpoint}: {result.reason}')
        self._running = checkpoint

    def _report(self, message: str, good: bool = True) -> None:
        self._message, self._messages, self._good = one_line(message), self._messages + 1, good
        self.get_logger().info(self._message)
        self._diagnostics.publish()

    def _counters(self) -> dict:
        counts = sorted(self._store.counts().items())
        return {
            'examples': ', '.join(f'{label} {count}' for label, count in counts),
            'packets': self._packets,
            'learning': self._learning,
            'checkpoint': self._running,
            'messages': self._messages,
            'message': self._message,
            'good': self._good,
            'folder': self._store.folder.parent.resolve(),
            'figures': self._figures,
            **source_values([self._stream]),
        }


def main(arguments=None) -> None:
    """Run the node."""
    run_node(GestureTrainerNode, arguments)
