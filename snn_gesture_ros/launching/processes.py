# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tables of the arguments of launch files, and the processes that their values describe."""
from pathlib import Path
from typing import NamedTuple

from ament_index_python.packages import get_package_share_directory
from snn_gesture_ros.launching.arguments import (
    absolute, Argument, for_parameters, FROM_FILE, given, log_level, namespace, namespaces,
    node_name, parameter_file, relative_topic, topic, truth)
from snn_gesture_ros.parameters import EVENT_STREAM, GESTURE_CLASSIFIER
from snn_gesture_ros.ros.lifecycle import ManagedSettings
from snn_gesture_ros.settings import settings_of

PACKAGE = 'snn_gesture_ros'
PARAMS_FILE = str(Path(get_package_share_directory(PACKAGE)) / 'config/gesture.yaml')
NODES = (
    Argument('name', 'Name of the classifier node', node_name, 'gesture_classifier'),
    Argument('event_stream_name', 'Name of the node that reads the camera', node_name,
             'event_stream'),
    Argument('namespace', 'Namespace of the nodes', namespace),
    Argument('view', 'Also start event_viewer, which publishes images of the events', truth,
             'false'),
    Argument('params_file', 'YAML file with parameters of all nodes', parameter_file,
             PARAMS_FILE),
    Argument('use_sim_time', f'Take the time from /clock{FROM_FILE}', truth),
    Argument('log_level', 'Least severe messages to log: debug, info, warn, error', log_level,
             'info'),
    Argument('respawn', 'Start a node again that dies', truth, 'true'),
    Argument('enclave', 'Folder of enclaves in the keystore of SROS 2: each process takes the one '
             'that is named as its executable, as in policy.xml', namespace),
)
ONE_CAMERA = (
    Argument('composed', 'Run both nodes in one process, which hands events over in memory',
             truth, 'false'),
    Argument('learn', 'Also start gesture_trainer, which learns gestures that people show', truth,
             'false'),
)
CAMERAS = Argument(
    'cameras', 'Namespaces of the cameras, such as "left right": an event_stream in each, and one '
    'classifier for all; topics are relative to them', namespaces, None)
TOPICS = tuple(
    Argument(f'{name}_topic', f'Topic: {description}', topic, name) for name, description in (
        ('events', "The camera's events; EventArray or EventPacket"),
        ('event_stream', 'Clean events between the two nodes'),
        ('gesture', 'Gestures that start and end'),
        ('gesture_scores', 'Scores of every decision'),
        ('gesture_labels', 'Labels of the network, latched'),
        ('event_image', 'Images of the events, with view:=true')))
COMMON = for_parameters(settings_of(ManagedSettings), ('autostart',))
STREAM = for_parameters(EVENT_STREAM, (
    'message_type', 'geometry', 'rotation', 'flip_x', 'flip_y'))
VIEWER = tuple(argument for argument in STREAM if argument.name == 'rotation')
"""What event_viewer has in common with event_stream."""
CLASSIFIER = for_parameters(
    GESTURE_CLASSIFIER, ('checkpoint', 'runtime', 'device', 'state', 'window_ms', 'slicing',
                         'window_events', 'start_threshold', 'end_threshold'))
GESTURE = (*NODES, *ONE_CAMERA, *TOPICS, *COMMON, *STREAM, *CLASSIFIER)
"""Arguments of gesture.launch.py, and of all others for one camera."""
MULTI_CAMERA = (
    CAMERAS, *NODES, *(each._replace(read=relative_topic) for each in TOPICS), *COMMON, *STREAM,
    *CLASSIFIER)
"""Arguments of multi_camera.launch.py."""
SENSOR_SIZE = {'width': 0, 'height': 0}
"""Unknown: that in the params_file for all nodes is the size of event_stream's image."""


class NodeDescription(NamedTuple):
    """A node of a process."""

    executable: str
    """Also its name, unless it is given another."""
    name: str
    topics: dict
    """Names of its topics, by the names that they have in its code."""
    parameters: dict
    """They win against those of the params_file."""
    presets: dict = {}
    """Parameters that win against those of the params_file that are for all nodes."""


