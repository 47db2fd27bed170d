# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The gesture_behavior node, as a process: scores in; velocities, messages, calls, goals out."""
from itertools import cycle
import os
from pathlib import Path
import signal
import subprocess
import sys
import time

from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import PointStamped, Twist, TwistStamped
import pytest
from rclpy.action import ActionServer, CancelResponse
from snn_gesture_ros.ros.topics import classification, GESTURE_QOS, header
from std_srvs.srv import SetBool
from vision_msgs.msg import Classification

LABELS = ('stop', 'ahead', 'act', 'undo', 'none')
FRAME_S = 0.05
SURE = 'min_score: 0.6, hold_ms: 100, release_ms: 100'
AGE = 'max_age_ms: 2000\n'
"""So that a machine that stalls does not let the watchdog expire."""
TABLE = AGE + """
velocity:
  linear: {max: 1.0, acceleration: 5, deceleration: 5}
  angular: {max: 1.0, acceleration: 5, deceleration: 5}
rows:
- {gesture: stop, do: stop, min_score: 0.4, hold_ms: 0}
- {gesture: ahead, do: drive, linear_x: 0.5, angular_z: -0.2, """ + SURE + '}\n'
PUBLISHER = """
import sys, time
import rclpy
from snn_gesture_ros.ros.topics import classification, header
from snn_gesture_ros.ros.topics import GESTURE_QOS
from vision_msgs.msg import Classification
rclpy.init()
node = rclpy.create_node('scores')
publisher = node.create_publisher(Classification, 'gesture_scores', GESTURE_QOS)
scores = {label: 0.02 for label in ('stop', 'act', 'undo', 'none')}
while True:
    now_ns = node.get_clock().now().nanoseconds
    publisher.publish(classification(header(now_ns, ''), {'ahead': 0.92, **scores}))
    time.sleep(0.05)
"""

SERVER = """
import rclpy
from rclpy.action import ActionServer
from rclpy.executors import ExternalShutdownException
from rclpy.task import Future
from test_msgs.action import Fibonacci
async def pursue(_):
    print('a goal', flush=True)
    await Future()
rclpy.init()
node = rclpy.create_node('server')
server = ActionServer(node, Fibonacci, 'count', pursue)
try:
    rclpy.spin(node)
except (KeyboardInterrupt, ExternalShutdownException):
    server.destroy()
    node.destroy_node()
"""
TERMINAL = [sys.executable, '-c', 'import pty, sys; pty.spawn(sys.argv[1:])']
"""Gives a command a terminal of its own, which is gone with the process."""
BY_TURNS = ['act'] * 10 + ['none'] * 10


class Robot:
    """The node, and what it is shown."""

    def __init__(self, ros, tmp_path, *lines, twist=Twist, armed=True, table=TABLE, within=()):
        self.ros = ros
        path = tmp_path / 'table.yaml'
        path.write_text(table + ''.join(f'- {line}\n' for line in lines))
        self.velocities = ros.listen(twist, 'cmd_vel')
        self.scores = ros.node.create_publisher(Classification, 'gesture_scores', GESTURE_QOS)
        self.process = ros.start('gesture_behavior', within=within, table=path, armed=armed,
                                 scores_from='first')
        ros.wait_for(lambda: self.scores.get_subscription_count() and ros.heard(), 'the node')
        self._next_s = time.monotonic()

    def show_until(self, gesture, condition, what):
        """Let scores of a gesture come after every frame until a condition is true."""
        return self.show_in_turn([gesture], condition, what)

    def show_in_turn(self, gestures, condition, what):
        """Let each frame's scores be those of the next gesture, over and over."""
        turns = cycle(gestures)

        def shown():
            if time.monotonic() >= self._next_s:
                self._next_s = time.monotonic() + FRAME_S
                now_ns = self.ros.node.get_clock().now().nanoseconds
                scores = {**dict.fromkeys(LABELS, 0.02), next(turns): 0.92}
                self.scores.publish(classification(header(now_ns, 'camera'), scores))
            return condition()
        return self.ros.wait_for(shown, what)

    def meet(self):
        """Wait until the node has seen scores, and so what the test's node made before them."""
        self.show_until('none', lambda: 'may move' in self.output(), 'the node to see scores')

    @property
    def speed(self):
        """Of the newest command."""
        return self.velocities[-1].linear.x if self.velocities else None

    def output(self):
        return self.ros.output(self.process)


