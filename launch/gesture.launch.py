# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From a camera's events to gestures: event_stream, gesture_classifier, and event_viewer."""
from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

PARAMS_FILE = str(Path(get_package_share_directory('snn_gesture_ros')) / 'config/gesture.yaml')
FROM_FILE = '; empty: as in params_file'


def is_true(text: str) -> bool:
    """Read a launch argument that is true or false."""
    if text.lower() not in ('true', 'false', '1', '0'):
        raise ValueError(f'{text!r} is neither true nor false')
    return text.lower() in ('true', '1')


NODES = (
    ('name', 'gesture_classifier', 'Name of the classifier node'),
    ('event_stream_name', 'event_stream', 'Name of the node that reads the camera'),
    ('namespace', '', 'Namespace of the nodes'),
    ('cameras', '', 'Namespaces of several cameras, such as "left right": an event_stream in '
     'each, one classifier for all; topics are relative to them'),
    ('composed', 'false', 'Run both nodes in one process, which hands events over in memory'),
    ('view', 'false', 'Also start event_viewer, which makes pictures of the events'),
    ('learn', 'false', 'Also start gesture_trainer, which learns gestures that people show'),
    ('params_file', PARAMS_FILE, 'YAML file with the parameters of the nodes'),
    ('use_sim_time', 'false', 'Take the time from /clock'),
    ('log_level', 'info', 'Least severe messages to log: debug, info, warn, error'),
)
TOPICS = (
    ('events', 'events', "The camera's events; EventArray or EventPacket"),
    ('event_stream', 'event_stream', 'Clean events between the two nodes'),
    ('gesture', 'gesture', 'Gestures that start and end'),
    ('gesture_scores', 'gesture_scores', 'Scores of every decision'),
    ('gesture_labels', 'gesture_labels', 'Labels of the network, latched'),
    ('event_image', 'event_image', 'Pictures of the events, with view:=true'),
)
COMMON_PARAMETERS = (
    ('autostart', is_true, 'Activate both nodes at start; false leaves that to ros2 lifecycle'),
)
VIEWER_PARAMETERS = (
    ('rotation', int, 'Degrees to turn the picture clockwise: 0, 90, 180 or 270'),
)
STREAM_PARAMETERS = (
    ('message_type', str, 'Type of the events topic, if it must not be found by itself'),
    ('geometry', str, 'Part of the sensor that is used: square, whole or region'),
    *VIEWER_PARAMETERS,
    ('flip_x', is_true, 'Mirror the picture left to right'),
    ('flip_y', is_true, 'Turn the picture upside down'),
)
CLASSIFIER_PARAMETERS = (
    ('checkpoint', str, 'Path of a checkpoint or name of a shipped model'),
    ('runtime', str, 'What runs the network: auto, onnx or torch'),
    ('device', str, 'Where the network runs: auto, cpu, cuda or cuda:n'),
    ('state', str, 'Of the network: carried from frame to frame, or at rest for each window'),
    ('window_ms', float, 'Duration of a window of frames'),
    ('slicing', str, 'How frames are cut: time or count'),
    ('window_events', int, 'Events of a window of frames, for slicing by count'),
    ('start_threshold', float, 'Averaged score from which a gesture starts'),
    ('end_threshold', float, 'Averaged score below which a gesture ends'),
)


def given(context, parameters) -> dict:
    """Take the parameters that were given as launch arguments, in their types."""
    values = {}
    for name, kind, _ in parameters:
        text = LaunchConfiguration(name).perform(context)
        try:
            if text:
                values[name] = kind(text)
        except ValueError as error:
            raise RuntimeError(f'launch argument {name}:={text}: {error}') from None
    return values


