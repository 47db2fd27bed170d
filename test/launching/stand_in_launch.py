# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Stand-in for `ros2 launch`, which is on no package index.

    python stand_in_launch.py FILE NAME:=VALUE...

It has what the launch files of this package use and nothing else, with the names of ros2/launch:
events are handled one after the other, by the handlers that were registered last first; what one
raises shuts the launch down with status 1.
"""
import asyncio
from collections import deque
import importlib.util
from pathlib import Path
import signal
import sys
from types import SimpleNamespace

from ament_index_python.packages import get_package_prefix

NAMES = ('launch', 'launch.actions', 'launch.event_handlers', 'launch.events',
         'launch.events.process', 'launch_ros', 'launch_ros.actions')
"""Modules of ros2/launch and ros2/launch_ros that this one is instead of."""
KILL_S = 5
"""Time to end in after SIGTERM."""


class Context:
    """What the actions of a launch share."""

    def __init__(self, launch_configurations):
        self.launch_configurations = launch_configurations
        self.is_shutdown = False
        self.handlers = deque()
        self.events = asyncio.Queue()
        self.busy = set()
        """Actions that are not done."""

    def shut_down(self):
        if not self.is_shutdown:
            self.is_shutdown = True
            self.events.put_nowait(SimpleNamespace(kind='shutdown'))


class LaunchDescription:
    def __init__(self, entities):
        self.entities = entities

    def visit(self, context):
        for entity in self.entities:
            entity.visit(context)


class DeclareLaunchArgument:
    def __init__(self, name, *, default_value=None, description=''):
        self.name, self.default_value, self.description = name, default_value, description

    def visit(self, context):
        if self.name not in context.launch_configurations:
            if self.default_value is None:
                raise RuntimeError(f"missing required argument '{self.name}'")
            context.launch_configurations[self.name] = self.default_value


class OpaqueFunction:
    def __init__(self, *, function):
        self.function = function

    def visit(self, context):
        LaunchDescription(self.function(context) or []).visit(context)


class OnProcessExit:
    kind = 'exit'

    def __init__(self, *, on_exit, target_action=None):
        self.target_action, self.handle = target_action, on_exit


class OnProcessIO:
    kind = 'output'

    def __init__(self, *, on_stdout, target_action=None):
        self.target_action = target_action
        self.handle = lambda event, _: on_stdout(event)


class RegisterEventHandler:
    def __init__(self, handler):
        self.handler = handler

    def visit(self, context):
        context.handlers.appendleft(self.handler)


class Shutdown:
    def __init__(self, *, reason):
        self.reason = reason

    def visit(self, context):
        print(f'[INFO] [launch]: shutdown: {self.reason}', flush=True)
        context.shut_down()


class EmitEvent:
    def __init__(self, *, event):
        self.event = event

    def visit(self, context):
        context.events.put_nowait(self.event)


class ShutdownProcess:
    kind = 'shutdown'

    def __init__(self, *, process_matcher):
        self.process_matcher = process_matcher


def matches_action(wanted):
    return lambda action: action is wanted


class TimerAction:
    def __init__(self, *, period, actions):
        self.period, self.actions = period, actions

    def visit(self, context):
        context.busy.add(self)
        context.handlers.appendleft(SimpleNamespace(
            kind='timer', target_action=self, handle=lambda *_: self.actions))
        asyncio.get_running_loop().call_later(self.period, self._elapse, context)

    def _elapse(self, context):
        context.busy.discard(self)
        context.events.put_nowait(SimpleNamespace(kind='timer', action=self))


class Node:
    count = 0

    def __init__(self, *, package, executable, namespace, parameters, remappings, ros_arguments,
                 output, on_exit, respawn, respawn_delay, sigterm_timeout='5'):
        assert output == 'screen'
        self.command = [
            str(Path(get_package_prefix(package)) / 'lib' / package / executable),
            '--ros-args', *ros_arguments, '-r', f'__ns:={namespace}']
        for path in parameters:
            self.command += ['--params-file', path]
        for old, new in remappings:
            self.command += ['-r', f'{old}:={new}']
        self.executable, self.on_exit = executable, on_exit
        self.respawn, self.respawn_delay = respawn, respawn_delay
        self.sigterm_s = float(sigterm_timeout)
        self.process = None

    def visit(self, context):
        Node.count += 1
        self.name = f'{self.executable}-{Node.count}'
        self.done = asyncio.Event()
        context.busy.add(self)
        for kind, handle in (('shutdown', self._shut_down), ('exit', self.on_exit)):
            context.handlers.appendleft(SimpleNamespace(
                kind=kind, target_action=None if kind == 'shutdown' else self, handle=handle))
        self.running = asyncio.create_task(self._run(context))

    async def _run(self, context):
        pipe = asyncio.subprocess.PIPE
        while not self.done.is_set():
            process = self.process = await asyncio.create_subprocess_exec(
                *self.command, stdout=pipe, stderr=pipe)
            print(f'[INFO] [{self.name}]: process started with pid [{process.pid}]', flush=True)
            await asyncio.gather(self._follow(process.stdout, context),
                                 self._follow(process.stderr, None))
            status = await process.wait()
            context.events.put_nowait(SimpleNamespace(
                kind='exit', action=self, process_name=self.name, returncode=status))
            if not self.respawn:
                break
            try:
                await asyncio.wait_for(self.done.wait(), self.respawn_delay)
            except asyncio.TimeoutError:
                continue
        context.busy.discard(self)
        context.events.put_nowait(SimpleNamespace(kind='done'))

    async def _follow(self, stream, context):
        async for line in stream:
            print(f'[{self.name}] {line.decode().rstrip()}', flush=True)
            if context is not None:
                context.events.put_nowait(SimpleNamespace(
                    kind='output', action=self, text=line))

    def _shut_down(self, event, _):
        if isinstance(event, ShutdownProcess) and not event.process_matcher(self):
            return
        if not self.done.is_set():
            self.done.set()
            loop = asyncio.get_running_loop()
            self._send(signal.SIGINT)
            loop.call_later(self.sigterm_s, self._send, signal.SIGTERM)
            loop.call_later(self.sigterm_s + KILL_S, self._send, signal.SIGKILL)

    def _send(self, number):
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(number)


async def run(description, texts):
    context = Context(texts)
    status = 0
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, context.shut_down)
    context.handlers.append(SimpleNamespace(
        kind='start', target_action=None, handle=lambda *_: [description]))
    context.events.put_nowait(SimpleNamespace(kind='start'))
    while context.busy or not context.events.empty():
        event = await context.events.get()
        try:
            for handler in tuple(context.handlers):
                if handler.kind == event.kind and handler.target_action in (
                        None, getattr(event, 'action', None)):
                    entities = handler.handle(event, context) or []
                    LaunchDescription(entities if isinstance(entities, list) else [entities]
                                      ).visit(context)
        except Exception as error:
            print(f'[ERROR] [launch]: Caught exception in launch: {error}', flush=True)
            status = 1
            context.shut_down()
    return status


def main(path, *words):
    sys.modules.update(dict.fromkeys(NAMES, sys.modules[__name__]))
    spec = importlib.util.spec_from_file_location('launch_file', path)
    launch_file = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(launch_file)
    description = launch_file.generate_launch_description()
    if words == ('--show-args',):
        for argument in description.entities[:-1]:
            print(f"    '{argument.name}':\n        {argument.description}")
        return 0
    return asyncio.run(run(description, dict(word.split(':=', 1) for word in words)))


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
