# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Two publishers of one topic: a forgotten driver, a bag beside a camera, nodes started twice."""
import os
import shutil
import signal
import sys

from doctor_command import examined
from geometry_msgs.msg import Twist
import pytest
import rclpy
from scenes import save
from sensor_msgs.msg import Image
from simple_camera import Camera, LEFT, RIGHT
from snn_gesture_ros.events.event import EVENT_PACKET_TYPE
from snn_gesture_ros.events.packet import decode_packet
from snn_gesture_ros.ros.followed_topic import Following
from snn_gesture_ros.ros.state import contest_before
from snn_gesture_ros.ros.topics import (
    classification, GESTURE_QOS, header, IMAGE_QOS, label_info, LATCHED_QOS, STREAM_QOS)
from std_msgs.msg import String, UInt8MultiArray
from test_gesture_classifier import started, Stream
from test_health import Diagnosed, ERROR, OK, PLAIN, WARN
from vision_msgs.msg import Classification, LabelInfo

CAMERA = """
from types import SimpleNamespace
import rclpy
from simple_camera import Camera
rclpy.init()
node = rclpy.create_node('killed')
timer = Camera(SimpleNamespace(node=node)).start()
rclpy.spin(node)
"""
CAMERA_OF_ANOTHER_TYPE = """
import rclpy
from snn_gesture_ros.ros.topics import CAMERA_QOS, message_class
rclpy.init()
node = rclpy.create_node('other')
node.create_publisher(message_class('dvs_msgs/msg/EventArray'), 'events', CAMERA_QOS)
rclpy.spin(node)
"""
SCORES = {'left': 0.9, 'right': 0.05, 'none': 0.05}
BOTH = '/test', '/other'
TABLE = """
max_age_ms: 2000
velocity:
  linear: {max: 1.0, acceleration: 5, deceleration: 5}
  angular: {max: 1.0, acceleration: 5, deceleration: 5}
rows:
- {gesture: right, do: stop, min_score: 0.4, hold_ms: 0}
- {gesture: left, do: drive, linear_x: 0.5, min_score: 0.6, hold_ms: 100}
"""


@pytest.fixture
def other(ros):
    """Give another node than that of the test, in the same domain."""
    node = rclpy.create_node('other', context=ros.context)
    ros.executor.add_node(node)
    yield node
    ros.executor.remove_node(node)
    node.destroy_node()


def leave(node, camera, timer):
    """Let a camera go away."""
    node.destroy_timer(timer)
    node.destroy_publisher(camera.publisher)


class Columns:
    """On which columns of the picture the events of event_stream are."""

    def __init__(self, ros):
        """Listen, for which event_stream reads the camera."""
        self._packets = ros.listen(UInt8MultiArray, 'event_stream', STREAM_QOS, raw=True)

    def newest(self, count):
        """Give the columns of the newest packets with events; forget the others."""
        del self._packets[:-count]
        return {int(column) for data in self._packets
                for column in decode_packet(data).events['pixel'] % 16}

    def clear(self):
        self._packets.clear()

    def __len__(self):
        return len(self._packets)


def test_the_first_camera_is_read_and_the_second_is_an_error(ros, other):
    columns, diagnosed = Columns(ros), Diagnosed(ros, 'event_stream')
    stream = ros.start('event_stream', **PLAIN)
    first = Camera(ros)
    sending = first.start()
    ros.wait_for(lambda: len(columns) > 5 and diagnosed.says(OK, 'running'), 'one camera')
    second = Camera(ros, node=other, column=RIGHT)
    sending_too = second.start()
    ros.wait_for(lambda: diagnosed.says(ERROR, 'send on /events at the same time', *BOTH), 'both')
    assert diagnosed.says(ERROR, 'only what /test sends is read', 'parameter events_from')
    columns.clear()
    ros.wait_for(lambda: len(columns) > 100, 'packets')
    assert columns.newest(100) == {LEFT}
    assert diagnosed.number('ignored') > 0 and diagnosed.number('malformed') == 0
    assert diagnosed.values['reads_from'] == '/test'
    errors = [line for line in ros.output(stream).splitlines() if 'at the same time' in line]
    assert errors and all('[ERROR]' in line for line in errors)
    assert any(all(name in line for name in BOTH) for line in errors)

    leave(other, second, sending_too)
    ros.wait_for(lambda: diagnosed.says(OK, 'running'), 'one camera again')
    sending_too = Camera(ros, node=other, column=RIGHT).start()
    ros.wait_for(lambda: diagnosed.says(ERROR, *BOTH), 'both again')
    leave(ros.node, first, sending)
    ros.wait_for(lambda: diagnosed.says(OK, 'running') and diagnosed.values[
        'reads_from'] == '/other' and columns.newest(5) == {RIGHT}, 'the other camera')


