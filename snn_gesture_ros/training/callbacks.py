# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Callbacks: the progress of a training, and how it is interrupted."""
import signal
import time

from pytorch_lightning import Callback
from rich.console import Console
from rich.progress import (
    BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn)


class Interrupted(Exception):
    """The user pressed Ctrl-C; the state of the training is saved."""


class SaveOnInterrupt(Callback):
    """On the first Ctrl-C, save after the current step and stop; the second one kills."""

    def __init__(self, path):
        """
        Configure the callback.

        :param path: of the checkpoint from which the training can be resumed.
        """
        self._path = path
        self._interrupted = False
        self._handler = None

    def on_fit_start(self, trainer, module) -> None:
        """Install the handler of SIGINT."""
        self._handler = signal.signal(signal.SIGINT, self._interrupt)

    def teardown(self, trainer, module, stage) -> None:
        """Restore the previous handler of SIGINT."""
        if self._handler is not None:
            signal.signal(signal.SIGINT, self._handler)
            self._handler = None

    def on_train_batch_end(self, trainer, module, outputs, batch, batch_idx) -> None:
        """Save and stop between two steps of an epoch."""
        if not trainer.is_last_batch:
            self._stop_if_interrupted(trainer)

    def on_train_epoch_end(self, trainer, module) -> None:
        """Save and stop between two epochs."""
        self._stop_if_interrupted(trainer)

    def _interrupt(self, number, frame) -> None:
        self._interrupted = True
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    def _stop_if_interrupted(self, trainer) -> None:
        """Save and stop if any of the processes was interrupted."""
        if trainer.strategy.reduce_boolean_decision(self._interrupted, all=False):
            trainer.save_checkpoint(self._path)
            raise Interrupted


class ShowProgress(Callback):
    """
    Show a bar for the whole training with the remaining time, and a line for each epoch.

    Without a terminal there are only the lines.
    """

    def __init__(self):
        self._bar = Progress(
            TextColumn('{task.description}'), BarColumn(), MofNCompleteColumn(),
            TextColumn('steps,'), TimeElapsedColumn(), TextColumn('so far,'),
            TimeRemainingColumn(), TextColumn('to go'), console=Console(soft_wrap=True))
        self._task = None
        self._epoch_start_s = 0.0

    def on_train_start(self, trainer, module) -> None:
        """Show the bar."""
        if trainer.is_global_zero:
            self._task = self._bar.add_task('', total=trainer.datamodule.steps)
            if self._bar.console.is_terminal:
                self._bar.start()
        self._epoch_start_s = time.monotonic()

    def on_train_epoch_start(self, trainer, module) -> None:
        """Show the number of the epoch."""
        self._epoch_start_s = time.monotonic()
        self._update(trainer)

    def on_train_batch_end(self, trainer, module, outputs, batch, batch_idx) -> None:
        """Advance the bar."""
        self._update(trainer)

    def on_train_epoch_end(self, trainer, module) -> None:
        """Print the figures of the epoch."""
        if self._task is None:
            return
        figures = {name: float(value) for name, value in trainer.callback_metrics.items()}
        seconds = time.monotonic() - self._epoch_start_s
        self._bar.console.print(
            f'epoch {trainer.current_epoch + 1} of {trainer.max_epochs}: '
            f'loss {figures["training/loss"]:.3f}, '
            f'validation loss {figures["validation/loss"]:.3f}, '
            f'mean recall {figures["validation/recall"]:.3f}, '
            f'calibration error {figures["validation/calibration_error"]:.3f}, {seconds:.0f} s',
            highlight=False)

    def teardown(self, trainer, module, stage) -> None:
        """Stop the bar."""
        if self._bar.live.is_started:
            self._bar.stop()

    def _update(self, trainer) -> None:
        if self._task is not None:
            self._bar.update(self._task, completed=trainer.global_step,
                             description=f'epoch {trainer.current_epoch + 1}')