def test_a_gesture_drives_and_its_end_stops(ros, tmp_path):
    robot = Robot(ros, tmp_path)
    robot.meet()
    assert not robot.velocities
    robot.show_until('ahead', lambda: robot.speed == 0.5, 'full speed')
    speeds = [each.linear.x for each in robot.velocities]
    assert speeds == sorted(speeds) and len(set(speeds)) > 4, 'a ramp'
    assert robot.velocities[-1].angular.z == -0.2
    robot.show_until('none', lambda: robot.speed == 0, 'a standstill')


def test_a_stop_gesture_commands_zero_at_once(ros, tmp_path):
    robot = Robot(ros, tmp_path, table=TABLE.replace('deceleration: 5', 'deceleration: 0.1'))
    robot.show_until('ahead', lambda: robot.speed == 0.5, 'full speed')
    robot.show_until('stop', lambda: robot.speed == 0, 'a standstill')
    assert {each.linear.x for each in robot.velocities[-3:]} <= {0.0, 0.5}


@pytest.mark.parametrize('stamped', [False, True])
def test_killed_classifier_stops_the_robot_within_half_a_second(udp, ros, tmp_path, stamped):
    table = TABLE.replace(AGE, '').replace(
        'velocity:', f'velocity:\n  stamped: {str(stamped).lower()}\n  frame_id: wheels')
    arrivals = []
    robot = Robot(ros, tmp_path, table=table, twist=TwistStamped if stamped else Twist)
    classifier = subprocess.Popen([sys.executable, '-c', PUBLISHER], env=ros.environment)

    def newest():
        arrivals.extend([time.monotonic()] * (len(robot.velocities) - len(arrivals)))
        return robot.velocities and getattr(robot.velocities[-1], 'twist', robot.velocities[-1])

    try:
        ros.wait_for(lambda: newest() and newest().linear.x == 0.5, 'full speed')
    finally:
        classifier.kill()
        killed_s = time.monotonic()
        classifier.wait()
    ros.wait_for(lambda: newest().linear.x == 0, 'a standstill')
    assert arrivals[-1] - killed_s < 0.5
    assert newest().angular.z == 0
    ros.wait_for(lambda: 'no gesture scores for 350 ms' in robot.output(), 'the reason')
    if stamped:
        assert robot.velocities[-1].header.frame_id == 'wheels'
        assert robot.velocities[-1].header.stamp.sec > 0


@pytest.mark.parametrize('signal_number', [
    signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGABRT, signal.SIGUSR1,
    signal.SIGALRM, signal.SIGSEGV, signal.SIGTSTP, signal.SIGRTMIN], ids=lambda each: each.name)
def test_the_last_word_of_the_node_is_zero(ros, tmp_path, signal_number):
    robot = Robot(ros, tmp_path)
    robot.show_until('ahead', lambda: robot.speed == 0.5, 'full speed')
    robot.process.send_signal(signal_number)
    ros.wait_for(lambda: robot.process.poll() is not None and robot.speed == 0, 'the end')
    assert robot.process.returncode == 0 and 'Traceback' not in robot.output()


def test_the_last_word_is_zero_though_the_terminal_is_gone(ros, tmp_path):
    robot = Robot(ros, tmp_path, within=TERMINAL)
    robot.show_until('ahead', lambda: robot.speed == 0.5, 'full speed')
    robot.process.kill()
    ros.wait_for(lambda: robot.speed == 0, 'a standstill')
    ros.wait_for(lambda: not ros.node.count_publishers('cmd_vel'), 'the end')


def test_under_nohup_the_node_stays(ros, tmp_path):
    robot = Robot(ros, tmp_path, within=['nohup'])
    robot.show_until('ahead', lambda: robot.speed == 0.5, 'full speed')
    robot.process.send_signal(signal.SIGHUP)
    robot.show_until('none', lambda: robot.speed == 0, 'the end of the gesture')
    robot.show_until('ahead', lambda: robot.speed == 0.5, 'full speed again')
    assert robot.process.poll() is None


