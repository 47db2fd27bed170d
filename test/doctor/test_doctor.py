# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The doctor, as a process, beside cameras and nodes that are well or not."""
import os
import shutil
import subprocess
import time

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray
from doctor_command import doctor, examined
import pytest
from rclpy.qos import QoSProfile, ReliabilityPolicy
from ros_domain import TIMEOUT_S
from sensor_msgs.msg import Image
from simple_camera import Camera, without
from snn_gesture_ros.doctor.diagnosis import diagnose
from snn_gesture_ros.doctor.findings import domains_in_use, EventTopic, Findings, OurNode, Party
from snn_gesture_ros.events.event import EVENT_PACKET_TYPE
from snn_gesture_ros.ros.topics import message_class, STREAM_QOS
from std_msgs.msg import String, UInt8MultiArray

RELIABLE = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)


def hears(found):
    """Tell whether messages came on a topic."""
    return any(topic['messages'] for topic in found['topics'])


def advice(found):
    """Give all that the doctor advises in one text."""
    return '\n'.join(' '.join(each.values()) for each in found['advice'])


def test_no_camera(ros, tmp_path):
    found = examined(ros, tmp_path, lambda found: True)
    assert not found['well'] and found['topics'] == [] and found['nodes'] == []
    assert found['domain_id'] == int(ros.environment['ROS_DOMAIN_ID'])
    assert found['discovery_range'] == 'LOCALHOST'
    assert found['packages']['event_camera_msgs'] and found['packages']['vision_msgs']
    if not found['other_domains']:
        assert 'nobody publishes events' in advice(found)
        assert f'ROS_DOMAIN_ID is {found["domain_id"]}' in advice(found)


def test_camera_on_another_topic(ros, tmp_path):
    ros.listen(UInt8MultiArray, 'event_stream', STREAM_QOS, raw=True)
    diagnostics = ros.listen(DiagnosticArray, '/diagnostics')
    ros.start('event_stream')
    Camera(ros, '/event_camera/events').start()
    ros.wait_for(lambda: diagnostics, 'event_stream')
    found = examined(ros, tmp_path, lambda found: hears(found) and found['nodes'] and (
        found['nodes'][0]['values']))
    assert found['advice'][0]['problem'] == (
        '/event_stream reads /events, but events arrive on /event_camera/events')
    assert found['advice'][0]['command'].endswith(' events_topic:=/event_camera/events')
    topic = next(each for each in found['topics'] if each['name'] == '/event_camera/events')
    assert topic['message_type'] == EVENT_PACKET_TYPE
    assert topic['publishers'] == [{'node': '/test', 'message_type': EVENT_PACKET_TYPE,
                                    'reliability': 'best_effort', 'durability': 'volatile'}]
    assert topic['subscribers'] == [] and topic['malformed'] == 0
    assert (topic['width'], topic['height'], topic['encoding']) == (16, 16, 'mono')
    assert topic['events_per_s'] == pytest.approx(32 * topic['messages_per_s'], rel=0.02)
    assert 0 < topic['messages_per_s'] < 500
    assert topic['stamp_offset_s'] < -1000  # the camera's clock is of 2001


def test_camera_whose_package_is_missing(ros, tmp_path):
    ros.node.create_publisher(message_class('dvs_msgs/msg/EventArray'), 'events', 10)
    found = examined(ros, tmp_path, lambda found: found['topics'],
                     without(ros.environment, 'dvs_msgs'))
    assert not found['packages']['dvs_msgs'] and found['packages']['vision_msgs']
    assert 'dvs_msgs is not installed: no distribution of ROS has it: build it' in advice(found)
    assert '$ROS_DISTRO' not in advice(found)
    assert found['topics'][0]['messages'] == 0


def test_camera_of_a_foreign_type(ros, tmp_path):
    ros.node.create_publisher(Time, '/dvs/events', 10)
    ros.node.create_publisher(String, '/event_names', 10)
    ros.node.create_publisher(Image, '/rgb/events', 10)
    found = examined(ros, tmp_path, lambda found: len(found['foreign_topics']) == 2)
    assert {name: [each['message_type'] for each in there]
            for name, there in found['foreign_topics'].items()} == {
        '/dvs/events': ['builtin_interfaces/msg/Time'], '/rgb/events': ['sensor_msgs/msg/Image']}
    for text in ('/dvs/events as builtin_interfaces/msg/Time', '/rgb/events as sensor_msgs/msg/'):
        assert f'/test publishes {text}' in advice(found)


def test_picture_instead_of_events(ros, tmp_path):
    ros.node.create_publisher(Image, '/image', 10)
    ros.listen(UInt8MultiArray, 'event_stream', STREAM_QOS, raw=True)
    ros.run('stream', ['event_stream', '--ros-args', '-r', 'events:=image'])
    found = examined(ros, tmp_path, lambda found: (
        found['foreign_topics'] and '_UNKNOWN_' not in str(found)))
    problems = [each['problem'] for each in found['advice']]
    here = [problem for problem in problems if 'is in ROS domain' not in problem]
    assert here[0] == (
        '/test publishes /image as sensor_msgs/msg/Image, which is not a supported '
        'type of event message')


