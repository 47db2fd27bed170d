# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A robot driven by gestures: the nodes of gesture.launch.py, whose arguments it takes too."""
from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, OpaqueFunction
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

SHARE = Path(get_package_share_directory('snn_gesture_ros'))
GESTURE_LAUNCH = str(SHARE / 'launch/gesture.launch.py')
BEHAVIOR_PARAMETERS = (
    ('table', str(SHARE / 'config/behavior.yaml'), str,
     'YAML file that says what each gesture makes the robot do'),
    ('armed', 'false', bool, 'Begin armed; else rows act after a gesture or the service ~/arm'),
)


def for_one_camera(context) -> None:
    """Refuse what gesture.launch.py alone takes."""
    if context.launch_configurations.get('cameras'):
        raise RuntimeError('cameras is for gesture.launch.py: start gesture_behavior beside it, '
                           'in the namespace of a camera')


def generate_launch_description() -> LaunchDescription:
    """Describe the arguments and start the three nodes."""
    arguments = [DeclareLaunchArgument(name, default_value=default, description=text)
                 for name, default, _, text in BEHAVIOR_PARAMETERS]
    arguments.append(DeclareLaunchArgument(
        'cmd_vel_topic', default_value='cmd_vel',
        description='Topic: velocities for the robot, where the table says cmd_vel'))
    behavior = Node(
        package='snn_gesture_ros', executable='gesture_behavior', name='gesture_behavior',
        namespace=LaunchConfiguration('namespace'), output='screen',
        parameters=[{name: ParameterValue(LaunchConfiguration(name), value_type=kind)
                     for name, _, kind, _ in BEHAVIOR_PARAMETERS},
                    {'use_sim_time': ParameterValue(LaunchConfiguration('use_sim_time'),
                                                    value_type=bool)}],
        remappings=[('gesture_scores', LaunchConfiguration('gesture_scores_topic')),
                    ('cmd_vel', LaunchConfiguration('cmd_vel_topic'))],
        ros_arguments=['--log-level', LaunchConfiguration('log_level')])
    return LaunchDescription([
        *arguments, OpaqueFunction(function=for_one_camera),
        IncludeLaunchDescription(PythonLaunchDescriptionSource(GESTURE_LAUNCH)),
        behavior])
