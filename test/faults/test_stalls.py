# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Processes that stand still for seconds, and a core that has other work: no backlog is left."""
import os
import shutil
import signal
import subprocess
import sys
import time

from chain import BEHAVIOR, CAMERA, Chain, CLASSIFIER, NODES, STREAM
import pytest
from soak import usage

STOPPED_S = 10
MAX_MB = 100
"""What a process that stood still may need for what waits for it."""
MAX_AGE_S = 1.0
BUSY = 3
"""Processes that use the same core."""
STARVED_S = 5


@pytest.mark.parametrize('stopped', NODES)
def test_a_process_that_stood_still_goes_on(udp, ros, tmp_path, repetitions, measured, stopped):
    chain = Chain(ros, tmp_path)
    chain.start(*NODES)
    for _ in range(repetitions):
        chain.wait_until_it_moves()
        before = usage(chain.processes[stopped].pid)
        chain.processes[stopped].send_signal(signal.SIGSTOP)
        until_s = time.monotonic() + STOPPED_S
        ros.wait_for(lambda: time.monotonic() > until_s, 'the end of the fault')
        assert stopped == BEHAVIOR or chain.speed == 0
        chain.processes[stopped].send_signal(signal.SIGCONT)
        continued_s = time.monotonic()
        if stopped == BEHAVIOR:
            chain.speed = None
        measured[f'{stopped} stood still for {STOPPED_S} s: s to scores'].append(
            chain.wait_for_decision(continued_s))
        chain.wait_until_it_moves()
        ros.wait_for(lambda: chain.age_s < MAX_AGE_S, 'new scores, of which none waits')
        after = usage(chain.processes[stopped].pid)
        assert after.private_mb < before.private_mb + MAX_MB
        assert after.handles <= before.handles + 1 and after.threads <= before.threads + 1


def test_on_a_starved_core_nothing_waits_for_long(udp, ros, tmp_path, repetitions, measured):
    if shutil.which('taskset') is None:
        pytest.skip('taskset is not installed')
    core = str(min(os.sched_getaffinity(0)))
    chain = Chain(ros, tmp_path)
    chain.within = {name: ('taskset', '-c', core) for name in (STREAM, CLASSIFIER)}
    chain.start(*NODES)
    chain.wait_until_it_moves()
    before = usage(chain.processes[CLASSIFIER].pid)
    busy = [subprocess.Popen(['taskset', '-c', core, sys.executable, '-c', 'while True: pass'])
            for _ in range(BUSY)]
    try:
        until_s = time.monotonic() + STARVED_S * repetitions
        while time.monotonic() < until_s:
            chain.wait_for_decision(time.monotonic())
            measured['starved core: age of scores in s'].append(chain.age_s)
    finally:
        for process in busy:
            process.kill()
            process.wait()
    ros.wait_for(lambda: chain.age_s < MAX_AGE_S, 'new scores, of which none waits')
    chain.wait_until_it_moves()
    assert usage(chain.processes[CLASSIFIER].pid).private_mb < before.private_mb + MAX_MB
    assert all(chain.processes[name].poll() is None for name in (CAMERA, STREAM, CLASSIFIER))
