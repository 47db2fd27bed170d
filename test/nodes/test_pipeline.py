# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From camera messages to gestures: two processes, and one that hands packets over in memory."""
import signal

from diagnostic_msgs.msg import DiagnosticArray
import numpy as np
import pytest
from snn_gesture_ros.events.cdr import encode_event_packet, EventPacketMessage
from snn_gesture_ros.events.encoders import encode_mono
from snn_gesture_ros.events.event import EVENT, EVENT_PACKET_TYPE
from snn_gesture_ros.events.packet import decode_packet
from snn_gesture_ros.ros.topics import CAMERA_QOS, GESTURE_QOS, message_class, STREAM_QOS
from std_msgs.msg import UInt8MultiArray
from vision_msgs.msg import Classification

WAYS = {'two': ('event_stream', 'gesture_classifier'), 'composed': ('gesture_pipeline',)}
PARAMETERS = {'width': 16, 'height': 16, 'hot_pixels': False, 'refractory_us': 0,
              'background_us': 0, 'min_events': 1, 'smoothing_ms': 50, 'queue_size': 200}
START_US = 1_700_000_000_000_000


class Camera:
    """A camera of 16x16 pixels whose columns fire."""

    def __init__(self, ros):
        """Begin with the first message."""
        self.publisher = ros.node.create_publisher(
            message_class(EVENT_PACKET_TYPE), 'events', CAMERA_QOS)
        self.sequence = 0

    def show(self, *columns):
        """
        Publish 60 messages of 5 ms for each column.

        All are made before the first is sent: to wait in between would be silence.
        """
        messages = []
        for column in np.repeat(columns, 60):
            events = np.zeros(32, EVENT)
            events['t'] = np.arange(32) * 100
            events['x'], events['y'] = column, np.arange(32) % 16
            stamp_ns = (START_US + self.sequence * 5000) * 1000
            messages.append(encode_event_packet(EventPacketMessage(
                stamp_ns, 'camera', 16, 16, self.sequence, stamp_ns, 'mono', False,
                encode_mono(events, 0))))
            self.sequence += 1
        for message in messages:
            self.publisher.publish(message)


def is_heard(diagnostics):
    """Tell whether the classifier knows that somebody listens to its scores."""
    return any(pair.key == 'listeners' and pair.value != '0' for message in diagnostics
               for status in message.status if status.name == 'gesture_classifier'
               for pair in status.values)


def recognised(ros, way, checkpoint):
    """Show both sides; give the started gestures, the scores and the processes."""
    gestures = ros.listen(Classification, 'gesture', GESTURE_QOS)
    scores = ros.listen(Classification, 'gesture_scores', GESTURE_QOS)
    diagnostics = ros.listen(DiagnosticArray, '/diagnostics')
    processes = [ros.start(name, checkpoint=checkpoint, **PARAMETERS) for name in WAYS[way]]
    camera = Camera(ros)
    ros.wait_for(lambda: camera.publisher.get_subscription_count() and ros.heard()
                 and is_heard(diagnostics), 'the nodes')
    camera.show(3, 12)
    ros.wait_for(lambda: len(gestures) >= 4, 'two gestures that start and end')
    return [message.results[0].class_id if message.results else None
            for message in gestures], scores, processes


@pytest.mark.parametrize('way', WAYS)
def test_gestures_start_and_end(ros, halves, way):
    gestures, scores, _ = recognised(ros, way, halves)
    assert gestures == ['left', None, 'right', None]
    # 600 ms of events in frames of 20 ms, the last of which is closed by silence.
    ros.wait_for(lambda: len(scores) >= 30, 'a decision for each frame')
    best = [message.results[0].class_id for message in scores[:29]]
    assert best[2:14] == ['left'] * 12 and best[18:29] == ['right'] * 11


def test_composed_nodes_have_their_own_names_and_diagnostics(ros, halves):
    diagnostics = ros.listen(DiagnosticArray, '/diagnostics')
    _, _, (process,) = recognised(ros, 'composed', halves)
    ros.wait_for(lambda: {'event_stream', 'gesture_classifier'} <= {
        message.status[0].name for message in diagnostics}, 'diagnostics of both nodes')
    names = ros.node.get_node_names()
    assert {'event_stream', 'gesture_classifier'} <= set(names)
    process.send_signal(signal.SIGINT)
    ros.wait_for(lambda: process.poll() is not None, 'the process to end')
    assert process.returncode == 0 and 'Traceback' not in ros.output(process)


def test_composed_stream_is_published_to_who_listens(ros, halves):
    packets = ros.listen(UInt8MultiArray, 'event_stream', STREAM_QOS, raw=True)
    recognised(ros, 'composed', halves)
    ros.wait_for(lambda: sum(len(decode_packet(data).events) for data in packets) == 120 * 32,
                 'all events')


def test_wrong_parameter_ends_the_process_with_the_reason(ros, halves):
    process = ros.start('gesture_pipeline', checkpoint=halves, geometry='round')
    ros.wait_for(lambda: process.poll() is not None, 'the process to end')
    assert process.returncode == 1
    assert 'gesture_pipeline: ' in ros.output(process)
    assert 'Traceback' not in ros.output(process)
