# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The camera is on another host, and the network between both is cut and comes back."""
import os
import subprocess
import time

from chain import BEHAVIOR, CAMERA, Chain, CLASSIFIER, STREAM
import pytest

HERE, THERE = '10.213.77.1/24', '10.213.77.2/24'
DROPPED_S = 20.0
"""After this time without a sign of life DDS takes a process for dead."""


class Network:
    """The other host, a network namespace, and the link to it."""

    def __init__(self):
        """Make both; skip the test where that is not permitted."""
        self._name = f'fault{os.getpid()}'
        self._host = subprocess.Popen(['unshare', '--net', 'sleep', 'infinity'])
        self.within = 'nsenter', f'--net=/proc/{self._host.pid}/ns/net'
        deadline_s = time.monotonic() + 10
        while not self._is_apart():
            if self._host.poll() is not None or time.monotonic() > deadline_s:
                self.close()
                pytest.skip('no network namespace can be made: run the tests as root')
        for command in (
                ('ip', 'link', 'add', self._name, 'type', 'veth', 'peer', 'name', 'there',
                 'netns', str(self._host.pid)),
                ('ip', 'address', 'add', HERE, 'dev', self._name),
                ('ip', 'link', 'set', self._name, 'up'),
                (*self.within, 'ip', 'address', 'add', THERE, 'dev', 'there'),
                (*self.within, 'ip', 'link', 'set', 'there', 'up'),
                (*self.within, 'ip', 'link', 'set', 'lo', 'up')):
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                self.close()
                pytest.skip(f'{" ".join(command)}: {done.stderr.strip()}')

    def set(self, state: str) -> None:
        """Let the link be `up` or `down`."""
        subprocess.run(['ip', 'link', 'set', self._name, state], check=True)

    def close(self) -> None:
        """Take the other host away, and with it the link."""
        self._host.kill()
        self._host.wait()

    def _is_apart(self) -> bool:
        try:
            return (os.readlink(f'/proc/{self._host.pid}/ns/net')
                    != os.readlink('/proc/self/ns/net'))
        except OSError:
            return False


@pytest.fixture(scope='session')
def network():
    """
    Give the network; the test's node must be made after it.

    It stays until all tests are over: Fast DDS keeps to the interfaces that it has found in this
    process, and later tests would hear nothing.
    """
    try:
        made = Network()
    except FileNotFoundError as error:
        pytest.skip(f'{error.filename} is not installed')
    yield made
    made.close()


@pytest.mark.parametrize('cut_s', [3.0, DROPPED_S + 5])
def test_scores_come_again_when_the_network_does(network, udp, ros, tmp_path, repetitions,
                                                 measured, cut_s):
    if cut_s > DROPPED_S and repetitions == 1:
        pytest.skip('it takes a minute: make faults')
    environment = {**ros.environment, 'ROS_AUTOMATIC_DISCOVERY_RANGE': 'SUBNET',
                   'FASTDDS_BUILTIN_TRANSPORTS': 'UDPv4'}
    chain = Chain(ros, tmp_path, dict.fromkeys((CAMERA, STREAM, CLASSIFIER, BEHAVIOR),
                                               environment))
    chain.within = {CAMERA: network.within, STREAM: network.within}
    chain.start(CLASSIFIER, BEHAVIOR, STREAM, CAMERA)
    for _ in range(min(repetitions, 10)):
        chain.wait_until_it_moves()
        network.set('down')
        cut_at_s = time.monotonic()
        chain.wait_until_it_stands()
        measured['network cut: s to a standstill'].append(chain.speed_s - cut_at_s)
        ros.wait_for(lambda: time.monotonic() > cut_at_s + cut_s, 'the end of the cut')
        assert chain.speed == 0
        network.set('up')
        measured[f'network cut for {cut_s:g} s: s to scores'].append(
            chain.wait_for_decision(time.monotonic()))
