# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Train: from settings to a checkpoint that nodes load."""
import hashlib
import logging
from pathlib import Path
import warnings

from pytorch_lightning import Trainer
from pytorch_lightning.callbacks import (
    EarlyStopping, LearningRateMonitor, ModelCheckpoint, WeightAveraging)
from pytorch_lightning.loggers import TensorBoardLogger
from snn_gesture_ros.datasets.clip_set import ClipSet
from snn_gesture_ros.labels import DVS128_GESTURES, NONE
from snn_gesture_ros.network.architectures import build_network
from snn_gesture_ros.network.device import choose_device
from snn_gesture_ros.network.model_card import check_labels
from snn_gesture_ros.training.callbacks import SaveOnInterrupt, ShowProgress
from snn_gesture_ros.training.export import write_model
from snn_gesture_ros.training.fine_tuning import take_weights
from snn_gesture_ros.training.gesture_module import GestureModule
from snn_gesture_ros.training.settings import Settings
from snn_gesture_ros.training.windows import GestureWindows
from spikingjelly.activation_based import functional, neuron
import torch

BEST, LAST = 'best.ckpt', 'last.ckpt'
MODEL = 'best.safetensors'
BEST_BY = {
    # Recall hardly differs from pass to pass, so that the highest of many is luck.
    'softmax': {'monitor': 'validation/loss', 'mode': 'min'},
    # As SpikingJelly's example chooses its network.
    'firing_rate': {'monitor': 'validation/recall', 'mode': 'max'}}
"""What tells the best pass, by readout."""


def train(settings: Settings, resume: str = '') -> Path:
    """
    Train a network, keep the best by validation, calibrate it.

    :param settings: Settings.
    :param resume: Lightning checkpoint of a training with the same settings to go on with.
    :returns: path of the model, `best.safetensors` in `settings.output`; None in a process that
        only helps another one.
    :raises Interrupted: on Ctrl-C, after what was reached is saved.
    :raises ValueError: if the settings, the data or the checkpoint do not go together.
    """
    out = Path(settings.output)
    if (out / LAST).exists() and not resume:
        raise ValueError(f'{out} holds a training: go on with it (--resume), or choose another '
                         '--output')
    quieten()
    if settings.threads:
        torch.set_num_threads(settings.threads)
    clips = ClipSet.joined([ClipSet(folder) for folder in settings.data]).renamed(
        dict.fromkeys(settings.as_none, NONE))
    labels = settings.labels or labels_of(clips)
    check_labels(labels)
    if resume:
        check_same_training(resume, settings, labels, clips)
    torch.manual_seed(settings.seed)
    net = build_network(len(labels), settings.size, settings.architecture)
    if settings.init_from:
        take_weights(net, labels, settings.init_from)
    if settings.cupy:
        use_cupy(net)
    module = GestureModule(net, settings, labels)
    module.hparams['clips'] = digest_of(clips)
    data = GestureWindows(clips, settings, labels)
    trainer = make_trainer(settings, out)
    try:
        trainer.fit(module, data, ckpt_path=resume or None, weights_only=True)
    finally:
        if trainer.is_global_zero and (out / BEST).exists():
            write_model(out / MODEL, out / BEST, module, data)
    return out / MODEL if trainer.is_global_zero else None


def labels_of(clips: ClipSet) -> tuple:
    """Give all labels of the clips: the known gestures in their order, others, none."""
    found = {clip.label for clip in clips.clips}
    known = [label for label in DVS128_GESTURES if label in found]
    others = sorted(found - {*known, NONE})
    return (*known, *others, *({NONE} & found))


def use_cupy(net) -> None:
    """
    Let CuPy compute the neurons.

    :raises ValueError: if this SpikingJelly or this machine cannot.
    """
    if not hasattr(functional, 'set_backend'):
        raise ValueError('this SpikingJelly has no CuPy backend: it chooses CUDA kernels by '
                         'itself; leave out --cupy')
    try:
        import cupy
        cupy.cuda.runtime.getDeviceCount()
    except Exception as error:
        raise ValueError(f'--cupy needs CUDA and CuPy (cupy-cuda12x): {error}') from None
    for kind in (neuron.LIFNode, neuron.ParametricLIFNode):
        functional.set_backend(net, 'cupy', instance=kind)


