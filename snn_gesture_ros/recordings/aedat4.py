# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""AEDAT 4, the files of iniVation's DV software."""
from pathlib import Path

import numpy as np
from snn_gesture_ros.events.event import EVENT
from snn_gesture_ros.recordings.recording import Recording, Triggers, UnreadableRecording

RISING_EDGE, FALLING_EDGE = 1, 2
"""Sources of a trigger: edges of the external signal."""


class Aedat4(Recording):
    """The events of the first camera in an AEDAT 4 file."""

    file_format = 'AEDAT 4'

    def __init__(self, path: Path):
        """
        Open the file.

        :raises UnreadableRecording: if it cannot be opened or has no events.
        """
        self.path = path
        streams = self._open().id_to_stream()
        self._stream = next((i for i, s in streams.items() if s['type'] == 'events'), None)
        if self._stream is None:
            raise UnreadableRecording(f'{path}: the file has no stream of events')
        self.width = streams[self._stream]['width']
        self.height = streams[self._stream]['height']

    def events(self, topic=None):
        """Yield the events as they lie in the file; see `Recording`."""
        for packet in self._packets():
            if packet['stream_id'] == self._stream:
                yield _as_events(packet['events'])

    def triggers(self) -> Triggers:
        """Count the edges at the camera's trigger input."""
        rising = falling = time_sum_us = 0
        for packet in self._packets():
            if 'triggers' in packet:
                triggers = packet['triggers']
                is_rising = triggers['source'] == RISING_EDGE
                is_falling = triggers['source'] == FALLING_EDGE
                rising += int(np.count_nonzero(is_rising))
                falling += int(np.count_nonzero(is_falling))
                time_sum_us += sum(triggers['t'][is_rising | is_falling].tolist())
        return Triggers(rising, falling, time_sum_us)

    def _packets(self):
        decoder = self._open()
        while (packet := self._explain(next, decoder, None)) is not None:
            yield packet

    def _open(self):
        try:
            from aedat import Decoder
        except ImportError as error:
            raise UnreadableRecording(
                f'{self.path}: to read AEDAT 4, pip install aedat ({error})') from None
        return self._explain(Decoder, str(self.path))

    def _explain(self, call, *arguments):
        """Call the library, and turn whatever it raises on a damaged file into one line."""
        try:
            return call(*arguments)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # a panic of its Rust code is no Exception
            reason = ' '.join(str(error).split())
            raise UnreadableRecording(
                f'{self.path}: the file is cut off or damaged: {reason}') from None


def _as_events(packet):
    events = np.zeros(len(packet), EVENT)
    for name in 'txyp':
        events[name] = packet[name]
    return events
