# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Both nodes are managed: they hold and do nothing unless they are active."""
import json
import math
from pathlib import Path
import sys

from checkpoint_cards import fields_of, with_text
from lifecycle_msgs.msg import State, Transition
from lifecycle_msgs.srv import ChangeState, GetState
import numpy as np
import pytest
from snn_gesture_ros.events.packet import encode_packet, PACKED_EVENT, StreamPacket
from snn_gesture_ros.network.checkpoint import save_checkpoint
from snn_gesture_ros.network.gesture_net import GestureNet
from snn_gesture_ros.network.model_card import ModelCard
from snn_gesture_ros.ros.diagnostics import resident_mb
from snn_gesture_ros.ros.topics import GESTURE_QOS, LATCHED_QOS, STREAM_QOS
from std_msgs.msg import UInt8MultiArray
from std_srvs.srv import SetBool
from test_gesture_classifier import set_parameter
from vision_msgs.msg import Classification, LabelInfo

NODES = ('event_stream', 'gesture_classifier')


class Managed:
    """A managed node, asked by its services."""

    def __init__(self, ros, name):
        """Ask a node by its name."""
        self._ros, self._name = ros, name

    def _call(self, service, kind, request):
        future = self._ros.client(kind, f'/{self._name}/{service}').call_async(request)
        self._ros.wait_for(future.done, f'the answer of {service}')
        return future.result()

    @property
    def state(self):
        """Give the number of its state."""
        return self._call('get_state', GetState, GetState.Request()).current_state.id

    def change(self, transition):
        """Ask for a transition; give whether it was made."""
        request = ChangeState.Request(transition=Transition(id=transition))
        return self._call('change_state', ChangeState, request).success

    def enable(self, wanted):
        """Call the service enable; give its answer."""
        return self._call('enable', SetBool, SetBool.Request(data=wanted))


def show(publisher, number):
    """Publish 5 ms of events on the left half of a picture of 16x16 pixels."""
    events = np.zeros(32, PACKED_EVENT)
    events['pixel'] = np.arange(32) * 16 + 3
    t_us = 10**15 + number * 5000
    publisher.publish(encode_packet(StreamPacket(
        16, 16, number, t_us, t_us + 4900, 0, 'camera', events)))


@pytest.mark.parametrize('name', NODES)
def test_a_node_waits_for_a_lifecycle_manager(ros, halves, name):
    parameters = {'checkpoint': halves} if name == 'gesture_classifier' else {}
    process = ros.start(name, autostart=False, **parameters)
    node = Managed(ros, name)
    assert node.state == State.PRIMARY_STATE_UNCONFIGURED
    for transition, state in [
            (Transition.TRANSITION_CONFIGURE, State.PRIMARY_STATE_INACTIVE),
            (Transition.TRANSITION_ACTIVATE, State.PRIMARY_STATE_ACTIVE),
            (Transition.TRANSITION_DEACTIVATE, State.PRIMARY_STATE_INACTIVE),
            (Transition.TRANSITION_CLEANUP, State.PRIMARY_STATE_UNCONFIGURED),
            (Transition.TRANSITION_CONFIGURE, State.PRIMARY_STATE_INACTIVE),
            (Transition.TRANSITION_ACTIVATE, State.PRIMARY_STATE_ACTIVE),
            (Transition.TRANSITION_ACTIVE_SHUTDOWN, State.PRIMARY_STATE_FINALIZED)]:
        impossible = (Transition.TRANSITION_DEACTIVATE
                      if node.state != State.PRIMARY_STATE_ACTIVE
                      else Transition.TRANSITION_ACTIVATE)
        for wrong in (impossible, 200):
            assert not node.change(wrong)
        assert node.change(transition)
        assert node.state == state
    answer = node.enable(True)
    assert not answer.success and 'was shut down' in answer.message
    assert node.enable(False).success
    assert node.state == State.PRIMARY_STATE_FINALIZED
    assert process.poll() is None and 'Traceback' not in ros.output(process)


