# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The results of an evaluation as tables on the terminal."""
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from snn_gesture_ros.evaluation.web_page import delay, duration, number, percent, plain

MOST_ROWS = 40


def print_results(results: dict) -> None:
    """
    Print what matters most, by label and by recording.

    :param results: what `make_results` gives.
    """
    console = Console()
    if results['judged_decisions']:
        console.print(_by_label(results))
    console.print(_by_recording(results))
    if len(results['recordings']) > MOST_ROWS:
        console.print(f'and {len(results["recordings"]) - MOST_ROWS} more in the report')
    for name, value in _summary(results):
        console.print(f'{name:<30} {value}')
    for note in results['notes']:
        console.print(note, style='yellow', markup=False, soft_wrap=True)


def _summary(results):
    """Yield name and value of what is told in lines."""
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
                                f'{duration(results["minutes"])}; nothing is labelled')
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
    for entry in results['recordings'][:MOST_ROWS]:
        right = entry['right_decisions']
        table.add_row(
            Path(entry['path']).name, number(entry['start_s']),
            plain(entry['truth']), plain(entry['predicted']),
            percent(right / entry['decisions'] if right is not None and entry['decisions']
                    else None), number(entry['delay_s'], 2))
    return table