def digest_of(clips: ClipSet) -> str:
    """Tell clips from others by 16 digits."""
    return hashlib.sha256(repr(clips.clips).encode()).hexdigest()[:16]


def check_same_training(checkpoint: str, settings: Settings, labels: tuple,
                        clips: ClipSet) -> None:
    """
    Refuse to go on with a training that had other settings or data.

    :raises ValueError: if it had, or if the checkpoint is none of a training.
    """
    try:
        content = torch.load(checkpoint, map_location='cpu', weights_only=True)
        before = content['hyper_parameters']
        before = {**before['settings'], 'labels': before['labels'], 'clips': before['clips']}
    except FileNotFoundError:
        raise ValueError(f'no checkpoint {checkpoint} to resume') from None
    except Exception:
        raise ValueError(f'{checkpoint} is no checkpoint of an interrupted training: give a '
                         f'{LAST}') from None
    now = {**settings.learning(), 'labels': list(labels)}
    if before['clips'] != digest_of(clips):
        raise ValueError(f'{checkpoint} cannot go on with other data than it began with: give the '
                         'same --data in the same order')
    changed = [f'{name} was {before.get(name)!r}, is {value!r}'
               for name, value in now.items() if before.get(name) != value]
    if changed:
        raise ValueError(f'{checkpoint} cannot go on with other settings: {"; ".join(changed)}. '
                         'Begin a new training with --init-from a .safetensors instead')


def make_trainer(settings: Settings, out: Path) -> Trainer:
    """
    Make Lightning's Trainer.

    :raises ValueError: if there is no such device or strategy.
    """
    device = choose_device(settings.device)
    cuda = device.type == 'cuda'
    best_by = BEST_BY[settings.readout]
    checkpoints = {'dirpath': out, 'enable_version_counter': False}
    callbacks = [ShowProgress(), LearningRateMonitor()]
    if settings.ema_decay:
        callbacks.append(WeightAveraging(avg_fn=running_average(settings.ema_decay)))
    if settings.patience:
        callbacks.append(EarlyStopping(**best_by, patience=settings.patience))
    callbacks += [
        SaveOnInterrupt(out / LAST),
        # At the end of validation, before an interrupt can stop the training.
        ModelCheckpoint(**checkpoints, filename=Path(BEST).stem, **best_by,
                        save_on_train_epoch_end=False),
        ModelCheckpoint(**checkpoints, filename=Path(LAST).stem, save_on_train_epoch_end=True)]
    return Trainer(
        accelerator='gpu' if cuda else 'cpu',
        devices=[device.index] if device.index is not None else settings.devices,
        num_nodes=settings.num_nodes, strategy=settings.strategy,
        precision=('16-mixed' if cuda else 'bf16-mixed') if settings.amp else '32-true',
        max_epochs=settings.epochs, callbacks=callbacks, num_sanity_val_steps=0,
        logger=TensorBoardLogger(out, name='', version='tensorboard'), log_every_n_steps=10,
        use_distributed_sampler=False, enable_progress_bar=False, enable_model_summary=False)


def running_average(decay: float):
    """Return the function by which weights are averaged: over few steps at first."""
    def average(averaged, current, steps):
        if not averaged.is_floating_point():        # batch norm counts its batches
            return current
        return averaged.lerp(current, 1 - min(decay, float((1 + steps) / (10 + steps))))
    return average


def quieten() -> None:
    """Keep what Lightning says of its own ways from the user."""
    logging.getLogger('pytorch_lightning').setLevel(logging.WARNING)
    for message in ('.*does not have many workers.*', '.*dataloader is not resumable.*',
                    '.*LeafSpec.*', '.*all_gather is deprecated.*', '.*sync_dist.*',
                    '.*Checkpoint directory .* exists.*', '.*smaller than the logging interval.*'):
        warnings.filterwarnings('ignore', message)
