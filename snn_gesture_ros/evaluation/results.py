# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Results: the figures of an evaluation, as report.json holds them; None where nothing counts.

`recordings` has an entry for each labeled part, and one for each recording without labels.
Everything but `timing` depends only on the bytes of the recordings, the labels and the settings.
"""
import numpy as np
from snn_gesture_ros.evaluation.verdicts import best_labels
from snn_gesture_ros.labels import NONE

DIGITS = 6
"""Of times in seconds: they are exact to the microsecond."""
MAX_OUTSIDE = 0.01
"""Share of events outside the sensor up to which no note is made."""


def make_results(evaluated: list, labels: tuple, description: dict, notes=()) -> dict:
    """
    Return the figures of all recordings that were evaluated.

    :param evaluated: list of evaluating.Evaluated.
    :param labels: of the network.
    :param description: of the network and the settings, as JSON can hold it; becomes part of the
        results.
    :param notes: lines that the reader should know.
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
    verdicts = [announced['verdict'] for announced in announcements]
    delays_s = delays_of(gestures)
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
        'repeated_announcements': verdicts.count('repeated'),
        'false_announcements': verdicts.count('false'),
        'false_announcements_per_minute': ratio(verdicts.count('false'), minutes),
        'labelled_minutes': minutes,
        'delay_s': {'median': quantile(delays_s, 0.5), 'p90': quantile(delays_s, 0.9),
                    'never': ratio(np.isinf(delays_s).sum(), len(delays_s))},
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


def delays_of(entries: list) -> np.ndarray:
    """Return the delay of each entry in seconds, infinite where it was never announced."""
    return np.array([np.inf if entry['delay_s'] is None else entry['delay_s']
                     for entry in entries])


def _entry(source, run, part) -> dict:
    """Return the entry of a labeled part, or of a recording without labels."""
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
    """Count the decisions by true label (row) and best label."""
    place = {label: number for number, label in enumerate(labels)}
    pairs = [(place[truth], place[best]) for _, run, verdicts in runs
             for truth, best in zip(verdicts.truths, best_labels(run))
             if truth is not None and best is not None]
    return confusion_matrix(*(zip(*pairs) if pairs else ((), ())), len(labels))


def _labels(counts, labels, gestures) -> dict:
    """Return the figures of each label."""
    rows = by_label(counts, labels)['labels']
    found = {}
    for label, row in rows.items():
        own = [entry for entry in gestures if entry['truth'] == label]
        found[label] = {
            'decisions': row['windows'], 'recall': row['recall'], 'precision': row['precision'],
            'gestures': len(own),
            'announced': ratio(sum(entry['delay_s'] is not None for entry in own), len(own)),
            'median_delay_s': quantile(delays_of(own), 0.5)}
    return found


def _unknown(entries) -> list:
    unknown = sorted({entry['truth'] for entry in entries
                      if entry['truth'] is not None and entry['right_decisions'] is None})
    return [f'the network has no label {label}: what shows it is left out' for label in unknown]


def _incomplete(runs) -> list:
    counted = (('malformed', 'messages could not be read'), ('lost', 'messages are missing'),
               ('restarts', 'restarts of the clock of the camera'),
               ('late', 'events were dropped: their times do not fit those of the others'))
    return [f'{source.name}: {run.counters[name]} {what}' for source, run, _ in runs
            for name, what in counted if run.counters[name]] + [
        f'{source.name}: {run.counters["out_of_range"]} events are outside the sensor and were '
        'dropped: its size is wrong; correct width and height in the file, or set the size in the '
        'column sensor of a labels.csv (not of bags)' for source, run, _ in runs
        if run.counters['out_of_range'] > MAX_OUTSIDE * run.counters['events_in']] + [
        f'{source.name}: {label} is labeled where there are no events; left out'
        for source, _, verdicts in runs for label in verdicts.outside]


def _timing(runs) -> dict:
    """Return how fast this machine was; these figures differ from run to run."""
    times_ms = np.concatenate([np.empty(0), *(run.processing_ms for run in runs)])
    times_ms = times_ms[np.isfinite(times_ms)]
    busy_s = sum(run.busy_s for run in runs)
    return {'processing_ms': {'p50': quantile(times_ms, 0.5), 'p99': quantile(times_ms, 0.99)},
            'events_per_s': ratio(sum(run.counters['events_in'] for run in runs), busy_s)}


def _seconds(t_us) -> float:
    return round(int(t_us) / 1e6, DIGITS)


def confusion_matrix(truths, found, classes: int) -> np.ndarray:
    """
    Count decisions by their true class (row) and the class found (column).

    :param truths: class of each decision, [decisions].
    :param found: likewise.
    :returns: counts [classes, classes].
    """
    places = np.asarray(truths, int) * classes + np.asarray(found, int)
    return np.bincount(places, minlength=classes * classes).reshape(classes, classes)


def by_label(counts: np.ndarray, labels: tuple) -> dict:
    """
    Return the mean recall, and the recall, precision and false alarms of each label.

    False alarms of a label are its share of the windows that show something else.

    :param counts: confusion matrix [labels, labels]; the row is the truth.
    """
    right, shown, found = counts.diagonal(), counts.sum(1), counts.sum(0)
    rows = {label: {'windows': int(shown[k]), 'recall': ratio(right[k], shown[k]),
                    'precision': ratio(right[k], found[k]),
                    'false_alarms': ratio(found[k] - right[k], counts.sum() - shown[k])}
            for k, label in enumerate(labels)}
    return {'mean_recall': mean(row['recall'] for row in rows.values()), 'labels': rows}


def quantile(values: np.ndarray, part: float):
    """Return the smallest value that this part of them does not exceed; None if infinite."""
    value = np.quantile(values, part, method='inverted_cdf') if len(values) else np.inf
    return float(value) if np.isfinite(value) else None


def ratio(part, whole):
    """Return part / whole, None where there is no whole."""
    return float(part / whole) if whole else None


def mean(values):
    """Return the mean of those that are not None, None where there are none."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
