# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The gesture_trainer node: examples that people show and name, and networks that learn them."""
from dataclasses import dataclass
from datetime import datetime, timezone
import json
import os
from pathlib import Path
import time

from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node
from snn_gesture_ros.events.packet import decode_packet
from snn_gesture_ros.learning.background import LearningProcess
from snn_gesture_ros.learning.examples import (
    check_label, ExampleStore, LONGEST_US, SHORTEST_US, trimmed)
from snn_gesture_ros.learning.recent_events import RecentEvents
from snn_gesture_ros.learning.versions import exported, Versions
from snn_gesture_ros.network.runtimes import choose_runtime
from snn_gesture_ros.ros.diagnostics import follow_health, Health, health_name
from snn_gesture_ros.ros.followed_topic import FollowedTopic, source_values
from snn_gesture_ros.ros.parameters import declare, on_change, RemoteParameters
from snn_gesture_ros.ros.running import every, run_node
from snn_gesture_ros.ros.topics import STREAM_QOS
from snn_gesture_ros.settings import setting, settings_of
from std_msgs.msg import String, UInt8MultiArray
from std_srvs.srv import Trigger

SHORTEST_S, LONGEST_S = SHORTEST_US / 1e6, LONGEST_US / 1e6


@dataclass(frozen=True)
class TrainerSettings:
    """Which examples are kept, and which network is offered."""

    folder: str = setting('~/.ros/snn_gesture', 'Where examples and learned networks are kept')
    classifier: str = setting('gesture_classifier', 'Name of the node whose network learns')
    person: str = setting(
        'someone', 'Who shows examples, as their data names the person', live=True)
    example_s: float = setting(
        3.0, 'A label that arrives is that of so much time before it', unit='s',
        minimum=SHORTEST_S, maximum=LONGEST_S, live=True)
    rehearsal: str = setting(
        '', 'Clip set of the old gestures, which must not be forgotten; empty: simulated people',
        live=True)
    least_recall: float = setting(
        0.7, 'Recall of held-out examples of each label that a network needs to be offered',
        minimum=0.0, maximum=1.0, live=True)
    most_forgotten: float = setting(
        0.02, 'How much of the mean recall of the old gestures a network may lose and be offered',
        minimum=0.0, maximum=1.0, live=True)


PARAMETERS = settings_of(TrainerSettings)
CLASSIFIER = ('checkpoint', 'runtime', 'device')
"""Parameters of the classifier that are asked for."""
PAUSE_S = 0.05
"""Packets are left to wait so long and then read together."""
MOST_AT_ONCE = 1000
PERIOD_S = 0.2