def test_a_camera_that_is_named_is_read_alone(ros, other):
    columns, diagnosed = Columns(ros), Diagnosed(ros, 'event_stream')
    ros.start('event_stream', events_from='other', **PLAIN)
    Camera(ros).start()
    ros.wait_for(lambda: diagnosed.says(WARN, '/other sends nothing on /events', 'events_from'),
                 'the warning')
    assert not len(columns)
    Camera(ros, node=other, column=RIGHT).start()
    ros.wait_for(lambda: len(columns) > 100 and diagnosed.says(OK, 'running'), 'packets')
    assert columns.newest(100) == {RIGHT}


def test_nothing_is_read_of_two_cameras_where_only_one_is_allowed(ros, other):
    columns, diagnosed = Columns(ros), Diagnosed(ros, 'event_stream')
    ros.start('event_stream', events_from='only', **PLAIN)
    Camera(ros).start()
    ros.wait_for(lambda: len(columns) > 5, 'packets')
    second = Camera(ros, node=other, column=RIGHT)
    sending = second.start()
    ros.wait_for(lambda: diagnosed.says(ERROR, *BOTH, 'nothing is read'), 'both')
    ignored = diagnosed.number('ignored')
    columns.clear()
    ros.wait_for(lambda: diagnosed.number('ignored') > ignored + 200, 'messages of both')
    assert not len(columns)
    leave(other, second, sending)
    ros.wait_for(lambda: len(columns) > 5 and diagnosed.says(OK, 'running'), 'one camera again')
    assert columns.newest(5) == {LEFT}


def test_cameras_of_different_types_are_an_error(ros):
    ros.listen(UInt8MultiArray, 'event_stream', STREAM_QOS, raw=True)
    diagnosed = Diagnosed(ros, 'event_stream')
    ros.start('event_stream', **PLAIN)
    Camera(ros).start()
    ros.wait_for(lambda: diagnosed.says(OK, 'running'), 'one camera')
    second = ros.run('other', [sys.executable, '-c', CAMERA_OF_ANOTHER_TYPE])
    ros.wait_for(lambda: diagnosed.says(
        ERROR, f'/test ({EVENT_PACKET_TYPE})', '/other (dvs_msgs/msg/EventArray)',
        'publish /events', f'only {EVENT_PACKET_TYPE} is read'), 'both')
    second.send_signal(signal.SIGINT)
    ros.wait_for(lambda: diagnosed.says(OK, 'running'), 'one camera again')


def test_a_camera_that_follows_one_that_was_killed_is_no_second_one(ros):
    """DDS knows the killed one for long: its time to say that it is there has not passed."""
    columns, diagnosed = Columns(ros), Diagnosed(ros, 'event_stream')
    stream = ros.start('event_stream', **PLAIN)
    killed = ros.run('killed', [sys.executable, '-c', CAMERA], {
        **ros.environment, 'PYTHONPATH': os.pathsep.join(sys.path)})
    ros.wait_for(lambda: len(columns) > 5, 'packets')
    next_one = Camera(ros, column=RIGHT)
    ros.wait_for(lambda: next_one.publisher.get_subscription_count()
                 and ros.node.count_publishers('/events') == 2, 'both to be known')
    killed.kill()
    killed.wait()
    assert ros.node.count_publishers('/events') == 2
    next_one.start()
    ros.wait_for(lambda: columns.newest(5) == {RIGHT} and diagnosed.says(OK, 'running')
                 and diagnosed.values['reads_from'] == '/test', 'the next camera')
    assert 'at the same time' not in ros.output(stream)


def test_the_first_of_two_streams_is_recognised(ros, other, halves):
    diagnosed = Diagnosed(ros, 'gesture_classifier')
    gestures = ros.listen(Classification, 'gesture', GESTURE_QOS)
    ros.start('gesture_classifier', checkpoint=halves, min_events=1, smoothing_ms=50,
              queue_size=1000)
    first = Stream(ros)
    ros.wait_for(lambda: first.publisher.get_subscription_count() and ros.heard(), 'the node')
    first.show(3, 1)
    second = Stream(ros)
    second.publisher = other.create_publisher(UInt8MultiArray, 'event_stream', STREAM_QOS)
    ros.wait_for(second.publisher.get_subscription_count, 'the node to know both')

    def both_shown():
        first.show(3, 2)
        second.show(12, 2)
        return diagnosed.says(ERROR, *BOTH, 'send on /event_stream') and len(gestures) > 0

    ros.wait_for(both_shown, 'both')
    assert set(started(gestures)) <= {'left', None}
    other.destroy_publisher(second.publisher)
    ros.wait_for(lambda: first.show(3, 1) or diagnosed.says(OK, 'running'), 'one stream again')


