# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Results: the figures of an evaluation, as report.json holds them; None where there is no case.

`recordings` has an entry for each labelled part, and for each recording without labels. All
but `timing` depends on nothing but the recordings' bytes, the labels and the settings.
"""
import numpy as np
from snn_gesture_ros.evaluation.statistics import by_label, quantile, ratio
from snn_gesture_ros.evaluation.verdicts import best_labels
from snn_gesture_ros.labels import NONE

DIGITS = 6
"""Times are told to the microsecond."""
FEW_OUTSIDE = 0.01
"""Share of events outside the sensor that is not worth a note."""


def make_results(evaluated: list, labels: tuple, description: dict, notes=()) -> dict:
    """
    Measure all that was evaluated.

    :param evaluated: of evaluating.Evaluated.
    :param labels: of the network.
    :param description: what the report says of the network and the settings, as JSON holds it.
    :param notes: what else the reader should know, a line each.
    """
    runs = [each[:3] for each in evaluated if each.run is not None]
    entries = [_entry(source, run, part) for source, run, verdicts in runs
               for part in verdicts.parts]
    announcements = [
        {'path': source.name, 't_s': _seconds(announced.t_us), 'label': announced.label,
         'score': round(announced.score, DIGITS), 'verdict': verdict}
        for source, run, verdicts in runs
        for announced, verdict in zip(run.announced, verdicts.announcements)]
    judged = [entry for entry in entries if entry['right_decisions'] is not None]
    gestures = [entry for entry in judged if entry['truth'] != NONE]
    counts = _confusion(runs, labels)
    minutes = sum(entry['end_s'] - entry['start_s'] for entry in judged) / 60
    said = [announced['verdict'] for announced in announcements]
    late_s = np.array([np.inf if entry['delay_s'] is None else entry['delay_s']
                       for entry in gestures])
    decided = [entry for entry in judged if entry['predicted'] is not None]
    return {
        **description,
        'accuracy': {
            'by_decision': ratio(sum(entry['right_decisions'] for entry in judged),
                                 sum(entry['decisions'] for entry in judged)),
            'by_gesture': ratio(sum(entry['delay_s'] is not None for entry in gestures),
                                len(gestures)),
            'by_recording': ratio(sum(entry['predicted'] == entry['truth']
                                      for entry in decided), len(decided)),
        },
        'decisions': sum(len(run.t_us) for _, run, _ in runs),
        'judged_decisions': sum(entry['decisions'] for entry in judged),
        'gestures': len(gestures),
        'missed': sum(entry['delay_s'] is None for entry in gestures),
        'repeated_announcements': said.count('repeated'),
        'false_announcements': said.count('false'),
        'false_announcements_per_minute': ratio(said.count('false'), minutes),
        'labelled_minutes': minutes,
        'delay_s': {'median': quantile(late_s, 0.5), 'p90': quantile(late_s, 0.9),
                    'never': ratio(int(np.isinf(late_s).sum()), len(late_s))},
        'labels': _labels(counts, labels, gestures),
        'confusion': {'labels': list(labels), 'counts': counts.tolist()},
        'events': sum(run.counters['events_in'] for _, run, _ in runs),
        'minutes': sum(run.duration_us for _, run, _ in runs) / 60e6,
        'recordings': entries,
        'announcements': announcements,
        'damaged': [{'path': each.source.name, 'reason': each.fault}
                    for each in evaluated if each.run is None],
        'notes': [*notes, *dict.fromkeys(note for each in evaluated for note in each.source.notes),
                  *(note for each in evaluated for note in each.notes),
                  *(f'{each.fault}; what comes before is evaluated' for each in evaluated
                    if each.fault and each.run is not None),
                  *_unknown(entries), *_incomplete(runs)],
        'timing': _timing([run for _, run, _ in runs]),
    }


def _entry(source, run, part) -> dict:
    """Return what a labelled part, or a recording without labels, comes to."""
    announced = [item for item in run.announced if part.start_us <= item.t_us <= part.end_us]
    known = part.right is not None and part.known
    return {
        'path': source.name, 'topic': source.topic, 'truth': part.label,
        'predicted': part.predicted, 'decisions': len(part.decisions),
        'right_decisions': part.right if known else None,
        'start_s': _seconds(part.start_us), 'end_s': _seconds(part.end_us),
        'announced': [item.label for item in announced],
        'delay_s': (None if part.announced_us is None
                    else _seconds(part.announced_us - part.start_us)),
        'repeated': part.repeated,
    }


def _confusion(runs, labels) -> np.ndarray:
    """Count the decisions by truth (row) and best label."""
    place = {label: number for number, label in enumerate(labels)}
    counts = np.zeros((len(labels), len(labels)), int)
    for _, run, verdicts in runs:
        for truth, best in zip(verdicts.truths, best_labels(run)):
            if truth is not None and best is not None:
                counts[place[truth], place[best]] += 1
    return counts


def _labels(counts, labels, gestures) -> dict:
    """Return what is known of each label that was shown or found."""
    rows = by_label(counts, labels)['labels']
    found = {}
    for label, row in rows.items():
        own = [entry for entry in gestures if entry['truth'] == label]
        late_s = np.array([np.inf if entry['delay_s'] is None else entry['delay_s']
                           for entry in own])
        found[label] = {
            'decisions': row['windows'], 'recall': row['recall'], 'precision': row['precision'],
            'gestures': len(own),
            'announced': ratio(sum(entry['delay_s'] is not None for entry in own), len(own)),
            'median_delay_s': quantile(late_s, 0.5)}
    return found


def _unknown(entries) -> list:
    unknown = sorted({entry['truth'] for entry in entries
                      if entry['truth'] is not None and entry['right_decisions'] is None})
    return [f'the network has no label {label}: what shows it is left out' for label in unknown]


def _incomplete(runs) -> list:
    told = (('malformed', 'messages could not be read'), ('lost', 'messages are missing'),
            ('restarts', 'times the clock of the camera began anew'),
            ('late', 'events were dropped: their times do not fit those of the others'))
    return [f'{source.name}: {run.counters[name]} {what}' for source, run, _ in runs
            for name, what in told if run.counters[name]] + [
        f'{source.name}: {run.counters["out_of_range"]} events are outside the sensor and were '
        'dropped: its size is wrong; correct width and height in the file, or set the size in the '
        'column sensor of a labels.csv (not of bags)' for source, run, _ in runs
        if run.counters['out_of_range'] > FEW_OUTSIDE * run.counters['events_in']] + [
        f'{source.name}: {label} is labelled where there are no events; left out'
        for source, _, verdicts in runs for label in verdicts.outside]


def _timing(runs) -> dict:
    """Return how fast this machine was; nothing here is the same twice."""
    times_ms = np.concatenate([np.empty(0), *(run.processing_ms for run in runs)])
    times_ms = times_ms[np.isfinite(times_ms)]
    busy_s = sum(run.busy_s for run in runs)
    return {'processing_ms': {'p50': quantile(times_ms, 0.5), 'p99': quantile(times_ms, 0.99)},
            'events_per_s': ratio(sum(run.counters['events_in'] for run in runs), busy_s)}


def _seconds(t_us) -> float:
    return round(int(t_us) / 1e6, DIGITS)