def test_a_gesture_publishes_one_message(ros, tmp_path):
    said = ros.listen(PointStamped, 'said')
    robot = Robot(ros, tmp_path, '{gesture: act, do: publish, topic: said, '
                  'type: geometry_msgs/msg/PointStamped, '
                  f'message: {{point: {{x: 3}}, header: {{frame_id: map}}}}, {SURE}}}')
    robot.meet()
    robot.show_until('act', lambda: said, 'the message')
    shown_s = time.monotonic()
    robot.show_until('act', lambda: time.monotonic() > shown_s + 4 * FRAME_S, 'four frames')
    robot.show_until('none', lambda: 'row 3 (act) ends' in robot.output(), 'the end')
    assert len(said) == 1
    assert said[0].point.x == 3 and said[0].header.frame_id == 'map'
    assert said[0].header.stamp.sec > 0, 'the time of publishing'
    robot.show_until('act', lambda: len(said) == 2, 'the message of a second gesture')


def test_a_gesture_calls_a_service(ros, tmp_path):
    calls = []

    def answer(request, response):
        calls.append(request.data)
        response.message = 'as you wish'
        return response

    robot = Robot(ros, tmp_path, '{gesture: act, do: call, service: /light, type: std_srvs/srv/'
                  f'SetBool, request: {{data: true}}, {SURE}}}')
    robot.show_until('act', lambda: 'there is no service /light' in robot.output(), 'the reason')
    ros.node.create_service(SetBool, '/light', answer)
    client = ros.node.create_client(SetBool, '/light')
    ros.wait_for(client.service_is_ready, 'the service')
    ends = robot.output().count('ends')
    robot.show_until('none', lambda: robot.output().count('ends') > ends, 'the end')
    robot.show_until('act', lambda: calls, 'the call')
    assert calls == [True]
    robot.show_until('none', lambda: 'as you wish' in robot.output(), 'the answer')


@pytest.fixture
def server(ros):
    """Give what an action server of the test's node has been asked."""
    fibonacci = pytest.importorskip('test_msgs.action').Fibonacci
    asked = {'goals': [], 'canceled': 0, 'running': True, 'agrees': True}

    async def pursue(handle):
        asked['goals'].append(handle.request.order)
        while asked['running'] and not handle.is_cancel_requested:
            await _turn(ros.node)
        if handle.is_cancel_requested:
            asked['canceled'] += 1
            handle.canceled()
        else:
            handle.succeed()
        return fibonacci.Result()

    asked['server'] = ActionServer(
        ros.node, fibonacci, 'count', pursue, cancel_callback=lambda _: (
            CancelResponse.ACCEPT if asked['agrees'] else CancelResponse.REJECT))
    yield asked
    asked['running'] = False
    asked['server'].destroy()


@pytest.fixture
def serve(ros):
    """Give a function that starts an action server as a process, by which a test can end it."""
    pytest.importorskip('test_msgs.action')

    def start():
        server = ros.run('server', [sys.executable, '-c', SERVER])
        ros.wait_for(lambda: ros.node.count_publishers('/count/_action/status'), 'the server')
        return server
    return start


async def _turn(node):
    """Wait until the executor has had a turn."""
    from rclpy.task import Future
    future = Future()
    timer = node.create_timer(0.01, lambda: future.set_result(None))
    await future
    node.destroy_timer(timer)


GOAL = ('{{gesture: act, do: goal, action: count, type: test_msgs/action/Fibonacci, '
        f'goal: {{{{order: 7}}}}, cancel_at_end: {{}}, {SURE}}}}}')
CANCEL = f'{{gesture: undo, do: cancel, action: count, {SURE}}}'


def test_a_goal_is_canceled_when_its_gesture_ends(ros, tmp_path, server):
    robot = Robot(ros, tmp_path, GOAL.format('true'))
    robot.meet()
    robot.show_until('act', lambda: server['goals'] == [7], 'the goal')
    robot.show_until('none', lambda: server['canceled'] == 1, 'the cancel')


def test_a_goal_is_canceled_by_another_gesture(ros, tmp_path, server):
    robot = Robot(ros, tmp_path, GOAL.format('false'), CANCEL)
    robot.meet()
    robot.show_until('act', lambda: server['goals'] == [7], 'the goal')
    robot.show_until('none', lambda: 'row 3 (act) ends' in robot.output(), 'the end')
    robot.show_until('act', lambda: 'still executes' in robot.output(), 'a second gesture')
    assert server['goals'] == [7] and not server['canceled']
    robot.show_until('undo', lambda: server['canceled'] == 1, 'the cancel')
    robot.show_until('act', lambda: server['goals'] == [7, 7], 'a new goal')
    server['running'] = False
    robot.show_until('none', lambda: 'the goal is done' in robot.output(), 'success')


