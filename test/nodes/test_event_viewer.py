# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The event_viewer node, as a process: events and gestures in, pictures out."""
import shutil
import subprocess

from diagnostic_msgs.msg import DiagnosticArray
import numpy as np
from PIL import Image as Picture
import pytest
from sensor_msgs.msg import Image
from snn_gesture_ros.events.cdr import encode_event_array
from snn_gesture_ros.events.event import EVENT
from snn_gesture_ros.ros.topics import (
    CAMERA_QOS, classification, GESTURE_QOS, header, IMAGE_QOS, message_class)
from snn_gesture_ros.viewing.image import BACKGROUND, ON, QUIET, TEXT
from test_event_stream import set_rotation
from vision_msgs.msg import Classification

ARRAY = 'dvs_msgs/msg/EventArray'
CAPTION_PX = 30


def pixels(image):
    """Give the pixels of a message, uint8 [height, width, 3]."""
    assert image.encoding == 'rgb8' and image.step == 3 * image.width
    return np.frombuffer(bytes(image.data), np.uint8).reshape(image.height, image.width, 3)


def lit(image):
    """Count the pixels below the caption that show events."""
    return int((pixels(image)[CAPTION_PX:] != BACKGROUND).any(2).sum())


def is_written(image, colour):
    """Tell whether a caption of this colour is in the picture."""
    return (pixels(image)[:CAPTION_PX] == colour).all(2).any()


@pytest.mark.parametrize('source', ['events', 'event_stream'])
def test_simulated_camera_is_seen(ros, source):
    images = ros.listen(Image, 'event_image', IMAGE_QOS)
    ros.start('simulated_camera', gestures='["right_hand_wave"]', pause_s=0.0)
    if source == 'event_stream':
        ros.start('event_stream')
    ros.start('event_viewer', source=source)
    ros.wait_for(lambda: any(lit(image) > 1000 for image in images), 'a picture of a hand')
    assert (images[-1].width, images[-1].height) == (640, 640)
    assert images[-1].header.frame_id == 'camera'
    now_ns = ros.node.get_clock().now().nanoseconds
    age_ns = now_ns - images[-1].header.stamp.sec * 10**9 - images[-1].header.stamp.nanosec
    assert 0 <= age_ns < 60e9


class Camera:
    """A camera of 320x200 pixels, of which one fires."""

    def __init__(self, ros):
        """Begin to publish when asked to."""
        self.publisher = ros.node.create_publisher(message_class(ARRAY), 'events', CAMERA_QOS)

    def fire(self):
        """Publish a message of three events on pixel (100, 150), and one outside the sensor."""
        events = np.zeros(4, EVENT)
        events['x'], events['y'], events['p'] = [100, 100, 100, 320], 150, 1
        self.publisher.publish(encode_event_array(events, 0, 'eye', 200, 320))


def test_pixel_is_where_it_fired(ros):
    camera = Camera(ros)
    images = ros.listen(Image, 'event_image', IMAGE_QOS)
    ros.start('event_viewer', longest_px=320)

    def seen():
        camera.fire()
        return next((image for image in images if lit(image)), None)

    image = ros.wait_for(seen, 'a picture with an event')
    assert (image.width, image.height, image.header.frame_id) == (320, 200, 'eye')
    assert np.argwhere((pixels(image) == ON).all(2)).tolist() == [[150, 100]]


def test_picture_is_turned_also_while_it_is_looked_at(ros):
    camera = Camera(ros)
    images = ros.listen(Image, 'event_image', IMAGE_QOS)
    node = ros.start('event_viewer', longest_px=320, rotation=90)

    def place():
        camera.fire()
        if not images or not lit(images[-1]):
            return None
        return np.argwhere((pixels(images[-1]) == ON).all(2)).tolist()

    ros.wait_for(lambda: place() == [[100, 200 - 1 - 150]], 'a picture that is turned')
    assert (images[-1].width, images[-1].height) == (200, 320)
    assert set_rotation(ros, 'event_viewer', 180).successful
    ros.wait_for(lambda: place() == [[200 - 1 - 150, 320 - 1 - 100]], 'one that is turned further')
    refused = set_rotation(ros, 'event_viewer', 10)
    assert not refused.successful and 'rotation 10 is not one of' in refused.reason
    assert node.poll() is None


