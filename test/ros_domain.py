# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Nodes as real processes, in a ROS domain of the test's own."""
from itertools import count
import os
from pathlib import Path
import shutil
import signal
import socket
import subprocess
import time

from rcl_interfaces.srv import GetParameters
import rclpy
from rclpy.executors import SingleThreadedExecutor

TIMEOUT_S = 120
"""Conditions are waited for this long before a test fails; the first start compiles."""
MAX_DOMAIN_ID = 100
"""Above 101, the ports of DDS are those of any client; 101 is another domain in a test."""
_domain_ids = count(os.getpid())


def reserve_domain():
    """
    Find a ROS domain that no other test on this machine is in.

    :returns: the domain, and a socket that keeps it reserved until it is closed. The name of the
        socket is seen where the domain's messages are seen: in one network namespace.
    """
    while True:
        domain_id = next(_domain_ids) % MAX_DOMAIN_ID + 1
        reservation = socket.socket(socket.AF_UNIX)
        try:
            reservation.bind(f'\0snn_gesture_ros test in domain {domain_id}')
            return domain_id, reservation
        except OSError:
            reservation.close()


class Ros:
    """A ROS domain of a test's own, with a node of ours and processes of the package's nodes."""

    def __init__(self, log_folder: Path):
        """Start the test's own node."""
        domain_id, self._reservation = reserve_domain()
        self.environment = dict(os.environ, ROS_DOMAIN_ID=str(domain_id),
                                ROS_AUTOMATIC_DISCOVERY_RANGE='LOCALHOST')
        self.context = rclpy.Context()
        rclpy.init(context=self.context, domain_id=domain_id)
        self.node = rclpy.create_node('test', context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self._log_folder = log_folder
        self._processes = []
        self._nodes = []
        self._listening = []
        self._clients = {}

    def start(self, name: str, environment=None, within=(), **parameters) -> subprocess.Popen:
        """Start a node of the package, by `within`; its output goes to a file, see `output`."""
        executable = shutil.which(name)
        assert executable, f'{name} is not on PATH: run make test, or source env.bash'
        command = [*within, executable, '--ros-args']
        for key, value in parameters.items():
            text = str(value).lower() if isinstance(value, bool) else value
            command += ['-p', f'{key}:={text}']
        return self.run(name, command, environment)

    def run(self, name: str, command: list, environment=None) -> subprocess.Popen:
        """Start a process like a node of the package."""
        log = (self._log_folder / f'{len(self._processes)}_{name}.log').open('w')
        process = subprocess.Popen(command, env=environment or self.environment, stdout=log,
                                   stderr=subprocess.STDOUT)
        process.log_path = Path(log.name)
        self._processes.append(process)
        return process

    @staticmethod
    def output(process) -> str:
        """Give what a process has printed so far."""
        return process.log_path.read_text()

    def wait_for(self, condition, what: str):
        """Spin the test's node until a condition is true; give its value."""
        deadline = time.monotonic() + TIMEOUT_S
        while not (value := condition()):
            assert time.monotonic() < deadline, f'waited in vain for {what}\n' + '\n'.join(
                f'{process.log_path.name}: {self.output(process)}' for process in self._processes)
            self.executor.spin_once(timeout_sec=0.02)
        return value

    def listen(self, message_class, topic: str, qos=10, **options) -> list:
        """Subscribe; give the list that the messages are added to."""
        received = []
        self._listening.append(self.node.create_subscription(
            message_class, topic, received.append, qos, **options))
        return received

    def make_node(self, name: str):
        """Give another node in the test's process, such as that of a stranger."""
        node = rclpy.create_node(name, context=self.context)
        self.executor.add_node(node)
        self._nodes.append(node)
        return node

    def client(self, kind, service: str):
        """
        Make a client of a service of a node, once, that no answer is lost to.

        A server's answer is lost as long as it does not know the client. It learns of clients in
        their order, so that one who is answered tells that all before him are known.
        """
        if service not in self._clients:
            client = self._clients[service] = self.node.create_client(kind, service)
            probe = self.node.create_client(
                GetParameters, f'{service.rpartition("/")[0]}/get_parameters')
            for each in (client, probe):
                self.wait_for(each.service_is_ready, f'the service {each.srv_name}')
            asked = []

            def is_known():
                if not asked or time.monotonic() > asked[-1][0] + 0.5:
                    asked.append((time.monotonic(), probe.call_async(GetParameters.Request())))
                return any(future.done() for _, future in asked)

            self.wait_for(is_known, 'the node to know the client')
        return self._clients[service]

    def heard(self) -> bool:
        """Tell whether all that the test listens to has a publisher that is connected."""
        return all(each.get_publisher_count() for each in self._listening)

    def stop(self) -> None:
        """Interrupt all processes, then end the test's node."""
        for process in self._processes:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
        for process in self._processes:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
        for node in (self.node, *self._nodes):
            node.destroy_node()
        self.context.try_shutdown()
        self._reservation.close()
