# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A recording played to the nodes of gesture.launch.py, whose arguments it takes too."""
from launch import LaunchDescription
from launch.actions import RegisterEventHandler, Shutdown, TimerAction
from launch.event_handlers import OnProcessExit, OnProcessIO
from snn_gesture_ros.launching.arguments import for_parameters, given
from snn_gesture_ros.launching.description import describe
from snn_gesture_ros.launching.processes import (
    CLASSIFIER, GESTURE, gesture_processes, process_of, SENSOR_SIZE, topics_of)
from snn_gesture_ros.nodes.event_player import PARAMETERS as OF_PLAYER
from snn_gesture_ros.nodes.gesture_evaluator import PARAMETERS as OF_EVALUATOR

BAG = for_parameters(OF_PLAYER, {'bag': 'recording'}, default=None)
PLAYER = for_parameters(OF_PLAYER, {
    'bag_topic': 'topic', **{name: name for name in (
        'rate', 'loop', 'start', 'duration', 'width', 'height', 'clock')}})
REPORT = tuple(argument._replace(
    description='Folder for a report of what is announced; the launch ends with the recording')
    for argument in for_parameters(OF_EVALUATOR, {'report': 'output'}))
LABELS = for_parameters(OF_EVALUATOR, ('label_table', 'label'))
KNOWN = tuple(argument for argument in CLASSIFIER
              if argument.name in {setting.name for setting in OF_EVALUATOR})
"""What the evaluator must know of the classifier."""
AFTERWARDS_S = 2.0
"""Time after the recording's end for the last announcement."""
REPORT_S = '60'
"""Time that the evaluator has to write the report."""


def processes(values: dict) -> list:
    """Add the player, and for a report the evaluator before it."""
    evaluator = process_of(
        'gesture_evaluator', values,
        topics_of(values, ('gesture', 'gesture_scores', 'gesture_labels', 'event_stream')),
        given((*BAG, *REPORT, *LABELS, *KNOWN), values), options={'sigterm_timeout': REPORT_S})
    player = process_of(
        'event_player', values, topics_of(values, ('events',)), given((*BAG, *PLAYER), values),
        presets=SENSOR_SIZE, ends=True)
    return [*gesture_processes(values), *([evaluator] if 'report' in values else []), player]


def arrange(values: dict, actions: list) -> list:
    """For a report, start to play when the evaluator listens, and end with the recording."""
    if 'report' not in values:
        return actions
    *nodes, evaluator, player = actions

    def ended(event, context):
        if event.returncode and (event.action is evaluator or not context.is_shutdown):
            raise RuntimeError(f'{event.process_name} ended with status {event.returncode}')
        if context.is_shutdown:
            return None
        if event.action is player:
            return TimerAction(period=AFTERWARDS_S, actions=[
                Shutdown(reason='the recording has ended')])
        return Shutdown(reason='a node has ended')

    return [
        *nodes, evaluator,
        RegisterEventHandler(OnProcessIO(
            target_action=evaluator,
            on_stdout=lambda event: [player] if b'listening: ' in event.text else None)),
        RegisterEventHandler(OnProcessExit(on_exit=ended))]


def generate_launch_description() -> LaunchDescription:
    """Describe the arguments; start the two nodes, the player, the evaluator if asked for."""
    return describe((*GESTURE, *BAG, *PLAYER, *REPORT, *LABELS), processes, arrange)