def test_compact_stream_is_turned_by_event_stream_alone(ros):
    camera = Camera(ros)
    images = ros.listen(Image, 'event_image', IMAGE_QOS)
    ros.start('event_stream', rotation=180, geometry='whole', width=320, height=200,
              refractory_us=0, background_us=0, batch_us=0, hot_pixels=False)
    ros.start('event_viewer', longest_px=320, source='event_stream', rotation=180)

    def seen():
        camera.fire()
        return next((image for image in images if lit(image)), None)

    image = ros.wait_for(seen, 'a picture with an event')
    assert np.argwhere((pixels(image) == ON).all(2)).tolist() == [[200 - 1 - 150, 320 - 1 - 100]]


def test_gesture_and_score_are_written_into_the_picture(ros):
    camera = Camera(ros)
    images = ros.listen(Image, 'event_image', IMAGE_QOS)
    gesture, scores = (ros.node.create_publisher(Classification, topic, GESTURE_QOS)
                       for topic in ('gesture', 'gesture_scores'))
    ros.start('event_viewer')
    stamp = header(0, '')

    def shown(condition):
        def check():
            camera.fire()
            scores.publish(classification(stamp, {'air_drums': 0.9, 'none': 0.1}))
            return images and condition(images[-1])
        return check

    ros.wait_for(shown(lambda image: is_written(image, QUIET)), 'the best label in grey')
    assert not is_written(images[-1], TEXT)
    gesture.publish(classification(stamp, {'air_drums': 0.8}))
    ros.wait_for(shown(lambda image: is_written(image, TEXT)), 'the gesture that started')
    gesture.publish(classification(stamp, {}))
    ros.wait_for(shown(lambda image: not is_written(image, TEXT)), 'the end of the gesture')
    ros.node.destroy_publisher(scores)
    ros.wait_for(lambda: camera.fire() or not is_written(images[-1], QUIET),
                 'no label where no network runs')


def test_events_are_read_only_while_somebody_looks(ros):
    camera = Camera(ros)
    diagnostics = ros.listen(DiagnosticArray, '/diagnostics')
    ros.start('event_viewer')
    ros.wait_for(lambda: len(diagnostics) > 2, 'two seconds')
    assert not camera.publisher.get_subscription_count()
    looking = ros.node.create_subscription(Image, 'event_image', lambda image: None, IMAGE_QOS)
    ros.wait_for(camera.publisher.get_subscription_count, 'the subscription')
    ros.node.destroy_subscription(looking)
    ros.wait_for(lambda: not camera.publisher.get_subscription_count(), 'its end')


def test_malformed_messages_are_counted(ros):
    camera = Camera(ros)
    images = ros.listen(Image, 'event_image', IMAGE_QOS)
    diagnostics = ros.listen(DiagnosticArray, '/diagnostics')
    node = ros.start('event_viewer')
    ros.wait_for(camera.publisher.get_subscription_count, 'the subscription')
    camera.publisher.publish(b'\0\1\0\0 cut off')
    ros.wait_for(lambda: any(pair.key == 'malformed' and pair.value == '1'
                             for message in diagnostics for pair in message.status[0].values),
                 'the count')
    ros.wait_for(lambda: camera.fire() or any(map(lit, images)), 'a picture all the same')
    assert node.poll() is None


def test_wrong_source_ends_the_node_with_the_reason(ros):
    node = ros.start('event_viewer', source='gesture')
    ros.wait_for(lambda: node.poll() is not None, 'the node to end')
    assert node.returncode == 1
    assert "source 'gesture' is not one of events, event_stream" in ros.output(node)
    assert 'Traceback' not in ros.output(node)


def test_live_topic_is_written_to_a_file(ros, tmp_path):
    ros.start('simulated_camera', gestures='["hand_clapping"]', pause_s=0.0)
    path = tmp_path / 'live.gif'
    result = subprocess.run(
        [shutil.which('snn-gesture'), 'view', '--live', '--end-s', '1', '--frame-ms', '100',
         '--output', path], env=ros.environment, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    assert 'waiting for events of /events' in result.stderr
    with Picture.open(path) as picture:
        assert picture.size == (640, 640)
        duration_ms = 0
        for number in range(picture.n_frames):
            picture.seek(number)
            duration_ms += picture.info['duration']
        seen = np.asarray(picture.convert('RGB'))
    assert 700 <= duration_ms <= 1000
    assert (seen[CAPTION_PX:] != BACKGROUND).any()
