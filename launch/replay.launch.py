# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A recording played to the two nodes of gesture.launch.py, whose arguments it takes too."""
from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

GESTURE_LAUNCH = str(
    Path(get_package_share_directory('snn_gesture_ros')) / 'launch/gesture.launch.py')
PLAYER_PARAMETERS = (
    ('recording', 'bag', None, str, 'The recording, of any format that snn-gesture info reads'),
    ('topic', 'bag_topic', '', str, 'Topic of the bag, if it has several with events'),
    ('rate', 'rate', '1.0', float, 'Speed; 2 is twice as fast as recorded'),
    ('loop', 'loop', 'false', bool, 'Begin again at the end'),
    ('start', 'start', '0.0', float, 'Seconds of the recording to skip'),
    ('duration', 'duration', '0.0', float, 'Seconds to play; 0 for all'),
    ('width', 'width', '0', int, 'Width of the sensor in pixels, for an npz that needs it'),
    ('height', 'height', '0', int, 'Height of the sensor in pixels, for an npz that needs it'),
    ('clock', 'clock', 'false', bool, 'Publish /clock; go with use_sim_time:=true'),
)


def generate_launch_description() -> LaunchDescription:
    """Describe the arguments and start the three nodes."""
    arguments = [DeclareLaunchArgument(argument, default_value=default, description=text)
                 for _, argument, default, _, text in PLAYER_PARAMETERS]
    player = Node(
        package='snn_gesture_ros', executable='event_player', name='event_player',
        namespace=LaunchConfiguration('namespace'), output='screen',
        parameters=[{name: ParameterValue(LaunchConfiguration(argument), value_type=kind)
                     for name, argument, _, kind, _ in PLAYER_PARAMETERS}],
        remappings=[('events', LaunchConfiguration('events_topic'))],
        ros_arguments=['--log-level', LaunchConfiguration('log_level')])
    return LaunchDescription([
        *arguments, IncludeLaunchDescription(PythonLaunchDescriptionSource(GESTURE_LAUNCH)),
        player])
