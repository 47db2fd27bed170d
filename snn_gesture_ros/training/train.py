# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Train: from settings to the best network, calibrated, as a checkpoint that the nodes load."""
import hashlib
import logging
from pathlib import Path
import warnings

import numpy as np
from pytorch_lightning import Trainer
from pytorch_lightning.callbacks import (
    EarlyStopping, LearningRateMonitor, ModelCheckpoint, WeightAveraging)
from pytorch_lightning.loggers import TensorBoardLogger
from snn_gesture_ros.datasets.clip_set import ClipSet
from snn_gesture_ros.labels import DVS128_GESTURES, NONE
from snn_gesture_ros.network.architectures import build_network
from snn_gesture_ros.network.checkpoint import save_checkpoint
from snn_gesture_ros.network.model_card import check_labels, ModelCard
from snn_gesture_ros.network.torch_runtime import choose_device
from snn_gesture_ros.training.callbacks import SaveOnInterrupt, ShowProgress
from snn_gesture_ros.training.fine_tuning import average_with, take_weights
from snn_gesture_ros.training.gesture_module import (
    best_temperature, calibration_error, confusion, GestureModule, recalls, truth_at_end)
from snn_gesture_ros.training.readout import scores_of
from snn_gesture_ros.training.settings import Settings
from snn_gesture_ros.training.window_cutter import UNKNOWN
from snn_gesture_ros.training.windows import GestureWindows
from spikingjelly.activation_based import functional, neuron
import torch

BEST, LAST = 'best.ckpt', 'last.ckpt'
MODEL = 'best.safetensors'
BEST_BY = {
    # Recall hardly differs from epoch to epoch, so that the highest of many is luck.
    'softmax': {'monitor': 'validation/loss', 'mode': 'min'},
    # As SpikingJelly's example chooses its network.
    'firing_rate': {'monitor': 'validation/recall', 'mode': 'max'}}
"""The figure that selects the best epoch, by readout."""
MAX_NAMES = 8
"""That a card lists."""


def train(settings: Settings, resume: str = '') -> Path:
    """
    Train a network, select the best epoch by validation, and calibrate it.

    :param settings: Settings.
    :param resume: path of the Lightning checkpoint of a training with the same settings, which is
        continued; empty: a new training.
    :returns: path of the model, `best.safetensors` in `settings.output`; None in all processes of
        a distributed training but the first.
    :raises Interrupted: on Ctrl-C, after the state is saved.
    :raises ValueError: if the settings, the data or the checkpoint do not fit together.
    """
    out = Path(settings.output)
    if (out / LAST).exists() and not resume:
        raise ValueError(f'{out} holds a training: continue it (--resume), or choose another '
                         '--output')
    silence_lightning()
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
    if settings.readout == 'softmax' and not hasattr(net, 'readout'):
        raise ValueError(f'a {type(net).__name__} has no layer readout, which softmax needs: '
                         'set readout firing_rate')
    if settings.init_from:
        take_weights(net, labels, settings.init_from)
    if settings.cupy:
        use_cupy(net)
    data = GestureWindows(clips, settings, labels)
    module = GestureModule(net, settings, labels, data.logit_offsets())
    module.hparams['clips'] = digest_of(clips)
    trainer = make_trainer(settings, out)
    try:
        trainer.fit(module, data, ckpt_path=resume or None, weights_only=True)
    finally:
        if trainer.is_global_zero and (out / BEST).exists():
            write_model(out / MODEL, out / BEST, module, data)
    return out / MODEL if trainer.is_global_zero else None


def labels_of(clips: ClipSet) -> tuple:
    """Return all labels of the clips: the gestures of DVS128 Gesture, others, then `none`."""
    found = {clip.label for clip in clips.clips}
    known = [label for label in DVS128_GESTURES if label in found]
    others = sorted(found - {*known, NONE})
    return (*known, *others, *({NONE} & found))


def use_cupy(net) -> None:
    """
    Let CuPy compute the neurons of a network.

    :raises ValueError: if this SpikingJelly or this machine does not support it.
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
    """Return a digest of clips, 16 hexadecimal digits."""
    return hashlib.sha256(repr(clips.clips).encode()).hexdigest()[:16]


def check_same_training(checkpoint: str, settings: Settings, labels: tuple,
                        clips: ClipSet) -> None:
    """
    Check that a training to be resumed had the same settings and data.

    :raises ValueError: if it had not, or if the file is not a checkpoint of a training.
    """
    try:
        content = torch.load(checkpoint, map_location='cpu', weights_only=True)
        before = content['hyper_parameters']
        before = {**before['settings'], 'labels': before['labels'], 'clips': before['clips']}
    except FileNotFoundError:
        raise ValueError(f'no checkpoint {checkpoint} to resume') from None
    except Exception:
        raise ValueError(f'{checkpoint} is not a checkpoint of an interrupted training: give '
                         f'a {LAST}') from None
    now = {**settings.learning(), 'labels': list(labels)}
    if before['clips'] != digest_of(clips):
        raise ValueError(f'{checkpoint} cannot be resumed with other data: give the same --data '
                         'in the same order')
    changed = [f'{name} was {before.get(name)!r}, is {value!r}'
               for name, value in now.items() if before.get(name) != value]
    if changed:
        raise ValueError(f'{checkpoint} cannot be resumed with other settings: '
                         f'{"; ".join(changed)}. Start a new training instead, with --init-from '
                         'and a .safetensors file')


def make_trainer(settings: Settings, out: Path) -> Trainer:
    """
    Return the Trainer of Lightning.

    :param out: folder for checkpoints and logs.
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
    """Return the function that averages weights; at first, it averages over few steps."""
    def average(averaged, current, steps):
        if not averaged.is_floating_point():        # batch norm counts its batches
            return current
        return averaged.lerp(current, 1 - min(decay, float((1 + steps) / (10 + steps))))
    return average


def silence_lightning() -> None:
    """Suppress the hints of Lightning that do not concern the user."""
    logging.getLogger('pytorch_lightning').setLevel(logging.WARNING)
    for message in ('.*does not have many workers.*', '.*dataloader is not resumable.*',
                    '.*LeafSpec.*', '.*all_gather is deprecated.*', '.*sync_dist.*',
                    '.*Checkpoint directory .* exists.*', '.*smaller than the logging interval.*'):
        warnings.filterwarnings('ignore', message)


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
    if settings.start_share:
        average_with(module.net, module.labels, settings.init_from, settings.start_share)
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
