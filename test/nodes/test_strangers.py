# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Strangers on the network: what they publish neither moves a robot nor ends a node."""
from functools import partial
from math import inf, nan
import signal

from geometry_msgs.msg import Twist
import pytest
from rcl_interfaces.srv import SetParameters
from rclpy.parameter import Parameter
from scenes import save
from sensor_msgs.msg import Image
from snn_gesture_ros.ros.topics import (
    classification, GESTURE_QOS, header, IMAGE_QOS, label_info, LATCHED_QOS)
from std_msgs.msg import String
from std_srvs.srv import SetBool
from test_gesture_classifier import Stream
from test_health import Diagnosed, ERROR, OK, WARN
from test_two_publishers import TABLE
from vision_msgs.msg import Classification, LabelInfo

CLASSIFIER = 'gesture_classifier'
LEFT = {'left': 0.9, 'right': 0.05, 'none': 0.05}
NONE = {'left': 0.05, 'right': 0.05, 'none': 0.9}
MAX_AGE_NS = 2_000_000_000


class Robot:
    """The node gesture_behavior, armed, and what is shown to it by several nodes."""

    def __init__(self, ros, tmp_path, **parameters):
        self.ros = ros
        path = tmp_path / 'table.yaml'
        path.write_text(TABLE)
        self.velocities = ros.listen(Twist, 'cmd_vel')
        self.diagnosed = Diagnosed(ros, 'gesture_behavior')
        self.process = ros.start('gesture_behavior', table=path, armed=True, **parameters)
        ros.wait_for(ros.heard, 'the node')

    def scores_of(self, node):
        """Give a function that publishes scores as a node does; wait until it is connected."""
        publisher = node.create_publisher(Classification, 'gesture_scores', GESTURE_QOS)
        self.ros.wait_for(publisher.get_subscription_count, 'the node')

        def publish(scores, age_ns=0):
            now_ns = self.ros.node.get_clock().now().nanoseconds
            publisher.publish(classification(header(now_ns - age_ns, ''), scores))

        publish.publisher = publisher
        return publish

    @property
    def speed(self):
        """Of the newest command."""
        return self.velocities[-1].linear.x if self.velocities else None

    def wait_for(self, condition, what, *shown):
        """Show things over and over until a condition is true."""
        self.ros.wait_for(lambda: [show() for show in shown] and condition(), what)

    def drives(self, *shown):
        self.wait_for(lambda: self.speed == 0.5, 'the robot to drive', *shown)

    def never_drives_while(self, condition, what, *shown):
        """Show things until a condition is true; the robot must not have moved meanwhile."""
        del self.velocities[:]
        self.wait_for(condition, what, *shown)
        assert all(each == Twist() for each in self.velocities)


def test_scores_of_another_node_do_not_drive(ros, tmp_path):
    robot = Robot(ros, tmp_path)
    feigned = partial(robot.scores_of(ros.make_node('stranger')), LEFT)
    robot.never_drives_while(
        lambda: robot.diagnosed.number('ignored') > 50 and robot.diagnosed.says(
            WARN, '/gesture_classifier sends nothing on /gesture_scores', 'scores_from'),
        'the warning', feigned)
    classifier = robot.scores_of(ros.make_node(CLASSIFIER))
    ignored = robot.diagnosed.number('ignored')
    robot.never_drives_while(
        lambda: robot.diagnosed.says(OK, 'running')
        and robot.diagnosed.number('ignored') > ignored + 50,
        'the classifier to be read', partial(classifier, NONE), feigned)
    robot.drives(partial(classifier, LEFT), feigned)
    # It falls silent, as a node that is inactive.
    robot.wait_for(lambda: robot.speed == 0, 'a standstill', feigned)
    ignored = robot.diagnosed.number('ignored')
    robot.never_drives_while(
        lambda: robot.diagnosed.number('ignored') > ignored + 50, 'more scores', feigned)


def test_a_robot_stands_while_two_nodes_have_the_name_of_the_classifier(ros, tmp_path):
    robot = Robot(ros, tmp_path)
    first, second = (robot.scores_of(ros.make_node(CLASSIFIER)) for _ in range(2))
    robot.drives(partial(first, LEFT))
    robot.wait_for(lambda: robot.speed == 0 and robot.diagnosed.says(
        ERROR, f'/{CLASSIFIER} and /{CLASSIFIER} send on /gesture_scores', 'stop all but one'),
        'a standstill', partial(first, LEFT), partial(second, LEFT))
    robot.drives(partial(first, LEFT))


