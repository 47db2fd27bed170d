# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A GPU without memory, by a runtime that fails like one: frames are dropped and counted."""
import threading

import numpy as np
import pytest
from snn_gesture_ros.decision.recognition import decide_batch, Recognition
from snn_gesture_ros.frames.frame_stream import Frame
from snn_gesture_ros.network.classifier import SpikingClassifier
from snn_gesture_ros.ros.threads import Worker

torch = pytest.importorskip('torch', reason='make training')
FULL = 'CUDA out of memory. Tried to allocate 2.00 GiB'


class Crowded:
    """A runtime on a GPU whose memory other programs need from time to time."""

    def __init__(self, runtime):
        """Let another runtime do the work."""
        self._runtime = runtime
        self.card = runtime.card
        self.is_full = False

    def step(self, frames, states):
        """Run a time step, or raise what torch raises."""
        if self.is_full:
            raise torch.cuda.OutOfMemoryError(FULL)
        return self._runtime.step(frames, states)


def frame(number):
    """Give a frame in which the left half fires."""
    counts = np.zeros((2, 16, 16), np.uint16)
    counts[:, :, :8] = 3
    return Frame(counts, int(counts.sum()), (number + 1) * 20_000)


def test_decisions_go_on_when_there_is_memory_again(halves):
    classifier = SpikingClassifier(str(halves), 'torch', 'cpu')
    classifier.runtime = Crowded(classifier.runtime)
    recognition = Recognition(classifier, min_events=1)
    decisions, errors, processed = [], [], threading.Semaphore(0)

    def decide(batch):
        decisions.extend(decide_batch([recognition], batch))
        processed.release()

    def on_error(error):
        errors.append(error)
        processed.release()

    worker = Worker(decide, 8, on_error=on_error)
    for number in range(30):
        classifier.runtime.is_full = 10 <= number < 20
        worker.submit(frame(number))
        assert processed.acquire(timeout=60)
    worker.stop()
    assert worker.dropped == len(errors) == 10 and len(decisions) == 20
    assert all(isinstance(error, torch.cuda.OutOfMemoryError) for error in errors)
    assert np.isfinite(decisions[-1].scores).all()
    assert decisions[-1].scores.argmax() == classifier.card.labels.index('left')


def test_a_network_for_which_there_is_no_memory_is_refused(halves, monkeypatch):
    from snn_gesture_ros.network import torch_runtime

    def fail(*_):
        raise torch.cuda.OutOfMemoryError(FULL)

    monkeypatch.setattr(torch_runtime, 'StaticStep', fail)
    with pytest.raises(ValueError, match=f'{halves} does not run on cpu: CUDA out of memory'):
        SpikingClassifier(str(halves), 'torch', 'cpu')