class GestureTrainerNode(Node):
    """Keep the latest events, and examples of them; let a process learn; offer what it learns."""

    def __init__(self):
        """
        Declare parameters and open the store.

        :raises ValueError: if a parameter is wrong, or the folder has something else in it or
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
        self._recent = RecentEvents(round(LONGEST_S * 1e6))
        self._running = ''
        """The classifier's checkpoint; empty as long as it was not asked."""
        self._looking = True
        """Whether the classifier was not found yet, or has begun anew."""
        self._decisions = 0
        """How many it has made, by which it shows that it has begun anew."""
        self._diagnosed = follow_health(self)
        self._learning = False
        self._figures = {}
        """Of the latest learning."""
        self._message, self._messages, self._good = 'waiting for examples', 0, True
        self._packets = 0
        self._trouble = ''
        """Why the newest packet could not be used."""
        on_change(self, PARAMETERS, self._values.update)
        beside = ReentrantCallbackGroup()       # answers come while a service waits for them
        self._classifier = RemoteParameters(self, self._values['classifier'], beside)
        self._stream = FollowedTopic(
            self, UInt8MultiArray, 'event_stream', self._on_packet, STREAM_QOS)
        self.create_subscription(String, 'label', self._on_label, 10)
        for name, callback in (('learn', self._learn), ('undo', self._undo),
                               ('discard_example', self._discard_example)):
            self.create_service(Trigger, f'~/{name}', callback, callback_group=beside)
        every(self, PERIOD_S, self._watch)
        self._health = Health(self, str(folder), self._counters, ())
        self.get_logger().info(f'examples and networks are kept in {folder}')

    def destroy_node(self) -> None:
        """End the learning, too."""
        self._process.stop()
        super().destroy_node()

    def _on_packet(self, data: bytes) -> None:
        """Read a packet, pause, read those that came meanwhile: to wake up is what costs."""
        self._read(data)
        time.sleep(PAUSE_S)
        for waiting in self._stream.take_waiting(MOST_AT_ONCE):
            self._read(waiting)

    def _read(self, data: bytes) -> None:
        try:
            self._recent.push(decode_packet(data))
            self._packets, self._trouble = self._packets + 1, ''
        except ValueError as error:
            self._trouble = str(error)

    def _on_label(self, message: String) -> None:
        """Keep what was shown just now; the message is LABEL, or LABEL SECONDS."""
        label, _, seconds = message.data.strip().partition(' ')
        try:
            check_label(label)
            try:
                shown_s = float(seconds or self._values['example_s'])
            except ValueError:
                raise ValueError(f'{message.data!r} is neither a label nor a label and seconds'
                                 ) from None
            if not SHORTEST_S <= shown_s <= LONGEST_S:
                raise ValueError(f'an example lasts {SHORTEST_S:g} to {LONGEST_S:g} s')
            if trouble := self._stream.contest() or self._trouble:
                raise ValueError(trouble)
            duration_us = round(shown_s * 1e6)
            events, scale = self._recent.last(duration_us)
            events, duration_us = trimmed(events, duration_us)
            now = datetime.now(timezone.utc).isoformat(timespec='seconds')
            name = self._store.add(label, self._values['person'], now, events, duration_us, scale)
        except (ValueError, OSError) as error:
            self._say(f'no example of {label}: {error}', good=False)
        else:
            self._say(f'example {name}: {duration_us / 1e6:.1f} s, {len(events)} events; '
                      f'{self._store.counts()[label]} of {label}')

    async def _learn(self, _, response):
        """Begin to learn all examples; what comes of it is in the diagnostics."""
        response.message = 'learning has begun; /diagnostics shows what comes of it'
        try:
            if self._learning:
                raise ValueError('learning is under way already')
            if not self._store.names():
                raise ValueError('there is no example yet')
            running = (await self._ask_classifier())['checkpoint']
            self._process.start(running, self._values)
            response.success = self._learning = True
            self._say('learning')
        except (ValueError, OSError) as error:
            response.message = str(error)
        return response

    async def _undo(self, _, response):
        """Let the classifier go back to the network before the one that runs."""
        try:
            running = (await self._ask_classifier())['checkpoint']
            record = self._versions.record(running)
            if record is None:
                raise ValueError(f'{running} was not learned here: there is nothing to undo')
            await self._set_checkpoint(record['parent'])
            self._versions.undo(running)
            response.success, response.message = True, f'{record["parent"]} runs again'
            self._say(response.message)
        except ValueError as error:
            response.message = str(error)
        return response

    def _discard_example(self, _, response):
        """Set the newest example aside."""
        try:
            response.message = f'example {self._store.set_aside_newest()} is set aside'
            response.success = True
            self._say(response.message)
        except (ValueError, OSError) as error:
            response.message = str(error)
        return response

    def _watch(self) -> None:
        """Look for the classifier, and for the end of learning."""
        name = self._values['classifier']
        diagnosed = self._diagnosed.get(
            name[1:] if name.startswith('/') else health_name(self, name))
        if diagnosed is not None:
            decisions = int(diagnosed['decisions'])
            if decisions < self._decisions:
                self._looking, self._running = True, diagnosed['model']
            self._decisions = decisions
        if self._looking and self._classifier.are_there():
            self._looking = False
            self.executor.create_task(self._offer_what_was_learned_before)
        result = self._process.result()
        if result is not None:
            self.executor.create_task(self._finish, result)

    async def _offer_what_was_learned_before(self) -> None:
        try:
            values = await self._ask_classifier()
            newest = self._versions.newest_after(values['checkpoint'])
            if newest is not None:
                await self._offer(newest, values)
        except ValueError as error:
            self._say(str(error), good=False)

    async def _finish(self, result: dict) -> None:
        """Offer what was learned, or say why not."""
        self._figures = result.get('figures', {})
        try:
            if not result['version']:
                raise ValueError(f'nothing new is offered: {result["refused"]}')
            await self._offer(Path(result['version']), await self._ask_classifier())
        except ValueError as error:
            self._say(str(error), good=False)
        self._learning = False
        self._health.publish()

    async def _offer(self, weights: Path, values: dict) -> None:
        """Give the classifier a version, in the form that its runtime takes."""
        runtime = choose_runtime(values['checkpoint'], values['runtime'], values['device'])
        await self._set_checkpoint(str(exported(weights) if runtime == 'onnx' else weights))
        recall = self._versions.record(weights)['figures']['recall']
        known = ', '.join(f'{label} {part:.0%}' for label, part in recall.items())
        self._say(f'{self._running} runs: {known}')

    async def _ask_classifier(self) -> dict:
        """
        Ask for the classifier's parameters.

        :raises ValueError: if it is not there.
        """
        if not self._classifier.are_there():
            raise ValueError(f'there is no node {self._values["classifier"]}')
        values = await self._classifier.texts(CLASSIFIER)
        self._running = values['checkpoint']
        return values

    async def _set_checkpoint(self, checkpoint: str) -> None:
        """
        Set the classifier's checkpoint.

        :raises ValueError: if it refuses.
        """
        result = await self._classifier.set_text('checkpoint', checkpoint)
        if not result.successful:
            raise ValueError(f'the classifier refuses {checkpoint}: {result.reason}')
        self._running = checkpoint

    def _say(self, message: str, good: bool = True) -> None:
        self._message, self._messages, self._good = message, self._messages + 1, good
        self.get_logger().info(message)
        self._health.publish()

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
            'figures': json.dumps(self._figures),
            **source_values([self._stream]),
        }


def main(arguments=None) -> None:
    """Run the node."""
    run_node(GestureTrainerNode, arguments)
