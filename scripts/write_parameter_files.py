# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Write the parameter files of config/ from the declarations of the nodes.

    python scripts/write_parameter_files.py [--check]

With --check nothing is written, and the status is 1 if a file is stale.
"""
from pathlib import Path
import sys
from textwrap import fill, indent

from snn_gesture_ros.ros.parameters import all_parameters
import yaml

CONFIG = Path(__file__).resolve().parents[1] / 'config'
WIDTH = 99
RUN = 'ros2 run snn_gesture_ros {0} --ros-args --params-file my_{0}.yaml'
FILES = {
    'gesture': (('event_stream', 'gesture_classifier', 'event_viewer'),
                'ros2 launch snn_gesture_ros gesture.launch.py params_file:=my_gesture.yaml'),
    'simulated_camera': (('simulated_camera',), RUN.format('simulated_camera')),
    'event_player': (('event_player',), RUN.format('event_player')),
    'gesture_trainer': (('gesture_trainer',), RUN.format('gesture_trainer')),
}
"""The nodes of each file, and the command that reads a copy of it."""


def content(nodes: tuple, command: str) -> str:
    """Return the text of a parameter file for nodes."""
    declared = all_parameters()
    lines = [comment(
        f'Parameters of {", ".join(nodes)}, with their defaults. Copy this file, change what you '
        'need, and start'), f'#   {command}', comment(
        'Those marked (live) can be changed with `ros2 param set` while the node runs. '
        'scripts/write_parameter_files.py writes this file.'), '/**:', '  ros__parameters:']
    written = set()
    for node in nodes:
        if len(nodes) > 1:
            lines += ['', f'    # ---- {node} ----', '']
        for setting in declared[node]:
            if setting.name in written:
                continue
            written.add(setting.name)
            users = [each for each in nodes if each != node and setting.name in {
                other.name for other in declared[each]}]
            lines += [comment(explain(setting, users), 4), parameter(setting)]
    return '\n'.join(lines) + '\n'


def explain(setting, users: list) -> str:
    """
    Return a setting in words.

    :param users: other nodes that have the parameter, too.
    """
    facts = [setting.limits] if setting.limits and setting.choices is None else []
    facts += ['live'] if setting.live else []
    shown = f' ({", ".join(facts)})' if facts else ''
    shared = f' Also for {", ".join(users)}.' if users else ''
    return f'{setting.text}{shown}.{shared}'


def comment(text: str, spaces: int = 0) -> str:
    """Return a text as lines of a comment."""
    start = ' ' * spaces + '# '
    return fill(text, WIDTH, initial_indent=start, subsequent_indent=start,
                break_long_words=False, break_on_hyphens=False)


def parameter(setting) -> str:
    """Return the lines of a parameter with its default."""
    default = list(setting.default) if isinstance(setting.default, tuple) else setting.default
    value = yaml.safe_dump(default, default_flow_style=True, width=WIDTH - 25)
    return indent(f'{setting.name}: {value.removesuffix("..." + chr(10)).strip()}', '    ')


def main(*words) -> int:
    """Write the files, or return 1 if one is stale."""
    stale = []
    for name, (nodes, command) in FILES.items():
        path, text = CONFIG / f'{name}.yaml', content(nodes, command)
        if not path.is_file() or path.read_text() != text:
            stale.append(path.name)
            if '--check' not in words:
                path.write_text(text)
    if '--check' not in words:
        return 0
    for name in stale:
        print(f'config/{name} is stale: run python scripts/write_parameter_files.py',
              file=sys.stderr)
    return 1 if stale else 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
