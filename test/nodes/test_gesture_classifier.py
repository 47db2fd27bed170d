# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The gesture_classifier node, as a process: packets in, gestures out."""
import json
import math
import time

from checkpoint_cards import fields_of, with_text
from diagnostic_msgs.msg import DiagnosticArray
import numpy as np
import pytest
from rcl_interfaces.msg import Parameter, ParameterEvent, ParameterType, ParameterValue
from rcl_interfaces.srv import GetParameters, SetParameters
from rclpy.duration import Duration
from rclpy.time import Time
from rosgraph_msgs.msg import Clock
from snn_gesture_ros.events.packet import encode_packet, PACKED_EVENT, StreamPacket
from snn_gesture_ros.network.checkpoint import save_checkpoint
from snn_gesture_ros.network.gesture_net import GestureNet
from snn_gesture_ros.network.model_card import ModelCard
from snn_gesture_ros.ros.topics import GESTURE_QOS, LATCHED_QOS, STREAM_QOS
from std_msgs.msg import String, UInt8MultiArray
from vision_msgs.msg import Classification, LabelInfo

LABELS = ('left', 'right', 'none')
OFFSET_NS = 7_000_000
BASE_US = 1_700_000_000_000_000


class Stream:
    """Packets of 5 ms that fire on a column of the picture, as event_stream sends them."""

    def __init__(self, ros, topic='event_stream'):
        """Begin with the first packet."""
        self.publisher = ros.node.create_publisher(UInt8MultiArray, topic, STREAM_QOS)
        self.sequence = 0
        self.ros = ros

    def show(self, column, packets):
        """Publish packets; with no column they are empty."""
        events = np.zeros(0 if column is None else 32, PACKED_EVENT)
        if len(events):
            events['pixel'] = np.arange(32) * 16 + column
            events['dt_us'] = np.arange(32) * 100
        for _ in range(packets):
            t_us = BASE_US + self.sequence * 5000
            self.publisher.publish(encode_packet(StreamPacket(
                16, 16, self.sequence, t_us, t_us + 4900, OFFSET_NS, 'camera', events)))
            self.sequence += 1


@pytest.fixture
def running(ros, halves):
    """Give the stream, and the messages that the node publishes."""
    scores = ros.listen(Classification, 'gesture_scores', GESTURE_QOS)
    gestures = ros.listen(Classification, 'gesture', GESTURE_QOS)
    labels = ros.listen(LabelInfo, 'gesture_labels', LATCHED_QOS)
    ros.node_process = ros.start('gesture_classifier', checkpoint=halves, min_events=1,
                                 smoothing_ms=50, queue_size=100)
    stream = Stream(ros)
    ros.wait_for(lambda: stream.publisher.get_subscription_count() and labels and ros.heard(),
                 'the node')
    return stream, scores, gestures, labels


def started(gestures):
    """Give the labels that started, None where a gesture ended."""
    return [message.results[0].class_id if message.results else None for message in gestures]


def test_gestures_start_and_end(ros, running):
    stream, scores, gestures, _ = running
    stream.show(3, 60)
    stream.show(None, 60)
    stream.show(12, 60)
    stream.show(None, 60)
    ros.wait_for(lambda: started(gestures) == ['left', None, 'right', None], 'two gestures')
    ros.wait_for(lambda: len(scores) >= 58, 'a decision for each frame')
    for message in scores:
        values = [result.score for result in message.results]
        assert sorted(result.class_id for result in message.results) == sorted(LABELS)
        assert values == sorted(values, reverse=True)
        assert sum(values) == pytest.approx(1, abs=1e-5)
        assert message.header.frame_id == 'camera'


def test_stamp_is_the_newest_event_in_ros_time(ros, running):
    stream, scores, _, _ = running
    stream.show(3, 40)
    ros.wait_for(lambda: len(scores) >= 8, 'decisions')
    for message in scores[:8]:
        stamp = message.header.stamp
        t_us = (stamp.sec * 10**9 + stamp.nanosec - OFFSET_NS) // 1000
        assert (t_us - BASE_US) % 5000 == 3100
        assert (t_us - BASE_US) // 5000 % 4 == 3


