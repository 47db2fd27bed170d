# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Measures: from replayed clips to figures, as JSON can hold them; None where nothing counts."""
import numpy as np
from snn_gesture_ros.evaluation.results import by_label, confusion_matrix, mean, quantile, ratio
from snn_gesture_ros.evaluation.verdicts import windows_showing
from snn_gesture_ros.labels import NONE

BINS = 15
"""Of scores, in the reliability diagram."""
TEN_MINUTES_US = 600e6
WAYS = ('_counter_clockwise', '_clockwise')
"""Endings of labels that differ only in the direction of rotation."""


def judged_windows(replays: list, labels: tuple) -> tuple:
    """
    Return the windows that lie within their clip and have a true label among the labels.

    :returns: scores [N, labels], true classes [N], and whether the window is silent [N].
    """
    scores, truths, silent = [np.empty((0, len(labels)))], [np.empty(0, int)], [[]]
    for replayed in replays:
        truth = window_truths(replayed, labels)
        scores.append(replayed.scores[truth >= 0])
        truths.append(truth[truth >= 0])
        silent.append(replayed.silent[truth >= 0])
    return np.concatenate(scores), np.concatenate(truths), np.concatenate(silent).astype(bool)


def window_truths(replayed, labels: tuple) -> np.ndarray:
    """Return the true class of each window, `none` before and after a gesture; -1: unknown."""
    clip, truths = replayed.clip, np.full(len(replayed.ends_us), -1)
    for label, start_us, end_us in ((NONE, 0, clip.onset_us), (NONE, clip.end_us, np.inf),
                                    (clip.label, clip.onset_us, clip.end_us)):
        if label in labels:
            shown = windows_showing(label, start_us, end_us, replayed.begins_us, replayed.ends_us)
            truths[shown] = labels.index(label)
    return truths


def recognition(replays: list, labels: tuple) -> dict:
    """
    Measure windows and clips: recall, precision and false alarms of each label, confusion.

    :param replays: list of Replayed.
    :param labels: of the checkpoint.
    """
    scores, truth, _ = judged_windows(replays, labels)
    counts = confusion_matrix(truth, scores.argmax(1), len(labels))
    merged_labels, merged = merge_ways(counts, labels)
    return {
        'windows': len(truth),
        **by_label(counts, labels),
        'confusion': counts.tolist(),
        'merged': {'labels': merged_labels, **by_label(merged, merged_labels),
                   'confusion': merged.tolist()},
        'clips': clips_recognized(replays, labels),
    }


def merge_ways(counts: np.ndarray, labels: tuple) -> tuple:
    """Return labels and confusion matrix with clockwise and counter-clockwise merged."""
    names = [next((label.removesuffix(way) for way in WAYS if label.endswith(way)), label)
             for label in labels]
    merged = list(dict.fromkeys(names))
    member = np.array([[name == other for other in merged] for name in names], int)
    return merged, member.T @ counts @ member


def clips_recognized(replays: list, labels: tuple) -> dict:
    """
    Measure the clips of each label: the first announcement, and the best label of most windows.

    A clip of `none` is right if nothing is announced in it.
    """
    rows = {}
    for label in labels:
        clips = [replayed for replayed in replays if replayed.clip.label == label]
        first = [replayed.announced[0][1] if replayed.announced else NONE for replayed in clips]
        most = [label == commonest(replayed, labels) for replayed in clips]
        rows[label] = {
            'clips': len(clips),
            'right': ratio(first.count(label), len(clips)),
            'silent': ratio(first.count(NONE), len(clips)),
            'majority': ratio(sum(most), len(clips)),
        }
    return {'mean_right': mean(row['right'] for row in rows.values()),
            'mean_majority': mean(row['majority'] for row in rows.values()), 'labels': rows}


def commonest(replayed, labels: tuple):
    """Return the label found in most windows that show the gesture of the clip, or None."""
    windows = window_truths(replayed, (replayed.clip.label,)) == 0
    if not windows.any():
        return None
    found = np.bincount(replayed.scores[windows].argmax(1), minlength=len(labels))
    return labels[int(found.argmax())]


def calibration(replays: list, labels: tuple) -> dict:
    """
    Compare the best score of the network with how often it is right, in bins of the score.

    :returns: the bins that have windows, and the expected calibration error: the mean over all
        windows of |score - right| of their bin (Naeini et al. 2015).
    """
    scores, truth, silent = judged_windows(replays, labels)
    scores, truth = scores[~silent], truth[~silent]
    best, right = scores.max(1), scores.argmax(1) == truth
    places = np.minimum((best * BINS).astype(int), BINS - 1)
    bins = [{'windows': int(inside.sum()), 'score': float(best[inside].mean()),
             'right': float(right[inside].mean())}
            for inside in (places == k for k in range(BINS)) if inside.any()]
    error = sum(row['windows'] * abs(row['score'] - row['right']) for row in bins)
    return {'error': ratio(error, len(truth)), 'bins': bins}


def false_alarms(replays: list) -> dict:
    """Count the announcements in clips without a gesture, by the label of the clip."""
    rows = {}
    for label in dict.fromkeys(replayed.clip.label for replayed in replays):
        clips = [replayed for replayed in replays if replayed.clip.label == label]
        announced = [name for replayed in clips for _, name in replayed.announced]
        duration_us = sum(replayed.clip.duration_us for replayed in clips)
        rows[label] = {
            'minutes': duration_us / 60e6,
            'announced': {name: announced.count(name) for name in sorted({*announced})},
            'in_10_minutes': len(announced) * TEN_MINUTES_US / duration_us,
        }
    return rows


def delays(replays: list) -> dict:
    """
    Measure the time from the onset of gestures to their right announcement.

    The time ends with the window that decides. A gesture that is never announced counts as
    infinitely late; an infinite median or p90 is None.
    """
    clips = [replayed for replayed in replays if replayed.clip.onset_us]
    delays_s = np.array([_delay_s(replayed) for replayed in clips])
    return {
        'clips': len(clips),
        'median_s': quantile(delays_s, 0.5),
        'p90_s': quantile(delays_s, 0.9),
        'never': ratio(np.isinf(delays_s).sum(), len(clips)),
        'delays_s': sorted(delays_s[np.isfinite(delays_s)].round(3).tolist()),
    }


def endings(replays: list) -> dict:
    """
    Count the announcements of another gesture while or after a gesture ends.

    Only clips in which the gesture ends count.
    """
    clips = [replayed for replayed in replays if replayed.clip.offset_us]
    wrong = [label for replayed in clips for t_us, label in replayed.announced
             if t_us > replayed.clip.offset_us and label != replayed.clip.label]
    return {'clips': len(clips), 'in_100': ratio(100 * len(wrong), len(clips)),
            'announced': {label: wrong.count(label) for label in sorted({*wrong})}}


def _delay_s(replayed) -> float:
    clip = replayed.clip
    right_us = (t_us for t_us, label in replayed.announced
                if label == clip.label and t_us > clip.onset_us)
    return (next(right_us, np.inf) - clip.onset_us) / 1e6
