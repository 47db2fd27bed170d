# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The event_viewer node: pictures of the events, with the gesture and its score."""
from array import array

from rclpy.node import Node
from sensor_msgs.msg import Image
from snn_gesture_ros.events.geometry import check_rotation
from snn_gesture_ros.parameters import ROTATION
from snn_gesture_ros.ros.diagnostics import Health
from snn_gesture_ros.ros.graph import SEARCH_PERIOD_S
from snn_gesture_ros.ros.live_events import LiveEvents
from snn_gesture_ros.ros.parameters import declare, on_change, Spec
from snn_gesture_ros.ros.running import every, run_node
from snn_gesture_ros.ros.topics import header, IMAGE_QOS
from snn_gesture_ros.viewing.image import draw_events, MAX_SIDE_PX, write_caption

SOURCES = ('events', 'event_stream')
PARAMETERS = (
    Spec('source', 'events', 'What is shown: events (all that the camera sends, also where no '
         'other node runs) or event_stream (the clean events that the network sees)'),
    Spec('rate_hz', 15.0, 'Pictures in a second, while somebody looks at them', 0.1, 120.0),
    Spec('longest_px', MAX_SIDE_PX, 'Bound of the longer side of a picture; a larger sensor is '
         'shrunk, a smaller one is enlarged', 16, 4096),
    ROTATION._replace(description='Turn the events of a camera clockwise by 0, 90, 180 or 270 '
                      'degrees; event_stream is turned already'),
)


class EventViewerNode(Node):
    """Publish pictures while somebody subscribes to them; until then it costs next to nothing."""

    def __init__(self):
        """
        Declare parameters and wait for a subscriber.

        :raises ValueError: if a parameter is wrong.
        """
        super().__init__('event_viewer')
        values = declare(self, PARAMETERS)
        if values['source'] not in SOURCES:
            raise ValueError(f'source {values["source"]!r} is not one of {", ".join(SOURCES)}')
        check_rotation(values['rotation'])
        self._longest_px = values['longest_px']
        self._pictures = 0
        self._live = LiveEvents(self, values['source'], values['rotation'])
        on_change(self, PARAMETERS, self._change)
        self._publisher = self.create_publisher(Image, 'event_image', IMAGE_QOS)
        every(self, SEARCH_PERIOD_S, self._watch)
        self._showing = every(self, 1 / values['rate_hz'], self._show)
        self._showing.cancel()
        self._health = Health(self, self.resolve_topic_name(values['source']),
                              self._counters, ('malformed',))
        self.get_logger().info(f'waiting for a subscriber of {self._publisher.topic_name}')

    def _change(self, changed: dict) -> None:
        """
        Take over parameters that change.

        :raises ValueError: if they cannot be used.
        """
        if 'rotation' in changed:
            check_rotation(changed['rotation'])
            self._live.rotation = changed['rotation']

    def _watch(self) -> None:
        """Read events while somebody looks."""
        if not self._publisher.get_subscription_count():
            self._live.rest()
            self._showing.cancel()
            return
        self._live.follow()
        if self._showing.is_canceled():
            self._showing.reset()

    def _show(self) -> None:
        counts = self._live.take()
        if counts is None:
            return
        picture = write_caption(draw_events(counts, self._longest_px), self._live.gesture)
        height, width, colours = picture.shape
        self._publisher.publish(Image(
            header=header(self.get_clock().now().nanoseconds, self._live.frame_id),
            height=height, width=width, encoding='rgb8', step=width * colours,
            data=array('B', picture.tobytes())))
        self._pictures += 1

    def _counters(self) -> dict:
        return {'pictures': self._pictures, 'message_type': self._live.message_type,
                'malformed': self._live.malformed, **self._live.source_values()}


def main(arguments=None) -> None:
    """Run the node."""
    run_node(EventViewerNode, arguments)
