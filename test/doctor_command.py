# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The command `snn-gesture doctor`, run while the test's node spins."""
import json
import shutil
import subprocess
import time

from ros_domain import TIMEOUT_S


def doctor(ros, tmp_path, *options, environment=None):
    """Ask the doctor while the test's node spins; give the process's status and its output."""
    with (tmp_path / 'out').open('w') as out, (tmp_path / 'error').open('w') as error:
        process = subprocess.Popen(
            [shutil.which('snn-gesture'), 'doctor', '--seconds', '2', *options],
            env=environment or ros.environment, stdout=out, stderr=error)
        try:
            ros.wait_for(lambda: process.poll() is not None, 'the doctor')
        finally:
            process.kill()
    assert 'Traceback' not in (tmp_path / 'error').read_text()
    return process.returncode, (tmp_path / 'out').read_text()


def examined(ros, tmp_path, sees, environment=None):
    """Give the doctor's JSON; ask again until it sees what is there: discovery takes its time."""
    deadline = time.monotonic() + TIMEOUT_S
    while True:
        status, output = doctor(ros, tmp_path, '--json', environment=environment)
        found = json.loads(output)
        assert status == (0 if found['well'] else 1)
        if sees(found):
            return found
        assert time.monotonic() < deadline, output
