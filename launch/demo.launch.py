# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A simulated camera before the two nodes of gesture.launch.py, whose arguments it takes too."""
from pathlib import Path
from typing import List

from ament_index_python.packages import get_package_share_directory
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, OpaqueFunction
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from snn_gesture_ros.labels import DVS128_GESTURES

GESTURE_LAUNCH = str(
    Path(get_package_share_directory('snn_gesture_ros')) / 'launch/gesture.launch.py')
CAMERA_PARAMETERS = (
    ('sensor', 'dvs128', str,
     'Kind of camera: dvs128, davis346, dvxplorer, dvxplorer_vga, genx320, evk4 or any'),
    ('width', '0', int, 'Width of the sensor in pixels; 0 for that of its kind'),
    ('height', '0', int, 'Height of the sensor in pixels; 0 for that of its kind'),
    ('framing', 'upper_body', str, 'Where the camera stands: near, upper_body, far or data_set'),
    ('seed', '1', int, 'Chooses the person, the room and the noise'),
    ('gestures', f'[{", ".join(DVS128_GESTURES)}]', List[str],
     'What the person does, in this order: gestures, none, or a kind of none such as walking_by'),
    ('gesture_s', '2.5', float, 'Duration of a gesture'),
    ('pause_s', '1.5', float, 'Rest before each gesture'),
)


def for_one_camera(context) -> None:
    """Refuse what gesture.launch.py alone takes."""
    if context.launch_configurations.get('cameras'):
        raise RuntimeError('cameras is for gesture.launch.py: here is one simulated camera')


def generate_launch_description() -> LaunchDescription:
    """Describe the arguments and start the three nodes."""
    arguments = [DeclareLaunchArgument(name, default_value=default, description=text)
                 for name, default, _, text in CAMERA_PARAMETERS]
    camera = Node(
        package='snn_gesture_ros', executable='simulated_camera', name='simulated_camera',
        namespace=LaunchConfiguration('namespace'), output='screen',
        parameters=[{name: ParameterValue(LaunchConfiguration(name), value_type=kind)
                     for name, _, kind, _ in CAMERA_PARAMETERS}],
        remappings=[('events', LaunchConfiguration('events_topic'))],
        ros_arguments=['--log-level', LaunchConfiguration('log_level')])
    return LaunchDescription([
        *arguments, OpaqueFunction(function=for_one_camera),
        IncludeLaunchDescription(PythonLaunchDescriptionSource(GESTURE_LAUNCH)),
        camera])
