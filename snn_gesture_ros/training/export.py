# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Export: the best network of a training, calibrated, as a checkpoint that the nodes load."""
from pathlib import Path

import numpy as np
from snn_gesture_ros.network.checkpoint import save_checkpoint
from snn_gesture_ros.network.model_card import ModelCard
from snn_gesture_ros.training.gesture_module import (
    best_temperature, calibration_error, confusion, GestureModule, recalls, truth_at_end)
from snn_gesture_ros.training.readout import scores_of
from snn_gesture_ros.training.window_cutter import UNKNOWN
from snn_gesture_ros.training.windows import GestureWindows
import torch

MAX_NAMES = 8
"""That a card lists."""


def write_model(path: Path, checkpoint: Path, module: GestureModule, data: GestureWindows) -> None:
    """
    Write the best network, calibrated, with its card.

    :param path: of the model.
    :param checkpoint: of Lightning, with the best weights, which are loaded into the module.
    """
    settings = module.settings
    best = torch.load(checkpoint, map_location='cpu', weights_only=True)
    module.load_state_dict(best['state_dict'])
    module.cpu().eval()
    loader = data.validation_loader()
    figures, by_source = calibrate(module, loader, loader.dataset.sources())
    clips = data.cutters['train'].clips
    window_ms, window_events = data.window_of_training()
    save_checkpoint(path, module.net, ModelCard(
        labels=module.labels, time_steps=settings.time_steps, window_ms=window_ms,
        size=settings.size, frame_value=settings.frame_value,
        slicing='time' if settings.slicing == 'time' else 'count', readout=settings.readout,
        readout_steps=settings.readout_steps,
        architecture=settings.architecture, window_events=window_events,
        license=settings.license, training={
            'data': few(sorted({clip.source or 'unknown' for clip in clips.clips})),
            'sets': [described(each) for i, each in enumerate(clips.descriptions)
                     if each not in clips.descriptions[:i]],
            'clips': len(clips), 'persons': len({clip.person for clip in clips.clips}),
            'epochs': best['epoch'] + 1, 'seed': settings.seed,
            'begun_with': Path(settings.init_from).name or 'random weights',
            'settings': {**settings.learning(), 'init_from': Path(settings.init_from).name},
            'validation': figures, 'figures': by_source}))


def few(names: list) -> str:
    """Return the first MAX_NAMES names, joined by commas, and the number of the others."""
    others = len(names) - MAX_NAMES
    return ', '.join(names if others <= 0 else [*names[:MAX_NAMES], f'{others} others'])


def described(description: dict) -> dict:
    """Return the description of a clip set without a long list of labels, which the card has."""
    return {name: value for name, value in description.items()
            if value is not None and (name != 'labels' or len(value) <= MAX_NAMES)}


def calibrate(module: GestureModule, loader, sources: list) -> tuple:
    """
    Divide the weights of the readout by the best temperature, if a softmax follows it.

    :param loader: of all validation windows.
    :param sources: source of the clip of each window.
    :returns: figures of these windows for the card of the model, and some of them by source.
    """
    readout = module.settings.readout
    output, truth, known = outputs_of(module, loader)
    sources = np.array(sources)[known.numpy()]
    offsets = module.offsets
    before = calibration_error(scores_of(output + offsets, readout), truth)
    figures = {'windows': len(truth), 'calibration_error_before': round(before, 4)}
    if readout == 'softmax':
        temperature = best_temperature(output, truth, offsets)
        with torch.no_grad():
            for parameter in module.net.readout.parameters():
                parameter /= temperature
        output /= temperature
        figures['temperature'] = round(temperature, 3)
    counts = confusion(output, truth)
    by_label = recalls(counts)
    figures |= {
        'calibration_error': round(
            calibration_error(scores_of(output + offsets, readout), truth), 4),
        'mean_recall': round(float(by_label.nanmean()), 4),
        'accuracy': accuracy(output, truth),
        'recall': {label: None if recall.isnan() else round(float(recall), 4)
                   for label, recall in zip(module.labels, by_label)},
        'confusion': counts.tolist()}
    by_source = {}
    for source in np.unique(sources)[:MAX_NAMES]:
        own = torch.from_numpy(sources == source)
        by_source[str(source) or 'unknown'] = {
            'windows': int(own.sum()), 'accuracy': accuracy(output[own], truth[own])}
    return figures, by_source


def accuracy(output: torch.Tensor, truth: torch.Tensor) -> float:
    """Return the share of windows whose highest output is the right one."""
    return round(float((output.argmax(1) == truth).float().mean()), 4)


def outputs_of(module: GestureModule, loader) -> tuple:
    """
    Run the network on all windows of a loader.

    :returns: outputs [N, labels] and true classes [N] of the N windows whose class is known, and
        which of all windows these are, bool [windows].
    """
    with torch.inference_mode():
        parts = [(module(frames), truth_at_end(truth)) for frames, truth in loader]
    output, truth = (torch.cat(column).clone() for column in zip(*parts))
    known = truth != UNKNOWN
    return output[known], truth[known], known
