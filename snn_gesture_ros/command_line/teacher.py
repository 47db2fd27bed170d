# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The teacher: a node that sends labels to gesture_trainer and hears what becomes of them."""
from contextlib import contextmanager
from pathlib import Path
import time

import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from snn_gesture_ros.ros.state import NodeStates
from std_msgs.msg import String
from std_srvs.srv import Trigger

TRAINER = 'gesture_trainer'
PATIENCE_S = 10.0


@contextmanager
def teaching():
    """
    Give a Teacher that has found the trainer, and shut ROS down afterwards.

    :raises ValueError: if there is no trainer.
    """
    rclpy.init()
    teacher = Teacher()
    try:
        teacher.find()
        yield teacher
    finally:
        teacher.destroy_node()
        rclpy.try_shutdown()


class Teacher(Node):
    """Sends labels and calls services."""

    def __init__(self):
        """Begin to look for the trainer."""
        super().__init__('teacher')
        self._labels = self.create_publisher(String, 'label', 10)
        self._calls = {name: self.create_client(Trigger, f'{TRAINER}/{name}')
                       for name in ('learn', 'undo', 'discard_example')}
        # After the clients, since the trainer discovers them in this order: once its state has
        # arrived no answer can be lost.
        self._states = NodeStates(self, [TRAINER])
        self._spinner = SingleThreadedExecutor()
        self._spinner.add_node(self)

    def find(self) -> None:
        """
        Wait until the trainer is there.

        :raises ValueError: if it does not come.
        """
        if not self._spin_until(lambda: self._labels.get_subscription_count() and self._state
                                and all(call.service_is_ready() for call in self._calls.values())):
            raise ValueError(f'there is no {TRAINER}: start it, for example by '
                             'gesture.launch.py learn:=true')

    def wait(self, duration_s: float) -> None:
        """Let time pass."""
        self._spin_until(lambda: False, duration_s)

    def name(self, label: str, shown_s: float) -> tuple:
        """Say what was shown just now; return whether it was taken, and what the trainer says."""
        before = self._state['messages']
        self._labels.publish(String(data=f'{label} {shown_s:g}'))
        if not self._spin_until(lambda: self._state['messages'] != before):
            return False, f'{TRAINER} does not answer'
        return self._state['good'], self._state['message']

    def call(self, service: str) -> tuple:
        """Call a service; return whether it succeeded, and what the trainer says."""
        future = self._calls[service].call_async(Trigger.Request())
        if not self._spin_until(future.done, 60.0):
            return False, f'{TRAINER} does not answer'
        return future.result().success, future.result().message

    def folder(self) -> Path:
        """
        Return where the trainer keeps its examples.

        :raises ValueError: if that is not on this machine.
        """
        folder = Path(self._state['folder'])
        if not folder.is_dir():
            raise ValueError(f'{TRAINER} keeps its examples in {folder}, which is not on this '
                             'machine: teach from recordings there')
        return folder

    @property
    def figures(self) -> dict:
        """What was learned last, as `learn` gives it; empty where nothing was judged."""
        return self._state['figures']

    def wait_for_learning(self) -> tuple:
        """Wait until learning has ended; return whether a network is offered, and what is said."""
        self._spin_until(lambda: self._state['learning'])
        self._spin_until(lambda: not self._state['learning'], float('inf'))
        return self._state['good'], self._state['message']

    @property
    def _state(self) -> dict:
        """The trainer's newest state."""
        return self._states.state_of(TRAINER)

    def _spin_until(self, condition, patience_s: float = PATIENCE_S) -> bool:
        deadline = time.monotonic() + patience_s
        while not condition():
            if time.monotonic() > deadline:
                return False
            try:
                self._spinner.spin_once(timeout_sec=0.05)
            except ExternalShutdownException:       # rclpy has taken the signal
                raise KeyboardInterrupt from None
        return True
