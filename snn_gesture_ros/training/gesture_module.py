# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The Lightning module of a training: loss, metrics, optimizer."""
from functools import partial

import numpy as np
from pytorch_lightning import LightningModule
from snn_gesture_ros.training.readout import averaged, scores_of
from snn_gesture_ros.training.window_cutter import UNKNOWN
from spikingjelly.activation_based import functional
import torch
from torch.nn.functional import cross_entropy, mse_loss, one_hot
from torch.optim import Adam, AdamW, SGD
from torch.optim.lr_scheduler import CosineAnnealingLR, OneCycleLR
from torchmetrics.functional.classification import (
    multiclass_calibration_error, multiclass_confusion_matrix)

TEMPERATURES = torch.logspace(-1, 1, 401)
STEP = 3
"""Purpose of random numbers, other than those of `windows.py`, so that they differ."""
FILLED = 0.5
"""A window has the class at its end if at least this part of its time steps has it."""


def confusion(scores, truth) -> torch.Tensor:
    """
    Return the confusion matrix of windows.

    :param scores: [N, classes], or anything with its maximum at the class found.
    :param truth: classes [N].
    :returns: counts [classes, classes]; the row is the truth.
    """
    return multiclass_confusion_matrix(scores, truth, scores.shape[-1])


def recalls(confusion) -> torch.Tensor:
    """Return the recall of each class, [classes]; NaN where it has no windows."""
    return confusion.diagonal() / confusion.sum(1)


def calibration_error(scores, truth) -> float:
    """
    Return the expected calibration error in 15 bins (Naeini et al. 2015).

    :param scores: [N, classes], which sum to one.
    :param truth: classes [N].
    """
    return float(multiclass_calibration_error(scores, truth, scores.shape[-1], n_bins=15))


def best_temperature(logits, truth, offsets) -> float:
    """
    Return the temperature, by which logits are divided, with the lowest cross entropy.

    Source: Guo et al., "On calibration of modern neural networks", 2017.

    :param logits: [N, classes].
    :param truth: classes [N].
    :param offsets: added to the logits after the division, [classes].
    """
    losses = [cross_entropy(logits / t + offsets, truth) for t in TEMPERATURES]
    return float(TEMPERATURES[torch.stack(losses).argmin()])


def truth_at_end(truth: torch.Tensor) -> torch.Tensor:
    """
    Return the class of windows: that of their last time step.

    :param truth: classes of the time steps, [N, T].
    :returns: [N]; UNKNOWN where too few time steps have this class.
    """
    end = truth[:, -1]
    filled = (truth == end[:, None]).float().mean(1) >= FILLED
    return torch.where(filled, end, UNKNOWN)


class GestureModule(LightningModule):
    """Train a network that maps windows [N, T, 2, H, W] to an output for each label."""

    def __init__(self, net, settings, labels: tuple, offsets):
        """
        Wrap a network.

        :param net: from [T, N, 2, H, W] to [T, N, labels].
        :param settings: Settings.
        :param offsets: what the loss adds to the outputs, [labels]; see `logit_offsets`.
        """
        super().__init__()
        self.net = net
        self.settings = settings
        self.labels = labels
        self._validated = []
        offsets = torch.as_tensor(offsets, dtype=torch.float32)
        self.register_buffer('offsets', offsets, persistent=False)
        self.save_hyperparameters({'settings': settings.learning(), 'labels': list(labels)})

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """
        Return the averaged output at the end of windows, each from the reset state.

        :param frames: [N, T, 2, H, W].
        :returns: [N, labels], without softmax.
        """
        outputs = self.outputs(frames)
        return averaged(outputs, self.settings.readout_steps)[-1]

    def outputs(self, frames: torch.Tensor) -> torch.Tensor:
        """Return the output of each time step of windows, [T, N, labels], as `forward` does."""
        functional.reset_net(self.net)
        return self.net(frames.transpose(0, 1))

    def loss(self, output: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
        """
        Return the loss of averaged outputs: cross entropy, or mean squared error of rates.

        :param output: [N, labels].
        :param truth: classes [N]; UNKNOWN does not count.
        """
        known = truth != UNKNOWN
        if self.settings.readout == 'softmax':
            losses = cross_entropy(
                output + self.offsets, truth, label_smoothing=self.settings.label_smoothing,
                ignore_index=UNKNOWN, reduction='none')
        else:
            target = one_hot(truth.clamp(0), len(self.labels)).to(output.dtype)
            losses = known * mse_loss(output, target, reduction='none').mean(1)
        return losses.sum() / known.sum().clamp(1)

    def on_train_batch_start(self, batch, batch_idx: int) -> None:
        """Seed the random numbers of the network; those of a resumed training are the same."""
        place = (self.settings.seed, STEP, self.global_step, self.global_rank)
        torch.manual_seed(int(np.random.SeedSequence(place).generate_state(1)[0]))

    def training_step(self, batch, batch_idx: int) -> torch.Tensor:
        """Return the loss of a batch: of time steps after the first eighth, or of the last one."""
        frames, truth = batch
        outputs = averaged(self.outputs(frames), self.settings.readout_steps)
        if self.settings.readout_steps:
            first = len(outputs) // 8
            loss = self.loss(outputs[first:].flatten(0, 1), truth.T[first:].flatten())
        else:
            loss = self.loss(outputs[-1], truth_at_end(truth))
        self.log('training/loss', loss, on_step=False, on_epoch=True)
        return loss

    def validation_step(self, batch, batch_idx: int) -> None:
        """Keep the outputs of a batch."""
        frames, truth = batch
        self._validated.append((self(frames), truth_at_end(truth)))

    def on_validation_epoch_end(self) -> None:
        """Log the figures of all outputs."""
        output, truth = (self.all_gather(torch.cat(parts)) for parts in zip(*self._validated))
        self._validated.clear()
        output, truth = output.flatten(0, -2).float(), truth.flatten()
        output, truth = output[truth != UNKNOWN], truth[truth != UNKNOWN]
        by_label = recalls(confusion(output, truth))
        figures = {'loss': self.loss(output, truth), 'recall': by_label.nanmean(),
                   'calibration_error': calibration_error(
                       scores_of(output + self.offsets, self.settings.readout), truth)}
        figures |= {f'recall of {label}': recall for label, recall in zip(self.labels, by_label)
                    if not recall.isnan()}
        self.log_dict({f'validation/{name}': float(value) for name, value in figures.items()},
                      rank_zero_only=False)

    def configure_optimizers(self):
        """Return the optimizer and the schedule of its learning rate."""
        settings = self.settings
        kind = {'adamw': AdamW, 'adam': Adam, 'sgd': partial(SGD, momentum=0.9)}[settings.opt]
        optimizer = kind(self.net.parameters(), lr=settings.lr,
                         weight_decay=settings.weight_decay)
        if settings.schedule == 'one_cycle':
            steps = self.trainer.datamodule.steps
            schedule = {'scheduler': OneCycleLR(optimizer, settings.lr, steps, pct_start=0.15),
                        'interval': 'step'}
        else:
            schedule = {'scheduler': CosineAnnealingLR(optimizer, settings.epochs),
                        'interval': 'epoch'}
        return {'optimizer': optimizer, 'lr_scheduler': schedule}
