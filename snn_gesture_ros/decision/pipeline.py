# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The pipeline: both stages of the chain in one thread, without ROS."""
from dataclasses import asdict, dataclass

from snn_gesture_ros.decision.gesture_filter import DecisionSettings
from snn_gesture_ros.decision.recognition import Recognition
from snn_gesture_ros.events.geometry import Geometry
from snn_gesture_ros.events.noise_settings import NoiseSettings
from snn_gesture_ros.events.stream import EventStream, FLUSH_PERIOD_NS
from snn_gesture_ros.frames.frame_stream import Slicing
from snn_gesture_ros.network.classifier import NetworkSettings
from snn_gesture_ros.parameters import QueueSettings, StreamSettings
from snn_gesture_ros.settings import make_settings


@dataclass(frozen=True)
class NodeSettings:
    """The settings of both nodes; see `parameters.py`."""

    geometry: Geometry
    noise: NoiseSettings
    batch_us: int
    network: dict
    slicing: Slicing
    min_events: int
    decision: DecisionSettings

    @classmethod
    def of(cls, given: dict) -> 'NodeSettings':
        """
        Return the settings that parameters choose.

        :param given: values by name, of EVENT_STREAM and GESTURE_CLASSIFIER; the others have
            their defaults.
        :raises ValueError: if a value is wrong or two contradict each other.
        """
        return cls(make_settings(Geometry, given), make_settings(NoiseSettings, given),
                   make_settings(StreamSettings, given).batch_us,
                   asdict(make_settings(NetworkSettings, given)), make_settings(Slicing, given),
                   make_settings(QueueSettings, given).min_events,
                   make_settings(DecisionSettings, given))


class Pipeline:
    """Turn the serialized messages of a camera into decisions; the caller passes the time."""

    def __init__(self, message_type: str, classifier, settings: NodeSettings,
                 on_packet=lambda packet: None):
        """
        Make both stages.

        :param message_type: one of EVENT_TYPES.
        :param classifier: SpikingClassifier.
        :param on_packet: called with each packet that goes from the first stage to the second.
        :raises ValueError: if the settings do not fit the network.
        """
        self.stream = EventStream(message_type, settings.geometry, settings.noise,
                                  settings.batch_us)
        self.recognition = Recognition(classifier, settings.slicing, settings.decision,
                                       settings.min_events)
        self._on_packet = on_packet
        self._newest_ns = 0
        """ROS time at which the latest events arrived."""

    def process_message(self, data: bytes, now_ns: int):
        """
        Process a message, and yield each Frame that it completes with its Decision or None.

        :param data: serialized message.
        :param now_ns: ROS time of its arrival.
        :raises ValueError: if the resolution does not fit the network's frames.
        """
        yield from self._flush(now_ns)
        events = self.stream.counters.events_in
        packet = self.stream.process_message(data, now_ns)
        if self.stream.counters.events_in > events:
            self._newest_ns = now_ns
        if packet is not None:
            yield from self._decide(
                self.recognition.frames.advance_periodically(now_ns, packet.t_base_us))
            yield from self._take(packet, now_ns)

    def pass_time(self, now_ns: int):
        """Let time pass without a message, as the timers of the nodes do; yield the same pairs."""
        yield from self._flush(now_ns)
        yield from self._decide(self.recognition.frames.advance_periodically(now_ns))

    def _flush(self, now_ns):
        if now_ns - self._newest_ns > FLUSH_PERIOD_NS:
            packet = self.stream.flush()
            if packet is not None:
                yield from self._take(packet, self._newest_ns)

    def _take(self, packet, now_ns):
        self._on_packet(packet)
        yield from self._decide(self.recognition.slice_packet(packet, now_ns))

    def _decide(self, frames):
        for frame in frames:
            yield frame, self.recognition.decide(frame)
