# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Writing: the evaluation as report.json, decisions.csv and report.html in one folder."""
import csv
import json
from pathlib import Path

from snn_gesture_ros.evaluation.verdicts import best_labels
from snn_gesture_ros.evaluation.web_page import make_page
from snn_gesture_ros.files import naming

COLUMNS = ('recording', 't_s', 'truth', 'best', 'score', 'right', 'gesture', 'announced',
           'verdict')
ESCAPED = 'backslashreplace'
"""How bytes of a file name that are not UTF-8 are written."""


def write_evaluation(results: dict, evaluated: list, folder) -> None:
    """
    Write report.json, decisions.csv and report.html.

    :param results: returned by `make_results`.
    :param evaluated: list of evaluating.Evaluated.
    :raises OSError: if the folder cannot be written.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with naming(folder):
        (folder / 'report.json').write_text(json.dumps(results, indent=1) + '\n')
        with (folder / 'decisions.csv').open(
                'w', newline='', encoding='utf-8', errors=ESCAPED) as file:
            table = csv.writer(file, lineterminator='\n')
            table.writerow(COLUMNS)
            for each in evaluated:
                table.writerows(_rows(each))
        (folder / 'report.html').write_text(make_page(results, evaluated), 'utf-8', ESCAPED)


def _rows(each):
    """Yield the row of each decision on a recording."""
    if each.run is None:
        return
    run, verdicts = each.run, each.verdicts
    announced = {item.t_us: (item.label, verdict)
                 for item, verdict in zip(run.announced, verdicts.announcements)}
    for t_us, truth, best, scores, gesture in zip(
            run.t_us.tolist(), verdicts.truths, best_labels(run), run.scores, run.gestures):
        right = '' if truth is None else int(best == truth)
        yield (each.source.name, f'{t_us / 1e6:.6f}', truth, best, f'{scores.max():.6f}', right,
               gesture, *announced.get(t_us, ('', '')))
