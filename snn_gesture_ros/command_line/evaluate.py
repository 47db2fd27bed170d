# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Verb `evaluate`: evaluate a checkpoint on recordings, and print the results as tables."""
import argparse
import json
import os
from pathlib import Path
import re
import shlex
import sys

from rich.box import SIMPLE_HEAD
from rich.table import Table
from snn_gesture_ros.command_line.options import (
    add_file_options, add_setting, add_stream_option, positive)
from snn_gesture_ros.command_line.terminal import (
    make_console, open_and_follow, show_progress, usage, UsageError)
from snn_gesture_ros.evaluation.report_files import delay, duration, number, percent, plain
from snn_gesture_ros.labels import NONE
from snn_gesture_ros.parameters import EVENT_STREAM, GESTURE_CLASSIFIER

MAX_ROWS = 40
EXAMPLE = 'snn-gesture evaluate my_recordings --checkpoint fast --output evaluation'
LIVE_ONLY = ('message_type', 'queue_size')
"""Parameters of the nodes that have no meaning offline."""
MAX_NAMES = 10
PARAMETERS = [setting for setting in (*EVENT_STREAM, *GESTURE_CLASSIFIER)
              if setting.name not in LIVE_ONLY]


def print_results(results: dict) -> None:
    """
    Print the most important results, by label and by recording.

    :param results: as `make_results` returns them.
    """
    console = make_console()
    if results['judged_decisions']:
        console.print(_by_label(results))
    console.print(_by_recording(results))
    if len(results['recordings']) > MAX_ROWS:
        console.print(f'and {len(results["recordings"]) - MAX_ROWS} more in the report')
    for name, value in _summary(results):
        console.print(f'{name:<30} {value}')
    for note in results['notes']:
        console.print(note, style='yellow', soft_wrap=True)


def _summary(results):
    """Yield names and values for lines below the tables."""
    delay_s, timing = results['delay_s'], results['timing']
    if results['judged_decisions'] or results['gestures']:
        for name, value in results['accuracy'].items():
            yield f'right {name.replace("_", " ")}', percent(value)
    if results['gestures']:
        yield 'gestures', (f'{results["gestures"]}: {results["missed"]} missed, '
                           f'{results["repeated_announcements"]} announced again')
        yield 'from start to announcement', (
            f'{delay(delay_s["median"])} median, {delay(delay_s["p90"])} p90, '
            f'{percent(delay_s["never"])} never')
    if results['labelled_minutes']:
        yield 'false announcements', (f'{results["false_announcements"]}, '
                                      f'{number(results["false_announcements_per_minute"], 2)} a '
                                      'minute')
    else:
        yield 'announcements', (f'{len(results["announcements"])} in '
                                f'{duration(results["minutes"])}; nothing is labeled')
    yield 'processing a decision', (f'{number(timing["processing_ms"]["p50"], 2)} ms median, '
                                    f'{number(timing["processing_ms"]["p99"], 2)} ms p99')
    yield 'events/s', number(timing['events_per_s'], 0)


def _by_label(results) -> Table:
    table = Table(title='by label', title_justify='left', box=SIMPLE_HEAD, pad_edge=False,
                  padding=(0, 1, 0, 0))
    table.add_column('shown', min_width=18)
    for column in ('right', 'of', 'precision', 'gestures', 'announced', 'after, s'):
        table.add_column(column, justify='right')
    for label, row in results['labels'].items():
        if row['decisions'] or row['gestures'] or row['precision'] is not None:
            table.add_row(plain(label), percent(row['recall']), str(row['decisions']),
                          percent(row['precision']), str(row['gestures'] or '–'),
                          percent(row['announced']), number(row['median_delay_s'], 2))
    return table


def _by_recording(results) -> Table:
    table = Table(title='by recording', title_justify='left', box=SIMPLE_HEAD, pad_edge=False,
                  padding=(0, 1, 0, 0))
    table.add_column('recording', no_wrap=True, max_width=24, min_width=16)
    table.add_column('from, s', justify='right')
    for column in ('shown', 'taken for'):
        table.add_column(column, min_width=12)
    for column in ('right', 'after, s'):
        table.add_column(column, justify='right', no_wrap=True)
    for entry in results['recordings'][:MAX_ROWS]:
        right = entry['right_decisions']
        table.add_row(
            Path(entry['path']).name, number(entry['start_s']),
            plain(entry['truth']), plain(entry['predicted']),
            percent(right / entry['decisions'] if right is not None and entry['decisions']
                    else None), number(entry['delay_s'], 2))
    return table


