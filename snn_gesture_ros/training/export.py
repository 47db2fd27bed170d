# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Export: the best network of a training, calibrated, as a checkpoint that nodes load."""
from pathlib import Path

from snn_gesture_ros.network.checkpoint import save_checkpoint
from snn_gesture_ros.network.model_card import ModelCard
from snn_gesture_ros.training.gesture_module import GestureModule, truth_at_end
from snn_gesture_ros.training.metrics import (
    best_temperature, calibration_error, confusion, recalls)
from snn_gesture_ros.training.readout import scores_of
from snn_gesture_ros.training.window_cutter import UNKNOWN
from snn_gesture_ros.training.windows import GestureWindows
import torch


def write_model(path: Path, checkpoint: Path, module: GestureModule, data: GestureWindows) -> None:
    """
    Write the best network, calibrated, with all that is known of it.

    :param path: of the model.
    :param checkpoint: Lightning's, with the best weights; the module takes them over.
    """
    settings = module.settings
    best = torch.load(checkpoint, map_location='cpu', weights_only=True)
    module.load_state_dict(best['state_dict'])
    module.cpu().eval()
    figures = calibrate(module, data.validation_loader())
    clips = data.cutters['train'].clips.clips
    window_ms, window_events = data.window_of_training()
    save_checkpoint(path, module.net, ModelCard(
        labels=module.labels, time_steps=settings.time_steps, window_ms=window_ms,
        size=settings.size, frame_value=settings.frame_value,
        slicing='time' if settings.slicing == 'time' else 'count', readout=settings.readout,
        readout_steps=settings.readout_steps,
        architecture=settings.architecture, window_events=window_events,
        license=settings.license, training={
            'data': ', '.join(sorted({clip.source or 'unknown' for clip in clips})),
            'clips': len(clips), 'persons': len({clip.person for clip in clips}),
            'epochs': best['epoch'] + 1, 'seed': settings.seed,
            'settings': {**settings.learning(), 'init_from': Path(settings.init_from).name},
            'validation': figures}))


def calibrate(module: GestureModule, loader) -> dict:
    """
    Divide the readout's weights by the best temperature, where a softmax follows.

    :param loader: of all validation windows.
    :returns: figures of these windows for the model's card.
    """
    readout = module.settings.readout
    output, truth = outputs_of(module, loader)
    before = calibration_error(scores_of(output, readout), truth)
    figures = {'windows': len(truth), 'calibration_error_before': round(before, 4)}
    if readout == 'softmax':
        temperature = best_temperature(output, truth)
        with torch.no_grad():
            for parameter in module.net.readout.parameters():
                parameter /= temperature
        output /= temperature
        figures['temperature'] = round(temperature, 3)
    counts = confusion(output, truth)
    by_label = recalls(counts)
    return {
        **figures,
        'calibration_error': round(calibration_error(scores_of(output, readout), truth), 4),
        'mean_recall': round(float(by_label.nanmean()), 4),
        'recall': {label: None if recall.isnan() else round(float(recall), 4)
                   for label, recall in zip(module.labels, by_label)},
        'confusion': counts.tolist()}


def outputs_of(module: GestureModule, loader) -> tuple:
    """Return outputs [N, labels] and classes [N] of a loader's windows that have one."""
    with torch.inference_mode():
        parts = [(module(frames), truth_at_end(truth)) for frames, truth in loader]
    output, truth = (torch.cat(column).clone() for column in zip(*parts))
    return output[truth != UNKNOWN], truth[truth != UNKNOWN]