@pytest.fixture
def robot(ros, tmp_path):
    """Start gesture_behavior; give its diagnostics and the velocities that it commands."""
    (tmp_path / 'table.yaml').write_text(TABLE)
    velocities = ros.listen(Twist, 'cmd_vel')
    diagnosed = Diagnosed(ros, 'gesture_behavior')
    ros.start('gesture_behavior', table=tmp_path / 'table.yaml', armed=True, scores_from='first')
    return diagnosed, velocities


def speed(velocities):
    """Give the newest speed that was commanded."""
    return velocities[-1].linear.x if velocities else None


@pytest.mark.parametrize('processes', [
    ('event_stream', 'gesture_classifier'), ('gesture_pipeline',)])
def test_a_robot_stands_while_there_are_two_cameras(ros, other, halves, robot, processes):
    diagnosed, velocities = robot
    for name in processes:
        ros.start(name, **PLAIN, checkpoint=halves, min_events=1, smoothing_ms=50)
    Camera(ros).start()
    ros.wait_for(lambda: speed(velocities) == 0.5, 'the robot to drive')
    second = Camera(ros, node=other, column=RIGHT)
    sending = second.start()
    ros.wait_for(lambda: speed(velocities) == 0, 'the robot to stand')
    ros.wait_for(lambda: diagnosed.says(ERROR, '/event_stream: ', *BOTH, 'send on /events'),
                 'the reason')
    del velocities[:]
    stops = Diagnosed(ros, 'gesture_behavior')
    ros.wait_for(lambda: stops.status is not None, 'a second')
    assert all(velocity.linear.x == 0 for velocity in velocities)
    leave(other, second, sending)
    ros.wait_for(lambda: speed(velocities) == 0.5 and diagnosed.says(OK, 'running'),
                 'the robot to drive again')


def test_a_robot_stands_while_there_are_two_classifiers(ros, other, robot):
    diagnosed, velocities = robot
    first, second = (node.create_publisher(Classification, 'gesture_scores', GESTURE_QOS)
                     for node in (ros.node, other))
    ros.wait_for(lambda: first.get_subscription_count() and second.get_subscription_count()
                 and ros.heard(), 'the node')

    def show(*publishers):
        now_ns = ros.node.get_clock().now().nanoseconds
        for publisher in publishers:
            publisher.publish(classification(header(now_ns, ''), SCORES))

    ros.wait_for(lambda: show(first) or speed(velocities) == 0.5, 'the robot to drive')
    ros.wait_for(lambda: show(first, second) or speed(velocities) == 0
                 and diagnosed.says(ERROR, *BOTH, 'send on /gesture_scores'), 'the error')
    ros.wait_for(lambda: show(first) or speed(velocities) == 0.5 and diagnosed.says(OK, 'running'),
                 'the robot to drive again')


def test_the_doctor_names_both_and_is_not_content(ros, other, tmp_path):
    columns, diagnosed = Columns(ros), Diagnosed(ros, 'event_stream')
    ros.start('event_stream', **PLAIN)
    Camera(ros).start()
    Camera(ros, node=other, column=RIGHT).start()
    ros.wait_for(lambda: len(columns) and diagnosed.says(ERROR, *BOTH), 'both')
    found = examined(ros, tmp_path, lambda found: any(
        topic['contenders'] for topic in found['topics']) and any(
        node['values'].get('contest') for node in found['nodes']))
    assert not found['well']        # by which its status is 1
    assert sorted(found['topics'][0]['contenders']) == sorted(BOTH)
    problem, remedy, _ = found['advice'][0].values()
    assert all(name in problem for name in BOTH) and 'send on /events' in problem
    assert remedy == 'stop all but one, or name the one to read by the parameter events_from'


def test_who_looks_or_records_reads_one_camera(ros, other, tmp_path):
    diagnosed = Diagnosed(ros, 'event_viewer')
    ros.listen(Image, 'event_image', IMAGE_QOS)
    ros.start('event_viewer')
    record = ros.run('record', [shutil.which('snn-gesture'), 'record', str(tmp_path / 'a.mcap'),
                                '--topic', '/events'])
    first, second = Camera(ros), Camera(ros, node=other, column=RIGHT)
    first.start()
    ros.wait_for(lambda: first.publisher.get_subscription_count() == 2, 'both')
    second.start()
    ros.wait_for(lambda: diagnosed.says(ERROR, *BOTH, 'send on /events')
                 and 'send on /events at the same time' in ros.output(record), 'the errors')
    record.send_signal(signal.SIGINT)
    ros.wait_for(lambda: record.poll() is not None, 'the recording')
    assert record.returncode == 0, ros.output(record)
    assert 'messages of another publisher left out' in ros.output(record)


