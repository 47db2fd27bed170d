# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""States of nodes: what another package publishes under the same name costs nothing."""
import pytest
from snn_gesture_ros.ros.state import contest_before, NodeStates
from snn_gesture_ros.ros.topics import LATCHED_QOS
from std_msgs.msg import String


@pytest.mark.parametrize('text', [
    'running', '', '[]', 'null', '{"reads_from": 3}', '{"reads_from": [3]}', '{"silent": 3}',
    '{"silent": [[]]}', '[' * 100_000])
def test_what_is_no_state_is_skipped(ros, text):
    states, camera = NodeStates(ros.node, ['/camera']), ros.make_node('camera')
    heard, ends = [], []
    ros.node.create_subscription(String, '/camera/state', heard.append, LATCHED_QOS)
    ros.node.create_subscription(String, '/end', ends.append, LATCHED_QOS)
    publisher = camera.create_publisher(String, '/camera/state', LATCHED_QOS)
    good = String(data='{"reads_from": ["/lens"], "contest": ""}')
    ros.wait_for(lambda: publisher.publish(good) or states.state_of('/camera'), 'the state')
    publisher.publish(String(data=text))
    ros.wait_for(lambda: heard and heard[-1].data == text, 'what is no state')
    # What came before this has been read by all when it is.
    ros.node.create_publisher(String, '/end', LATCHED_QOS).publish(String())
    ros.wait_for(lambda: ends, 'the end')
    assert states.state_of('/camera')['reads_from'] == ['/lens']
    publisher.publish(String(data='{"contest": "a and b send"}'))
    ros.wait_for(lambda: contest_before(states.state_of, ['/camera']), 'the next state')
    assert contest_before(states.state_of, ['/camera']) == '/camera: a and b send'


def test_a_name_that_cannot_be_one_has_no_state(ros):
    assert contest_before(NodeStates(ros.node).state_of, ['/no name']) == ''
