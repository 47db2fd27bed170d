# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A robot that drives stands half a second after any node before it has failed."""
import signal
import time

from chain import CAMERA, Chain, CLASSIFIER, NODES, STREAM
import pytest

MAX_STOP_S = 0.5


@pytest.mark.parametrize('how', [signal.SIGKILL, signal.SIGSTOP], ids=lambda each: each.name)
@pytest.mark.parametrize('failed', [CAMERA, STREAM, CLASSIFIER])
def test_the_robot_stands_half_a_second_after(udp, ros, tmp_path, repetitions, measured, failed,
                                              how):
    chain = Chain(ros, tmp_path)
    chain.start(*NODES)
    for _ in range(repetitions):
        chain.wait_until_it_moves()
        chain.processes[failed].send_signal(how)
        failed_s = time.monotonic()
        chain.wait_until_it_stands()
        took_s = chain.speed_s - failed_s
        measured[f'{failed}, {how.name}: s to a standstill'].append(took_s)
        assert took_s < MAX_STOP_S
        if how is signal.SIGSTOP:
            chain.processes[failed].send_signal(signal.SIGCONT)
        else:
            chain.processes[failed].wait()
            chain.start(failed)
