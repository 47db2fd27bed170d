# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Both nodes are managed: they hold and do nothing unless they are active."""
from dataclasses import replace
import math
from pathlib import Path

from lifecycle_msgs.msg import State, Transition
from lifecycle_msgs.srv import ChangeState, GetState
import numpy as np
import pytest
from snn_gesture_ros.events.packet import encode_packet, EventPacket, PACKED_EVENT
from snn_gesture_ros.network.checkpoint import load_checkpoint, save_checkpoint
from snn_gesture_ros.network.gesture_net import GestureNet
from snn_gesture_ros.network.model_card import ModelCard
from snn_gesture_ros.nodes.memory import resident_mb
from snn_gesture_ros.nodes.topics import GESTURE_QOS, LATCHED_QOS, STREAM_QOS
from std_msgs.msg import UInt8MultiArray
from std_srvs.srv import SetBool
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
    publisher.publish(encode_packet(EventPacket(
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


def test_a_checkpoint_that_cannot_be_used_leaves_the_node_inactive(ros, tmp_path, halves):
    missing = tmp_path / 'late.safetensors'
    process = ros.start('gesture_classifier', autostart=False, checkpoint=missing)
    node = Managed(ros, 'gesture_classifier')
    answer = node.enable(True)
    assert not answer.success and 'no checkpoint' in answer.message
    assert node.state == State.PRIMARY_STATE_INACTIVE
    missing.write_bytes(halves.read_bytes())
    assert node.enable(True).success
    assert node.state == State.PRIMARY_STATE_ACTIVE
    assert process.poll() is None


def with_card(halves, **fields):
    """Write the network with another card; give its path."""
    path = halves.with_name('other.safetensors')
    net, card = load_checkpoint(str(halves))
    save_checkpoint(path, net, replace(card, **fields))
    return path


@pytest.mark.parametrize('fields, error', [
    ({'window_ms': math.inf}, 'OverflowError'), ({'labels': (1, 2, 3)}, 'AssertionError')])
def test_an_unforeseen_error_is_told_and_nothing_stays_half_taken(ros, halves, fields, error):
    path = with_card(halves, **fields)
    process = ros.start('gesture_classifier', {**ros.environment, 'ROS_PYTHON_CHECK_FIELDS': '1'},
                        autostart=False, checkpoint=path)
    node = Managed(ros, 'gesture_classifier')
    threads = []
    for _ in range(2):
        answer = node.enable(True)
        assert not answer.success and answer.message.startswith(error)
        assert node.state == State.PRIMARY_STATE_INACTIVE
        threads.append(len(list(Path(f'/proc/{process.pid}/task').iterdir())))
    assert threads[0] == threads[1]
    assert ros.output(process).count('Traceback') == 2
    path.write_bytes(halves.read_bytes())
    assert node.enable(True).success
    assert node.state == State.PRIMARY_STATE_ACTIVE


def test_an_inactive_classifier_gives_the_memory_of_its_network_back(ros, tmp_path):
    path, hidden = tmp_path / 'heavy.safetensors', 250_000
    save_checkpoint(path, GestureNet(3, 16, 4, hidden=hidden), ModelCard(
        ('left', 'right', 'none'), 4, 80.0, 16, 'binary', 'time', 'softmax',
        {'channels': 4, 'hidden': hidden}))
    size_mb = path.stat().st_size / 1e6
    process = ros.start('gesture_classifier', checkpoint=path)
    node = Managed(ros, 'gesture_classifier')
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
