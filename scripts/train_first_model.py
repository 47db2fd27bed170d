# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Train the first shipped model on simulated gestures alone.

Simulates clips of random people, cuts binary windows from them, trains GestureNet meanwhile
and writes the checkpoint after every epoch. Bodies, clothes, rooms and sensors of the
validation clips are not in the training set. Needs about an hour on two cores and less than
2 GB of memory.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
import os
from pathlib import Path
import time

import numpy as np
from snn_gesture_ros.events.noise import NoiseFilter, NoiseSettings
from snn_gesture_ros.events.packet import PACKED_EVENT
from snn_gesture_ros.labels import DVS128_GESTURES, MIRRORED, NONE
from snn_gesture_ros.simulation import random_clip

LABELS = (*DVS128_GESTURES, NONE)
MIRRORED_CLASS = np.array([LABELS.index(MIRRORED.get(label, label)) for label in LABELS])
TIME_STEPS, SIZE, SENSOR = 16, 32, 128
WINDOW_MS = 1000.0
WINDOW_US = int(1000 * WINDOW_MS)
CLIP_US = 3_000_000
WINDOWS_A_CLIP = 12
VALIDATION_SEEDS = 10_000_000       # training uses the seeds below
PARTS = 16      # of the training set: one more each epoch, simulated while training goes on
BATCH = 32
STEPS_AN_EPOCH = 125


def clean(events):
    """Drop noise from the events [n] of a clip as the event_stream node does by default."""
    packed = np.empty(len(events), PACKED_EVENT)
    packed['dt_us'] = events['t']
    packed['pixel'] = (events['p'].astype(np.int64) * SENSOR + events['y']) * SENSOR + events['x']
    packed = NoiseFilter(SENSOR, SENSOR, NoiseSettings()).filter(packed, 0)
    kept = np.empty(len(packed), events.dtype)
    kept['t'] = packed['dt_us']
    polarity_y, kept['x'] = np.divmod(packed['pixel'], SENSOR)
    kept['p'], kept['y'] = np.divmod(polarity_y, SENSOR)
    return kept


def cut_window(events, start_us, scale=1.0, shift=(0.0, 0.0), keep=1.0, rng=None):
    """Return the binary frames [T, 2, SIZE, SIZE] of the window that starts at start_us."""
    first, last = np.searchsorted(events['t'], [start_us, start_us + WINDOW_US])
    events = events[first:last]
    if keep < 1.0:
        events = events[rng.random(len(events)) < keep]
    step = (events['t'] - start_us) * TIME_STEPS // WINDOW_US
    middle = SENSOR / 2
    x = (((events['x'] + 0.5 - middle) * scale + middle + shift[0]) * SIZE) // SENSOR
    y = (((events['y'] + 0.5 - middle) * scale + middle + shift[1]) * SIZE) // SENSOR
    inside = (x >= 0) & (x < SIZE) & (y >= 0) & (y < SIZE)
    frames = np.zeros((TIME_STEPS, 2, SIZE, SIZE), np.uint8)
    frames[step[inside], events['p'][inside], y[inside].astype(int), x[inside].astype(int)] = 1
    return frames