def test_gestures_do_not_drive(ros, tmp_path):
    robot = Robot(ros, tmp_path)
    classifier = ros.make_node(CLASSIFIER)
    announced = classifier.create_publisher(Classification, 'gesture', GESTURE_QOS)
    scores = robot.scores_of(classifier)
    robot.wait_for(lambda: 'may move' in ros.output(robot.process), 'scores',
                   partial(scores, NONE))
    assert announced.get_subscription_count() == 0


@pytest.mark.parametrize('scores, age_ns', [
    ({**LEFT, 'left': nan}, 0),
    ({**LEFT, 'left': inf}, 0),
    ({**LEFT, 'left': 1e300}, 0),
    ({**LEFT, 'none': -0.1}, 0),
    ({'left': 0.9}, 0),
    ({'\x1b[2J': 1.0}, 0),
    ({}, 0),
    (LEFT, MAX_AGE_NS),
    (LEFT, -2 * MAX_AGE_NS),
    (LEFT, 10**18)], ids=str)
def test_wrong_scores_stop_the_robot(ros, tmp_path, scores, age_ns):
    robot = Robot(ros, tmp_path)
    classifier = robot.scores_of(ros.make_node(CLASSIFIER))
    good = partial(classifier, LEFT)
    robot.drives(good)
    robot.wait_for(lambda: robot.speed == 0, 'a standstill',
                   partial(classifier, scores, age_ns))
    stopped = robot.diagnosed.values.get('stopped')
    robot.never_drives_while(lambda: robot.diagnosed.values.get('stopped') != stopped,
                             'the reason', partial(classifier, scores, age_ns))
    assert '\x1b' not in ros.output(robot.process)
    robot.drives(good)


def test_what_is_no_message_is_counted_and_skipped(ros, tmp_path):
    robot = Robot(ros, tmp_path)
    classifier = robot.scores_of(ros.make_node(CLASSIFIER))
    good = partial(classifier, LEFT)
    robot.drives(good)
    robot.wait_for(lambda: robot.diagnosed.number('malformed') > 0, 'the count', good, partial(
        classifier.publisher.publish, b'\0\1\0\0' + b'\xff' * 32))
    assert 'are not a Classification' in ros.output(robot.process)
    robot.drives(good)


def state_of(node, name, **values):
    """Give a function that publishes the state of a node."""
    publisher = node.create_publisher(String, f'/{name}/state', LATCHED_QOS)
    text = str(values).replace("'", '"')
    return partial(publisher.publish, String(data=text))


def test_a_stranger_neither_hides_nor_feigns_two_publishers(ros, tmp_path):
    robot = Robot(ros, tmp_path)
    classifier, stranger = ros.make_node(CLASSIFIER), ros.make_node('stranger')
    good = partial(robot.scores_of(classifier), LEFT)
    feigned = state_of(stranger, CLASSIFIER, contest='/a and /b send')
    heard = ros.listen(String, f'/{CLASSIFIER}/state', LATCHED_QOS)
    robot.drives(good)
    robot.wait_for(lambda: len(heard) > 100, 'the feigned states', good, feigned)
    assert robot.speed == 0.5
    true = state_of(classifier, CLASSIFIER, contest='/cameras send')
    robot.wait_for(lambda: robot.speed == 0 and robot.diagnosed.says(ERROR, '/cameras send'),
                   'a standstill', good, true)
    hidden = state_of(stranger, CLASSIFIER, contest='')
    del heard[:]
    robot.never_drives_while(lambda: len(heard) > 200, 'the states', good, hidden, true)


def test_a_robot_stands_while_two_nodes_publish_one_state(ros, tmp_path):
    robot = Robot(ros, tmp_path)
    nodes = [ros.make_node(CLASSIFIER) for _ in range(2)]
    good = partial(robot.scores_of(nodes[0]), LEFT)
    first, second = (state_of(node, CLASSIFIER, contest='') for node in nodes)
    robot.drives(good, first)
    robot.wait_for(lambda: robot.speed == 0 and robot.diagnosed.says(
        ERROR, f'send on /{CLASSIFIER}/state at the same time'), 'a standstill',
        good, first, second)


