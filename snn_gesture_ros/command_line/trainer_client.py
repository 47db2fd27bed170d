# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A client of gesture_trainer: send labels, call its services and read its state."""
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
TIMEOUT_S = 10.0
SERVICE_TIMEOUT_S = 60.0


@contextmanager
def connected_trainer():
    """
    Yield a TrainerClient that is connected, and shut ROS down afterwards.

    :raises ValueError: if there is no trainer.
    """
    rclpy.init()
    client = TrainerClient()
    try:
        client.connect()
        yield client
    finally:
        client.destroy_node()
        rclpy.try_shutdown()


class TrainerClient(Node):
    """A node that sends labels and calls services of gesture_trainer."""

    def __init__(self):
        """Create the topic, the services and the subscription to the state."""
        super().__init__('teacher')
        self._labels = self.create_publisher(String, 'label', 10)
        self._calls = {name: self.create_client(Trigger, f'{TRAINER}/{name}')
                       for name in ('learn', 'undo', 'discard_example')}
        # After the clients, since the trainer discovers them in this order: once its state has
        # arrived no answer can be lost.
        self._states = NodeStates(self, [TRAINER])
        self._spinner = SingleThreadedExecutor()
        self._spinner.add_node(self)

    def connect(self) -> None:
        """
        Wait until the trainer is connected.

        :raises ValueError: if it is not found in time.
        """
        if not self._spin_until(lambda: self._labels.get_subscription_count() and self._state
                                and all(call.service_is_ready() for call in self._calls.values())):
            raise ValueError(f'there is no {TRAINER}: start it, for example by '
                             'gesture.launch.py learn:=true')

    def wait(self, duration_s: float) -> None:
        """Wait, and keep the state up to date."""
        self._spin_until(lambda: False, duration_s)

    def add_example(self, label: str, shown_s: float) -> tuple:
        """Label the last seconds; return whether an example was stored, and the message."""
        before = self._state['messages']
        self._labels.publish(String(data=f'{label} {shown_s:g}'))
        if not self._spin_until(lambda: self._state['messages'] != before):
            return False, f'{TRAINER} does not answer'
        return self._state['good'], self._state['message']

    def call(self, service: str) -> tuple:
        """Call a service; return whether it succeeded, and its message."""
        future = self._calls[service].call_async(Trigger.Request())
        if not self._spin_until(future.done, SERVICE_TIMEOUT_S):
            return False, f'{TRAINER} does not answer'
        return future.result().success, future.result().message

    def folder(self) -> Path:
        """
        Return the folder of the trainer.

        :raises ValueError: if it is not on this machine.
        """
        folder = Path(self._state['folder'])
        if not folder.is_dir():
            raise ValueError(f'{TRAINER} stores its examples in {folder}, which is not on this '
                             'machine: teach from recordings on that machine')
        return folder

    @property
    def figures(self) -> dict:
        """Figures of the last learning, as `learn` returns them; empty if there are none."""
        return self._state['figures']

    def wait_for_learning(self) -> tuple:
        """Wait until learning has ended; return whether the network is used, and the message."""
        self._spin_until(lambda: self._state['learning'])
        self._spin_until(lambda: not self._state['learning'], float('inf'))
        return self._state['good'], self._state['message']

    @property
    def _state(self) -> dict:
        """The newest state of the trainer."""
        return self._states.state_of(TRAINER)

    def _spin_until(self, condition, timeout_s: float = TIMEOUT_S) -> bool:
        deadline = time.monotonic() + timeout_s
        while not condition():
            if time.monotonic() > deadline:
                return False
            try:
                self._spinner.spin_once(timeout_sec=0.05)
            except ExternalShutdownException:       # rclpy has handled the signal
                raise KeyboardInterrupt from None
        return True