def test_the_state_reports_a_silent_stream_at_once(ros, running):
    stream, *_ = running
    states = ros.listen(String, 'gesture_classifier/state', LATCHED_QOS)

    def silent():
        return json.loads(states[-1].data)['silent'] if states else None

    ros.wait_for(lambda: silent() == ['/gesture_scores'], 'the silence before the first event')
    ros.wait_for(lambda: stream.show(3, 1) or silent() == [], 'events')
    shown_s = time.monotonic()
    stream.show(3, 1)
    ros.wait_for(silent, 'the silence')
    assert time.monotonic() - shown_s >= 0.25


def test_gesture_ends_when_the_stream_falls_silent(ros, running):
    stream, _, gestures, _ = running
    stream.show(3, 60)
    ros.wait_for(lambda: started(gestures) == ['left', None], 'the end, without more packets')


def test_a_gesture_ends_in_silence_by_simulated_time(ros, halves):
    gestures = ros.listen(Classification, 'gesture', GESTURE_QOS)
    diagnostics = ros.listen(DiagnosticArray, '/diagnostics')
    clock = ros.node.create_publisher(Clock, '/clock', 10)
    ros.start('gesture_classifier', checkpoint=halves, min_events=1, smoothing_ms=50,
              queue_size=100, use_sim_time=True)
    stream = Stream(ros)
    ros.wait_for(lambda: stream.publisher.get_subscription_count() and ros.heard()
                 and clock.get_subscription_count(), 'the node, and that it listens to /clock')
    time = Time(seconds=5000)

    def pass_until(condition, what):
        def passed():
            nonlocal time
            time += Duration(seconds=0.01)
            clock.publish(Clock(clock=time.to_msg()))
            return condition()
        ros.wait_for(passed, what)

    pass_until(lambda: diagnostics and diagnostics[-1].header.stamp.sec >= 5000, 'its time')
    stream.show(3, 60)
    ros.wait_for(lambda: started(gestures) == ['left'], 'the gesture')
    pass_until(lambda: started(gestures) == ['left', None], 'the end, without more packets')


def test_labels_come_to_those_who_join_late(ros, running):
    late = ros.listen(LabelInfo, 'gesture_labels', LATCHED_QOS)
    ros.wait_for(lambda: late, 'the latched labels')
    assert [item.class_name for item in late[0].class_map] == list(LABELS)
    assert [item.class_id for item in late[0].class_map] == [0, 1, 2]
    assert late[0].threshold == pytest.approx(0.7)


def test_lost_and_foreign_packets_are_counted(ros, running):
    stream, scores, _, _ = running
    diagnostics = ros.listen(DiagnosticArray, '/diagnostics')
    stream.show(3, 10)
    stream.sequence += 4
    stream.publisher.publish(UInt8MultiArray(data=[1, 2, 3]))
    stream.show(3, 10)
    ros.wait_for(lambda: diagnostics and {('lost', '4'), ('malformed', '1')} <= {
        (pair.key, pair.value) for pair in diagnostics[-1].status[0].values}, 'the counts')


def ask_for(ros, name, value):
    """Call the node's parameter service with a number or a text; give the future answer."""
    kind, field = {str: (ParameterType.PARAMETER_STRING, 'string_value'),
                   int: (ParameterType.PARAMETER_INTEGER, 'integer_value'),
                   float: (ParameterType.PARAMETER_DOUBLE, 'double_value')}[type(value)]
    client = ros.client(SetParameters, '/gesture_classifier/set_parameters')
    parameter = Parameter(name=name, value=ParameterValue(type=kind, **{field: value}))
    return client.call_async(SetParameters.Request(parameters=[parameter]))


def set_parameter(ros, name, value):
    """Set a parameter of the node; give its answer."""
    future = ask_for(ros, name, value)
    ros.wait_for(future.done, 'the answer')
    return future.result().results[0]


