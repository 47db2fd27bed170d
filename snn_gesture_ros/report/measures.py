# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Measures: from replayed clips to figures, as JSON can hold them; None where there is no case."""
import numpy as np
from snn_gesture_ros.evaluation.statistics import by_label, FILLED, mean, quantile, ratio
from snn_gesture_ros.labels import NONE
from snn_gesture_ros.training.gesture_module import calibration_error, confusion
import torch

BINS = 15
"""Of scores, in the reliability diagram."""
TEN_MINUTES_US = 600e6
WAYS = ('_counter_clockwise', '_clockwise')
"""Ends of labels that differ in the way of turning alone."""


def judged_windows(replays: list, labels: tuple) -> tuple:
    """
    Gather the windows that lie within their clip and have a true label among the labels.

    :returns: scores [N, labels], true classes [N], and whether it is silence [N].
    """
    scores, truths, silent = [np.empty((0, len(labels)))], [np.empty(0, int)], [[]]
    for replayed in replays:
        truth = window_truths(replayed, labels)
        scores.append(replayed.scores[truth >= 0])
        truths.append(truth[truth >= 0])
        silent.append(replayed.silent[truth >= 0])
    return np.concatenate(scores), np.concatenate(truths), np.concatenate(silent).astype(bool)


def window_truths(replayed, labels: tuple) -> np.ndarray:
    """Return the true class of each window, `none` before and after; -1 where it has none."""
    classes = {label: number for number, label in enumerate(labels)}
    clip, begins_us, ends_us = replayed.clip, replayed.begins_us, replayed.ends_us
    gesture_us = np.minimum(ends_us, clip.end_us) - np.maximum(begins_us, clip.onset_us)
    shown = gesture_us >= FILLED * (ends_us - begins_us)
    rest = (ends_us <= clip.onset_us) | (begins_us >= clip.end_us)
    truth = np.where(shown, classes.get(clip.label, -1),
                     np.where(rest, classes.get(NONE, -1), -1))
    return np.where(begins_us >= 0, truth, -1)


def recognition(replays: list, labels: tuple) -> dict:
    """
    Measure windows and clips: recall, precision and false alarms of each label, confusion.

    False alarms of a label are its share of the windows that show something else.
    """
    scores, truth, _ = judged_windows(replays, labels)
    counts = np.zeros((len(labels), len(labels)), int)
    if len(truth):
        counts = confusion(torch.from_numpy(scores), torch.from_numpy(truth)).numpy()
    merged_labels, merged = merge_ways(counts, labels)
    return {
        'windows': len(truth),
        **by_label(counts, labels),
        'confusion': counts.tolist(),
        'merged': {'labels': merged_labels, **by_label(merged, merged_labels),
                   'confusion': merged.tolist()},
        'clips': clips_recognised(replays, labels),
    }


def merge_ways(counts: np.ndarray, labels: tuple) -> tuple:
    """Return labels and confusion where clockwise and counter-clockwise are the same."""
    names = [next((label.removesuffix(way) for way in WAYS if label.endswith(way)), label)
             for label in labels]
    merged = list(dict.fromkeys(names))
    member = np.array([[name == other for other in merged] for name in names], int)
    return merged, member.T @ counts @ member


def clips_recognised(replays: list, labels: tuple) -> dict:
    """
    Measure by clip, for each label: the first announcement, and what most windows say.

    A clip of none is right if nothing is announced, and wrong otherwise.
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
    """Return the label of most windows that show what the clip's label says, or None."""
    windows = window_truths(replayed, (replayed.clip.label,)) == 0
    if not windows.any():
        return None
    found = np.bincount(replayed.scores[windows].argmax(1), minlength=len(labels))
    return labels[int(found.argmax())]


def calibration(replays: list, labels: tuple) -> dict:
    """Compare the network's best score with how often it is right, in bins of the score."""
    scores, truth, silent = judged_windows(replays, labels)
    scores, truth = scores[~silent], truth[~silent]
    if not len(truth):
        return {'error': None, 'bins': []}
    best, right = scores.max(1), scores.argmax(1) == truth
    places = np.minimum((best * BINS).astype(int), BINS - 1)
    bins = [{'windows': int(inside.sum()), 'score': float(best[inside].mean()),
             'right': float(right[inside].mean())}
            for inside in (places == k for k in range(BINS)) if inside.any()]
    return {'error': calibration_error(torch.from_numpy(scores), torch.from_numpy(truth)),
            'bins': bins}


def false_alarms(replays: list) -> dict:
    """Count what is announced in clips without a gesture, by the clips' label."""
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

    It ends with the window that decides; median and p90 count a gesture that is never announced
    as infinitely late, and are None where they are infinite.
    """
    clips = [replayed for replayed in replays if replayed.clip.onset_us]
    late_s = np.array([_delay_s(replayed) for replayed in clips])
    return {
        'clips': len(clips),
        'median_s': quantile(late_s, 0.5),
        'p90_s': quantile(late_s, 0.9),
        'never': ratio(np.isinf(late_s).sum(), len(clips)),
        'delays_s': sorted(late_s[np.isfinite(late_s)].round(3).tolist()),
    }


def endings(replays: list) -> dict:
    """
    Count what is announced as gestures end, or after it, and is another gesture.

    Of all clips, those that have an end count.
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
