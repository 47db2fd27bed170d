# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""UDP for a node that must not wait: in shared memory it can, for a process that was killed."""
import os

from ament_index_python.packages import get_package_share_directory
from rclpy.utilities import get_rmw_implementation_identifier

FAST_DDS = 'rmw_fastrtps_cpp', 'rmw_fastrtps_dynamic_cpp'
PROFILES = 'FASTRTPS_DEFAULT_PROFILES_FILE', 'FASTDDS_DEFAULT_PROFILES_FILE'
"""Variables of Fast DDS 2 and 3 that name a file of profiles."""
RANGE, LOCALHOST_ONLY = 'ROS_AUTOMATIC_DISCOVERY_RANGE', 'ROS_LOCALHOST_ONLY'


def avoid_shared_memory() -> None:
    """
    Let this process use UDP alone, if Fast DDS is the middleware; call it before rclpy.init.

    For LOCALHOST, rmw_fastrtps adds shared memory whatever else is set. A profile that keeps to
    the loopback interface takes its place, unless the user has profiles of their own.
    """
    if get_rmw_implementation_identifier() not in FAST_DDS:
        return
    os.environ.setdefault('FASTDDS_BUILTIN_TRANSPORTS', 'UDPv4')
    local = os.environ.get(RANGE) == 'LOCALHOST' or os.environ.get(LOCALHOST_ONLY) == '1'
    if local and not any(map(os.environ.get, PROFILES)):
        path = f'{get_package_share_directory("snn_gesture_ros")}/config/loopback_udp.xml'
        os.environ.pop(LOCALHOST_ONLY, None)
        os.environ.update(dict.fromkeys(PROFILES, path), **{RANGE: 'SYSTEM_DEFAULT'})
