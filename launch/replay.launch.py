# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A recording played to the two nodes of gesture.launch.py, whose arguments it takes too."""
from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import LaunchDescription
from launch.actions import (
    DeclareLaunchArgument, IncludeLaunchDescription, OpaqueFunction, RegisterEventHandler,
    Shutdown, TimerAction)
from launch.event_handlers import OnProcessExit, OnProcessIO
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
EVALUATOR_PARAMETERS = (
    ('output', 'report', '', str, 'Folder for a report of what is announced; the launch then ends '
     'with the recording'),
    ('label_table', 'label_table', '', str,
     'Table of what is shown, columns start,end,label; empty to look '
     'for it beside the recording'),
    ('label', 'label', '', str, 'What is shown from start to end, instead of a table'),
)
CLASSIFIER_PARAMETERS = (
    ('checkpoint', str), ('state', str), ('slicing', str), ('window_ms', float),
    ('window_events', int))
"""What the evaluator must know of the classifier."""
AFTERWARDS_S = 2.0
"""Time after the recording's end for the last announcement."""
REPORT_S = '60'
"""Time that the evaluator has to write the report."""


def play(context, player) -> list:
    """Start the player; where a report is asked for, once gesture_evaluator misses nothing."""
    if not LaunchConfiguration('report').perform(context):
        return [player]
    topics = ('gesture', 'gesture_scores', 'gesture_labels', 'event_stream')
    given = {name: ParameterValue(LaunchConfiguration(name), value_type=kind)
             for name, kind in CLASSIFIER_PARAMETERS
             if LaunchConfiguration(name).perform(context)}
    given['recording'] = ParameterValue(LaunchConfiguration('bag'), value_type=str)
    evaluator = Node(
        package='snn_gesture_ros', executable='gesture_evaluator', name='gesture_evaluator',
        namespace=LaunchConfiguration('namespace'), output='screen',
        sigterm_timeout=REPORT_S,
        parameters=[LaunchConfiguration('params_file'), {'use_sim_time': ParameterValue(
            LaunchConfiguration('use_sim_time'), value_type=bool)},
            {name: ParameterValue(LaunchConfiguration(argument), value_type=kind)
             for name, argument, _, kind, _ in EVALUATOR_PARAMETERS},
            given],
        remappings=[(topic, LaunchConfiguration(f'{topic}_topic')) for topic in topics],
        ros_arguments=['--log-level', LaunchConfiguration('log_level')])
    return [
        evaluator,
        RegisterEventHandler(OnProcessIO(
            target_action=evaluator,
            on_stdout=lambda event: [player] if b'listening: ' in event.text else None)),
        RegisterEventHandler(OnProcessExit(target_action=player, on_exit=[TimerAction(
            period=AFTERWARDS_S, actions=[Shutdown(reason='the recording has ended')])])),
        RegisterEventHandler(OnProcessExit(on_exit=lambda event, _: None if event.action is player
                                           else Shutdown(reason='a node has ended')))]


def for_one_camera(context) -> None:
    """Refuse what gesture.launch.py alone takes."""
    if context.launch_configurations.get('cameras'):
        raise RuntimeError('cameras is for gesture.launch.py: a recording is of one')


def generate_launch_description() -> LaunchDescription:
    """Describe the arguments; start the two nodes, the player, the evaluator if asked for."""
    arguments = [DeclareLaunchArgument(argument, default_value=default, description=text)
                 for _, argument, default, _, text in PLAYER_PARAMETERS + EVALUATOR_PARAMETERS]
    player = Node(
        package='snn_gesture_ros', executable='event_player', name='event_player',
        namespace=LaunchConfiguration('namespace'), output='screen',
        parameters=[{name: ParameterValue(LaunchConfiguration(argument), value_type=kind)
                     for name, argument, _, kind, _ in PLAYER_PARAMETERS}],
        remappings=[('events', LaunchConfiguration('events_topic'))],
        ros_arguments=['--log-level', LaunchConfiguration('log_level')])
    return LaunchDescription([
        *arguments, OpaqueFunction(function=for_one_camera),
        IncludeLaunchDescription(PythonLaunchDescriptionSource(GESTURE_LAUNCH)),
        OpaqueFunction(function=play, args=[player])])