def test_who_shows_or_evaluates_gestures_skips_what_is_none(ros, halves, tmp_path):
    stamp = header(ros.node.get_clock().now().nanoseconds, '')
    classifier = ros.make_node(CLASSIFIER)
    labels = classifier.create_publisher(LabelInfo, 'gesture_labels', LATCHED_QOS)
    labels.publish(label_info(stamp, ('left', 'right', 'none'), 0.7))
    ros.listen(Image, 'event_image', IMAGE_QOS)
    viewer = ros.start('event_viewer')
    evaluator = ros.start(
        'gesture_evaluator', recording=save(tmp_path / 'clip.npz', [('left', 0.5)]), label='left',
        checkpoint=halves, output=tmp_path / 'live')
    publishers = [classifier.create_publisher(Classification, name, GESTURE_QOS)
                  for name in ('gesture', 'gesture_scores')]
    stream = Stream(ros)
    ros.wait_for(lambda: stream.publisher.get_subscription_count() and all(
        publisher.get_subscription_count() == 2 for publisher in publishers), 'both')

    def shown(data):
        stream.show(3, 1)
        for publisher in publishers:
            publisher.publish(classification(stamp, LEFT))
            publisher.publish(data)

    ros.wait_for(lambda: shown(b'\0\1\0\0' + b'\xff' * 32) or all(
        'are not a Classification' in ros.output(node) for node in (viewer, evaluator)),
        'what is no message')
    # Twice: before the second time, scores that are right were read, too.
    ros.wait_for(lambda: shown(classification(stamp, {'of another network': nan})) or (
        ros.output(evaluator).count('the scores are not those of the labels') > 1),
        'the scores of another network')
    assert viewer.poll() is None
    evaluator.send_signal(signal.SIGINT)
    ros.wait_for(lambda: evaluator.poll() is not None, 'the report')
    assert evaluator.returncode == 0, ros.output(evaluator)
    assert 'messages were skipped' in (tmp_path / 'live/report.json').read_text()


def test_arming_alone_does_not_move(ros, tmp_path):
    robot = Robot(ros, tmp_path)
    arm = ros.client(SetBool, '/gesture_behavior/arm')
    asked = arm.call_async(SetBool.Request(data=True))
    ros.wait_for(asked.done, 'the answer')
    assert asked.result().message == 'no gesture scores have come yet'
    assert not robot.velocities


def test_a_label_of_a_stranger_does_not_control_the_log(ros, tmp_path):
    labels = ros.node.create_publisher(String, 'label', 10)
    trainer = ros.start('gesture_trainer', folder=tmp_path / 'examples', rehearsal=tmp_path)
    ros.wait_for(labels.get_subscription_count, 'the trainer')
    ros.wait_for(lambda: labels.publish(String(data='\x1b[2J\x1b]0;mine\x07')) or (
        r'no example of \x1b[2J' in ros.output(trainer)), 'the refusal')
    assert '\x1b' not in ros.output(trainer)


def test_malformed_messages_end_no_node(ros, tmp_path):
    labels = ros.node.create_publisher(String, 'label', 10)
    trainer = ros.start('gesture_trainer', folder=tmp_path / 'examples', rehearsal=tmp_path)
    ros.wait_for(labels.get_subscription_count, 'the trainer')

    def shown():
        for data in (b'', b'\0\1\0\0', b'\0\1\0\0' + b'\xff' * 8):
            labels.publish(data)
        labels.publish(String(data='a label'))
        return 'no example of a' in ros.output(trainer)

    ros.wait_for(shown, 'the trainer to read on')
    assert trainer.poll() is None and 'Traceback' not in ros.output(trainer)


def test_a_clock_that_a_stranger_chooses_stops_the_robot(ros, tmp_path):
    robot = Robot(ros, tmp_path)
    good = partial(robot.scores_of(ros.make_node(CLASSIFIER)), LEFT)
    robot.drives(good)
    simulated = Parameter('use_sim_time', value=True).to_parameter_msg()
    ros.client(SetParameters, '/gesture_behavior/set_parameters').call_async(
        SetParameters.Request(parameters=[simulated]))
    robot.wait_for(lambda: robot.speed == 0, 'a standstill', good)
    robot.never_drives_while(lambda: robot.diagnosed.says(WARN, 'nobody publishes /clock'),
                             'the reason', good)
