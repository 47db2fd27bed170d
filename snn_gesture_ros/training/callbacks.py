# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Callbacks: what a training shows while it goes on, and how it ends early."""
import signal
import time

from pytorch_lightning import Callback
from rich.console import Console
from rich.progress import (
    BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn)


class Interrupted(Exception):
    """Someone pressed Ctrl-C; what the training had reached is saved."""


class SaveOnInterrupt(Callback):
    """On the first Ctrl-C, save after the step under way and stop; the second one kills."""

    def __init__(self, path):
        """
        Begin.

        :param path: of the checkpoint to go on from.
        """
        self._path = path
        self._interrupted = False
        self._handler = None

    def on_fit_start(self, trainer, module) -> None:
        """Take over SIGINT."""
        self._handler = signal.signal(signal.SIGINT, self._interrupt)

    def teardown(self, trainer, module, stage) -> None:
        """Give SIGINT back."""
        if self._handler is not None:
            signal.signal(signal.SIGINT, self._handler)
            self._handler = None

    def on_train_batch_end(self, trainer, module, outputs, batch, batch_idx) -> None:
        """Save and stop between two steps of a pass."""
        if not trainer.is_last_batch:
            self._stop_if_interrupted(trainer)

    def on_train_epoch_end(self, trainer, module) -> None:
        """Save and stop between two passes."""
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
    """A bar over the whole training with the time it will take, and a line for each pass."""

    def __init__(self):
        """Begin; without a terminal there are only the lines."""
        self._bar = Progress(
            TextColumn('{task.description}'), BarColumn(), MofNCompleteColumn(),
            TextColumn('steps,'), TimeElapsedColumn(), TextColumn('so far,'),
            TimeRemainingColumn(), TextColumn('to go'), console=Console(soft_wrap=True))
        self._task = None
        self._pass_start_s = 0.0

    def on_train_start(self, trainer, module) -> None:
        """Show the bar."""
        if trainer.is_global_zero:
            self._task = self._bar.add_task('', total=trainer.datamodule.steps)
            if self._bar.console.is_terminal:
                self._bar.start()
        self._pass_start_s = time.monotonic()

    def on_train_epoch_start(self, trainer, module) -> None:
        """Name the pass."""
        self._pass_start_s = time.monotonic()
        self._update(trainer)

    def on_train_batch_end(self, trainer, module, outputs, batch, batch_idx) -> None:
        """Go on."""
        self._update(trainer)

    def on_train_epoch_end(self, trainer, module) -> None:
        """Print what the pass has brought."""
        if self._task is None:
            return
        figures = {name: float(value) for name, value in trainer.callback_metrics.items()}
        seconds = time.monotonic() - self._pass_start_s
        self._bar.console.print(
            f'pass {trainer.current_epoch + 1} of {trainer.max_epochs}: '
            f'loss {figures["training/loss"]:.3f}, '
            f'validation loss {figures["validation/loss"]:.3f}, '
            f'mean recall {figures["validation/recall"]:.3f}, '
            f'calibration error {figures["validation/calibration_error"]:.3f}, {seconds:.0f} s',
            highlight=False)

    def teardown(self, trainer, module, stage) -> None:
        """Leave the terminal as it was."""
        if self._bar.live.is_started:
            self._bar.stop()

    def _update(self, trainer) -> None:
        if self._task is not None:
            self._bar.update(self._task, completed=trainer.global_step,
                             description=f'pass {trainer.current_epoch + 1}')