def test_reliable_reader_of_a_best_effort_camera(ros, tmp_path):
    received = ros.listen(message_class(EVENT_PACKET_TYPE), 'events', RELIABLE)
    Camera(ros).start()
    found = examined(ros, tmp_path, hears)
    assert not received
    assert found['topics'][0]['mismatches'] == [
        '/test receives nothing from /test on /events: best effort publisher and reliable '
        'subscription']
    assert 'no event_stream is running' in found['advice'][0]['problem']
    assert '--qos-reliability best_effort' in advice(found)


@pytest.fixture(params=['SUBNET', 'LOCALHOST'])
def discovery(request, monkeypatch):
    """Let the test's own node find others so far."""
    monkeypatch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', request.param)


def test_camera_in_another_domain(discovery, ros, tmp_path):
    Camera(ros).start()
    domain = ros.environment['ROS_DOMAIN_ID']
    found = examined(ros, tmp_path, lambda found: domain in found['other_domains'],
                     {**ros.environment, 'ROS_DOMAIN_ID': '101'})
    assert found['other_domains'][domain] == {'/events': EVENT_PACKET_TYPE}
    assert f'export ROS_DOMAIN_ID={domain}' in [each['command'] for each in found['advice']]


def test_all_is_well(ros, tmp_path):
    diagnostics = ros.listen(DiagnosticArray, '/diagnostics')
    ros.start('event_stream', hot_pixels=False, refractory_us=0, background_us=0)
    ros.start('gesture_classifier')
    Camera(ros).start()
    ros.wait_for(lambda: any(
        pair.key == 'decisions_per_s' and float(pair.value) for message in diagnostics
        for pair in message.status[0].values), 'decisions')
    status, deadline = None, time.monotonic() + TIMEOUT_S
    while status != 0:
        status, output = doctor(ros, tmp_path, environment={**ros.environment, 'COLUMNS': '80'})
        assert time.monotonic() < deadline, output
    assert 'gestures can be recognized' in output
    assert 'published by /test (best_effort, volatile)' in output
    assert 'reads /event_stream' in output
    assert max(map(len, output.splitlines())) <= 80


def findings(**changes):
    """Describe a system that is well, and add something."""
    topic = EventTopic('/events', EVENT_PACKET_TYPE, messages=30, messages_per_s=10.0,
                       events_per_s=1000.0, stamp_offset_s=-0.01,
                       publishers=[Party('/camera', EVENT_PACKET_TYPE, 'reliable', 'volatile')])
    stream = OurNode('/event_stream', 'event_stream', '/events', 'OK', 'running',
                     {'events_out_per_s': '900', 'use_sim_time': 'false'})
    classifier = OurNode('/gesture_classifier', 'gesture_classifier', '/event_stream', 'OK',
                         'running', {'decisions': '10', 'silence_s': '0.1',
                                     'use_sim_time': 'false'})
    return Findings(
        ros_distro='jazzy', rmw='rmw_fastrtps_cpp', domain_id=0, discovery_range='SUBNET',
        packages={'event_camera_msgs': True, 'vision_msgs': True}, topics=[topic],
        nodes=[stream, classifier], **changes)


def test_nothing_to_say_of_a_system_that_is_well():
    diagnosis = diagnose(findings())
    assert diagnosis.well and diagnosis.advice == []


def test_a_contest_is_told_once_and_with_what_to_do():
    system = findings()
    problem = '/a and /b send on /events at the same time, and only what /a sends is read'
    system.nodes[0].values['contest'] = f'{problem}: stop all but one'
    system.nodes.append(OurNode('/gesture_behavior', 'gesture_behavior', values={
        'contest': f'/event_stream: {problem}: stop all but one'}))
    diagnosis = diagnose(system)
    assert not diagnosis.well
    assert [each[:2] for each in diagnosis.advice] == [(problem, 'stop all but one')]


def test_two_cameras_of_which_one_was_chosen_are_well_but_told():
    system = findings()
    system.topics[0].contenders = ['/a', '/b']
    diagnosis = diagnose(system)
    assert diagnosis.well
    assert [each.problem for each in diagnosis.advice] == [
        '/a and /b send on /events at the same time']


@pytest.mark.parametrize('topic, problem', [
    ({'events_per_s': 0.0}, 'messages arrive on /events, but no events'),
    ({'events_per_s': 0.0, 'messages': 0}, '/camera publishes /events, but sends no messages'),
    ({'events_per_s': 0.0, 'malformed': 30, 'malformed_reason': 'it is cut off'},
     'no message on /events can be read: it is cut off'),
])
def test_camera_that_gives_no_events(topic, problem):
    system = findings()
    for name, value in topic.items():
        setattr(system.topics[0], name, value)
    diagnosis = diagnose(system)
    assert not diagnosis.well and diagnosis.advice[0].problem == problem