def add_arguments(parser) -> None:
    """Declare the arguments: the verb's own, and one for each parameter of the nodes."""
    parser.add_argument('recordings', nargs='+', metavar='RECORDING',
                        help='recordings, folders of them, a labels.csv that lists them, and '
                             'DvsGesture.tar.gz or its folder, of which the test recordings are '
                             'evaluated')
    parser.add_argument('--label-table', type=Path, metavar='CSV',
                        help='labels: columns start,end,label (seconds) for one recording, or '
                             'file,start_s,end_s,label; by default from tables next to the '
                             'recordings, and from names of files and folders')
    parser.add_argument('--label', help='label of all recordings from start to end, such as '
                                        '--label none')
    add_stream_option(parser)
    add_file_options(parser)
    parser.add_argument('--output', type=Path, default=Path('evaluation'), metavar='DIR',
                        help='folder for report.html, report.json and decisions.csv '
                             '(default: %(default)s)')
    parser.add_argument('--json', action='store_true', help='print report.json')
    parser.add_argument('--workers', type=positive, default=os.cpu_count(), metavar='N',
                        help='processes (default: one per core)')
    parser.add_argument('--cluster', type=cluster_address, metavar='ADDRESS',
                        help='run on a Dask cluster instead, such as tcp://host:8786; its workers '
                             'need this package and the recordings at the same paths')
    nodes = parser.add_argument_group('parameters of the nodes')
    for setting in PARAMETERS:
        add_setting(nodes, setting)


def run(arguments) -> int:
    """
    Evaluate, print the results and write the report; return 1 if a recording is damaged.

    :raises ValueError: if the arguments are wrong, or no recording can be evaluated.
    """
    if arguments.label is not None and arguments.label_table is not None:
        raise UsageError('--label is for all recordings, --label-table for some: give one of them')
    from snn_gesture_ros.decision.pipeline import NodeSettings
    from snn_gesture_ros.evaluation.evaluating import evaluate, load_classifier
    from snn_gesture_ros.evaluation.report_files import write_evaluation
    from snn_gesture_ros.evaluation.results import make_results
    from snn_gesture_ros.evaluation.sources import find_sources, Labels
    values = {each.name: getattr(arguments, each.name) for each in PARAMETERS}
    with usage():
        settings = NodeSettings.of(values)
    card = load_classifier(**settings.network).card
    with usage():
        frames = settings.slicing.frames(card)
        check_label(arguments.label, card.labels)
    sources, left_out = find_sources(arguments.recordings, Labels(
        arguments.label_table, arguments.label, arguments.topic, card.labels, arguments.encoding,
        arguments.size), open_and_follow)
    evaluated = []
    show_progress(evaluate(sources, settings, arguments.workers, arguments.cluster, evaluated),
                  len(sources), 'evaluating')
    faults = [each.fault for each in evaluated if each.run is None]
    if len(faults) == len(evaluated):
        raise ValueError('; '.join(faults))
    results = make_results(evaluated, card.labels, {
        'command': shlex.join(['snn-gesture', *sys.argv[1:]]),
        'checkpoint': {'name': Path(arguments.checkpoint).stem, 'labels': list(card.labels),
                       'frames': frames.description},
        'settings': values}, [*left_out, *unlabeled(sources)])
    write_evaluation(results, evaluated, arguments.output)
    if arguments.json:
        print(json.dumps(results, indent=1))
    else:
        print_results(results)
        print(f'report: {arguments.output / "report.html"}')
    for fault in faults:
        print(f'snn-gesture: not evaluated: {fault}', file=sys.stderr)
    return 1 if any(each.fault for each in evaluated) else 0


def check_label(label, labels: tuple) -> None:
    """Raise ValueError if the network does not have the label of all recordings."""
    known = [*labels, *([] if NONE in labels else [NONE])]
    if label is not None and label not in known:
        raise ValueError(f'--label {label!r} is not one of {", ".join(known)}')


def unlabeled(sources: list) -> list:
    """Return a line that names the recordings without labels, if others have some."""
    names = list(dict.fromkeys(source.path.name for source in sources if not source.parts))
    count = sum(not source.parts for source in sources)
    if count in (0, len(sources)):
        return []
    more = f' and {len(names) - MAX_NAMES} more' if len(names) > MAX_NAMES else ''
    return [f'{count} of {len(sources)} recordings have no label, and announcements in them are '
            f'not evaluated: {", ".join(names[:MAX_NAMES])}{more}']


def cluster_address(text: str) -> str:
    """
    Return the address of a Dask scheduler.

    :raises ArgumentTypeError: if it is not one.
    """
    if re.fullmatch(r'(\w+://)?(\[[^]]+\]|[^\s/:]+):\d+', text):
        return text
    raise argparse.ArgumentTypeError(f'{text!r} is not an address such as tcp://host:8786')
