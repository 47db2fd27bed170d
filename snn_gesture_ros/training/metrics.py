# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Metrics: how well scores name what is true, and how far they can be believed."""
import torch
from torchmetrics.functional.classification import (
    multiclass_calibration_error, multiclass_confusion_matrix)

TEMPERATURES = torch.logspace(-1, 1, 401)


def confusion(scores, truth) -> torch.Tensor:
    """
    Count windows by their true class and the one found.

    :param scores: [N, classes], or anything with its maximum at the class found.
    :param truth: classes [N].
    :returns: counts [classes, classes]; the row is the truth.
    """
    return multiclass_confusion_matrix(scores, truth, scores.shape[-1])


def recalls(confusion) -> torch.Tensor:
    """Return the part of each class's windows that was found; NaN where there are none."""
    return confusion.diagonal() / confusion.sum(1)


def calibration_error(scores, truth) -> float:
    """
    Return the expected calibration error: how far the best score is from the part that is right.

    :param scores: [N, classes], which sum to one.
    :param truth: classes [N].
    """
    return float(multiclass_calibration_error(scores, truth, scores.shape[-1], n_bins=15))


def best_temperature(logits, truth) -> float:
    """
    Find the number that logits must be divided by to be believed.

    :param logits: [N, classes].
    :param truth: classes [N].
    :returns: the temperature of the least cross entropy.
    """
    losses = [torch.nn.functional.cross_entropy(logits / t, truth) for t in TEMPERATURES]
    return float(TEMPERATURES[torch.stack(losses).argmin()])
