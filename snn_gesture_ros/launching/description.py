# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Launch descriptions: arguments are checked before a node starts, and nodes that die restart."""
import atexit
from collections import deque
from contextlib import suppress
from pathlib import Path
import re
import signal
import socket
from tempfile import TemporaryDirectory
import time

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, EmitEvent, OpaqueFunction
from launch.events import matches_action
from launch.events.process import ShutdownProcess
from launch_ros.actions import Node
from snn_gesture_ros.launching.arguments import absolute, read_arguments
from snn_gesture_ros.launching.processes import check_names, PACKAGE, Process, within
import yaml

CANNOT_START = 1
"""Exit status of a node that cannot start, and could not the next time either."""
RESPAWN_S = 0.1
CRASHES, CRASHES_S = 3, 20.0
"""A node that crashes so often in so many seconds cannot start either."""
MOVED = {'cameras': 'multi_camera.launch.py'}
"""Launch files that have arguments which others had; launch ignores what is not declared."""
SHARED_MEMORY = Path('/dev/shm')
PORT = re.compile(r'fast\w+_port(\d+)')
_held = deque(maxlen=40)
"""Sockets, as many as leave enough of the hundred nodes that a domain can have."""


def describe(arguments, processes, arrange=None) -> LaunchDescription:
    """
    Return the description of a launch.

    :param arguments: Argument tuples.
    :param processes: returns the Process tuples for the values of the arguments; raises
        ValueError where these do not go together.
    :param arrange: returns the actions for the values of the arguments and for the actions that
        start the processes; all start at once by default.
    """
    def start(context):
        try:
            check_moved(arguments, context.launch_configurations)
            values = read_arguments(arguments, context.launch_configurations)
            described = processes(values)
            check_names(described)
        except ValueError as error:
            raise RuntimeError(str(error)) from None
        actions = [node_action(context, process, values) for process in described]
        return actions if arrange is None else arrange(values, actions)

    return LaunchDescription([
        *(DeclareLaunchArgument(argument.name, default_value=argument.default,
                                description=argument.description) for argument in arguments),
        OpaqueFunction(function=start)])


def check_moved(arguments, texts: dict) -> None:
    """
    Check that no argument is given that another launch file has.

    :param texts: by name.
    :raises ValueError: if one is.
    """
    declared = {argument.name for argument in arguments}
    for name, file in MOVED.items():
        if name in texts and name not in declared:
            raise ValueError(f'launch argument {name}:={texts[name]}: use {file} instead')


def node_action(context, process: Process, values: dict) -> Node:
    """
    Return the action that starts a process, and starts it again if it dies.

    The launch ends with an error where a node cannot start.
    """
    namespace = within(absolute(context.launch_configurations.get('ros_namespace', '')),
                       process.namespace) or '/'
    folder = TemporaryDirectory(prefix=f'{PACKAGE}_')
    atexit.register(folder.cleanup)
    parameters = Path(folder.name) / 'parameters.yaml'
    crashes_s = deque([-CRASHES_S] * CRASHES, CRASHES)

    def write(respawned):
        parameters.write_text(yaml.safe_dump(process.parameters(namespace, respawned)))

    def exited(event, context):
        if context.is_shutdown:
            return None
        if event.returncode == CANNOT_START:
            raise RuntimeError(f'{process.executable} ended with status {CANNOT_START}, and would '
                               'again: the reason is logged above')
        if event.returncode < 0 and event.returncode != -signal.SIGKILL:
            crashes_s.append(time.monotonic())
            if crashes_s[-1] - crashes_s[0] < CRASHES_S:
                raise RuntimeError(f'{process.executable} crashed {CRASHES} times within '
                                   f'{CRASHES_S:g} s')
        if event.returncode == 0 and process.ends:
            return EmitEvent(event=ShutdownProcess(process_matcher=matches_action(action)))
        write(respawned=True)
        hold_ports_of_the_dead()
        return None

    ros_arguments = ['--log-level', values['log_level']]
    if 'enclave' in values:
        ros_arguments += ['--enclave', within(absolute(values['enclave']), process.executable)]
    write(respawned=False)
    action = Node(
        package=PACKAGE, executable=process.executable, namespace=namespace, output='screen',
        parameters=[values['params_file'], str(parameters)], remappings=process.remappings(),
        ros_arguments=ros_arguments, on_exit=exited, respawn=values['respawn'],
        respawn_delay=RESPAWN_S, **process.options)
    return action


def hold_ports_of_the_dead() -> None:
    """
    Keep the ports that shared memory of Fast DDS has, and no process any more.

    Who has written to a node through shared memory goes on to write where that node has read. A
    new one with the same ports misses that until Fast DDS has noticed, for one to three seconds.
    """
    for path in SHARED_MEMORY.glob('fast*_port*'):
        match = PORT.fullmatch(path.name)
        if match and int(match[1]) % 2:     # a node has the even one before it, too
            with suppress(OSError):
                _held.extend([_bound(int(match[1])), _bound(int(match[1]) - 1)])


def _bound(port: int) -> socket.socket:
    """
    Return a socket that has a port.

    :raises OSError: if a process has it.
    """
    bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        bound.bind(('', port))
    except OSError:
        bound.close()
        raise
    return bound