def test_no_example_is_kept_while_two_send(ros, other, tmp_path):
    diagnosed = Diagnosed(ros, 'gesture_trainer')
    labels = ros.node.create_publisher(String, 'label', 10)
    ros.start('gesture_trainer', folder=tmp_path / 'examples', rehearsal=tmp_path)
    first, second = Stream(ros), Stream(ros)
    second.publisher = other.create_publisher(UInt8MultiArray, 'event_stream', STREAM_QOS)
    ros.wait_for(lambda: all(publisher.get_subscription_count() for publisher in (
        first.publisher, second.publisher, labels)), 'the node')

    def both_shown():
        first.show(3, 2)
        second.show(12, 2)
        return diagnosed.says(ERROR, *BOTH, 'send on /event_stream')

    ros.wait_for(both_shown, 'both')
    labels.publish(String(data='snap'))
    ros.wait_for(lambda: both_shown() and 'no example of snap' in diagnosed.values['message']
                 and 'at the same time' in diagnosed.values['message'], 'the refusal')


def test_a_report_says_that_two_classifiers_were_heard(ros, other, halves, tmp_path):
    stamp = header(ros.node.get_clock().now().nanoseconds, '')
    labels = ros.node.create_publisher(LabelInfo, 'gesture_labels', LATCHED_QOS)
    labels.publish(label_info(stamp, ('left', 'right', 'none'), 0.7))
    scores = [node.create_publisher(Classification, 'gesture_scores', GESTURE_QOS)
              for node in (ros.node, other)]
    stream = Stream(ros)
    evaluator = ros.start(
        'gesture_evaluator', recording=save(tmp_path / 'clip.npz', [('left', 0.5)]), label='left',
        checkpoint=halves, output=tmp_path / 'live')
    ros.wait_for(lambda: all(publisher.get_subscription_count() for publisher in (
        stream.publisher, *scores)), 'the evaluator')

    def both_shown():
        stream.show(3, 1)
        for publisher in scores:
            publisher.publish(classification(stamp, SCORES))
        return 'send on /gesture_scores at the same time' in ros.output(evaluator)

    ros.wait_for(both_shown, 'the error')
    evaluator.send_signal(signal.SIGINT)
    ros.wait_for(lambda: evaluator.poll() is not None, 'the report')
    assert evaluator.returncode == 0, ros.output(evaluator)
    report = (tmp_path / 'live' / 'report.json').read_text()
    assert 'live: /test and /other send on /gesture_scores at the same time' in report


def follow(*messages, is_alone=False):
    """Give who of those who send at a time is read, and whether it is contested after each."""
    following = Following()
    return [(following.admits(sender, now_s, lambda: is_alone), bool(following.others(now_s)))
            for sender, now_s in messages]


def test_who_begins_when_another_falls_silent_is_followed():
    assert follow(('a', 0), ('b', 0.9), ('b', 1.1), ('b', 1.2)) == [
        (True, False), (False, False), (True, False), (True, False)]
    assert follow(('a', 0), ('b', 0.1), is_alone=True) == [(True, False), (True, False)]


def test_a_camera_that_is_still_stays_the_one_beside_another():
    assert follow(('a', 0), ('b', 0.1), ('a', 0.2), ('b', 1.0), ('b', 1.9), ('b', 2.8),
                  ('a', 2.9)) == [
        (True, False), (False, False), (True, True), (False, True), (False, True), (False, True),
        (True, True)]
    messages = [('a', 0), ('b', 0.1), ('a', 0.2), *(('b', 1 + number) for number in range(25))]
    assert follow(*((sender, now_s * 0.9) for sender, now_s in messages))[-1] == (True, False)


def test_a_contest_is_found_along_the_chain_and_only_there():
    states = {
        '/classifier': {'reads_from': ['/left/stream', '/right/stream'], 'contest': ''},
        '/left/stream': {'reads_from': ['/camera'], 'contest': ''},
        '/right/stream': {'reads_from': ['/camera', '/classifier'], 'contest': 'a and b send'},
        '/else': {'reads_from': ['/camera'], 'contest': 'c and d send'}}

    def state_of(name):
        return states.get(name, {})

    assert contest_before(state_of, ['/classifier']) == '/right/stream: a and b send'
    assert contest_before(state_of, ['/left/stream']) == ''
    assert contest_before(state_of, []) == ''
