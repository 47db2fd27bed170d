# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The latest events of the stream, from which examples are cut."""
from collections import deque

import numpy as np
from snn_gesture_ros.datasets.clip_set import ClipSet
from snn_gesture_ros.events.packet import PACKED_EVENT, StreamPacket


class RecentEvents:
    """The packets of the last seconds."""

    def __init__(self, keep_us: int):
        """
        Start without packets.

        :param keep_us: camera time in microseconds that is kept.
        """
        self._keep_us = keep_us
        self._packets = deque()

    def add_packet(self, packet: StreamPacket) -> None:
        """
        Add the next packet; if its number shows a restart, forget the others.

        :raises ValueError: if its resolution is not that of clips.
        """
        if (packet.width, packet.height) != (ClipSet.SIZE, ClipSet.SIZE):
            self._packets.clear()
            raise ValueError(f'examples need the resolution {ClipSet.SIZE}x{ClipSet.SIZE}, '
                             f'not {packet.width}x{packet.height}: set width and height of '
                             'event_stream')
        if self._packets and packet.sequence <= self._packets[-1].sequence:
            self._packets.clear()
        self._packets.append(packet)
        while self._packets[0].t_newest_us < packet.t_newest_us - self._keep_us:
            self._packets.popleft()

    def last(self, duration_us: int) -> tuple:
        """
        Return the latest events.

        :param duration_us: camera time up to the newest event.
        :returns: PACKED_EVENT[n] sorted by time, dt_us from the start of that duration; and their
            `scale`, as in StreamPacket.
        :raises ValueError: if there are no packets, or not for that duration.
        """
        if not self._packets:
            raise ValueError('no events: is the camera on, and event_stream running?')
        start_us = self._packets[-1].t_newest_us + 1 - duration_us
        if self._packets[0].t_base_us > start_us:
            raise ValueError(f'events came for less than {duration_us / 1e6:g} s')
        pieces = [np.empty(0, PACKED_EVENT)]
        for packet in self._packets:
            times_us = packet.events['dt_us'].astype(np.int64) + (packet.t_base_us - start_us)
            inside = (times_us >= 0) & (times_us < duration_us)
            piece = packet.events[inside]
            piece['dt_us'] = times_us[inside]
            pieces.append(piece)
        events = np.concatenate(pieces)
        return events[np.argsort(events['dt_us'], kind='stable')], self._packets[-1].scale
