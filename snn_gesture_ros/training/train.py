# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Train: from settings to a checkpoint that nodes load."""
import logging
from pathlib import Path
import warnings

from pytorch_lightning import Trainer
from pytorch_lightning.callbacks import EarlyStopping, ModelCheckpoint, WeightAveraging
from pytorch_lightning.loggers import TensorBoardLogger
from snn_gesture_ros.datasets.clip_set import ClipSet
from snn_gesture_ros.labels import DVS128_GESTURES, NONE
from snn_gesture_ros.network.architectures import build_network
from snn_gesture_ros.network.checkpoint import load_checkpoint, ModelCard, save_checkpoint
from snn_gesture_ros.network.classifier import choose_device, scores_of
from snn_gesture_ros.training.callbacks import SaveOnInterrupt, ShowProgress
from snn_gesture_ros.training.gesture_module import GestureModule
from snn_gesture_ros.training.metrics import (
    best_temperature, calibration_error, confusion, recalls)
from snn_gesture_ros.training.settings import Settings
from snn_gesture_ros.training.windows import GestureWindows
from spikingjelly.activation_based import functional, neuron
import torch

BEST, LAST = 'best.ckpt', 'last.ckpt'
MODEL = 'best.safetensors'
MONITOR = {'monitor': 'validation/recall', 'mode': 'max'}


def train(settings: Settings, resume: str = '') -> Path:
    """
    Train a network, keep the best by validation, calibrate it.

    :param settings: Settings.
    :param resume: Lightning checkpoint of a training with the same settings to go on with.
    :returns: path of the model, `best.safetensors` in `settings.out_dir`; None in a process that
        only helps another one.
    :raises Interrupted: on Ctrl-C, after what was reached is saved.
    :raises ValueError: if the settings, the data or the checkpoint do not go together.
    """
    out = Path(settings.out_dir)
    if (out / LAST).exists() and not resume:
        raise ValueError(f'{out} holds a training: go on with it (--resume), or choose another '
                         '--out-dir')
    quieten()
    if settings.threads:
        torch.set_num_threads(settings.threads)
    clips = ClipSet.joined([ClipSet(folder) for folder in settings.data_dir])
    labels = settings.labels or labels_of(clips)
    if resume:
        check_same_training(resume, settings, labels)
    torch.manual_seed(settings.seed)
    net = build_network(len(labels), settings.size, settings.architecture)
    if settings.init_from:
        take_weights(net, labels, settings.init_from)
    if settings.cupy:
        use_cupy(net)
    module = GestureModule(net, settings, labels)
    data = GestureWindows(clips, settings, labels)
    trainer = make_trainer(settings, out)
    try:
        trainer.fit(module, data, ckpt_path=resume or None, weights_only=True)
    finally:
        if trainer.is_global_zero and (out / BEST).exists():
            write_model(out, module, data)
    return out / MODEL if trainer.is_global_zero else None


def labels_of(clips: ClipSet) -> tuple:
    """Give all labels of the clips: the known gestures in their order, others, none."""
    found = {clip.label for clip in clips.clips}
    known = [label for label in DVS128_GESTURES if label in found]
    others = sorted(found - {*known, NONE})
    return (*known, *others, *({NONE} & found))


def defaults_from(checkpoint: str) -> dict:
    """
    Give the settings that a checkpoint brings: what it expects of frames, and its architecture.

    :raises ValueError: if it is not usable.
    """
    _, card = load_checkpoint(checkpoint)
    return {'time_steps': card.time_steps, 'size': card.size, 'slicing': card.slicing,
            'window_ms': card.window_ms, 'window_events': card.window_events,
            'frame_value': card.frame_value, 'readout': card.readout,
            'architecture': card.architecture}


def take_weights(net, labels: tuple, checkpoint: str) -> None:
    """
    Begin with the weights of a checkpoint; outputs for labels that it lacks stay random.

    :raises ValueError: if its architecture is another.
    """
    source, card = load_checkpoint(checkpoint)
    weights, there = net.state_dict(), source.state_dict()
    try:
        if tuple(labels) != card.labels:
            shared = [label for label in labels if label in card.labels]
            new = [labels.index(label) for label in shared]
            old = [card.labels.index(label) for label in shared]
            for name in [name for name in there if name.startswith('readout.')]:
                rows = weights[name].clone()
                rows[new] = there[name][old]
                there[name] = rows
        net.load_state_dict(there)
    except (KeyError, RuntimeError, IndexError):
        raise ValueError(f'the weights of {checkpoint} do not fit the architecture or its labels: '
                         'leave out --channels, --size and architecture') from None


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


