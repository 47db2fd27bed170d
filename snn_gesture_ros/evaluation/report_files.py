# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
The files of an evaluation: report.json, decisions.csv, and report.html.

The page is a single file that loads nothing else, also for phones.
"""
from base64 import b64encode
import csv
from io import BytesIO
from itertools import groupby
import json
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
import numpy as np
from PIL import Image
from snn_gesture_ros.evaluation.verdicts import best_labels
from snn_gesture_ros.files import naming
from snn_gesture_ros.labels import NONE
from snn_gesture_ros.viewing.image import BRIGHTEST, draw_events

COLUMNS = ('recording', 't_s', 'truth', 'best', 'score', 'right', 'gesture', 'announced',
           'verdict')
ESCAPED = 'backslashreplace'
"""How bytes of a file name that are not UTF-8 are written."""
TEMPLATE = 'web_page.html'
COLORS = ('#4e79a7', '#f28e2b', '#59a14f', '#e15759', '#b07aa1', '#edc948', '#76b7b2', '#9c755f',
          '#ff9da7', '#3f3d56', '#8cd17d', '#d37295')
NONE_COLOR = '#c3c8d0'
"""Of `none`, and of labels that the network does not have."""
WIDTH, HEIGHT = 1000, 100
"""Of a diagram, in units that the page stretches."""
MAX_RATE_STEPS = 400
"""Of the curve of event rates; if there are more frames, each step covers several."""
MAX_DIAGRAMS = 30
"""Recordings with a diagram, those with most errors first; the table has all recordings."""
TICKS = 6
"""About so many ticks are on the time axis."""
TILES, TILE_PX = 8, 128


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


def make_page(results: dict, evaluated: list) -> str:
    """
    Return the page as HTML.

    :param results: returned by `make_results`.
    :param evaluated: list of evaluating.Evaluated.
    """
    others = [label for label in results['labels'] if label != NONE]
    colors = {label: COLORS[number % len(COLORS)] for number, label in enumerate(others)}
    runs = sorted((each for each in evaluated if each.run is not None), key=_errors, reverse=True)
    environment = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True,
                              trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(percent=percent, number=number, plain=plain, duration=duration,
                               delay=delay)
    environment.globals['color'] = lambda label: colors.get(label, NONE_COLOR)
    return environment.get_template(TEMPLATE).render(
        results=results, confusion=_confusion(results), labels=list(results['labels']),
        diagrams=[_diagram(each) for each in runs[:MAX_DIAGRAMS]],
        left_out=max(len(runs) - MAX_DIAGRAMS, 0))


def percent(value) -> str:
    """Return a share in percent as text."""
    return '–' if value is None else f'{100 * value:.0f} %'


def number(value, digits: int = 1) -> str:
    """Return a number as text, with narrow spaces between thousands."""
    return '–' if value is None else f'{value:,.{digits}f}'.replace(',', '\u202f')


def delay(seconds) -> str:
    """Return a delay as text; None means that the gesture was never announced."""
    return 'never' if seconds is None else f'{number(seconds, 2)} s'


def duration(minutes: float) -> str:
    """Return a duration as text."""
    return f'{number(minutes)} minutes' if minutes >= 2 else f'{number(60 * minutes)} s'


def plain(label) -> str:
    """Return a label as words."""
    return '–' if label is None else str(label).replace('_', ' ')


def _errors(each) -> int:
    """Return how wrong an evaluation is; a false announcement weighs as 20 wrong decisions."""
    wrong = sum(len(part.decisions) - part.right for part in each.verdicts.parts
                if part.right is not None)
    return wrong + 20 * each.verdicts.announcements.count('false')


def _confusion(results: dict) -> list:
    """Return the rows of the confusion matrix, without labels that were not shown or found."""
    labels = results['confusion']['labels']
    counts = np.array(results['confusion']['counts'])
    used = np.flatnonzero(counts.sum(0) + counts.sum(1))
    return [(labels[row], int(counts[row].sum()),
             [(labels[column], int(counts[row, column]),
               counts[row, column] / max(counts[row].sum(), 1)) for column in used])
            for row in used]


def _diagram(each) -> dict:
    """Return the diagram of one recording, in units of WIDTH and HEIGHT."""
    run, verdicts = each.run, each.verdicts
    end_us = max(run.duration_us, 1)

    def across(t_us) -> float:
        return round(WIDTH * min(max(t_us / end_us, 0), 1), 1)

    shown = [(part.label, across(part.start_us), across(part.end_us))
             for part in verdicts.parts if part.label is not None]
    return {
        'path': each.source.name, 'parts': verdicts.parts, 'shown': shown,
        'announced': _announced(run, verdicts, across), 'scores': _scores(run, across),
        'rate': _rate(run, across), 'max_events_per_s': _rates(run)[1].max(initial=0),
        'ticks': _ticks(run.duration_us / 1e6),
        'images': [(t_us / 1e6, _png(counts)) for t_us, counts in _spread(
            [image for image in run.images if image[0] <= run.duration_us])],
    }


def _announced(run, verdicts, across) -> list:
    """Return label, start, end and verdict of the gestures that were announced."""
    verdict_at = {item.t_us: verdict
                  for item, verdict in zip(run.announced, verdicts.announcements)}
    blocks = []
    for gesture, group in groupby(zip(run.t_us.tolist(), run.gestures), lambda item: item[1]):
        times_us = [t_us for t_us, _ in group]
        if gesture is not None:
            blocks.append((gesture, times_us[0], times_us[-1]))
    return [(gesture, across(begin_us), max(across(end_us), across(begin_us) + 2),
             verdict_at.get(begin_us, '')) for gesture, begin_us, end_us in blocks]


def _scores(run, across) -> dict:
    """Return a path of bars for each label, as high as its score where it was the best."""
    paths, before = {}, 0.0
    for t_us, best, scores in zip(run.t_us.tolist(), best_labels(run), run.scores):
        now = across(t_us)
        top = round(HEIGHT * (1 - scores.max()), 1)
        paths.setdefault(best, []).append(f'M{before:g} {HEIGHT}V{top:g}H{now:g}V{HEIGHT}')
        before = now
    return {label: ''.join(bars) for label, bars in paths.items()}


def _rates(run) -> tuple:
    """Return the end of each step of equally many frames, and its events per second, [steps]."""
    together = max(-(-len(run.frames_us) // MAX_RATE_STEPS), 1)
    starts = np.arange(0, len(run.frames_us), together)
    ends_us = run.frames_us[np.minimum(starts + together, len(run.frames_us)) - 1]
    lengths_us = np.maximum(np.diff(ends_us, prepend=0), 1)
    counts = np.add.reduceat(run.frame_events, starts) if len(starts) else np.empty(0)
    return ends_us, 1e6 * counts / lengths_us


def _rate(run, across) -> str:
    """Return the curve of event rates as a path."""
    ends_us, rates = _rates(run)
    heights = HEIGHT * (1 - rates / rates.max(initial=1))
    steps = ''.join(f'V{top:.1f}H{across(end_us):g}'
                    for end_us, top in zip(ends_us.tolist(), heights))
    return f'M0 {HEIGHT}{steps}V{HEIGHT}Z'


def _ticks(duration_s: float) -> list:
    """Return round numbers of seconds along the time axis, and their places in percent."""
    rough = max(duration_s, 1e-3) / TICKS
    power = 10 ** np.floor(np.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    return [(f'{tick:g}', 100 * tick / max(duration_s, 1e-3))
            for tick in np.arange(0, duration_s * 0.97, step).round(6).tolist()]


def _spread(images: list) -> list:
    """Return at most TILES of the images, evenly spread."""
    places = np.linspace(0, len(images) - 1, min(TILES, len(images))).round().astype(int)
    return [images[place] for place in places]


def _png(counts: np.ndarray) -> str:
    """Return event counts [2, H, W] as a PNG image in base64."""
    file = BytesIO()
    Image.fromarray(draw_events(BRIGHTEST * counts, TILE_PX)).save(file, 'png', optimize=True)
    return b64encode(file.getvalue()).decode()
