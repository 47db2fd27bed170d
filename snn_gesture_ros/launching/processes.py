# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The processes that launch files start, from the values of their arguments."""
from pathlib import Path
from typing import NamedTuple

from ament_index_python.packages import get_package_share_directory
from snn_gesture_ros.launching.arguments import (
    absolute, Argument, for_parameters, FROM_FILE, given, log_level, namespace, namespaces,
    node_name, parameter_file, topic, truth)
from snn_gesture_ros.parameters import EVENT_STREAM, GESTURE_CLASSIFIER
from snn_gesture_ros.ros.lifecycle import AUTOSTART

PACKAGE = 'snn_gesture_ros'
PARAMS_FILE = str(Path(get_package_share_directory(PACKAGE)) / 'config/gesture.yaml')
CAMERAS = 'cameras'
NODES = (
    Argument('name', 'Name of the classifier node', node_name, 'gesture_classifier'),
    Argument('event_stream_name', 'Name of the node that reads the camera', node_name,
             'event_stream'),
    Argument('namespace', 'Namespace of the nodes', namespace),
    Argument(CAMERAS, 'Namespaces of several cameras, such as "left right": an event_stream in '
             'each, one classifier for all; topics are relative to them', namespaces),
    Argument('composed', 'Run both nodes in one process, which hands events over in memory',
             truth, 'false'),
    Argument('view', 'Also start event_viewer, which makes pictures of the events', truth,
             'false'),
    Argument('learn', 'Also start gesture_trainer, which learns gestures that people show', truth,
             'false'),
    Argument('params_file', 'YAML file with parameters of all nodes', parameter_file,
             PARAMS_FILE),
    Argument('use_sim_time', f'Take the time from /clock{FROM_FILE}', truth),
    Argument('log_level', 'Least severe messages to log: debug, info, warn, error', log_level,
             'info'),
    Argument('respawn', 'Start a node again that dies', truth, 'true'),
)
TOPICS = tuple(
    Argument(f'{name}_topic', f'Topic: {description}', topic, name) for name, description in (
        ('events', "The camera's events; EventArray or EventPacket"),
        ('event_stream', 'Clean events between the two nodes'),
        ('gesture', 'Gestures that start and end'),
        ('gesture_scores', 'Scores of every decision'),
        ('gesture_labels', 'Labels of the network, latched'),
        ('event_image', 'Pictures of the events, with view:=true')))
COMMON = for_parameters([AUTOSTART], ('autostart',))
STREAM = for_parameters(EVENT_STREAM, (
    'message_type', 'geometry', 'rotation', 'flip_x', 'flip_y'))
VIEWER = tuple(argument for argument in STREAM if argument.name == 'rotation')
"""Of STREAM, what event_viewer has too."""
CLASSIFIER = for_parameters(
    GESTURE_CLASSIFIER, ('checkpoint', 'runtime', 'device', 'state', 'window_ms', 'slicing',
                         'window_events', 'start_threshold', 'end_threshold'))
GESTURE = (*NODES, *TOPICS, *COMMON, *STREAM, *CLASSIFIER)
"""Arguments of gesture.launch.py, and of all others."""
SENSOR_SIZE = {'width': 0, 'height': 0}
"""Unknown: what a params_file says for all nodes is the size of event_stream's picture."""


class NodeDescription(NamedTuple):
    """A node of a process."""

    executable: str
    """Also its name, unless it is given another."""
    name: str
    topics: dict
    """What its topics are called, by the names that they have in its code."""
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
    """Whether it may have done all that it is for: it is not started again after status 0."""
    when_respawned: dict = {}
    """Parameters of its nodes that are others when it is started again."""
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


def gesture_processes(values: dict) -> list:
    """
    Describe the processes of gesture.launch.py.

    :param values: of its arguments by name.
    :raises ValueError: if they do not go together.
    """
    check_cameras(values)
    cameras = values.get(CAMERAS, [''])
    streams = [process_of('event_stream', values, topics_of(values, ('events', 'event_stream')),
                          given(COMMON + STREAM, values), name=values['event_stream_name'],
                          camera=camera) for camera in cameras]
    of_classifier = given(COMMON + CLASSIFIER, values)
    if CAMERAS in values:
        of_classifier['streams'] = cameras
    classifier = process_of(
        'gesture_classifier', values,
        topics_of(values, ('event_stream', 'gesture', 'gesture_scores', 'gesture_labels'),
                  cameras), of_classifier, name=values['name'])
    processes = [*streams, classifier]
    if values['composed']:
        processes = [Process('gesture_pipeline', classifier.namespace,
                             (*streams[0].nodes, *classifier.nodes))]
    if values['learn']:
        processes.append(process_of('gesture_trainer', values, topics_of(
            values, ('event_stream',)), {'classifier': values['name']}))
    if values['view']:
        shown = topics_of(values, ('events', 'event_stream', 'gesture', 'gesture_scores',
                                   'event_image'))
        processes += [process_of('event_viewer', values, shown, given(VIEWER, values),
                                 camera=camera) for camera in cameras]
    return processes


def for_one_camera(values: dict, reason: str) -> None:
    """
    Refuse what gesture.launch.py alone takes.

    :raises ValueError: if several cameras are named.
    """
    if CAMERAS in values:
        raise ValueError(f'cameras is for gesture.launch.py: {reason}')


def check_cameras(values: dict) -> None:
    """
    Check what does not go with several cameras.

    :raises ValueError: if it is given.
    """
    if CAMERAS not in values:
        return
    for name in ('composed', 'learn'):
        if values[name]:
            raise ValueError(f'{name}:=true is for one camera: leave out cameras')
    for argument in TOPICS:
        if values[argument.name].startswith('/'):
            raise ValueError(f'{argument.name}:={values[argument.name]} is the same for all '
                             'cameras: give it relative to the namespaces of the cameras, '
                             'without the first /')


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