def test_a_checkpoint_that_cannot_be_used_leaves_the_node_unconfigured(ros, tmp_path, halves):
    missing = tmp_path / 'late.safetensors'
    process = ros.start('gesture_classifier', autostart=False, checkpoint=missing)
    node = Managed(ros, 'gesture_classifier')
    answer = node.enable(True)
    assert not answer.success and 'no checkpoint' in answer.message
    assert not node.change(Transition.TRANSITION_CONFIGURE)
    assert ros.output(process).count('no checkpoint') == 2
    assert node.state == State.PRIMARY_STATE_UNCONFIGURED
    missing.write_bytes(halves.read_bytes())
    assert node.enable(True).success
    assert node.state == State.PRIMARY_STATE_ACTIVE
    assert process.poll() is None


def threads_of(process):
    """Count the threads of a process."""
    return len(list(Path(f'/proc/{process.pid}/task').iterdir()))


def test_a_card_that_does_not_fit_leaves_the_node_unconfigured(ros, halves):
    other = halves.with_name('card.onnx')
    process = ros.start('gesture_classifier', autostart=False, checkpoint=other)
    node = Managed(ros, 'gesture_classifier')
    fields, threads = fields_of(halves), set()
    for wrong in {'size': 99}, {'labels': [1, 2, 3]}, {'window_ms': math.inf}, {'labels': ['a']}:
        with_text(halves, json.dumps({**fields, **wrong}), '.onnx').rename(other)
        assert not node.change(Transition.TRANSITION_CONFIGURE)
        assert node.state == State.PRIMARY_STATE_UNCONFIGURED
        threads.add(threads_of(process))
    assert len(threads) == 1
    with_text(halves, json.dumps(fields), '.onnx').rename(other)
    assert node.change(Transition.TRANSITION_CONFIGURE)
    assert node.state == State.PRIMARY_STATE_INACTIVE
    assert threads_of(process) == threads.pop()
    assert node.change(Transition.TRANSITION_ACTIVATE)
    assert node.state == State.PRIMARY_STATE_ACTIVE
    assert 'Traceback' not in ros.output(process)


def test_what_cannot_be_used_is_refused_while_inactive(ros, halves):
    ros.start('gesture_classifier', autostart=False, checkpoint='missing')
    node = Managed(ros, 'gesture_classifier')
    assert set_parameter(ros, 'checkpoint', str(halves)).successful
    assert node.change(Transition.TRANSITION_CONFIGURE)
    answer = set_parameter(ros, 'checkpoint', 'missing')
    assert not answer.successful and 'no checkpoint missing' in answer.reason
    other = halves.with_name('other.safetensors')
    other.write_bytes(halves.read_bytes())
    assert set_parameter(ros, 'checkpoint', str(other)).successful
    assert node.change(Transition.TRANSITION_ACTIVATE)


def test_a_missing_message_type_leaves_event_stream_unconfigured(ros):
    process = ros.start('event_stream', autostart=False, message_type='no_msgs/msg/Events')
    node = Managed(ros, 'event_stream')
    assert not node.change(Transition.TRANSITION_CONFIGURE)
    assert node.state == State.PRIMARY_STATE_UNCONFIGURED
    assert 'no_msgs' in ros.output(process)


TROUBLED = """
import sys
from snn_gesture_ros.ros.lifecycle import ManagedNode
from snn_gesture_ros.ros.running import run_node


class Troubled(ManagedNode):
    troubles = [sys.argv[1]] * 2

    def __init__(self):
        super().__init__('troubled')

    def configure(self):
        self.fail('configure')

    def activate(self):
        print('taken', flush=True)
        self.fail('activate')

    def deactivate(self):
        print('given back', flush=True)

    def fail(self, step):
        if step in self.troubles:
            raise KeyError(self.troubles.pop())


run_node(Troubled)
"""


@pytest.mark.parametrize('step, state, taken', [
    ('configure', State.PRIMARY_STATE_UNCONFIGURED, 0),
    ('activate', State.PRIMARY_STATE_INACTIVE, 2)])
