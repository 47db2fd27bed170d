# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Messages of any type from the fields of a YAML file."""
import math
import sys

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from geometry_msgs.msg import PoseWithCovarianceStamped, Twist
import pytest
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import BatteryState, Joy
from snn_gesture_ros.behavior.row_actions import interface_class, make_message
from std_msgs.msg import ColorRGBA, Header, String, UInt8MultiArray
from std_srvs.srv import SetBool
import yaml


def made(message_class, text):
    """Make a message of YAML, send it through the middleware's format, and give it."""
    message = make_message(message_class, yaml.safe_load(text))
    return deserialize_message(serialize_message(message), message_class)


def test_fields_of_all_kinds():
    assert made(String, 'data: hello').data == 'hello'
    assert made(SetBool.Request, 'data: true').data is True
    assert made(ColorRGBA, '{r: 1, a: 0.5}') == ColorRGBA(r=1.0, a=0.5)
    assert made(ColorRGBA, '{r: .inf, g: -3.4e+38}').r == math.inf
    assert math.isnan(made(Twist, 'linear: {x: .nan}').linear.x)
    assert made(Twist, 'linear: {x: 1.0e+300}').linear.x == 1e300
    assert made(UInt8MultiArray, 'data: [1, 255]').data.tolist() == [1, 255]
    assert made(Joy, '{axes: [0.5, -1], buttons: [-3]}').buttons.tolist() == [-3]
    twist = made(Twist, '{linear: {x: 1}, angular: {z: -0.5}}')
    assert (twist.linear.x, twist.linear.y, twist.angular.z) == (1, 0, -0.5)


def test_messages_within_and_lists_of_them():
    text = ('{header: {frame_id: map}, pose: {covariance: ['
            + ', '.join(map(str, range(36))) + '], pose: {position: {y: 2}}}}')
    pose = made(PoseWithCovarianceStamped, text)
    assert pose.header.frame_id == 'map' and pose.pose.pose.position.y == 2
    assert pose.pose.covariance.tolist() == list(range(36))
    array = made(DiagnosticArray, 'status: [{level: 2, name: a, values: [{key: k, value: v}]}]')
    assert array.status[0].level == DiagnosticStatus.ERROR
    assert array.status[0].values[0].value == 'v'


@pytest.mark.parametrize('message_class, text, reason', [
    (String, 'text: hello', 'text is not a field; the fields are: data'),
    (SetBool.Request, 'data: 1', 'data must be a boolean, not 1'),
    (String, 'data: 3', 'data must be a string, not 3'),
    (Twist, 'linear: 1', 'linear must be the fields of a geometry_msgs/Vector3, not 1'),
    (Twist, 'linear: {forward: 1}', 'linear.forward is not a field; the fields are: x, y, z'),
    (Twist, 'linear: {x: fast}', "linear.x must be a double, not 'fast'"),
    (Twist, 'linear: {x: true}', 'linear.x must be a double, not True'),
    (Twist, f'linear: {{x: {10**309}}}', 'linear.x must be a double, not 1000'),
    (ColorRGBA, 'r: 1.0e+39', 'r must be a float, not 1e+39'),
    (UInt8MultiArray, 'data: [1, 256]', 'data[1] must be a uint8, not 256'),
    (UInt8MultiArray, 'data: 7', 'data must be a list: sequence<uint8>, not 7'),
    (BatteryState, 'present: yes please', 'present must be a boolean'),
    (PoseWithCovarianceStamped, 'pose: {covariance: [1]}', 'pose.covariance must be a list: '
     'double[36], not [1]'),
    (DiagnosticArray, 'status: [{level: high}]', "status[0].level must be a octet, not 'high'"),
    (Header, 'stamp: {sec: 1.5}', 'stamp.sec must be a int32, not 1.5'),
])
def test_wrong_fields_are_named(message_class, text, reason):
    with pytest.raises(ValueError) as error:
        make_message(message_class, yaml.safe_load(text))
    assert reason in str(error.value)


def test_types_are_found_by_name():
    assert interface_class('std_msgs/msg/String', 'msg') is String
    assert interface_class('std_srvs/srv/SetBool', 'srv') is SetBool


@pytest.mark.parametrize('name, kind, reason', [
    ('String', 'msg', 'String is not a type: write package/msg/Name'),
    ('std_msgs/String', 'msg', 'is not a type'),
    ('std_msgs/msg/String', 'srv', 'is not a type: write package/srv/Name'),
    ('std_msgs.os/msg/String', 'msg', 'is not a type'),
    ('std_msgs/msg/Strings', 'msg', 'std_msgs has no msg/Strings'),
    ('no_such_msgs/msg/A', 'msg', 'the interface package no_such_msgs, for no_such_msgs/msg/A, '
     'is not installed: install it, or source the workspace that has it'),
    ('rclpy/msg/Node', 'msg', 'the interface package rclpy'),
])
def test_unknown_types_are_named(name, kind, reason):
    with pytest.raises(ValueError) as error:
        interface_class(name, kind)
    assert reason in str(error.value)


def test_no_module_is_imported_that_is_none_of_interfaces(tmp_path, monkeypatch):
    (tmp_path / 'evil_msgs').mkdir()
    (tmp_path / 'evil_msgs' / '__init__.py').write_text('raise SystemExit("imported")')
    monkeypatch.syspath_prepend(tmp_path)
    for name in ('evil_msgs/msg/String', 'antigravity/msg/String', 'this/msg/String'):
        with pytest.raises(ValueError, match='the interface package'):
            interface_class(name, 'msg')
        assert name.partition('/')[0] not in sys.modules


def test_no_index_is_no_traceback(monkeypatch):
    monkeypatch.delenv('AMENT_PREFIX_PATH')
    with pytest.raises(ValueError, match='source the workspace'):
        interface_class('std_msgs/msg/String', 'msg')
