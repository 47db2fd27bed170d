# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The event_stream node, as a process: topics in, packets out."""
from itertools import count
import os
import shutil
import signal
import subprocess
import time

from diagnostic_msgs.msg import DiagnosticArray
import numpy as np
import pytest
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import SetParameters
from rclpy.qos import QoSProfile, ReliabilityPolicy
from snn_gesture_ros.events.cdr import encode_event_array, encode_event_packet, EventPacketMessage
from snn_gesture_ros.events.encoders import encode_mono
from snn_gesture_ros.events.event import EVENT, EVENT_ARRAY_TYPES, EVENT_PACKET_TYPE, EVENT_TYPES
from snn_gesture_ros.events.packet import decode_packet
from snn_gesture_ros.ros.topics import message_class, STREAM_QOS
from std_msgs.msg import UInt8MultiArray

OFF = {'batch_us': 0, 'hot_pixels': False, 'refractory_us': 0, 'background_us': 0}


def message(message_type, number, count=50):
    """Serialize the events of one millisecond, all of them on pixel (number, 3)."""
    events = np.zeros(count, EVENT)
    events['t'] = 10**15 + number * 1000 + np.arange(count)
    events['x'], events['y'], events['p'] = number, 3, 1
    if message_type in EVENT_ARRAY_TYPES:
        return encode_event_array(events, 0, 'camera', 128, 128)
    words = (np.arange(count, dtype=np.uint64) * 1000 + (np.uint64(number) << np.uint64(32))
             + (np.uint64(3) << np.uint64(48)) + (np.uint64(1) << np.uint64(63)))
    return encode_event_packet(EventPacketMessage(
        0, 'camera', 128, 128, number, (10**15 + number * 1000) * 1000, 'mono', False,
        words.view(np.uint8)))


def counters(diagnostics):
    """Give the newest counters of the node."""
    if not diagnostics:
        return {}
    return {pair.key: pair.value for pair in diagnostics[-1].status[0].values}


@pytest.mark.parametrize('reliability', [ReliabilityPolicy.BEST_EFFORT,
                                         ReliabilityPolicy.RELIABLE])
@pytest.mark.parametrize('message_type', EVENT_TYPES)
def test_every_event_type_is_found_and_read(ros, message_type, reliability):
    packets = ros.listen(UInt8MultiArray, 'event_stream', STREAM_QOS, raw=True)
    ros.start('event_stream', **OFF)
    camera = ros.node.create_publisher(
        message_class(message_type), 'events', QoSProfile(depth=1000, reliability=reliability))
    ros.wait_for(camera.get_subscription_count, 'the node to subscribe')
    for number in range(20):
        camera.publish(message(message_type, number))
    ros.wait_for(lambda: len(packets) == 20, '20 packets')
    for number, data in enumerate(packets):
        packet = decode_packet(data)
        assert packet.sequence == number
        assert packet.frame_id == 'camera'
        assert packet.t_base_us == 10**15 + number * 1000
        assert packet.events['dt_us'].tolist() == list(range(50))
        assert (packet.events['pixel'] == (128 + 3) * 128 + number).all()


def set_rotation(ros, node, rotation):
    """Set the parameter of a node that runs; give its answer."""
    client = ros.client(SetParameters, f'/{node}/set_parameters')
    value = ParameterValue(type=ParameterType.PARAMETER_INTEGER, integer_value=rotation)
    future = client.call_async(SetParameters.Request(
        parameters=[Parameter(name='rotation', value=value)]))
    ros.wait_for(future.done, 'the answer')
    return future.result().results[0]


@pytest.mark.parametrize('geometry', [{}, {'geometry': 'whole'}, {
    'geometry': 'region', 'region': '[40, 30, 200, 90]', 'flip_x': True}])