def windows_of_clip(task):
    """Simulate one clip; return its windows [WINDOWS_A_CLIP, T * 2 * SIZE * SIZE / 8] as bits."""
    label, seed, augmented = task
    rng = np.random.default_rng([seed, 2])
    begins = label != NONE and rng.random() < 0.35
    onset_us = int(rng.uniform(400_000, 1_300_000)) if begins else 0
    events = random_clip(label, seed, CLIP_US, SENSOR, SENSOR, onset_us)
    if rng.random() < 0.8:
        events = clean(events)
    # The gesture fills at least 60 % of a window; it needs about 0.25 s to be seen.
    earliest_us = max(onset_us + 250_000 - int(0.4 * WINDOW_US), 0) if begins else 0
    windows = np.empty((WINDOWS_A_CLIP, TIME_STEPS * 2 * SIZE * SIZE // 8), np.uint8)
    for k in range(WINDOWS_A_CLIP):
        start_us = int(rng.integers(earliest_us, CLIP_US - WINDOW_US))
        if augmented:
            frames = cut_window(
                events, start_us, np.exp(rng.uniform(np.log(0.7), np.log(1.35))),
                rng.uniform(-14, 14, 2), rng.choice([1.0, rng.uniform(0.3, 1.0)]), rng)
        else:
            frames = cut_window(events, start_us)
        windows[k] = np.packbits(frames)
    return windows


def simulate(executor, clips, first_seed, augmented):
    """
    Start to simulate clips of each class, 'none' twice as many.

    Returns the classes [N] and an iterator over the windows of the clips, in the same order.
    """
    names = [label for label in (*LABELS, NONE) for _ in range(clips)]
    tasks = [(label, first_seed + k, augmented) for k, label in enumerate(names)]
    return (np.array([LABELS.index(label) for label in names]),
            executor.map(windows_of_clip, tasks, chunksize=4))


def batch_of(windows, classes, mirrored, rng):
    """Unpack windows [N, bytes] to frames [T, N, 2, SIZE, SIZE] and classes [N] for torch."""
    import torch

    frames = np.unpackbits(windows, axis=1).reshape(-1, TIME_STEPS, 2, SIZE, SIZE)
    if rng is not None:     # a little noise that no filter removed
        noise = rng.choice([0.0, rng.uniform(0, 0.01)])
        frames |= (rng.random(frames.shape, np.float32) < noise).astype(np.uint8)
    frames[mirrored] = frames[mirrored][..., ::-1]
    classes = np.where(mirrored, MIRRORED_CLASS[classes], classes)
    frames = torch.from_numpy(frames.swapaxes(0, 1).astype(np.float32))
    return frames, torch.from_numpy(classes)


def validate(net, windows, classes):
    """Return the confusion matrix [true class, class found]; counts of windows."""
    from spikingjelly.activation_based import functional
    import torch

    net.eval()
    confusion = np.zeros((len(LABELS), len(LABELS)), int)
    with torch.no_grad():
        for start in range(0, len(windows), 128):
            part = slice(start, start + 128)
            plain = np.zeros(len(windows[part]), bool)
            frames, truth = batch_of(windows[part], classes[part], plain, None)
            functional.reset_net(net)
            found = net(frames).mean(0).argmax(1)
            np.add.at(confusion, (truth.numpy(), found.numpy()), 1)
    return confusion


def report(confusion):
    """Print recall and false alarms of each class, and what it is taken for."""
    for k, label in enumerate(LABELS):
        total = confusion[k].sum()
        mistaken = confusion[k].copy()
        mistaken[k] = 0
        most = int(mistaken.argmax())
        false_alarms = confusion[:, k].sum() - confusion[k, k]
        print(f'{label:28s} recall {confusion[k, k] / total:.3f}  '
              f'false alarms {false_alarms / (confusion.sum() - total):.4f}  '
              f'most often taken for {LABELS[most]} ({mistaken[most] / total:.3f})')


def main():
    """Simulate, train, validate and save."""
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument('--output', type=Path, default='snn_gesture_ros/models/fast.safetensors')
    parser.add_argument('--clips', type=int, default=320, help='training clips of each class')
    parser.add_argument('--epochs', type=int, default=26)
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--workers', type=int, default=os.cpu_count())
    options = parser.parse_args()

    with ProcessPoolExecutor(options.workers) as executor:
        validation = simulate(executor, 20, VALIDATION_SEEDS, augmented=False)
        parts = [
            simulate(executor, options.clips // PARTS, 1_000_000 * options.seed + 10_000 * k, True)
            for k in range(PARTS)]
        train(options, validation, parts)


def train(options, validation, parts):
    """Train while the parts of the training set come in; save the network every epoch."""
    os.environ['OMP_WAIT_POLICY'] = 'passive'       # do not spin while the simulation computes
    from snn_gesture_ros.network.checkpoint import ModelCard, save_checkpoint
    from snn_gesture_ros.network.gesture_net import GestureNet
    from spikingjelly.activation_based import functional
    import torch

    torch.manual_seed(options.seed)
    torch.set_num_threads(options.workers)
    rng = np.random.default_rng(options.seed)
    architecture = {'channels': 16, 'hidden': 128, 'tau': 2.0, 'dropout': 0.3}
    net = GestureNet(len(LABELS), SIZE, **architecture)
    optimizer = torch.optim.AdamW(net.parameters(), weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 3e-3, options.epochs * STEPS_AN_EPOCH, pct_start=0.15)
    validation_classes, validation_clips = validation
    validation_windows = np.concatenate([clip[:4] for clip in validation_clips])
    validation_classes = np.repeat(validation_classes, 4)
    classes, windows = np.empty(0, int), []
    for epoch in range(options.epochs):
        start, losses = time.monotonic(), []
        if epoch < PARTS:
            classes = np.append(classes, parts[epoch][0])
            windows.extend(parts[epoch][1])
        net.train()
        for _ in range(STEPS_AN_EPOCH):
            clips = rng.integers(0, len(windows), BATCH)
            chosen = np.stack([windows[k][rng.integers(WINDOWS_A_CLIP)] for k in clips])
            frames, truth = batch_of(chosen, classes[clips], rng.random(BATCH) < 0.5, rng)
            functional.reset_net(net)
            loss = torch.nn.functional.cross_entropy(
                net(frames).mean(0), truth, label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        confusion = validate(net, validation_windows, validation_classes)
        recall = (confusion.diagonal() / confusion.sum(1)).round(3)
        print(f'epoch {epoch + 1} of {options.epochs}: loss {np.mean(losses):.3f}, mean recall '
              f'{recall.mean():.3f}, {time.monotonic() - start:.0f} s', flush=True)
        card = ModelCard(
            labels=LABELS, time_steps=TIME_STEPS, window_ms=WINDOW_MS, size=SIZE,
            frame_value='binary', slicing='time', readout='softmax', architecture=architecture,
            license='Apache-2.0', training={
                'data': 'simulated gestures alone (scripts/train_first_model.py)',
                'clips': len(windows), 'epochs': epoch + 1, 'seed': options.seed,
                'validation': 'windows of simulated clips, other people and rooms',
                'validation_recall': dict(zip(LABELS, recall.tolist()))})
        save_checkpoint(options.output, net, card)
    report(confusion)


if __name__ == '__main__':
    main()
