# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Verb `demo`: run a camera and both nodes, as processes that communicate by DDS."""
import json
from pathlib import Path
import time

import numpy as np
from snn_gesture_ros.command_line.options import seed
from snn_gesture_ros.command_line.terminal import make_console
from snn_gesture_ros.printable import one_line
from snn_gesture_ros.recordings.opening import open_recording

EXAMPLE = 'snn-gesture demo my_bag --output my_demo'
IMAGE_NAME = 'gestures.png'
GESTURES = ('right_hand_wave', 'left_arm_clockwise', 'hand_clapping',
            'right_arm_counter_clockwise', 'air_guitar')
CAMERA = {'gesture_s': 2.4, 'pause_s': 1.3, 'loop': False, 'wait_for_subscriber': True}
START_TIMEOUT_S = 180
"""For the first decision; the first start compiles the kernels."""
DRAIN_S = 1.2
"""Time after the end of the camera for the last decision and the last counters."""
RECORDING_ROW_S = 2.0
"""Duration of a row of the image, for a recording in which nothing was recognized."""
MAX_ROWS = 8
COLORS = {'right': (102, 187, 106), 'wrong': (239, 83, 80), 'missed': (239, 83, 80)}
"""RGB of the captions, by verdict."""


def add_arguments(parser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument('recording', nargs='?', metavar='RECORDING',
                        help='play this recording, of any format that info reads, instead of a '
                             'simulation')
    parser.add_argument('--seed', type=seed, default=6, metavar='N',
                        help='seed of the simulated person and room (default: %(default)s)')
    parser.add_argument('--output', type=Path, default=Path('demo'), metavar='FOLDER',
                        help='folder for the image (default: %(default)s)')


def run(arguments) -> int:
    """
    Run the demo; return 0 if every gesture that was shown was recognized.

    :raises ValueError: if the recording cannot be read, ROS is missing or a node fails.
    """
    if arguments.recording:
        open_recording(arguments.recording).close()
    from snn_gesture_ros.demo.node_processes import isolate_from_other_robots
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

    :raises ValueError: if a node fails; it has logged the reason.
    """
    from rich.live import Live
    from snn_gesture_ros.demo.node_processes import NodeProcesses
    with NodeProcesses() as nodes, Live(console=make_console(), auto_refresh=False) as live:
        if arguments.recording:
            camera = nodes.start('event_player', recording=arguments.recording)
        else:
            camera = nodes.start('simulated_camera', seed=arguments.seed, gestures=GESTURES,
                                 **CAMERA)
        nodes.start('gesture_classifier')
        event_stream = None
        live.update('starting; the first start compiles for a minute ...', refresh=True)
        deadline = time.monotonic() + START_TIMEOUT_S
        end, shown_at = None, 0.0
        while end is None or time.monotonic() < end:
            time.sleep(0.05)
            if observer.ready and event_stream is None:     # the network is loaded
                event_stream = nodes.start('event_stream')
            started = observer.decisions > 0
            if nodes.failed() or not started and time.monotonic() > deadline:
                raise ValueError('a node has failed or did not start; see above')
            if end is None and camera.poll() is not None:
                end = time.monotonic() + DRAIN_S
            if not started:
                continue
            if time.monotonic() > shown_at + 0.1:
                live.update(view(observer), refresh=True)
                shown_at = time.monotonic()


def view(observer):
    """Return the table that the terminal shows."""
    from rich.table import Table
    from rich.text import Text
    table = Table(title='snn_gesture_ros', min_width=72)
    for column in ('shown', 'gesture', 'best guess', 'score', 'events/s', 'latency'):
        table.add_column(column, justify='left' if column != 'events/s' else 'right')
    recent_ms = observer.latencies_ms[-16:]
    label, score = observer.best
    gesture = Text(one_line(observer.gesture or '-'), 'bold green')
    table.add_row(observer.truth or '-', gesture, label,
                  f'{score:.2f}', f'{events_per_s(observer):,.0f}',
                  f'{np.median(recent_ms):.0f} ms' if recent_ms else '-')
    return table


def events_per_s(observer, over_s: float = 1.0) -> float:
    """Return the rate of the events that passed the filters, from the latest snapshots."""
    if not observer.snapshots:
        return 0.0
    since_ns = observer.last_ns - over_s * 1e9
    return sum(counts.sum() for stamp_ns, counts in reversed(observer.snapshots[-20:])
               if stamp_ns >= since_ns) / over_s


def report(observer, arguments) -> int:
    """Save the image, print the summary and its JSON line; return the exit status."""
    from snn_gesture_ros.demo.score import match_announcements
    outcomes, false = match_announcements(observer.shown, observer.announced)
    verdicts = [outcome.verdict for outcome in outcomes]
    latencies_ms = observer.latencies_ms or [float('nan')]
    duration_s = ((observer.last_ns or 0) - (observer.first_ns or 0)) / 1e9
    source = 'event_player' if arguments.recording else 'simulated_camera'
    lost = (observer.counter(source, 'messages') - observer.counter('event_stream', 'messages')
            + observer.counter('gesture_classifier', 'lost'))
    arguments.output.mkdir(parents=True, exist_ok=True)
    image = arguments.output / IMAGE_NAME
    save_image(observer, outcomes, false, image)
    for outcome in outcomes:
        print(caption(outcome))
    for item in false:
        print(f'false announcement: {item.label} ({item.score:.2f})')
    print(f'image: {image}')
    summary = {
        'shown': len(outcomes),
        **{verdict: verdicts.count(verdict) for verdict in ('right', 'wrong', 'missed')},
        'false': len(false), 'decisions': observer.decisions,
        'latency_p50_ms': round(float(np.percentile(latencies_ms, 50)), 1),
        'latency_p95_ms': round(float(np.percentile(latencies_ms, 95)), 1),
        'events_per_s': round(observer.counter('event_stream', 'events_in')
                              / max(duration_s, 1e-9)),
        'messages_lost': lost, 'picture': str(image)}
    print(json.dumps(summary))
    if arguments.recording:
        return 0 if observer.decisions else 1
    return 0 if outcomes and summary['right'] == len(outcomes) else 1


def caption(outcome) -> str:
    """Return in words how a gesture was recognized."""
    shown, verdict, announced = outcome
    if announced is None:
        return f'{shown.label}: missed'
    after_s = (announced.stamp_ns - shown.start_ns) / 1e9
    return (f'{shown.label}: {verdict}, recognized as {announced.label} '
            f'({announced.score:.2f}) after {after_s:.2f} s')


def save_image(observer, outcomes, false, path) -> None:
    """Draw a row for each gesture shown; for a recording, for each announcement, or for all."""
    from snn_gesture_ros.viewing.image import save_strip, spread, TEXT
    rows = [(caption(outcome), COLORS[outcome.verdict],
             spread(observer.snapshots, outcome.shown.start_ns, outcome.shown.end_ns))
            for outcome in outcomes]
    if not outcomes:
        rows = [(f'{item.label} ({item.score:.2f})', TEXT,
                 spread(observer.snapshots, item.stamp_ns - round(1e9), item.stamp_ns))
                for item in false]
    if not rows and observer.snapshots:
        starts_ns = np.arange(observer.first_ns, observer.last_ns, round(RECORDING_ROW_S * 1e9))
        rows = [('no gesture recognized', TEXT,
                 spread(observer.snapshots, start_ns, start_ns + round(RECORDING_ROW_S * 1e9)))
                for start_ns in starts_ns]
    save_strip(rows[:MAX_ROWS], path)
