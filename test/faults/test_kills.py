# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Scores come again after any process was killed, once a launch, or the test, starts it again."""
import os
import signal
import time

from chain import BEHAVIOR, CAMERA, Chain, CLASSIFIER, NODES, STREAM
import pytest


@pytest.mark.parametrize('killed', [STREAM, CLASSIFIER])
def test_a_launch_brings_scores_again(udp, ros, tmp_path, launch, repetitions, measured, killed):
    chain = Chain(ros, tmp_path)
    launched = launch('gesture')
    chain.start(CAMERA, BEHAVIOR)
    for _ in range(repetitions):
        chain.wait_until_it_moves()
        killed_s = time.monotonic()
        os.kill(launched.pids(killed)[-1], signal.SIGKILL)
        chain.wait_until_it_stands()
        if killed == STREAM:
            chain.wait_for_silence(killed_s)
        chain.decided_s = 0.0
        measured[f'{killed} killed, started by a launch: s to scores'].append(
            chain.wait_for_decision(killed_s))
    chain.wait_until_it_moves()
    assert len(launched.pids(killed)) == repetitions + 1


@pytest.mark.parametrize('killed', [CAMERA, BEHAVIOR])
def test_what_is_started_again_goes_on(udp, ros, tmp_path, repetitions, measured, killed):
    chain = Chain(ros, tmp_path)
    chain.start(*NODES)
    for _ in range(repetitions):
        chain.wait_until_it_moves()
        chain.processes[killed].kill()
        killed_s = time.monotonic()
        chain.processes[killed].wait()
        if killed == CAMERA:
            chain.wait_until_it_stands()
            chain.wait_for_silence(killed_s)
            chain.decided_s, killed_s = 0.0, time.monotonic()
            chain.start(CAMERA)
            took_s = chain.wait_for_decision(killed_s)
        else:
            chain.speed = None
            chain.start(BEHAVIOR)
            chain.wait_until_it_moves()
            took_s = chain.speed_s - killed_s
        measured[f'{killed} killed, started by the test: s to '
                 f'{"scores" if killed == CAMERA else "full speed"}'].append(took_s)


@pytest.mark.parametrize('composed', [False, True])
def test_all_killed_at_once_come_again(udp, ros, tmp_path, launch, repetitions, measured,
                                       composed):
    chain = Chain(ros, tmp_path)
    launched = launch('gesture', composed=str(composed).lower())
    chain.start(CAMERA, BEHAVIOR)
    for number in range(1, repetitions + 1):
        chain.wait_until_it_moves()
        running = [pid for pid in launched.pids() if os.path.exists(f'/proc/{pid}')]
        killed_s = time.monotonic()
        for pid in running:
            os.kill(pid, signal.SIGKILL)
        chain.wait_until_it_stands()
        chain.decided_s = 0.0
        measured[f'all of {"one process" if composed else "both"} killed: s to scores'].append(
            chain.wait_for_decision(killed_s))
        assert len(launched.pids()) == (number + 1) * len(running)
