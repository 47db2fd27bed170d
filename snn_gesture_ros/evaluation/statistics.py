# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Statistics that all reports have in common; None where there is no case."""
import numpy as np

FILLED = 0.6
"""A window has the label of a gesture that fills this part of it."""


def by_label(counts: np.ndarray, labels: tuple) -> dict:
    """
    Return mean recall, and recall, precision and false alarms of each label.

    :param counts: confusion [labels, labels]; the row is the truth.
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
