# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Launch files as processes: with `ros2 launch` where it is installed, else with a stand-in.

ros2/launch is on no package index; stand_in_launch.py has the part of it that they use.
"""
from importlib.util import find_spec
import os
from pathlib import Path
import re
import shutil
import signal
import sys

from ament_index_python.packages import get_package_share_directory

LAUNCH = Path(get_package_share_directory('snn_gesture_ros')) / 'launch'
REAL = find_spec('launch_ros') and shutil.which('ros2')
COMMAND = ['ros2', 'launch'] if REAL else [
    sys.executable, str(Path(__file__).parent / 'launching/stand_in_launch.py')]
STARTED = re.compile(r'\[(\w+)-\d+\]: process started with pid \[(\d+)\]')


class Launched:
    """A launch that runs."""

    def __init__(self, ros, file, words, arguments):
        """Start it."""
        self.ros = ros
        environment = {**ros.environment, 'ROS_LOG_DIR': str(ros.log_folder)}
        self.process = ros.run(f'{file}.launch', [
            *COMMAND, str(LAUNCH / f'{file}.launch.py'), *words,
            *(f'{argument}:={value}' for argument, value in arguments.items())], environment)

    @property
    def output(self):
        return self.ros.output(self.process)

    def pids(self, executable=None):
        """Give the ids of the processes that were started, of all or of an executable."""
        return [int(pid) for name, pid in STARTED.findall(self.output)
                if executable in (None, name)]

    def status(self):
        """Wait for its end; none of its processes may be left."""
        self.ros.wait_for(lambda: self.process.poll() is not None, 'the end of the launch')
        left = [pid for pid in self.pids() if Path(f'/proc/{pid}').exists()]
        assert not left, self.output
        return self.process.returncode

    def kill(self, executable, number=signal.SIGKILL):
        """Kill a node that has started; it has been started again when this returns."""
        pids = self.pids(executable)
        os.kill(pids[-1], number)
        self.ros.wait_for(lambda: len(self.pids(executable)) > len(pids), 'another process')
