# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Clock: from the camera's time of an event to ROS time.

| message | camera time | it is compared with |
| --- | --- | --- |
| the three EventArray | `ts` of the newest event | the node's ROS time at arrival |
| EventPacket | sensor time of its first event | `header.stamp`, the driver's time of arrival |

The header of an EventArray is not used: dv_ros2_capture fills it wrongly. A stamp more than
TOLERANCE_NS away from the node's time (a bag replayed without simulated time) is replaced by the
node's time of arrival. Where the camera's time is within TOLERANCE_NS of ROS time it *is* ROS
time. Otherwise the offset is the smallest seen, which is the message that waited least, and
follows a drift of the camera's clock by DRIFT.
"""

TOLERANCE_NS = 10_000_000_000
DRIFT = 100e-6
"""How fast the smallest offset is allowed to grow, as a part of the elapsed time."""


class RosClock:
    """Offset from one camera's clock to ROS time."""

    def __init__(self):
        """Begin with no offset known."""
        self.offset_ns = None
        self._host_ns = 0

    def observe(self, camera_ns: int, stamp_ns, now_ns: int) -> int:
        """
        Take in one message and give the offset to add to camera times.

        :param camera_ns: camera time of the event that the stamp belongs to.
        :param stamp_ns: ROS time that the driver gave it, or None to use the arrival.
        :param now_ns: the node's ROS time at arrival.
        """
        host_ns = now_ns
        if stamp_ns is not None and abs(stamp_ns - now_ns) < TOLERANCE_NS:
            host_ns = stamp_ns
        measured_ns = host_ns - camera_ns
        if abs(measured_ns) < TOLERANCE_NS and self.offset_ns in (None, 0):
            self.offset_ns = 0
        elif self.offset_ns is None or abs(measured_ns - self.offset_ns) > TOLERANCE_NS:
            self.offset_ns = measured_ns
        else:
            elapsed_ns = max(host_ns - self._host_ns, 0)
            self.offset_ns = min(measured_ns, self.offset_ns + int(DRIFT * elapsed_ns))
        self._host_ns = host_ns
        return self.offset_ns