def test_stops_cancel_goals(ros, tmp_path, server):
    robot = Robot(ros, tmp_path, GOAL.format('false'))
    robot.meet()
    robot.show_until('act', lambda: server['goals'] == [7], 'the goal')
    robot.show_until('stop', lambda: server['canceled'] == 1, 'the cancel by a stop gesture')
    robot.show_until('act', lambda: server['goals'] == [7, 7], 'a second goal')
    ros.wait_for(lambda: server['canceled'] == 2, 'the cancel without scores')


def test_a_goal_whose_cancel_was_refused_is_still_known(ros, tmp_path, server):
    server['agrees'] = False
    robot = Robot(ros, tmp_path, GOAL.format('true'))
    robot.meet()
    robot.show_until('act', lambda: server['goals'] == [7], 'the goal')
    robot.show_until('none', lambda: 'refuses to cancel' in robot.output(), 'the refusal')
    robot.show_until('act', lambda: 'still executes' in robot.output(), 'a second gesture')
    assert server['goals'] == [7] and not server['canceled']
    server['agrees'] = True
    robot.show_until('none', lambda: server['canceled'] == 1, 'the cancel')


def test_a_goal_is_given_up_whose_server_is_gone(ros, tmp_path, serve):
    server = serve()
    robot = Robot(ros, tmp_path, GOAL.format('false'))
    robot.meet()
    robot.show_in_turn(BY_TURNS, lambda: 'a goal' in ros.output(server), 'the goal')
    server.send_signal(signal.SIGINT)
    robot.show_in_turn(BY_TURNS, lambda: 'there is no action count' in robot.output().partition(
        'given up: its server is gone')[2], 'the end of the server')
    server = serve()
    robot.show_in_turn(BY_TURNS, lambda: 'a goal' in ros.output(server), 'a second goal')


def test_a_killed_server_is_asked_to_cancel_again(ros, tmp_path, serve):
    server = serve()
    robot = Robot(ros, tmp_path, GOAL.format('true'))
    robot.meet()
    robot.show_in_turn(BY_TURNS, lambda: 'a goal' in ros.output(server), 'the goal')
    server.kill()
    server.wait()
    robot.show_until('none', lambda: 'row 3 (act) ends' in robot.output(), 'the end')
    server = serve()
    robot.show_in_turn(['stop'] + ['none'] * 10, lambda: 'the goal is gone' in robot.output(),
                       'the answer of the new server')
    robot.show_in_turn(BY_TURNS, lambda: 'a goal' in ros.output(server), 'a second goal')


@pytest.mark.parametrize('agrees', [True, False])
def test_the_node_asks_to_cancel_goals_at_its_end(ros, tmp_path, server, agrees):
    server['agrees'] = agrees
    robot = Robot(ros, tmp_path, GOAL.format('false'))
    robot.meet()
    robot.show_until('act', lambda: server['goals'] == [7], 'the goal')
    robot.process.send_signal(signal.SIGINT)
    ros.wait_for(lambda: robot.process.poll() is not None, 'the end')
    assert robot.process.returncode == 0 and 'Traceback' not in robot.output()
    assert agrees or 'refuses to cancel' in robot.output()
    ros.wait_for(lambda: server['canceled'] == agrees, 'the end of the goal')


def test_robot_is_armed_by_a_service(ros, tmp_path):
    robot = Robot(ros, tmp_path, armed=False)
    diagnostics = ros.listen(DiagnosticArray, '/diagnostics')
    client = ros.client(SetBool, '/gesture_behavior/arm')

    def ask(armed):
        future = client.call_async(SetBool.Request(data=armed))
        robot.show_until('ahead', future.done, 'the answer')
        return future.result()

    robot.show_until('ahead', lambda: 'must not move: disarmed' in robot.output(), 'the reason')
    assert not robot.velocities
    answer = ask(True)
    assert answer.success and answer.message == 'armed'
    robot.show_until('ahead', lambda: robot.speed == 0.5, 'full speed')
    robot.show_until('ahead', lambda: diagnostics and {
        ('armed', 'True'), ('acting', 'row 2 (ahead)'), ('stopped', '')} <= {
            (pair.key, pair.value) for pair in diagnostics[-1].status[0].values}, 'diagnostics')
    assert ask(False).message == 'disarmed'
    robot.show_until('ahead', lambda: robot.speed == 0, 'a standstill')


