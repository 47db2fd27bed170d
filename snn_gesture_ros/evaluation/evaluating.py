# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Evaluating: recordings through what the nodes run, as fast as possible and always the same way.

They are shared among processes of this machine or the workers of a Dask cluster.
"""
from dataclasses import asdict, replace
from itertools import chain
from pathlib import Path
import threading
from time import perf_counter
from typing import NamedTuple, Optional

from snn_gesture_ros.decision.pipeline import NodeSettings, Pipeline
from snn_gesture_ros.evaluation.run import Run, RunRecorder
from snn_gesture_ros.evaluation.sources import Source
from snn_gesture_ros.evaluation.verdicts import judge_run, Verdicts
from snn_gesture_ros.events.stream import warm_up
from snn_gesture_ros.frames.frame_stream import MARGIN_NS
from snn_gesture_ros.network.classifier import SpikingClassifier
from snn_gesture_ros.recordings.opening import open_recording
from snn_gesture_ros.recordings.recording import UnreadableRecording
from snn_gesture_ros.recordings.stored_messages import StoredMessages
from snn_gesture_ros.worker_processes import in_processes

AFTERWARDS_NS = 1_000_000_000
"""Silence after the last message, in which the last gesture may end."""
TIMEOUT_S = 10
"""For the connection to a Dask scheduler."""
_loaded = threading.local()


class Evaluated(NamedTuple):
    """A recording and its evaluation."""

    source: Source
    run: Optional[Run] = None
    """None where nothing of the recording can be read."""
    verdicts: Optional[Verdicts] = None
    fault: str = ''
    """Why there is no run, or why it covers only what comes before some damage."""
    notes: tuple = ()
    """Lines on what is unusual about the recording."""


def run_offline(messages, message_type: str, classifier, settings: NodeSettings) -> Run:
    """
    Run stored messages through what event_stream and gesture_classifier run, from their start.

    Time passes as the stamps of the messages say, also where there are no messages.

    :param messages: yields the time in nanoseconds and the bytes of each, as StoredMessages does.
    :param message_type: one of EVENT_TYPES.
    :param classifier: SpikingClassifier; it is reset.
    :raises ValueError: if the file is damaged, has no events, or the settings do not fit it.
    """
    warm_up(message_type)
    recorder = RunRecorder(classifier.card, settings.network['state'])
    pipeline = Pipeline(message_type, classifier, settings, recorder.add_packet)
    decisions = _Decisions(recorder)
    now_ns = 0
    for now_ns, data in messages:
        decisions.add(pipeline.process_message(data, now_ns))
    decisions.add(pipeline.pass_time(now_ns + MARGIN_NS + AFTERWARDS_NS))
    counters = pipeline.stream.counters
    if counters.malformed and not counters.events_in:
        raise ValueError(f'no message can be read: {pipeline.stream.last_error}')
    return recorder.result(asdict(counters), decisions.busy_s)


class _Decisions:
    """Record the decisions of a pipeline, and how long they take."""

    def __init__(self, recorder):
        self.busy_s = 0.0
        self._recorder = recorder
        self._decided_s = 0.0
        """Processing time until the latest decision."""

    def add(self, decisions):
        """Exhaust a generator of Frame and Decision, and record what it yields."""
        start_s = perf_counter()
        for frame, decision in decisions:
            self.busy_s += perf_counter() - start_s
            self._recorder.add_frame(frame)
            if decision is not None:
                self._record(frame.t_newest_us, decision)
            start_s = perf_counter()
        self.busy_s += perf_counter() - start_s

    def _record(self, t_us, decision):
        for change in decision.transitions:
            self._recorder.add_change(t_us, change.label, change.score)
        self._recorder.add_decision(t_us, decision.scores,
                                    1000 * (self.busy_s - self._decided_s))
        self._decided_s = self.busy_s


def evaluate_source(number: int, source: Source, settings: NodeSettings, opener=None) -> tuple:
    """
    Run one recording through what the nodes run, and judge it.

    :param number: of the source, is returned.
    :param opener: opens the recording where it is not a file.
    :returns: number and Evaluated; damage is a fault, and what comes before it is judged.
    :raises ValueError: if the checkpoint cannot be used.
    """
    classifier = load_classifier(**settings.network)
    damage = []
    try:
        with opener() if opener else open_recording(
                source.path, source.encoding, source.sensor_size) as recording:
            messages = StoredMessages(recording, source.topic, source.sensor_size)
            run = run_offline(
                _until_damaged(messages, damage), messages.message_type, classifier,
                replace(settings, geometry=settings.geometry.turned(source.turn)))
            verdicts = judge_run(run, source.parts, source.camera_time)
    except OSError as error:
        return number, Evaluated(
            source, fault=f'{source.path}: {error.strerror or error}')
    except ValueError as error:
        reason = str(error)
        if not reason.startswith(str(source.path)):
            reason = f'{source.path}: {reason}'
        return number, Evaluated(source, fault=reason)
    return number, Evaluated(source, run, verdicts, ''.join(damage), tuple(recording.notes))


def _until_damaged(messages, damage: list):
    """
    Yield messages up to the first damage, whose reason is added to a list.

    :raises UnreadableRecording: if no message comes before it.
    """
    any_message = False
    try:
        for message in messages:
            yield message
            any_message = True
    except UnreadableRecording as error:
        if not any_message:
            raise
        damage.append(str(error))


def evaluate(sources: list, settings: NodeSettings, workers: int, cluster, results: list):
    """
    Evaluate recordings; the results do not depend on where that happens.

    :param cluster: address of a Dask scheduler; None for processes of this machine.
    :param results: list to which an Evaluated is added for each source, in their order.
    :returns: a generator that yields 0, and then 1 for each recording as it is finished.
    :raises ValueError: if a worker ends by itself, or the cluster cannot be used.
    """
    yield 0
    tasks = [(number, source, settings) for number, source in enumerate(sources)
             if source.archive is None]
    archived = [(number, source, settings) for number, source in enumerate(sources)
                if source.archive is not None]
    if cluster and archived:
        raise ValueError(f'{archived[0][1].path.parent}: the workers of a cluster cannot read an '
                         'archive: unpack it, and name its folder')
    if cluster:
        found = on_cluster(evaluate_source, [_by_full_paths(*task) for task in tasks], cluster)
    elif min(workers, len(tasks)) > 1:
        found = in_processes(evaluate_source, tasks, workers)
    else:
        found = (evaluate_source(*task) for task in tasks)
    finished = {}
    for number, evaluated in chain(in_archives(archived), found):
        finished[number] = evaluated._replace(source=sources[number])
        yield 1
    results += [finished[number] for number in range(len(sources))]


def in_archives(tasks: list):
    """
    Evaluate the recordings of archives one after the other, in their order; yield the results.

    :param tasks: arguments of `evaluate_source`; all sources are in an archive.
    """
    by_archive = {}
    for task in tasks:
        _, source, _ = task
        by_archive.setdefault(source.archive, {})[source.path.stem] = task
    for archive, wanted in by_archive.items():
        for name, opener in archive.recordings(wanted):
            yield evaluate_source(*wanted[name], opener)


def on_cluster(function, tasks: list, address: str):
    """
    Call a function with each of the tasks on a Dask cluster; yield the results as they come.

    The workers need this package, and the recordings at the same paths. Another worker repeats
    what a lost worker did not finish.

    :raises ValueError: if there is no such cluster, or it loses too many workers.
    """
    try:
        from distributed import as_completed, Client, KilledWorker
    except ImportError as error:
        raise ValueError(f'a cluster needs Dask: pip install -r requirements/cluster.txt ({error})'
                         ) from None
    try:
        client = Client(address, timeout=TIMEOUT_S)
    except (OSError, ValueError) as error:
        raise ValueError(f'{address}: no Dask scheduler answers there ({error})') from None
    with client:
        futures = [client.submit(function, *task, pure=False) for task in tasks]
        try:
            for future in as_completed(futures):
                yield future.result()
        except KilledWorker as error:
            raise ValueError(f'{address}: the cluster lost its workers: {error}') from None


def load_classifier(**network) -> SpikingClassifier:
    """
    Load a checkpoint, once for each thread, since its state is carried from frame to frame.

    :param network: arguments of SpikingClassifier.
    :raises ValueError: if the checkpoint cannot be used.
    """
    if getattr(_loaded, 'network', None) != network:
        _loaded.classifier, _loaded.network = SpikingClassifier(**network), network
    return _loaded.classifier


def _by_full_paths(number, source, settings) -> tuple:
    """Return a task with absolute paths, for a worker in another folder."""
    network = dict(settings.network)
    if Path(network['checkpoint']).is_file():
        network['checkpoint'] = str(Path(network['checkpoint']).resolve())
    return (number, source._replace(path=source.path.resolve()),
            replace(settings, network=network))