def check_same_training(checkpoint: str, settings: Settings, labels: tuple) -> None:
    """
    Refuse to go on with a training that had other settings.

    :raises ValueError: if it had, or if the checkpoint is none of a training.
    """
    try:
        content = torch.load(checkpoint, map_location='cpu', weights_only=True)
        before = content['hyper_parameters']
        before = {**before['settings'], 'labels': before['labels']}
    except FileNotFoundError:
        raise ValueError(f'no checkpoint {checkpoint} to resume') from None
    except Exception:
        raise ValueError(f'{checkpoint} is no checkpoint of an interrupted training: give a '
                         f'{LAST}') from None
    now = {**settings.learning(), 'labels': list(labels)}
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
    checkpoints = {'dirpath': out, 'enable_version_counter': False}
    callbacks = [ShowProgress()]
    if settings.ema_decay:
        callbacks.append(WeightAveraging(avg_fn=running_average(settings.ema_decay)))
    if settings.patience:
        callbacks.append(EarlyStopping(**MONITOR, patience=settings.patience))
    callbacks += [
        SaveOnInterrupt(out / LAST),
        ModelCheckpoint(**checkpoints, filename=Path(BEST).stem, **MONITOR),
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
        return averaged.lerp(current, 1 - min(decay, (1 + steps) / (10 + steps)))
    return average


def write_model(out: Path, module: GestureModule, data: GestureWindows) -> None:
    """Write the best network, calibrated, with all that is known of it."""
    settings, labels = module.settings, module.labels
    best = torch.load(out / BEST, map_location='cpu', weights_only=True)
    module.load_state_dict(best['state_dict'])
    module.cpu().eval()
    output, truth = outputs_of(module, data.validation_loader())
    before = calibration_error(scores_of(output, settings.readout), truth)
    figures = {'windows': len(truth), 'calibration_error_before': round(before, 4)}
    if settings.readout == 'softmax':
        temperature = best_temperature(output, truth)
        with torch.no_grad():
            for parameter in module.net.readout.parameters():
                parameter /= temperature
        output /= temperature
        figures['temperature'] = round(temperature, 3)
    counts = confusion(output, truth)
    by_label = recalls(counts)
    figures |= {
        'calibration_error': round(calibration_error(
            scores_of(output, settings.readout), truth), 4),
        'mean_recall': round(float(by_label.nanmean()), 4),
        'recall': {label: None if recall.isnan() else round(float(recall), 4)
                   for label, recall in zip(labels, by_label)},
        'confusion': counts.tolist()}
    clips = data.cutters['train'].clips.clips
    window_ms, window_events = data.window_of_training()
    save_checkpoint(out / MODEL, module.net, ModelCard(
        labels=labels, time_steps=settings.time_steps, window_ms=window_ms, size=settings.size,
        frame_value=settings.frame_value,
        slicing='time' if settings.slicing == 'time' else 'count', readout=settings.readout,
        architecture=settings.architecture, window_events=window_events,
        license=settings.license, training={
            'data': ', '.join(sorted({clip.source or 'unknown' for clip in clips})),
            'clips': len(clips), 'persons': len({clip.person for clip in clips}),
            'epochs': best['epoch'] + 1, 'seed': settings.seed, 'settings': settings.learning(),
            'validation': figures}))


def outputs_of(module: GestureModule, loader) -> tuple:
    """Return the outputs [N, labels] for all windows of a loader, and their classes [N]."""
    with torch.inference_mode():
        parts = [(module(frames), truth) for frames, truth in loader]
    return tuple(torch.cat(column).clone() for column in zip(*parts))


def quieten() -> None:
    """Keep what Lightning says of its own ways from the user."""
    logging.getLogger('pytorch_lightning').setLevel(logging.WARNING)
    for message in ('.*does not have many workers.*', '.*dataloader is not resumable.*',
                    '.*LeafSpec.*', '.*all_gather is deprecated.*', '.*sync_dist.*',
                    '.*Checkpoint directory .* exists.*', '.*smaller than the logging interval.*'):
        warnings.filterwarnings('ignore', message)