@pytest.mark.parametrize('discovery', [
    {'ROS_AUTOMATIC_DISCOVERY_RANGE': 'SUBNET'}, {'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST'},
    {'ROS_LOCALHOST_ONLY': '1'}], ids=lambda each: '='.join(*each.items()))
def test_the_node_uses_no_shared_memory_that_a_killed_process_could_block(ros, discovery):
    if (os.environ.get('ROS_DISTRO') == 'humble'
            or os.environ.get('RMW_IMPLEMENTATION', 'rmw_fastrtps_cpp') != 'rmw_fastrtps_cpp'):
        pytest.skip('of Fast DDS since Jazzy')
    node = ros.start('gesture_behavior', environment={**ros.environment, **discovery})
    ros.wait_for(lambda: 'rows; disarmed' in ros.output(node), 'the node')
    assert '/dev/shm/fastrtps' in Path('/proc/self/maps').read_text(), 'as by default'
    assert '/dev/shm/fastrtps' not in Path(f'/proc/{node.pid}/maps').read_text()
    ros.wait_for(lambda: ros.node.count_publishers('cmd_vel'), 'the node to be found')


def test_stock_table_is_the_default(ros):
    node = ros.start('gesture_behavior')
    ros.wait_for(lambda: 'config/behavior.yaml: 8 rows; disarmed' in ros.output(node), 'the node')


@pytest.mark.parametrize('lines, reason', [
    ([], 'rows is missing'),
    (['{gesture: act, do: jump}'], 'row 3 (act): do must be one of'),
    ([f'{{gesture: act, do: publish, topic: t, type: no_msgs/msg/A, {SURE}}}'],
     'row 3 (act): the interface package no_msgs, for no_msgs/msg/A, is not installed'),
    ([f'{{gesture: act, do: publish, topic: t, type: std_msgs/msg/String, message: {{a: 1}}, '
      f'{SURE}}}'], 'row 3 (act): a is not a field; the fields are: data'),
    ([f'{{gesture: act, do: publish, topic: "a b", type: std_msgs/msg/String, {SURE}}}'],
     'row 3 (act): "a b" is not a valid name'),
    ([f'{{gesture: act, do: call, service: "a b", type: std_srvs/srv/Empty, {SURE}}}'],
     'row 3 (act): "a b" is not a valid name'),
    ([f'{{gesture: act, do: goal, action: a//b, type: test_msgs/action/Fibonacci, {SURE}}}'],
     'row 3 (act): "a//b" is not a valid name'),
    ([f'{{gesture: act, do: publish, topic: t, type: std_msgs/msg/String, {SURE}}}',
      f'{{gesture: undo, do: publish, topic: t, type: std_msgs/msg/Int32, {SURE}}}'],
     'row 4 (undo): t cannot be of type std_msgs/msg/Int32: row 3 (act) uses it with'),
    ([f'{{gesture: act, do: call, service: s, type: std_srvs/srv/Empty, {SURE}}}',
      f'{{gesture: undo, do: call, service: s, type: std_srvs/srv/SetBool, {SURE}}}'],
     'row 4 (undo): s cannot be of type std_srvs/srv/SetBool: row 3 (act) uses it with'),
    ([f'{{gesture: act, do: publish, topic: t, type: std_msgs/msg/Float32, message: {{data: '
      f'1.0e+300}}, {SURE}}}'], 'row 3 (act): data must be a float, not 1e+300'),
])
def test_a_bad_table_ends_the_node_with_one_line(ros, tmp_path, lines, reason):
    path = tmp_path / 'table.yaml'
    path.write_text((TABLE if lines else '{}') + ''.join(f'- {line}\n' for line in lines))
    node = ros.start('gesture_behavior', table=path)
    ros.wait_for(lambda: node.poll() is not None, 'the node to end')
    assert node.returncode == 1
    assert reason in ros.output(node)
    assert ros.output(node).startswith(f'gesture_behavior: {path}: ')
    assert len(ros.output(node).splitlines()) == 1


def refused(ros, tmp_path, line, *remaps, table=TABLE):
    """Give what the node prints that does not start with a row."""
    path = tmp_path / 'table.yaml'
    path.write_text(f'{table}- {{gesture: act, {line}, {SURE}}}\n')
    arguments = [word for remap in remaps for word in ('-r', remap)]
    node = ros.run('gesture_behavior', ['gesture_behavior', '--ros-args', '-p', f'table:={path}',
                                        *arguments])
    ros.wait_for(lambda: node.poll() is not None or 'disarmed' in ros.output(node), 'the end')
    assert node.returncode == 1 and len(ros.output(node).splitlines()) == 1, ros.output(node)
    return ros.output(node).partition('row 3 (act): ')[2]