def test_hostile_packets_cost_nothing_but_themselves(ros, running):
    stream, _, gestures, _ = running
    diagnostics = ros.listen(DiagnosticArray, '/diagnostics')
    good = StreamPacket(16, 16, 0, BASE_US, BASE_US + 4900, OFFSET_NS, 'camera',
                        np.zeros(4, PACKED_EVENT))
    outside = np.zeros(4, PACKED_EVENT)
    outside['pixel'] = 2 * 16 * 16
    hostile = [{'events': outside}, {'width': 65472, 'height': 65472}, {'width': 0},
               {'t_newest_us': BASE_US - 1}, {'t_base_us': -2**63, 't_newest_us': 2**63 - 1},
               {'ros_offset_ns': 2**63 - 1}, {'width': 24, 'height': 24}]
    for wrong in hostile:
        stream.publisher.publish(encode_packet(good._replace(**wrong)))
    stream.show(3, 60)
    ros.wait_for(lambda: 'left' in started(gestures), 'the gesture left')
    ros.wait_for(lambda: any(pair.key == 'malformed' and pair.value == str(len(hostile))
                             for message in diagnostics for pair in message.status[0].values),
                 'the count of malformed packets')
    assert 'Traceback' not in ros.output(ros.node_process)


def test_thresholds_change_while_the_node_runs(ros, running):
    _, _, _, labels = running
    refused = set_parameter(ros, 'start_threshold', 0.2)
    assert not refused.successful and 'end_threshold <= start_threshold' in refused.reason
    assert not set_parameter(ros, 'start_threshold', 1.5).successful
    assert not set_parameter(ros, 'window_ms', -500.0).successful
    assert set_parameter(ros, 'start_threshold', 0.9).successful
    ros.wait_for(lambda: labels[-1].threshold == pytest.approx(0.9), 'the new threshold')


def test_a_decimal_parameter_stays_one_whatever_number_is_set(ros, running):
    events = ros.listen(ParameterEvent, '/parameter_events')
    client = ros.client(GetParameters, '/gesture_classifier/get_parameters')
    ros.wait_for(ros.heard, 'the node')

    def value_of(name):
        future = client.call_async(GetParameters.Request(names=[name]))
        ros.wait_for(future.done, 'the answer')
        return future.result().values[0]

    assert value_of('smoothing_ms') == ParameterValue(
        type=ParameterType.PARAMETER_DOUBLE, double_value=50.0), 'given as 50 at the start'
    assert set_parameter(ros, 'smoothing_ms', 60).successful
    sixty = ParameterValue(type=ParameterType.PARAMETER_DOUBLE, double_value=60.0)
    assert value_of('smoothing_ms') == sixty
    ros.wait_for(lambda: Parameter(name='smoothing_ms', value=sixty) in [
        each for event in events for each in event.changed_parameters], 'the event')
    assert not set_parameter(ros, 'smoothing_ms', 60_000).successful
    assert not set_parameter(ros, 'smoothing_ms', 'soon').successful
    assert set_parameter(ros, 'smoothing_ms', 60.5).successful