def several(argument: dict, topic: dict) -> list:
    """Split the names of several cameras; there are none where one camera has no name."""
    cameras = argument['cameras'].split()
    if len(set(cameras)) < len(cameras):
        raise RuntimeError(f'cameras:={argument["cameras"]} names a camera twice')
    for name in ('composed', 'learn'):
        if cameras and is_true(argument[name]):
            raise RuntimeError(f'{name}:=true is for one camera: leave out cameras')
    for name, value in topic.items():
        if cameras and value.startswith('/'):
            raise RuntimeError(f'{name}_topic:={value} is the same for all cameras: give it '
                               'relative to the namespaces of the cameras, without the first /')
    return cameras


def within(namespace: str, name: str) -> str:
    """Put a name into a namespace; either may be empty."""
    return '/'.join(filter(None, (namespace, name)))


def nodes(context) -> list:
    """Make the nodes: two in a process each or in one together, and one for pictures."""
    argument = {name: LaunchConfiguration(name).perform(context) for name, _, _ in NODES}
    topic = {name: LaunchConfiguration(f'{name}_topic').perform(context) for name, _, _ in TOPICS}
    if not Path(argument['params_file']).is_file():
        raise RuntimeError(f'params_file {argument["params_file"]} is not a file')
    cameras = several(argument, topic)
    sim_time = {'use_sim_time': is_true(argument['use_sim_time'])}
    names = {'event_stream': argument['event_stream_name'], 'gesture_classifier': argument['name'],
             'event_viewer': 'event_viewer', 'gesture_trainer': 'gesture_trainer'}
    parameters = {'event_stream': given(context, COMMON_PARAMETERS + STREAM_PARAMETERS),
                  'gesture_classifier': given(context, COMMON_PARAMETERS + CLASSIFIER_PARAMETERS),
                  'event_viewer': given(context, VIEWER_PARAMETERS),
                  'gesture_trainer': {'classifier': argument['name']}}
    if cameras:
        parameters['gesture_classifier']['streams'] = cameras
    topics = {'event_stream': ('events', 'event_stream'),
              'gesture_classifier': ('event_stream', 'gesture', 'gesture_scores',
                                     'gesture_labels'),
              'gesture_trainer': ('event_stream',),
              'event_viewer': ('events', 'event_stream', 'gesture', 'gesture_scores',
                               'event_image')}

    def process(executable, together, camera=''):
        """Make a process of nodes in the namespace of a camera, or for all cameras."""
        of_each = cameras if executable == 'gesture_classifier' and cameras else ['']
        return Node(
            package='snn_gesture_ros', executable=executable, output='screen',
            namespace=within(argument['namespace'], camera),
            parameters=[argument['params_file'], sim_time,
                        *(parameters.get(node, {}) for node in together)],
            remappings=[(f'{node}:__node', names[node]) for node in together] + [
                (f'{node}:{within(stream, each)}', within(stream, topic[each]))
                for node in together for each in topics[node] for stream in of_each],
            ros_arguments=['--log-level', argument['log_level']])

    made = []
    if is_true(argument['learn']):
        made.append(process('gesture_trainer', ['gesture_trainer']))
    if is_true(argument['composed']):
        made.append(process('gesture_pipeline', ['event_stream', 'gesture_classifier']))
    else:
        made += [process('event_stream', ['event_stream'], camera) for camera in cameras or ['']]
        made.append(process('gesture_classifier', ['gesture_classifier']))
    if is_true(argument['view']):
        made += [process('event_viewer', ['event_viewer'], camera) for camera in cameras or ['']]
    return made


def generate_launch_description() -> LaunchDescription:
    """Describe the arguments and start the nodes."""
    arguments = [DeclareLaunchArgument(name, default_value=default, description=text)
                 for name, default, text in NODES]
    arguments += [DeclareLaunchArgument(f'{name}_topic', default_value=default,
                                        description=f'Topic: {text}')
                  for name, default, text in TOPICS]
    arguments += [DeclareLaunchArgument(name, default_value='', description=text + FROM_FILE)
                  for name, _, text in (
                      COMMON_PARAMETERS + STREAM_PARAMETERS + CLASSIFIER_PARAMETERS)]
    return LaunchDescription([*arguments, OpaqueFunction(function=nodes)])