def test_rotation_changes_while_the_node_runs(ros, geometry):
    packets = ros.listen(UInt8MultiArray, 'event_stream', STREAM_QOS, raw=True)
    node = ros.start('event_stream', rotation=270, **OFF, **geometry)
    camera = ros.node.create_publisher(message_class(EVENT_ARRAY_TYPES[0]), 'events', 1000)
    ros.wait_for(camera.get_subscription_count, 'the node to subscribe')
    events = np.zeros(3000, EVENT)
    rng = np.random.default_rng(1)
    events['t'] = 10**15 + np.arange(len(events))
    events['x'], events['y'] = rng.integers(0, 346, 3000), rng.integers(0, 260, 3000)
    data = encode_event_array(events, 0, 'camera', 260, 346)

    def seen():
        """Give the picture of the camera's next message, uint [128, 128]."""
        packets.clear()
        camera.publish(data)
        ros.wait_for(lambda: packets, 'a packet')
        return np.bincount(decode_packet(packets[0]).events['pixel'],
                           minlength=2 * 128 * 128)[:128 * 128].reshape(128, 128)

    first = seen()
    if geometry.get('flip_x'):      # the flip is of the picture that is turned
        first = first[:, ::-1]
    upright = np.rot90(first, -1)
    for rotation in (0, 90, 180, 270):
        assert set_rotation(ros, 'event_stream', rotation).successful
        picture = seen()[:, ::-1] if geometry.get('flip_x') else seen()
        assert picture.any()
        np.testing.assert_array_equal(picture, np.rot90(upright, -(rotation // 90)))
    refused = set_rotation(ros, 'event_stream', 100)
    assert not refused.successful and 'rotation 100 is not one of' in refused.reason
    assert node.poll() is None


def test_malformed_messages_are_counted_and_cost_nothing_else(ros):
    packets = ros.listen(UInt8MultiArray, 'event_stream', STREAM_QOS, raw=True)
    diagnostics = ros.listen(DiagnosticArray, '/diagnostics')
    node = ros.start('event_stream', **OFF)
    camera = ros.node.create_publisher(message_class(EVENT_PACKET_TYPE), 'events', 1000)
    ros.wait_for(camera.get_subscription_count, 'the node to subscribe')
    good = message(EVENT_PACKET_TYPE, 0)
    unknown = message(EVENT_PACKET_TYPE, 1).replace(b'mono', b'momo')
    for data in (good, good[:40], good[:-30], b'\0\1\0\0', unknown,
                 message(EVENT_PACKET_TYPE, 1)):
        camera.publish(data)
    ros.wait_for(lambda: len(packets) == 2, 'the two good messages')
    ros.wait_for(lambda: counters(diagnostics).get('malformed') == '4', 'the count of 4')
    assert 'message skipped' in ros.output(node)
    assert node.poll() is None


def test_missing_numbers_are_counted_as_lost(ros):
    diagnostics = ros.listen(DiagnosticArray, '/diagnostics')
    ros.listen(UInt8MultiArray, 'event_stream', STREAM_QOS, raw=True)
    ros.start('event_stream')
    camera = ros.node.create_publisher(message_class(EVENT_PACKET_TYPE), 'events', 1000)
    ros.wait_for(camera.get_subscription_count, 'the node to subscribe')
    for number in (0, 1, 5, 6, 9):
        camera.publish(message(EVENT_PACKET_TYPE, number))
    ros.wait_for(lambda: counters(diagnostics).get('lost') == '5', 'the count of 5')


def test_messages_lost_while_the_node_stood_still_are_no_jump_of_the_clock(ros):
    """What has waited is read at once; DDS lost what came after the first of it."""
    diagnostics = ros.listen(DiagnosticArray, '/diagnostics')
    ros.listen(UInt8MultiArray, 'event_stream', STREAM_QOS, raw=True)
    node = ros.start('event_stream')
    camera = ros.node.create_publisher(message_class(EVENT_PACKET_TYPE), 'events', 10)
    ros.wait_for(camera.get_subscription_count, 'the node to subscribe')
    numbers, shown = count(), 0
    event = np.zeros(1, EVENT)

    def show():
        nonlocal shown
        shown, now_ns = next(numbers), time.monotonic_ns()
        camera.publish(encode_event_packet(EventPacketMessage(
            0, 'camera', 128, 128, shown, now_ns, 'mono', False, encode_mono(event, 0))))

    ros.node.create_timer(0.001, show)
    for _ in range(3):
        reached = shown + 100
        ros.wait_for(lambda: int(counters(diagnostics).get('messages', 0)) and shown > reached,
                     'messages that are read')
        node.send_signal(signal.SIGSTOP)
        reached = shown + 2000
        ros.wait_for(lambda: shown > reached, 'more messages than can wait')
        node.send_signal(signal.SIGCONT)
        lost, diagnostics[:] = int(counters(diagnostics)['lost']), []
        ros.wait_for(lambda: int(counters(diagnostics).get('lost', 0)) > lost + 500, 'the loss')
    newest = counters(diagnostics)
    assert (newest['late'], newest['restarts']) == ('0', '0')


def reading(ros, batch_us):
    """Start the node before a camera; give its packets, its diagnostics and the camera."""
    packets = ros.listen(UInt8MultiArray, 'event_stream', STREAM_QOS, raw=True)
    diagnostics = ros.listen(DiagnosticArray, '/diagnostics')
    ros.start('event_stream', **{**OFF, 'batch_us': batch_us})
    camera = ros.node.create_publisher(message_class(EVENT_PACKET_TYPE), 'events', 1000)
    ros.wait_for(camera.get_subscription_count, 'the node to subscribe')
    return packets, diagnostics, camera


def test_burst_is_read_in_order_and_to_the_end(ros):
    packets, diagnostics, camera = reading(ros, 5000)
    for number in range(120):
        camera.publish(message(EVENT_PACKET_TYPE, number))
    ros.wait_for(lambda: sum(len(decode_packet(data).events) for data in packets) == 120 * 50,
                 'all events')
    read = [decode_packet(data) for data in packets]
    times = np.concatenate([packet.t_base_us + packet.events['dt_us'].astype(np.int64)
                            for packet in read])
    assert (np.diff(times) > 0).all()
    assert len(read) < 60
    ros.wait_for(lambda: counters(diagnostics).get('messages') == '120', 'the count')
    assert counters(diagnostics)['lost'] == '0'


def test_message_after_a_pause_waits_for_no_other(ros):
    packets, diagnostics, camera = reading(ros, 100_000)
    for number in range(3):
        seen = len(diagnostics)
        ros.wait_for(lambda: len(diagnostics) > seen + 2, 'a second without messages')
        camera.publish(message(EVENT_PACKET_TYPE, number))
        ros.wait_for(lambda: len(packets) == number + 1, 'its packet')


def test_package_that_is_not_installed_costs_only_its_type(ros):
    environment = dict(ros.environment)
    for name in ('PYTHONPATH', 'AMENT_PREFIX_PATH'):
        environment[name] = os.pathsep.join(
            part for part in environment.get(name, '').split(os.pathsep)
            if 'dvs_msgs' not in part)
    packets = ros.listen(UInt8MultiArray, 'event_stream', STREAM_QOS, raw=True)
    other = ros.node.create_publisher(message_class('dvs_msgs/msg/EventArray'), 'events', 10)
    node = ros.start('event_stream', environment, **OFF)
    if 'dvs_msgs' not in os.environ.get('PYTHONPATH', ''):
        pytest.skip('dvs_msgs is not in a prefix of its own here, so it cannot be hidden')
    ros.wait_for(lambda: 'message package dvs_msgs is not installed' in ros.output(node),
                 'the error')
    ros.node.destroy_publisher(other)
    camera = ros.node.create_publisher(message_class('dv_ros2_msgs/msg/EventArray'), 'events', 10)
    ros.wait_for(camera.get_subscription_count, 'the node to subscribe')
    camera.publish(message('dv_ros2_msgs/msg/EventArray', 0))
    ros.wait_for(lambda: packets, 'a packet')


@pytest.mark.parametrize('parameters, reason', [
    ({'geometry': 'round'}, 'square, whole, region'),
    ({'message_type': 'sensor_msgs/msg/Image'}, 'is not an event message'),
    ({'refractory_us': -5}, 'refractory_us'),
    ({'width': '1.5'}, 'parameter width must be a whole number'),
    ({'geometry': 'region', 'region': '[1, 2]'}, 'region must be'),
    ({'geometry': 'region', 'region': '[-1, 0, 8, 8]'}, 'region must be'),
    ({'region': '[]'}, 'region must not be empty'),
    ({'region': '[true, false, true, true]'}, 'parameter region must be a list'),
    ({'region': '["a"]'}, 'parameter region must be a list'),
    ({'width': '[]'}, 'width must not be empty'),
    ({'geometry': '[]'}, 'geometry must not be empty'),
    ({'flip_x': '[]'}, 'flip_x must not be empty'),
    ({'rotation': 45}, 'rotation 45 is not one of 0, 90, 180, 270 degrees'),
])
def test_wrong_parameters_end_the_node_with_the_reason(ros, parameters, reason):
    node = ros.start('event_stream', **parameters)
    ros.wait_for(lambda: node.poll() is not None, 'the node to end')
    assert node.returncode == 1
    assert reason in ros.output(node)
    assert 'Traceback' not in ros.output(node)


def test_lists_that_are_wrong_are_refused_and_the_node_goes_on(ros):
    node = ros.start('event_stream')
    client = ros.client(SetParameters, '/event_stream/set_parameters')
    kinds = ParameterType
    for name, value in [
            ('region', ParameterValue()), ('geometry', ParameterValue()),
            ('region', ParameterValue(type=kinds.PARAMETER_STRING_ARRAY)),
            ('region', ParameterValue(type=kinds.PARAMETER_STRING, string_value='all')),
            ('region', ParameterValue(type=kinds.PARAMETER_DOUBLE_ARRAY,
                                      double_array_value=[0.0, 0.0, 8.0, 8.0])),
            ('geometry', ParameterValue(type=kinds.PARAMETER_STRING, string_value='region'))]:
        answer = client.call_async(SetParameters.Request(
            parameters=[Parameter(name=name, value=value)]))
        ros.wait_for(answer.done, 'the answer')
        assert not answer.result().results[0].successful
    for good in [[0, 0, 8, 8], []]:
        answer = client.call_async(SetParameters.Request(parameters=[Parameter(
            name='region', value=ParameterValue(type=kinds.PARAMETER_INTEGER_ARRAY,
                                                integer_array_value=good))]))
        ros.wait_for(answer.done, 'the answer')
    assert node.poll() is None and 'Traceback' not in ros.output(node)


def test_wrong_ros_arguments_end_the_node_with_the_reason():
    result = subprocess.run([shutil.which('event_stream'), '--ros-args', '--log-level', 'loud'],
                            capture_output=True, text=True)
    assert result.returncode == 1
    assert "event_stream: failed to initialize rcl: Couldn't parse log level" in result.stderr
    assert 'Traceback' not in result.stderr


@pytest.mark.parametrize('stop', [signal.SIGINT, signal.SIGTERM])
def test_node_ends_cleanly(ros, stop):
    node = ros.start('event_stream')
    ros.wait_for(lambda: 'waiting for a publisher' in ros.output(node), 'the node')
    node.send_signal(stop)
    ros.wait_for(lambda: node.poll() is not None, 'the node to end')
    assert node.returncode == 0
    assert 'Traceback' not in ros.output(node)


@pytest.mark.parametrize('stop', [signal.SIGINT, signal.SIGTERM])
def test_node_ends_cleanly_while_messages_come(ros, stop):
    packets = ros.listen(UInt8MultiArray, 'event_stream', STREAM_QOS, raw=True)
    node = ros.start('event_stream')
    camera = ros.node.create_publisher(message_class(EVENT_PACKET_TYPE), 'events', 1000)
    number = count()
    ros.wait_for(lambda: camera.publish(message(EVENT_PACKET_TYPE, next(number) % 128))
                 or len(packets) > 5, 'packets')
    node.send_signal(stop)
    ros.wait_for(lambda: camera.publish(message(EVENT_PACKET_TYPE, next(number) % 128))
                 or node.poll() is not None, 'the node to end')
    assert node.returncode == 0
    assert 'Traceback' not in ros.output(node)


def test_further_interrupts_do_not_disturb_the_end(ros):
    node = ros.start('event_stream')
    ros.wait_for(lambda: 'waiting for a publisher' in ros.output(node), 'the node')
    ros.wait_for(lambda: node.send_signal(signal.SIGINT) or node.poll() is not None, 'the end')
    assert node.returncode == 0
    assert 'Traceback' not in ros.output(node)
