# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Windows: from the clips of a set to batches of frames and labels.

Every random choice depends only on the seed, the epoch and the place in the epoch, so that a
training that is resumed, or has other workers, sees the same windows.
"""
from typing import NamedTuple

import numpy as np
from pytorch_lightning import LightningDataModule
from snn_gesture_ros.datasets.clip_set import ClipSet
from snn_gesture_ros.training.augmentation import Augmentation
from snn_gesture_ros.training.window_cutter import UNKNOWN, WindowCutter
from torch.utils.data import DataLoader, Dataset, DistributedSampler, Sampler

ORDER, WINDOW = 1, 2
"""Purposes of random numbers, so that they differ."""
FREQUENCY_WINDOWS = 4
"""Windows of each clip that the frequencies of labels are counted in."""


class Draw(NamedTuple):
    """The key of a training window."""

    epoch: int
    place: int
    """In the epoch."""
    clip: int


class TrainingWindows(Dataset):
    """Augmented windows at random places of clips; the index is a Draw."""

    def __init__(self, cutter: WindowCutter):
        self.cutter = cutter

    def __getitem__(self, draw: Draw):
        """Return frames [T, 2, size, size] and classes [T] of the window of a Draw."""
        cutter, settings = self.cutter, self.cutter.settings
        rng = np.random.default_rng((settings.seed, WINDOW, draw.epoch, draw.place))
        mirrorable = cutter.mirrored[cutter.classes[draw.clip]] != UNKNOWN
        augmentation = Augmentation.drawn(settings, mirrorable, rng)
        first, last = cutter.starts(draw.clip, augmentation.stretch)
        start = int(rng.integers(first, last + 1))
        truths = cutter.truths(draw.clip, start, augmentation.stretch)
        if augmentation.mirrored:
            truths = np.where(truths == UNKNOWN, UNKNOWN, cutter.mirrored[truths])
        return cutter.cut(draw.clip, start, augmentation, rng), truths


class ValidationWindows(Dataset):
    """Windows at regular places of clips, without augmentation."""

    def __init__(self, cutter: WindowCutter):
        self.cutter = cutter
        count = 1 if cutter.settings.slicing == 'number' else cutter.settings.validation_windows
        self._windows = [
            (i, int(start)) for i in range(len(cutter.clips))
            for start in np.unique(np.linspace(*cutter.starts(i), count).astype(int))]

    def __len__(self):
        """Return the number of windows."""
        return len(self._windows)

    def sources(self) -> list:
        """Return the source of the clip of each window."""
        return [self.cutter.clips.clips[i].source for i, _ in self._windows]

    def __getitem__(self, i: int):
        """Return frames [T, 2, size, size] and classes [T] of window i."""
        clip, start = self._windows[i]
        return self.cutter.cut(clip, start, Augmentation(), None), self.cutter.truths(clip, start)


class EpochSampler(Sampler):
    """The Draws of one process in one epoch."""

    def __init__(self, classes, settings, rank: int, world: int, epoch: int, skip: int):
        """
        Start at a place in an epoch.

        :param classes: class of each clip.
        :param settings: Settings.
        :param rank: of this process, from 0.
        :param world: number of processes.
        :param epoch: number of the first epoch, from 0.
        :param skip: number of its batches that were drawn before.
        """
        self._settings = settings
        self._classes = classes
        self._rank, self._world = rank, world
        self._count = steps_of_epoch(settings, len(classes), world) * settings.batch * world
        self._epoch, self._skip = epoch, skip * settings.batch % len(self)

    def set_epoch(self, epoch: int) -> None:
        """Go to the start of an epoch; the trainer calls it."""
        if epoch != self._epoch:
            self._epoch, self._skip = epoch, 0

    def __len__(self):
        """Return the number of Draws in a whole epoch."""
        return self._count // self._world

    def __iter__(self):
        """Yield the Draws of the epoch that are left."""
        clips = self._order()[self._rank::self._world]
        for k in range(self._skip, len(clips)):
            yield Draw(self._epoch, self._rank + k * self._world, int(clips[k]))

    def _order(self):
        """Return the indices of the clips of an epoch in their order, for all processes."""
        rng = np.random.default_rng((self._settings.seed, ORDER, self._epoch))
        if self._settings.balance:
            _, place, counts = np.unique(self._classes, return_inverse=True, return_counts=True)
            chance = 1 / counts[place]
            return rng.choice(len(self._classes), self._count, p=chance / chance.sum())
        rounds = -(-self._count // len(self._classes))
        order = [rng.permutation(len(self._classes)) for _ in range(rounds)]
        return np.concatenate(order)[:self._count]


def steps_of_epoch(settings, clips: int, world: int) -> int:
    """
    Return the number of batches of each process in an epoch; an incomplete batch is left out.

    :param clips: number of training clips.
    :param world: number of processes.
    :raises ValueError: if a process has no batch.
    """
    windows = settings.epoch_windows or clips
    if windows < settings.batch * world:
        raise ValueError(f'{windows} windows an epoch are fewer than a batch of {settings.batch} '
                         f'for each of {world} processes: set --epoch-windows or --batch')
    return windows // (settings.batch * world)


class GestureWindows(LightningDataModule):
    """Training and validation windows for a Trainer."""

    def __init__(self, clips: ClipSet, settings, labels: tuple):
        """
        Select the clips of training and validation.

        :param clips: ClipSet with all splits; clips with other labels are left out.
        :param settings: Settings.
        :param labels: of the outputs.
        :raises ValueError: if there are no clips for training or for validation.
        """
        super().__init__()
        self.settings = settings
        learned = ('train',) if settings.validate_on == 'validation' else ('train', 'validation')
        self.cutters = {}
        for use, splits in (('train', learned), ('validation', (settings.validate_on,))):
            chosen = ClipSet.joined([clips.select(split, labels) for split in splits])
            if not len(chosen):
                raise ValueError(f'the data has no clips for {" or ".join(splits)} with the '
                                 f'labels {", ".join(labels)}: snn-gesture info counts its clips; '
                                 '--validation of simulate and import is their share')
            self.cutters[use] = WindowCutter(chosen, settings, labels)

    def logit_offsets(self) -> np.ndarray:
        """
        Return what the loss adds to the outputs, so that they leave frequencies of labels out.

        Source: Menon et al., "Long-tail learning via logit adjustment", 2021.

        :returns: [labels]: logarithm of how frequent each label is at the time steps of training
            windows, times logit_adjustment.
        """
        settings, cutter = self.settings, self.cutters['train']
        counts = np.ones(len(cutter.mirrored))
        if not settings.logit_adjustment:
            return np.zeros(len(counts))
        for i in range(len(cutter.clips)):
            for start in np.linspace(*cutter.starts(i), FREQUENCY_WINDOWS).astype(int):
                truths = cutter.truths(i, int(start))
                np.add.at(counts, truths[truths != UNKNOWN], 1)
        mirrored = np.where(cutter.mirrored == UNKNOWN, np.arange(len(counts)), cutter.mirrored)
        counts += settings.mirror * (counts[mirrored] - counts)
        return settings.logit_adjustment * np.log(counts / counts.sum())

    def train_dataloader(self):
        """Return the loader of training windows, from the place that the Trainer has reached."""
        loop = self.trainer.fit_loop
        return self._loader(TrainingWindows(self.cutters['train']), EpochSampler(
            self.cutters['train'].classes, self.settings, self.trainer.global_rank,
            self.trainer.world_size, epoch=loop.epoch_progress.current.processed,
            skip=loop.epoch_loop.batch_progress.current.processed))

    @property
    def steps(self) -> int:
        """Number of steps of the whole training."""
        clips = len(self.cutters['train'].clips)
        return self.settings.epochs * steps_of_epoch(self.settings, clips, self.trainer.world_size)

    def val_dataloader(self):
        """Return the loader of the validation windows of this process."""
        windows = ValidationWindows(self.cutters['validation'])
        return self._loader(windows, DistributedSampler(
            windows, self.trainer.world_size, self.trainer.global_rank, shuffle=False))

    def validation_loader(self):
        """Return the loader of all validation windows."""
        return self._loader(ValidationWindows(self.cutters['validation']), None)

    def window_of_training(self) -> tuple:
        """Return the duration (ms) and the events of a window; 0 events for slicing by time."""
        settings, cutter = self.settings, self.cutters['train']
        if settings.slicing == 'time':
            return cutter.window_us / 1000 / settings.sequence, 0
        clips = cutter.clips
        counts = np.array([len(clips.events(i)) for i in range(len(clips))])
        durations_us = np.array([clip.duration_us for clip in clips.clips])
        if settings.slicing == 'number':
            return float(np.median(durations_us)) / 1000, int(np.median(counts))
        rate = counts.sum() / durations_us.sum()
        return round(settings.window_events / rate / 1000, 1), settings.window_events

    def _loader(self, windows, sampler):
        workers = self.settings.workers
        return DataLoader(windows, self.settings.batch, sampler=sampler, num_workers=workers,
                          persistent_workers=workers > 0)