def frame_numbers(scores, frame_us=20_000):
    """Give the number of the frame of each decision; where it has no events, its end is told."""
    stamps = [message.header.stamp for message in scores]
    times_us = [(s.sec * 10**9 + s.nanosec - OFFSET_NS) // 1000 - BASE_US for s in stamps]
    return [(t_us - 1) // frame_us for t_us in times_us]


def test_the_network_is_exchanged_between_two_frames(ros, running, halves):
    stream, scores, gestures, _ = running
    other = halves.with_name('other.safetensors')
    other.write_bytes(halves.read_bytes())
    ros.node.create_timer(0.005, lambda: stream.show(3, 1))
    ros.wait_for(lambda: started(gestures) == ['left'], 'the gesture')
    for number in range(10):
        answer = set_parameter(ros, 'checkpoint', str((other, halves)[number % 2]))
        assert answer.successful, answer.reason
        decided = len(scores)
        ros.wait_for(lambda: len(scores) > decided + 2, 'decisions')
    assert len(scores) > 30
    assert {*np.diff(frame_numbers(scores))} == {1}
    assert started(gestures) == ['left']


def test_a_network_that_cannot_be_used_is_refused_and_nothing_stops(ros, running, tmp_path):
    stream, scores, gestures, labels = running
    ros.node.create_timer(0.005, lambda: stream.show(3, 1))
    ros.wait_for(lambda: started(gestures) == ['left'], 'the gesture')
    damaged = tmp_path / 'damaged.safetensors'
    damaged.write_bytes(b'no network')
    for name, value, reason in [
            ('checkpoint', str(damaged), 'not a usable checkpoint'),
            ('checkpoint', 'fast', 'the network needs a multiple of 64x64'),
            ('device', 'gpu', 'is not auto, cpu, cuda'),
            ('slicing', 'count', 'slicing by count needs window_events')]:
        answer = set_parameter(ros, name, value)
        assert not answer.successful and reason in answer.reason
    decided = len(scores)
    ros.wait_for(lambda: len(scores) > decided + 5, 'decisions')
    assert {*np.diff(frame_numbers(scores))} == {1}
    assert started(gestures) == ['left'] and len(labels) == 1


def test_cards_that_do_not_fit_are_refused_and_nothing_stops(ros, running, halves):
    stream, scores, gestures, _ = running
    ros.node.create_timer(0.005, lambda: stream.show(3, 1))
    ros.wait_for(lambda: started(gestures) == ['left'], 'the gesture')
    fields = fields_of(halves)
    for wrong in ({'size': 99}, {'size': 40_000}, {'labels': [1, 2, 3]}, {'labels': ['a', 'b']},
                  {'window_ms': math.inf}, {'time_steps': 10**9}):
        for suffix in '.onnx', '.safetensors':
            path = with_text(halves, json.dumps({**fields, **wrong}), suffix)
            answer = set_parameter(ros, 'checkpoint', str(path))
            assert not answer.successful and str(path) in answer.reason
            decided = len(scores)
            ros.wait_for(lambda: len(scores) > decided, 'decisions')
    assert {*np.diff(frame_numbers(scores))} == {1}
    assert started(gestures) == ['left']
    assert 'Traceback' not in ros.output(ros.node_process)


def test_one_network_decides_on_several_streams(ros, halves):
    names, columns = ('front', 'back'), (3, 12)
    scores, gestures, labels = ({name: ros.listen(kind, f'{name}/{topic}', qos) for name in names}
                                for kind, topic, qos in (
                                    (Classification, 'gesture_scores', GESTURE_QOS),
                                    (Classification, 'gesture', GESTURE_QOS),
                                    (LabelInfo, 'gesture_labels', LATCHED_QOS)))
    diagnostics = ros.listen(DiagnosticArray, '/diagnostics')
    ros.start('gesture_classifier', checkpoint=halves, min_events=1, smoothing_ms=50,
              queue_size=100, streams=[*names])
    streams = [Stream(ros, f'{name}/event_stream') for name in names]
    ros.wait_for(lambda: all(stream.publisher.get_subscription_count() for stream in streams)
                 and all(labels.values()) and ros.heard(), 'the node')
    showing = [ros.node.create_timer(0.005, lambda stream=stream, column=column:
                                     stream.show(column, 1))
               for stream, column in zip(streams, columns)]
    ros.wait_for(lambda: all(gestures.values()), 'both gestures')
    other = halves.with_name('other.safetensors')
    other.write_bytes(halves.read_bytes())
    assert set_parameter(ros, 'checkpoint', str(other)).successful
    decided = len(scores['back'])
    ros.wait_for(lambda: len(scores['back']) > decided + 5, 'decisions')
    ros.wait_for(lambda: ('gesture', 'front: left, back: right') in [
        (pair.key, pair.value) for pair in diagnostics[-1].status[0].values], 'the diagnostics')
    showing[0].cancel()
    ros.wait_for(lambda: started(gestures['front']) == ['left', None], 'the end of one gesture')
    assert started(gestures['back']) == ['right']
    ros.wait_for(lambda: '/front/event_stream' in diagnostics[-1].status[0].message, 'the reason')
    assert '/back/event_stream' not in diagnostics[-1].status[0].message
    assert {*np.diff(frame_numbers(scores['back']))} == {1}


@pytest.fixture
def slow(tmp_path):
    """Write a network that takes seconds to load, and then does not fit the stream."""
    path = tmp_path / 'slow.safetensors'
    save_checkpoint(path, GestureNet(3, 1024, 16, stride=1), ModelCard(
        LABELS, 4, 80.0, 1024, 'binary', 'time', 'softmax', {'channels': 16, 'stride': 1}))
    return path


def test_gesture_ends_in_silence_while_a_network_is_loaded(ros, running, slow):
    stream, _, gestures, _ = running
    showing = ros.node.create_timer(0.005, lambda: stream.show(3, 1))
    ros.wait_for(lambda: started(gestures) == ['left'], 'the gesture')
    answer = ask_for(ros, 'checkpoint', str(slow))
    showing.cancel()
    ros.wait_for(answer.done, 'the answer')
    assert 'the network needs a multiple of' in answer.result().results[0].reason
    assert started(gestures) == ['left', None]


def test_gesture_ends_in_silence_after_frames_are_cut_otherwise(ros, running):
    stream, _, gestures, _ = running
    assert set_parameter(ros, 'window_events', 4 * 32).successful
    assert set_parameter(ros, 'slicing', 'count').successful
    stream.show(3, 60)
    ros.wait_for(lambda: started(gestures) == ['left'], 'the gesture')
    assert set_parameter(ros, 'slicing', 'time').successful
    ros.wait_for(lambda: started(gestures) == ['left', None], 'the end, without more packets')


def test_the_window_changes_while_the_node_runs(ros, running):
    stream, scores, _, _ = running
    ros.node.create_timer(0.005, lambda: stream.show(3, 1))
    ros.wait_for(lambda: len(scores) > 3, 'decisions')
    assert set_parameter(ros, 'window_ms', 200.0).successful
    ros.wait_for(lambda: len(scores) > 9 and {
        *np.diff(frame_numbers(scores[-8:], 50_000))} == {1}, 'decisions every 50 ms')


@pytest.mark.parametrize('parameters, reason', [
    ({'checkpoint': 'no_such_model'}, 'no checkpoint no_such_model'),
    ({'checkpoint': __file__}, 'not a usable checkpoint'),
    ({'device': 'gpu'}, 'is not auto, cpu, cuda'),
    ({'slicing': 'frames'}, "slicing 'frames' is not one of time, count"),
    ({'window_ms': -1.0}, 'window_ms must be between'),
    ({'smoothing_ms': 'fast'}, 'smoothing_ms must be a number'),
    ({'state': 'lost'}, 'is not one of carried, window'),
    ({'runtime': 'tensorflow'}, 'is not one of auto, torch, onnx'),
    ({'end_threshold': 0.9}, 'end_threshold <= start_threshold'),
    ({'streams': ['a', 'a']}, 'none of them twice'),
    ({'streams': []}, 'streams'),
    ({'streams': [1]}, 'parameter streams must be a list'),
    ({'checkpoint': []}, 'checkpoint must not be empty'),
    ({'window_ms': []}, 'window_ms must not be empty'),
    ({'streams': ['a', 'no name']}, "'no name' cannot be a namespace"),
])
def test_wrong_parameters_end_the_node_with_the_reason(ros, halves, parameters, reason):
    node = ros.start('gesture_classifier', **{'checkpoint': halves, **parameters})
    ros.wait_for(lambda: node.poll() is not None, 'the node to end')
    assert node.returncode == 1
    assert reason in ros.output(node)
    assert 'Traceback' not in ros.output(node)
