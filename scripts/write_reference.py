# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Write the pages of docs/reference that repeat what the code declares, and the README's topics.

python scripts/write_reference.py (or `make reference`). test_documents.py fails where a page is
not what this writes.
"""
import argparse
from importlib import import_module
from pathlib import Path
import re
import runpy
import sys
from typing import NamedTuple
from unittest import mock

from rclpy.qos import DurabilityPolicy, ReliabilityPolicy
from snn_gesture_ros.command_line.main import make_parser, VERBS
from snn_gesture_ros.events.codecs import ENCODINGS
from snn_gesture_ros.events.event import EVENT_TYPES
from snn_gesture_ros.launching.arguments import FROM_FILE
from snn_gesture_ros.ros import topics as qos
from snn_gesture_ros.ros.parameters import all_parameters

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = Path('docs/reference')
NODES = ('event_stream', 'gesture_classifier', 'event_viewer', 'gesture_behavior',
         'gesture_trainer', 'gesture_evaluator', 'simulated_camera', 'event_player')
LAUNCH_FILES = ('gesture', 'multi_camera', 'demo', 'replay', 'behavior')
"""In the order of the page; those that are not there are left out."""
LAUNCH_MODULES = ('launch', 'launch.actions', 'launch.event_handlers', 'launch.events',
                  'launch.events.process', 'launch_ros', 'launch_ros.actions')
GENERATED = '<!-- Written by scripts/write_reference.py: change the code, then make reference. -->'
BEGIN, END = '<!-- topics: begin -->', '<!-- topics: end -->'


class Parameter(NamedTuple):
    """What the page says of a parameter."""

    name: str
    default: object
    description: str
    limits: str
    live: bool


class Topic(NamedTuple):
    """What the page says of a topic."""

    name: str
    type: str
    qos: str
    """Name of a profile in snn_gesture_ros.ros.topics, or words; empty: depth 10, reliable."""
    publishers: tuple
    """Names of nodes, and words for others."""
    subscribers: tuple
    meaning: str
    in_readme: bool = False


CLASSIFICATION = 'vision_msgs/msg/Classification'
EVERY_NODE = 'every node but gesture_evaluator'
TOPICS = (
    Topic('events', 'one of the types below', 'CAMERA_QOS',
          ('the camera', 'simulated_camera', 'event_player'), ('event_stream', 'event_viewer'),
          "the camera's events", True),
    Topic('event_stream', qos.STREAM_TYPE, 'STREAM_QOS', ('event_stream',),
          ('gesture_classifier', 'gesture_trainer', 'gesture_evaluator', 'event_viewer'),
          'clean events between the two nodes', True),
    Topic('gesture', CLASSIFICATION, 'GESTURE_QOS', ('gesture_classifier',),
          ('event_viewer', 'gesture_evaluator', 'your nodes'),
          'a gesture that starts, with its score; an empty list: it has ended', True),
    Topic('gesture_scores', CLASSIFICATION, 'GESTURE_QOS', ('gesture_classifier',),
          ('gesture_behavior', 'event_viewer', 'gesture_evaluator'),
          'the scores of all labels after every frame, the best first', True),
    Topic('gesture_labels', 'vision_msgs/msg/LabelInfo', 'LATCHED_QOS', ('gesture_classifier',),
          ('gesture_evaluator',), 'the labels of the network, latched', True),
    Topic('event_image', 'sensor_msgs/msg/Image', 'IMAGE_QOS', ('event_viewer',),
          ('RViz', 'Foxglove'),
          'images (rgb8) of the events with the gesture, while somebody subscribes', True),
    Topic('gesture_truth', CLASSIFICATION, 'TRUTH_QOS', ('simulated_camera',), ('`make demo`',),
          'what the simulated person really does, latched'),
    Topic('cmd_vel', 'geometry_msgs/msg/Twist or TwistStamped', 'reliable, depth 1',
          ('gesture_behavior',), ('the robot',),
          'velocities; the table names the topic and chooses the type', True),
    Topic('label', 'std_msgs/msg/String', '', ('`snn-gesture teach`',), ('gesture_trainer',),
          'the label of the gesture that was just shown'),
    Topic('/diagnostics', 'diagnostic_msgs/msg/DiagnosticArray', '', (EVERY_NODE,),
          ('rqt_robot_monitor',), 'status and metrics of every node, once a second', True),
    Topic('~/state', 'std_msgs/msg/String', 'LATCHED_QOS', (EVERY_NODE,),
          ('gesture_behavior', 'gesture_trainer', 'gesture_evaluator', '`snn-gesture`'),
          'what other nodes need to know of the node: a JSON object, once a second, latched'),
    Topic('/clock', 'rosgraph_msgs/msg/Clock', '', ('event_player, with `clock:=true`',),
          ('nodes with `use_sim_time`',), 'the time of the recording'),
)
SERVICES = (
    ('event_stream/enable, gesture_classifier/enable', 'std_srvs/srv/SetBool',
     'activate or deactivate the node'),
    ('gesture_behavior/arm', 'std_srvs/srv/SetBool', 'arm or disarm the robot'),
    ('gesture_trainer/learn', 'std_srvs/srv/Trigger', 'learn the examples that were shown'),
    ('gesture_trainer/undo', 'std_srvs/srv/Trigger', 'return to the network before'),
    ('gesture_trainer/discard_example', 'std_srvs/srv/Trigger', 'discard the latest example'),
)


def parameters_of(node: str) -> list:
    """Return the Parameters of a node: the one place that knows how nodes declare them."""
    return [Parameter(each.name, each.default, each.text,
                      '' if each.choices else each.limits, each.live)
            for each in all_parameters()[node]]


def parameters_page() -> str:
    """Return the page of all parameters, a table for each node."""
    parts = [
        '# Parameters',
        'Set them in a file for `params_file:=` (copy '
        '[`config/gesture.yaml`](../../config/gesture.yaml)), by an argument of a '
        '[launch file](launch_files.md), or on the command line of a node '
        '(`--ros-args -p NAME:=VALUE`). Those that are *live* can be changed by `ros2 param set` '
        'while the node runs; the others need a restart of the node. `ros2 param describe` '
        'prints the same descriptions.']
    for node in NODES:
        rows = [(f'`{each.name}`', f'`{literal(each.default)}`',
                 f'{each.description}{f" ({each.limits})" if each.limits else ""}.'
                 f'{" *Live.*" if each.live else ""}')
                for each in parameters_of(node)]
        parts += [f'## {node}', table(('parameter', 'default', 'meaning'), rows)]
    parts.append('`gesture_pipeline` runs event_stream and gesture_classifier in one process; '
                 'they keep their names and parameters.')
    return page(parts)


def topics_page() -> str:
    """Return the page of topics, their quality of service, and services."""
    rows = [(f'`{each.name}`', f'{each.type}; {qos_text(each.qos)}',
             f'{each.meaning[0].upper()}{each.meaning[1:]}. From {", ".join(each.publishers)} to '
             f'{", ".join(each.subscribers)}.') for each in TOPICS]
    return page([
        '# Topics and services',
        'Names are relative to the namespace of the nodes; every launch file has arguments that '
        'rename them.',
        table(('topic', 'type; quality of service', 'content'), rows),
        '## Types of events',
        'What a camera may publish on `events`. event_stream finds the type by itself. A message '
        'package that is not installed costs that type only.',
        '\n'.join(f'- `{name}`' for name in EVENT_TYPES),
        f'An `EventPacket` may have the encodings {", ".join(ENCODINGS)}; '
        '`event_array_msgs` is the older name of the same message.',
        '## Services',
        table(('service', 'type', 'what it does'),
              [(f'`{name}`', kind, what) for name, kind, what in SERVICES]),
        'event_stream and gesture_classifier have the services of lifecycle nodes, too.'])


def qos_text(name: str) -> str:
    """Return a quality of service in words."""
    if not name.endswith('_QOS'):
        return name or 'reliable, depth 10'
    profile = getattr(qos, name)
    reliability = ('best effort' if profile.reliability == ReliabilityPolicy.BEST_EFFORT
                   else 'reliable')
    latched = ', latched' if profile.durability == DurabilityPolicy.TRANSIENT_LOCAL else ''
    return f'{reliability}, depth {profile.depth}{latched}'


def launch_page() -> str:
    """Return the page of launch files and their arguments."""
    parts = ['# Launch files',
             '`ros2 launch snn_gesture_ros NAME.launch.py ARGUMENT:=VALUE ...`; `--show-args` '
             'prints the same. An argument that is not given leaves the decision to '
             '`params_file`, and wins against it if it is given. All files start the nodes of '
             '`gesture.launch.py` and take its arguments; the others are listed below it.']
    common = set()
    for name in LAUNCH_FILES:
        path = ROOT / 'launch' / f'{name}.launch.py'
        if not path.exists():
            continue
        meaning, arguments = launch_arguments(path)
        rows = [(f'`{each.name}`', launch_default(each.default),
                 each.description.removesuffix(FROM_FILE))
                for each in arguments if each.name not in common]
        common = common or {each.name for each in arguments}
        parts += [f'## {name}.launch.py', meaning,
                  table(('argument', 'default', 'meaning'), rows)]
    return page(parts)


def launch_arguments(path: Path) -> tuple:
    """Return what a launch file is for, and its arguments; ros2/launch need not be installed."""
    with mock.patch.dict(sys.modules, {name: mock.MagicMock() for name in LAUNCH_MODULES}):
        described = import_module('snn_gesture_ros.launching.description')
        with mock.patch.object(described, 'describe', lambda arguments, *_: arguments):
            file = runpy.run_path(str(path))
            return file['__doc__'].strip(), file['generate_launch_description']()


def launch_default(default) -> str:
    """Return the default of a launch argument; of a path the name, None where it must be given."""
    if default is None:
        return 'must be given'
    return f'`{Path(default).name if default.startswith("/") else default}`' if default else ''


def command_line_page() -> str:
    """Return the page of the command, a section for each verb."""
    parts = ['# Command line',
             '`snn-gesture VERB --help` prints the same, and an example. The exit status is 0, '
             '1 for a failure with the reason in one line, 2 for wrong usage, 130 after Ctrl-C.']
    for verb, description in VERBS.items():
        parser = verb_parser(verb)
        module = parser.epilog.partition('\n')[2].strip()
        parts += [f'## {verb}', f'{description[0].upper()}{description[1:]}.',
                  f'```sh\n{module}\n```',
                  table(('argument', 'meaning'), [
                      (argument_name(action), argument_help(action))
                      for action in parser._actions if action.dest != 'help'])]
    return page(parts)


def verb_parser(verb: str) -> argparse.ArgumentParser:
    """Return the parser of one verb."""
    verbs = next(action for action in make_parser([verb])._actions
                 if isinstance(action, argparse._SubParsersAction))
    return verbs.choices[verb]


def argument_name(action) -> str:
    """Return how an argument is given."""
    if action.nargs == 0 or isinstance(action, argparse.BooleanOptionalAction):
        return f'`{", ".join(action.option_strings)}`'
    name = action.metavar or (
        '{' + ','.join(map(str, action.choices)) + '}' if action.choices
        else action.dest.upper())
    first = name[0] if isinstance(name, tuple) else name
    value = {'?': f'[{first}]', '*': f'[{first} ...]', '+': f'{first} ...'}.get(
        action.nargs, ' '.join(name) if isinstance(name, tuple) else name)
    return f'`{" ".join(filter(None, (", ".join(action.option_strings), value)))}`'


def argument_help(action) -> str:
    """Return what an argument means, with its default."""
    names = {**vars(action), 'default': action.default}
    return (action.help or '') % {
        **names, 'choices': ', '.join(map(str, action.choices or ())),
        'type': getattr(action.type, '__name__', '')}


def readme(text: str) -> str:
    """Return the README with its table of topics."""
    of_events = ', '.join(name.replace('/msg/', '/') for name in EVENT_TYPES)
    rows = [(f'`{each.name}`', of_events if each.name == 'events'
             else each.type.replace('/msg/', '/'), qos_text(each.qos), each.meaning)
            for each in TOPICS if each.in_readme]
    content = table(('topic', 'type', 'quality of service', 'content'), rows)
    return re.sub(f'(?s){BEGIN}.*{END}', lambda _: f'{BEGIN}\n{content}\n{END}', text)


def literal(value) -> str:
    """Return a value as YAML, and as ROS, writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    return repr(list(value) if isinstance(value, tuple) else value)


def table(names: tuple, rows: list) -> str:
    """Return a table in Markdown; a bar within a cell is escaped."""
    lines = [names, ('---',) * len(names), *rows]
    return '\n'.join('| ' + ' | '.join(str(cell).replace('|', r'\|') for cell in line) + ' |'
                     for line in lines)


def page(parts: list) -> str:
    """Return a page of parts that blank lines separate; its title comes first."""
    title, *rest = parts
    return '\n\n'.join([title, GENERATED, *rest]) + '\n'


def pages() -> dict:
    """Return the content of every generated file by its path from the root."""
    return {REFERENCE / 'parameters.md': parameters_page(),
            REFERENCE / 'topics.md': topics_page(),
            REFERENCE / 'launch_files.md': launch_page(),
            REFERENCE / 'command_line.md': command_line_page(),
            Path('README.md'): readme((ROOT / 'README.md').read_text())}


def main() -> None:
    """Write all files."""
    for path, content in pages().items():
        (ROOT / path).write_text(content)


if __name__ == '__main__':
    sys.exit(main())