def test_an_unforeseen_error_is_told_and_nothing_stays_half_taken(ros, step, state, taken):
    process = ros.run('troubled', [sys.executable, '-c', TROUBLED, step])
    node = Managed(ros, 'troubled')
    for _ in range(2):
        answer = node.enable(True)
        assert not answer.success and answer.message.startswith('KeyError')
        assert node.state == state
    output = ros.output(process)
    assert [output.count(what) for what in ('Traceback', 'taken', 'given back')] == [
        2, taken, taken]
    assert node.enable(True).success
    assert node.state == State.PRIMARY_STATE_ACTIVE


def test_an_inactive_classifier_gives_the_memory_of_its_network_back(ros, tmp_path):
    path, hidden = tmp_path / 'heavy.safetensors', 250_000
    save_checkpoint(path, GestureNet(3, 16, 4, hidden=hidden), ModelCard(
        ('left', 'right', 'none'), 4, 80.0, 16, 'binary', 'time', 'softmax',
        {'channels': 4, 'hidden': hidden}))
    size_mb = path.stat().st_size / 1e6
    process = ros.start('gesture_classifier', checkpoint=path, autostart=False)
    node = Managed(ros, 'gesture_classifier')
    assert node.change(Transition.TRANSITION_CONFIGURE)
    configured_mb = resident_mb(process.pid)
    assert node.change(Transition.TRANSITION_ACTIVATE)
    assert resident_mb(process.pid) > configured_mb + 0.8 * size_mb
    assert node.state == State.PRIMARY_STATE_ACTIVE
    assert node.enable(False).success and node.enable(True).success     # torch is loaded for good
    active_mb = resident_mb(process.pid)
    assert node.enable(False).success
    assert resident_mb(process.pid) < active_mb - 0.8 * size_mb


def test_a_classifier_is_switched_off_and_on(ros, halves):
    gestures = ros.listen(Classification, 'gesture', GESTURE_QOS)
    scores = ros.listen(Classification, 'gesture_scores', GESTURE_QOS)
    labels = ros.listen(LabelInfo, 'gesture_labels', LATCHED_QOS)
    stream = ros.node.create_publisher(UInt8MultiArray, 'event_stream', STREAM_QOS)
    ros.start('gesture_classifier', checkpoint=halves, min_events=1, smoothing_ms=50)
    node = Managed(ros, 'gesture_classifier')
    ros.wait_for(lambda: labels and ros.heard() and stream.get_subscription_count(), 'the node')
    number = iter(range(10**6))
    ros.node.create_timer(0.005, lambda: show(stream, next(number)))
    ros.wait_for(lambda: gestures, 'a gesture')
    for _ in range(3):
        assert node.enable(False).success and node.enable(False).success
        ros.wait_for(lambda: not gestures[-1].results, 'the end of the gesture')
        ros.wait_for(lambda: not stream.get_subscription_count(), 'the subscription to go')
        decided, began = len(scores), len(gestures)
        assert node.enable(True).success
        ros.wait_for(lambda: len(gestures) > began and gestures[-1].results, 'a gesture again')
        assert len(scores) > decided
    assert node.state == State.PRIMARY_STATE_ACTIVE


def test_a_classifier_of_several_streams_leaves_all_of_them(ros, halves):
    streams = [ros.node.create_publisher(UInt8MultiArray, f'{name}/event_stream', STREAM_QOS)
               for name in ('left', 'middle', 'right')]
    ros.start('gesture_classifier', checkpoint=halves, streams='[left, middle, right]')
    node = Managed(ros, 'gesture_classifier')
    for _ in range(2):
        ros.wait_for(lambda: all(each.get_subscription_count() for each in streams), 'the node')
        assert node.enable(False).success
        ros.wait_for(lambda: not any(each.get_subscription_count() for each in streams),
                     'all subscriptions to go')
        assert node.enable(True).success