@pytest.mark.parametrize('topic, remaps', [
    ('cmd_vel', ()), ('/cmd_vel', ()), ('fast', ['fast:=cmd_vel']),
    ('wheels', ['cmd_vel:=wheels']),
    ('~/fast', ['~/fast:=/cmd_vel']), ('/robot/cmd_vel', ['__ns:=/robot'])])
def test_no_message_is_published_beside_the_velocity(ros, tmp_path, topic, remaps):
    line = f'do: publish, topic: {topic}, type: std_msgs/msg/String'
    assert 'is not for a table' in refused(ros, tmp_path, line, *remaps)


@pytest.mark.parametrize('kind, message', [
    ('geometry_msgs/msg/Twist', 'linear: {x: 50.0}'), ('geometry_msgs/msg/TwistStamped', ''),
    ('geometry_msgs/msg/TwistWithCovarianceStamped', ''), ('geometry_msgs/msg/AccelStamped', ''),
    ('geometry_msgs/msg/Wrench', '')])
@pytest.mark.parametrize('table', [
    TABLE, AGE + 'rows:\n' + '- {gesture: stop, do: stop, min_score: 0.4, hold_ms: 0}\n' * 2],
    ids=['drives', 'does not'])
def test_no_velocity_goes_past_the_limits(ros, tmp_path, kind, message, table):
    line = f'do: publish, topic: /other/robot, type: {kind}, message: {{{message}}}'
    assert f'{kind} holds a velocity' in refused(ros, tmp_path, line, table=table)


@pytest.mark.parametrize('line, remaps', [
    ('topic: gesture_scores, type: vision_msgs/msg/Classification', ()),
    ('topic: gesture, type: vision_msgs/msg/Classification', ()),
    ('topic: gesture_labels, type: vision_msgs/msg/LabelInfo', ()),
    ('topic: scores, type: vision_msgs/msg/Classification', ['scores:=gesture_scores']),
    ('topic: a, type: vision_msgs/msg/Classification', ['a:=/b', 'gesture_scores:=/b']),
    ('topic: event_stream, type: std_msgs/msg/UInt8MultiArray', ()),
    ('topic: /clock, type: rosgraph_msgs/msg/Clock', ()),
    ('topic: /diagnostics, type: diagnostic_msgs/msg/DiagnosticArray', ()),
    ('topic: event_stream/state, type: std_msgs/msg/String', ()),
    ('topic: spin/_action/feedback, type: std_msgs/msg/String', ()),
])
def test_no_row_publishes_what_gestures_come_of(ros, tmp_path, line, remaps):
    assert 'is not for a table' in refused(ros, tmp_path, f'do: publish, {line}', *remaps)


@pytest.mark.parametrize('line, remaps', [
    ('service: gesture_behavior/arm, type: std_srvs/srv/SetBool, request: {data: true}', ()),
    ('service: ~/arm, type: std_srvs/srv/SetBool', ()),
    ('service: /ready, type: std_srvs/srv/SetBool', ['~/arm:=/ready']),
    ('service: ~/set_parameters, type: rcl_interfaces/srv/SetParameters', ()),
    ('service: spin/_action/cancel_goal, type: action_msgs/srv/CancelGoal', ()),
])
def test_no_row_calls_the_node_itself(ros, tmp_path, line, remaps):
    assert 'is not for a table' in refused(ros, tmp_path, f'do: call, {line}', *remaps)


def test_the_velocity_has_a_topic_of_its_own(ros, tmp_path):
    table = TABLE.replace('velocity:', 'velocity:\n  topic: gesture_scores')
    path = tmp_path / 'table.yaml'
    path.write_text(table)
    node = ros.start('gesture_behavior', table=path)
    ros.wait_for(lambda: node.poll() is not None, 'the end')
    assert 'velocity: gesture_scores is not for a table' in ros.output(node)


def test_a_missing_table_ends_the_node_with_one_line(ros):
    node = ros.start('gesture_behavior', table='/no/such/table.yaml')
    ros.wait_for(lambda: node.poll() is not None, 'the node to end')
    assert node.returncode == 1
    assert ros.output(node) == (
        'gesture_behavior: /no/such/table.yaml: No such file or directory\n')
