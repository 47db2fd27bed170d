# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The event_viewer node: images of the events, with the gesture and its score."""
from array import array
from dataclasses import dataclass

from rclpy.node import Node
from sensor_msgs.msg import Image
from snn_gesture_ros.events.geometry import ROTATIONS
from snn_gesture_ros.ros.diagnostics import NodeDiagnostics
from snn_gesture_ros.ros.parameters import declare, on_change
from snn_gesture_ros.ros.running import every, run_node
from snn_gesture_ros.ros.topics import header, IMAGE_QOS, SEARCH_PERIOD_S
from snn_gesture_ros.settings import setting, settings_of
from snn_gesture_ros.viewing.image import draw_events, MAX_SIDE_PX, write_caption
from snn_gesture_ros.viewing.live_events import LiveEvents


@dataclass(frozen=True)
class ViewerSettings:
    """What is shown, and how."""

    source: str = setting('events', 'What is shown', choices={
        'events': 'all that the camera sends, also where no other node runs',
        'event_stream': 'the clean events that the network sees'})
    rate_hz: float = setting(
        15.0, 'Rate of the images while a node subscribes to them', unit='Hz', minimum=0.1,
        maximum=120.0)
    longest_px: int = setting(
        MAX_SIDE_PX, 'Longer side of an image: a larger sensor is shrunk, a smaller one enlarged',
        unit='pixels', minimum=16, maximum=4096)
    rotation: int = setting(
        0, 'Turn the events of a camera clockwise; those of event_stream are turned already',
        unit='degrees', choices=ROTATIONS, live=True)


PARAMETERS = settings_of(ViewerSettings)


class EventViewerNode(Node):
    """Publish images while somebody subscribes to them; otherwise use almost no CPU time."""

    def __init__(self):
        """
        Declare parameters and wait for a subscriber.

        :raises ValueError: if a parameter is wrong.
        """
        super().__init__('event_viewer')
        values = declare(self, PARAMETERS)
        self._longest_px = values['longest_px']
        self._images = 0
        self._live = LiveEvents(self, values['source'], values['rotation'])
        on_change(self, PARAMETERS, self._change)
        self._publisher = self.create_publisher(Image, 'event_image', IMAGE_QOS)
        every(self, SEARCH_PERIOD_S, self._watch)
        self._showing = every(self, 1 / values['rate_hz'], self._show)
        self._showing.cancel()
        self._diagnostics = NodeDiagnostics(
            self, self.resolve_topic_name(values['source']), self._counters, ('malformed',))
        self.get_logger().info(f'waiting for a subscriber of {self._publisher.topic_name}')

    def _change(self, changed: dict) -> None:
        """Apply parameters that change."""
        if 'rotation' in changed:
            self._live.rotation = changed['rotation']

    def _watch(self) -> None:
        """Read events while somebody subscribes to the images."""
        if not self._publisher.get_subscription_count():
            self._live.unsubscribe()
            self._showing.cancel()
            return
        self._live.try_to_subscribe()
        if self._showing.is_canceled():
            self._showing.reset()

    def _show(self) -> None:
        counts = self._live.take_counts()
        if counts is None:
            return
        image = write_caption(draw_events(counts, self._longest_px), self._live.gesture)
        height, width, channels = image.shape
        self._publisher.publish(Image(
            header=header(self.get_clock().now().nanoseconds, self._live.frame_id),
            height=height, width=width, encoding='rgb8', step=width * channels,
            data=array('B', image.tobytes())))
        self._images += 1

    def _counters(self) -> dict:
        return {'images': self._images, 'message_type': self._live.message_type,
                'malformed': self._live.malformed, **self._live.source_values()}


def main(arguments=None) -> None:
    """Run the node."""
    run_node(EventViewerNode, arguments)