@pytest.mark.parametrize('left, problem', [
    ([], 'events arrive on /events, but no event_stream is running'),
    (['event_stream'], 'no gesture_classifier is running'),
])
def test_node_that_is_missing(left, problem):
    system = findings()
    system.nodes = [node for node in system.nodes if node.kind in left]
    diagnosis = diagnose(system)
    assert diagnosis.advice[0].problem == problem
    assert diagnosis.advice[0].command == (
        'ros2 launch snn_gesture_ros gesture.launch.py events_topic:=/events')


def test_classifier_that_decides_nothing():
    system = findings()
    system.nodes[1].values['silence_s'] = '5.0'
    system.nodes[1].message = 'no events for 3 s'
    assert diagnose(system).advice[0].problem == (
        '/gesture_classifier makes no decisions: no events for 3 s')


def test_type_that_the_camera_does_not_have():
    system = findings()
    system.nodes[0].values.update(events_out_per_s='0', message_type='dvs_msgs/msg/EventArray')
    advice = diagnose(system).advice
    assert [each.problem for each in advice] == [
        '/event_stream reads /events as dvs_msgs/msg/EventArray, '
        f'but it is of {EVENT_PACKET_TYPE}']
    assert 'message_type' in advice[0].remedy
    assert advice[0].command == f'message_type:={EVENT_PACKET_TYPE}'


def test_scene_in_which_nothing_moves():
    system = findings()
    system.nodes[0].values.update(events_out_per_s='0.0', events_in_per_s='500.0')
    diagnosis = diagnose(system)
    assert not diagnosis.well
    assert diagnosis.advice[0].remedy.startswith('move before the camera')


def test_node_that_is_inactive_is_to_be_activated():
    system = findings()
    system.nodes[1].message = 'inactive'
    diagnosis = diagnose(system)
    assert not diagnosis.well and diagnosis.advice[0].problem == '/gesture_classifier is inactive'
    assert diagnosis.advice[0].command == (
        "ros2 service call /gesture_classifier/enable std_srvs/srv/SetBool '{data: true}'")


@pytest.mark.parametrize('width, height, rotation, is_told', [
    (480, 640, '90', True), (480, 640, '270', True), (480, 640, '0', False),
    (480, 640, '180', False), (640, 480, '90', False), (128, 128, '90', False)])
def test_picture_that_the_driver_has_turned_already(width, height, rotation, is_told):
    found = findings()
    found.topics[0].width, found.topics[0].height = width, height
    found.nodes[0].values['rotation'] = rotation
    diagnosis = diagnose(found)
    assert diagnosis.well and len(diagnosis.advice) == is_told
    if is_told:
        assert f'by {rotation} degrees' in diagnosis.advice[0].problem
        assert diagnosis.advice[0].command == 'rotation:=0'


def test_simulated_time_is_asked_for_and_advised_against():
    system = findings(clocks=['/rosbag2_player'])
    system.topics[0].stamp_offset_s, system.topics[0].sim_offset_s = -1e6, -0.02
    diagnosis = diagnose(system)
    assert diagnosis.well and {each.command for each in diagnosis.advice} == {'use_sim_time:=true'}
    system = findings()
    system.nodes[0].values['use_sim_time'] = 'true'
    assert [each.command for each in diagnose(system).advice] == ['use_sim_time:=false']


def test_domains_are_told_by_ports(tmp_path):
    table = tmp_path / 'udp'
    table.write_text('  sl  local_address rem_address\n'
                     ' 1: 00000000:1CE8 00000000:0000 07\n'    # 7400
                     ' 2: 00000000:1CF2 00000000:0000 07\n'    # 7410, of a participant
                     ' 3: 0100007F:335E 00000000:0000 07\n'   # 13150
                     ' 4: 00000000:20DA 00000000:0000 07\n'    # 8410, the first of a participant
                     ' 5: 00000000:21ED 00000000:0000 07\n'    # 8685, of another's
                     ' 6: 00000000:23BF 00000000:0000 07\n'    # 9151, of no participant's
                     ' 7: 00000000:8000 00000000:0000 07\n')   # 32768, of anybody
    assert domains_in_use(table) == [0, 4, 5, 23]
    assert domains_in_use(tmp_path / 'none') == []


@pytest.mark.parametrize('seconds', ['0', 'nan', 'long'])
def test_wrong_time_is_bad_usage(seconds):
    result = subprocess.run([shutil.which('snn-gesture'), 'doctor', '--seconds', seconds],
                            capture_output=True, text=True, env=dict(os.environ))
    assert result.returncode == 2 and 'Traceback' not in result.stderr
