# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Verb `bench`: measure how fast this machine decodes events and decides, and compare."""
from importlib.metadata import PackageNotFoundError, version
import json
from pathlib import Path
import sys
from tempfile import TemporaryDirectory

from snn_gesture_ros.benchmarks.decoding import decoding_cases, make_events
from snn_gesture_ros.benchmarks.frames import stream_cases, window_cases
from snn_gesture_ros.benchmarks.timing import as_table, measure
from snn_gesture_ros.command_line.options import number_from, positive
from snn_gesture_ros.command_line.terminal import device_name, UsageError

EXAMPLE = 'snn-gesture bench --events-per-s 1000000 --composed'
MEASURED = ('torch', 'onnxruntime', 'spikingjelly', 'tonic')
"""Libraries whose versions are printed if they are installed."""


def add_arguments(parser) -> None:
    """Declare the arguments."""
    parser.add_argument('--json', action='store_true', help='print JSON')
    parser.add_argument('--rounds', type=positive, default=20, metavar='N',
                        help='repetitions, of which medians are printed (default: 20)')
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument('--events-per-s', type=positive, metavar='N',
                         help='instead, send this many events per second, in 1000 messages, '
                              'through both nodes, and count what is lost')
    instead.add_argument('--robot', type=positive, metavar='N',
                         help='instead, hot-swap the network and kill gesture_classifier N times '
                              'each while a simulated person drives a robot')
    instead.add_argument('--device', type=device_name, metavar='DEVICE',
                         help='instead, time decisions from messages to scores on auto, cpu, '
                              'cuda or cuda:n, for one camera and for a batch')
    instead.add_argument('--starts', type=positive, metavar='N',
                         help='instead, start the nodes N times in front of a camera, together, '
                              'one by one, and without compiled functions on disk: time to the '
                              'first scores, processor time, memory')
    parser.add_argument('--composed', action='store_true',
                        help='live run with both nodes in one process')
    parser.add_argument('--cameras', type=positive, default=500, metavar='N',
                        help='cameras in the batch (default: 500)')
    parser.add_argument('--seconds', type=seconds, default=10.0, metavar='S',
                        help='duration of the live run (default: 10)')


def seconds(text: str) -> float:
    """
    Return the duration of a live run in seconds.

    :raises ArgumentTypeError: if it is not a number in range.
    """
    return number_from(text, 0.1, 3600.0)


def run(arguments) -> int:
    """
    Measure all cases, or a live run, and print the results.

    :raises ValueError: if arguments exclude each other, or what is measured is missing.
    """
    if arguments.composed and not arguments.events_per_s:
        raise UsageError('--composed needs --events-per-s')
    if arguments.events_per_s:
        result = run_live(arguments.events_per_s, arguments.seconds, arguments.composed)
        show(result, arguments.json)
        return 1 if result['messages_lost'] or result['packets_lost'] else 0
    if arguments.robot:
        show(run_robot(arguments.robot), arguments.json)
        return 0
    if arguments.starts:
        show(run_starts(arguments.starts), arguments.json)
        return 0
    if arguments.device:
        from snn_gesture_ros.benchmarks.device import measure_device
        show(measure_device('fast', arguments.device, arguments.cameras, 10 * arguments.rounds),
             arguments.json)
        return 0
    cases, notes = window_cases()
    with TemporaryDirectory() as folder:
        cases = [*decoding_cases(make_events()), *stream_cases(), *cases]
        try:
            from snn_gesture_ros.benchmarks.network import network_cases
            cases += network_cases(Path(folder))
        except ImportError as error:
            notes.append(f'without networks ({error}): see requirements/torch.txt')
        for note in notes:
            print(f'snn-gesture bench: {note}', file=sys.stderr)
        rows = measure(cases, arguments.rounds)
    print(json.dumps(rows, indent=2) if arguments.json
          else as_table(rows, arguments.rounds, versions()))
    return 0


def show(result: dict, as_json: bool) -> None:
    """Print a line for each name and value, or one JSON object."""
    print(json.dumps(result) if as_json else '\n'.join(
        f'{name:<30} {value if isinstance(value, str) else round(value, 3):>12}'
        for name, value in result.items()))


def run_robot(times: int) -> dict:
    """
    Run trials of all nodes together.

    :raises ValueError: if there is no ROS 2, or a node does not work.
    """
    from snn_gesture_ros.demo.node_processes import isolate_from_other_robots, NodeProcesses
    isolate_from_other_robots()
    try:
        from snn_gesture_ros.benchmarks.robot_trials import run_trials
    except ImportError as error:
        raise ValueError(f'{error}: trials need ROS 2: source env.bash') from None
    with TemporaryDirectory() as folder, NodeProcesses() as nodes:
        return run_trials(nodes, Path(folder), times)


def run_starts(times: int) -> dict:
    """
    Start the nodes again and again.

    :raises ValueError: if there is no ROS 2, or a node does not work.
    """
    from snn_gesture_ros.demo.node_processes import isolate_from_other_robots
    isolate_from_other_robots()
    try:
        from snn_gesture_ros.benchmarks.starts import measure_starts
    except ImportError as error:
        raise ValueError(f'{error}: starts need ROS 2: source env.bash') from None
    return measure_starts(times)


def run_live(events_per_s: int, seconds: float, composed: bool) -> dict:
    """
    Start both nodes and send events to them.

    :raises ValueError: if there is no ROS 2.
    """
    from snn_gesture_ros.demo.node_processes import isolate_from_other_robots, NodeProcesses
    isolate_from_other_robots()
    try:
        from snn_gesture_ros.benchmarks.live_load import measure as measure_live
    except ImportError as error:
        raise ValueError(f'{error}: a live run needs ROS 2: source env.bash') from None
    names = ('gesture_pipeline',) if composed else ('event_stream', 'gesture_classifier')
    with NodeProcesses() as nodes:
        pids = {name: nodes.start(name).pid for name in names}
        return measure_live(pids, events_per_s, seconds)


def versions() -> str:
    """Return the versions of the libraries that are installed."""
    found = []
    for name in MEASURED:
        try:
            found.append(f'{name} {version(name)}')
        except PackageNotFoundError:
            pass
    return ', '.join(found)
