# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The simulated_camera node: what it shows, and what it says of that."""
from snn_gesture_ros.ros.topics import TRUTH_QOS
from vision_msgs.msg import Classification


def test_truth_names_gestures_alone(ros):
    truth = ros.listen(Classification, 'gesture_truth', TRUTH_QOS)
    ros.start('simulated_camera', gestures='["walking_by", "hand_clapping"]', gesture_s=0.3,
              pause_s=0.1)
    ros.wait_for(lambda: len(truth) >= 8, 'both scenes twice')
    named = [[each.class_id for each in message.results] for message in truth[:8]]
    first = named.index(['hand_clapping'])
    assert named[first:first + 5] == [['hand_clapping'], [], [], [], ['hand_clapping']]


def test_unknown_gesture_ends_the_node_with_those_that_are_known(ros):
    camera = ros.start('simulated_camera', gestures='["juggling"]')
    ros.wait_for(lambda: camera.poll() is not None, 'the end')
    assert camera.returncode == 1
    assert "gestures ['juggling'] are not known" in ros.output(camera)
    assert 'hand_clapping' in ros.output(camera) and 'walking_by' in ros.output(camera)


def test_no_gestures_end_the_node_with_the_reason(ros):
    camera = ros.start('simulated_camera', gestures='[]')
    ros.wait_for(lambda: camera.poll() is not None, 'the end')
    assert camera.returncode == 1
    assert 'gestures must not be empty' in ros.output(camera)
    assert 'Traceback' not in ros.output(camera)