class Process(NamedTuple):
    """A process of one node or several."""

    executable: str
    namespace: str
    nodes: tuple
    ends: bool = False
    """Whether it is done after status 0, and not started again."""
    when_respawned: dict = {}
    """Parameters of its nodes that differ when it is started again."""
    options: dict = {}
    """Other arguments of the action that starts it."""

    def remappings(self) -> list:
        """
        Return pairs of names: what is renamed, and to what.

        Those of topics begin with the new name of their node, which is what ROS compares with.
        """
        return [*((f'{node.executable}:__node', node.name) for node in self.nodes),
                *((f'{node.name}:{topic}', name)
                  for node in self.nodes for topic, name in node.topics.items())]

    def parameters(self, namespace: str, respawned: bool = False) -> dict:
        """
        Return the content of a file of parameters, to be read after the params_file.

        :param namespace: that of the process, from the root on.
        :param respawned: whether it is for a start after the first.
        """
        changed = self.when_respawned if respawned else {}
        sections = {'/**': {name: value for node in self.nodes
                            for name, value in node.presets.items()}}
        for node in self.nodes:
            sections[within(namespace, node.name)] = {**node.parameters, **changed}
        return {name: {'ros__parameters': values} for name, values in sections.items() if values}


def within(namespace: str, name: str) -> str:
    """Put a name into a namespace; either may be empty, and a name from the root on stays."""
    if name.startswith('/') or not namespace:
        return name
    return f'{namespace.rstrip("/")}/{name}'.rstrip('/')


def topics_of(values: dict, names, cameras=('',)) -> dict:
    """Return what topics are called, for each camera within its namespace."""
    return {within(camera, name): within(camera, values[f'{name}_topic'])
            for camera in cameras for name in names}


def process_of(executable: str, values: dict, topics: dict, parameters: dict, *, name: str = '',
               camera: str = '', presets=None, **options) -> Process:
    """
    Describe a process of one node; see NodeDescription and Process.

    :param values: of the arguments.
    :param name: of the node, if it is not that of the executable.
    :param camera: namespace within that of the other nodes.
    """
    simulated = {'use_sim_time': values['use_sim_time']} if 'use_sim_time' in values else {}
    node = NodeDescription(executable, name or executable, topics, {**simulated, **parameters},
                           presets or {})
    return Process(executable, within(values.get('namespace', ''), camera), (node,), **options)


def stream_process(values: dict, camera: str = '') -> Process:
    """Return the process of the event_stream of a camera; see process_of."""
    return process_of('event_stream', values, topics_of(values, ('events', 'event_stream')),
                      given(COMMON + STREAM, values), name=values['event_stream_name'],
                      camera=camera)


def classifier_process(values: dict, cameras=('',), **parameters) -> Process:
    """Return the process of the classifier of cameras; see process_of."""
    topics = topics_of(
        values, ('event_stream', 'gesture', 'gesture_scores', 'gesture_labels'), cameras)
    return process_of('gesture_classifier', values, topics,
                      {**given(COMMON + CLASSIFIER, values), **parameters}, name=values['name'])


def viewer_process(values: dict, camera: str = '') -> Process:
    """Return the process of the event_viewer of a camera; see process_of."""
    shown = topics_of(values, ('events', 'event_stream', 'gesture', 'gesture_scores',
                               'event_image'))
    return process_of('event_viewer', values, shown, given(VIEWER, values), camera=camera)


def gesture_processes(values: dict) -> list:
    """
    Return the processes of gesture.launch.py.

    :param values: of its arguments by name.
    """
    stream, classifier = stream_process(values), classifier_process(values)
    processes = [stream, classifier]
    if values['composed']:
        processes = [Process('gesture_pipeline', classifier.namespace,
                             (*stream.nodes, *classifier.nodes))]
    if values['learn']:
        processes.append(process_of('gesture_trainer', values, topics_of(
            values, ('event_stream',)), {'classifier': values['name']}))
    if values['view']:
        processes.append(viewer_process(values))
    return processes


def multi_camera_processes(values: dict) -> list:
    """
    Return the processes of multi_camera.launch.py.

    :param values: of its arguments by name.
    """
    cameras = values['cameras']
    return [*(stream_process(values, camera) for camera in cameras),
            classifier_process(values, cameras, streams=cameras),
            *(viewer_process(values, camera) for camera in cameras if values['view'])]


def check_names(processes) -> None:
    """
    Check that no two nodes are called the same.

    :raises ValueError: if two are.
    """
    seen = set()
    for process in processes:
        for node in process.nodes:
            name = within(absolute(process.namespace), node.name)
            if name in seen:
                raise ValueError(f'two nodes are called {name}: give one another name')
            seen.add(name)
