# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Statistics that the evaluation of recordings and the report share; None where nothing counts."""
import numpy as np
from snn_gesture_ros.labels import NONE

FILLED = 0.6
"""A window has the label of a gesture that fills at least this part of it."""


def windows_showing(label: str, start_us: float, end_us: float, begins_us: np.ndarray,
                    ends_us: np.ndarray) -> np.ndarray:
    """
    Return which windows have a label that is shown from a start to an end.

    A gesture must fill FILLED of a window, `none` all of it.

    :param begins_us: start of each window, [windows]; negative where it is not complete.
    :param ends_us: end of each window, [windows].
    :returns: bool [windows].
    """
    lengths_us = np.maximum(ends_us - begins_us, 1)
    inside_us = np.minimum(ends_us, end_us) - np.maximum(begins_us, start_us)
    needed = 1.0 if label == NONE else FILLED
    return (begins_us >= 0) & (inside_us >= needed * lengths_us)


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
