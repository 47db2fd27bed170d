# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Verb `demo`: a camera and both nodes at work, in real processes over real DDS."""
import json
from pathlib import Path
import time

import numpy as np
from snn_gesture_ros.command_line.options import seed
from snn_gesture_ros.recordings.opening import open_recording

EXAMPLE = 'snn-gesture demo my_bag --output my_demo'
PICTURE = 'gestures.png'
GESTURES = ('right_hand_wave', 'left_arm_clockwise', 'hand_clapping',
            'right_arm_counter_clockwise', 'air_guitar')
CAMERA = {'gesture_s': 2.4, 'pause_s': 1.3, 'loop': False, 'wait_for_subscriber': True}
START_S = 180
"""The first decision must have come by then; the first start compiles the kernels."""
SETTLE_S = 1.2
"""Time after the camera's end for the last decision and the last diagnostics."""
RECORDING_ROW_S = 2.0
"""A row of the picture shows this much of a recording in which nothing was recognised."""
MOST_ROWS = 8
COLOURS = {'right': (102, 187, 106), 'wrong': (239, 83, 80), 'missed': (239, 83, 80)}
"""Of the captions of verdicts."""


def add_arguments(parser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument('recording', nargs='?', metavar='RECORDING',
                        help='play this recording, of any format that info reads, instead of a '
                             'simulation')
    parser.add_argument('--seed', type=seed, default=6, metavar='N',
                        help='person and room that are simulated (default: %(default)s)')
    parser.add_argument('--output', type=Path, default=Path('demo'), metavar='FOLDER',
                        help='folder for the picture (default: %(default)s)')


def run(arguments) -> int:
    """
    Run the demo; 0 if every gesture that was shown was recognised.

    :raises ValueError: if the recording cannot be read, ROS is missing or a node fails.
    """
    if arguments.recording:
        open_recording(arguments.recording).close()
    from snn_gesture_ros.demo.processes import isolate_from_other_robots
    isolate_from_other_robots()
    try:
        from snn_gesture_ros.demo.observer import observing
    except ImportError as error:
        raise ValueError(f'{error}: the demo needs ROS 2: run `make build` and `source env.bash`, '
                         'or source your ROS') from None
    with observing() as observer:
        watch(observer, arguments)
    return report(observer, arguments)


def watch(observer, arguments) -> None:
    """
    Start the camera and the nodes, and show what happens until the camera ends.

    :raises ValueError: if a node fails; it has said why.
    """
    from rich.console import Console
    from rich.live import Live
    from snn_gesture_ros.demo.processes import Nodes
    with Nodes() as nodes, Live(console=Console(), auto_refresh=False) as live:
        if arguments.recording:
            camera = nodes.start('event_player', recording=arguments.recording)
        else:
            camera = nodes.start('simulated_camera', seed=arguments.seed, gestures=GESTURES,
                                 **CAMERA)
        nodes.start('gesture_classifier')
        event_stream = None
        live.update('starting; the first start compiles for a minute ...', refresh=True)
        deadline = time.monotonic() + START_S
        end, shown_at = None, 0.0
        while end is None or time.monotonic() < end:
            time.sleep(0.05)
            if observer.ready and event_stream is None:     # no event comes before the network
                event_stream = nodes.start('event_stream')
            started = observer.decisions > 0
            if nodes.failed() or not started and time.monotonic() > deadline:
                raise ValueError('a node has failed or did not start; see above')
            if end is None and camera.poll() is not None:
                end = time.monotonic() + SETTLE_S
            if not started:
                continue
            if time.monotonic() > shown_at + 0.1:
                live.update(view(observer), refresh=True)
                shown_at = time.monotonic()


def view(observer):
    """Lay out the terminal view."""
    from rich.table import Table
    table = Table(title='snn_gesture_ros', min_width=72)
    for column in ('shown', 'gesture', 'best guess', 'score', 'events/s', 'latency'):
        table.add_column(column, justify='left' if column != 'events/s' else 'right')
    recent_ms = observer.latencies_ms[-16:]
    label, score = observer.best
    table.add_row(observer.truth or '-', f'[bold green]{observer.gesture or "-"}[/]', label,
                  f'{score:.2f}', f'{events_per_s(observer):,.0f}',
                  f'{np.median(recent_ms):.0f} ms' if recent_ms else '-')
    return table


def events_per_s(observer, over_s: float = 1.0) -> float:
    """Rate of the events behind the filters in the last second, by the snapshots."""
    if not observer.snapshots:
        return 0.0
    since_ns = observer.last_ns - over_s * 1e9
    return sum(counts.sum() for stamp_ns, counts in reversed(observer.snapshots[-20:])
               if stamp_ns >= since_ns) / over_s


def report(observer, arguments) -> int:
    """Save the picture, print the summary and its JSON line; give the exit status."""
    from snn_gesture_ros.demo.score import judge
    outcomes, false = judge(observer.shown, observer.announced)
    verdicts = [outcome.verdict for outcome in outcomes]
    latencies_ms = observer.latencies_ms or [float('nan')]
    duration_s = ((observer.last_ns or 0) - (observer.first_ns or 0)) / 1e9
    source = 'event_player' if arguments.recording else 'simulated_camera'
    lost = (observer.counter(source, 'messages') - observer.counter('event_stream', 'messages')
            + observer.counter('gesture_classifier', 'lost'))
    arguments.output.mkdir(parents=True, exist_ok=True)
    picture = arguments.output / PICTURE
    save_picture(observer, outcomes, false, picture)
    for outcome in outcomes:
        print(caption(outcome))
    for item in false:
        print(f'announced without cause: {item.label} ({item.score:.2f})')
    print(f'picture: {picture}')
    summary = {
        'shown': len(outcomes),
        **{verdict: verdicts.count(verdict) for verdict in ('right', 'wrong', 'missed')},
        'false': len(false), 'decisions': observer.decisions,
        'latency_p50_ms': round(float(np.percentile(latencies_ms, 50)), 1),
        'latency_p95_ms': round(float(np.percentile(latencies_ms, 95)), 1),
        'events_per_s': round(observer.counter('event_stream', 'events_in')
                              / max(duration_s, 1e-9)),
        'messages_lost': lost, 'picture': str(picture)}
    print(json.dumps(summary))
    if arguments.recording:
        return 0 if observer.decisions else 1
    return 0 if outcomes and summary['right'] == len(outcomes) else 1


def caption(outcome) -> str:
    """Say in words what became of a gesture."""
    shown, verdict, announced = outcome
    if announced is None:
        return f'{shown.label}: missed'
    after_s = (announced.stamp_ns - shown.start_ns) / 1e9
    return (f'{shown.label}: {verdict}, recognised as {announced.label} '
            f'({announced.score:.2f}) after {after_s:.2f} s')


def save_picture(observer, outcomes, false, path) -> None:
    """Draw a row for each gesture shown; of a recording, for what was announced, or for all."""
    from snn_gesture_ros.viewing.image import TEXT
    from snn_gesture_ros.viewing.image import save_strip, spread
    rows = [(caption(outcome), COLOURS[outcome.verdict],
             spread(observer.snapshots, outcome.shown.start_ns, outcome.shown.end_ns))
            for outcome in outcomes]
    if not outcomes:
        rows = [(f'{item.label} ({item.score:.2f})', TEXT,
                 spread(observer.snapshots, item.stamp_ns - round(1e9), item.stamp_ns))
                for item in false]
    if not rows and observer.snapshots:
        starts_ns = np.arange(observer.first_ns, observer.last_ns, round(RECORDING_ROW_S * 1e9))
        rows = [('no gesture recognised', TEXT,
                 spread(observer.snapshots, start_ns, start_ns + round(RECORDING_ROW_S * 1e9)))
                for start_ns in starts_ns]
    save_strip(rows[:MOST_ROWS], path)
