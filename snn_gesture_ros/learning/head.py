# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
The head of a network: the layers after the features, which are trained on few examples.

The loss is the cross entropy of the running average of the outputs at every time step, as in
training from scratch. For the old gestures, the target is the output of the old network instead
of the truth ("Learning without forgetting", Li and Hoiem, 2016).
"""
from copy import deepcopy

from snn_gesture_ros.learning.rehearsal import Sequences
from snn_gesture_ros.network.gesture_net import GestureNet
from snn_gesture_ros.training.readout import averaged
from snn_gesture_ros.training.window_cutter import UNKNOWN
from spikingjelly.activation_based import functional
import torch
from torch.nn.functional import log_softmax, one_hot

STEPS = 300
BATCH_SIZE = 32
NEW_EXAMPLES = 3
"""Examples of new gestures in a batch; the others are from the rehearsal set."""
LEARNING_RATE = 4e-3
LABEL_SMOOTHING = 0.05
SEED = 0


def head_outputs(net: GestureNet, spikes: torch.Tensor, readout_steps: float) -> torch.Tensor:
    """Return the averaged outputs of the head at every time step, [T, N, labels]."""
    functional.reset_net(net)
    return averaged(net.forward_head(spikes.float()), readout_steps)


def train_head(net: GestureNet, examples: Sequences, rehearsal: Sequences,
               old_scores: torch.Tensor, readout_steps: float) -> GestureNet:
    """
    Train the head of a copy of a network.

    :param net: has outputs for the labels of the examples, too.
    :param old_scores: of the old network for the rehearsal set, [T, N, labels].
    :param readout_steps: as in the ModelCard of the network.
    :returns: the copy, in evaluation mode.
    """
    torch.manual_seed(SEED)
    net = deepcopy(net)
    net.hidden.train()
    parameters = [*net.hidden.parameters(), *net.readout.parameters()]
    for parameter in parameters:
        parameter.requires_grad_(True)
    optimizer = torch.optim.AdamW(parameters, LEARNING_RATE, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, STEPS, pct_start=0.15)
    labels = old_scores.shape[-1]
    example_targets = _targets(examples.truth, labels)
    weights = _balanced_weights(examples.truth[-1])
    for _ in range(STEPS):
        new = torch.multinomial(weights, NEW_EXAMPLES, replacement=True)
        old = torch.randint(len(rehearsal.clip), (BATCH_SIZE - NEW_EXAMPLES,))
        spikes = torch.cat([examples.spikes[:, new], rehearsal.spikes[:, old]], 1)
        targets = torch.cat([example_targets[:, new], old_scores[:, old]], 1)
        scores = log_softmax(head_outputs(net, spikes, readout_steps), -1)
        first = len(scores) // 8
        loss = -(targets * scores)[first:].sum() / targets[first:].sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    for parameter in parameters:
        parameter.requires_grad_(False)
    return net.eval()


def interpolate(old: GestureNet, new: GestureNet, share: float) -> GestureNet:
    """
    Return a network whose weights are between those of two networks.

    Equation: old + share * (new - old).

    Source: Wortsman et al., "Robust fine-tuning of zero-shot models", 2022.

    :param share: 0 is the old network, 1 the new one.
    """
    net = deepcopy(new)
    with torch.no_grad():
        for parameter, before in zip(net.parameters(), old.parameters()):
            parameter.lerp_(before, 1 - share)
    return net


def accuracy(net: GestureNet, sequences: Sequences, readout_steps: float) -> torch.Tensor:
    """
    Return how often the best score is right in the second half of each sequence.

    :returns: share of the time steps with a known truth, [N]; NaN if there are none.
    """
    half = len(sequences.truth) // 2
    with torch.inference_mode():
        predicted = head_outputs(net, sequences.spikes, readout_steps).argmax(-1)[half:]
    truth = sequences.truth[half:]
    return ((predicted == truth).float().sum(0) / (truth != UNKNOWN).sum(0))


def _targets(truth: torch.Tensor, labels: int) -> torch.Tensor:
    """Return the target scores, [T, N, labels]; zeros where the truth is unknown."""
    smooth = one_hot(truth.clamp(0), labels) * (1 - LABEL_SMOOTHING) + LABEL_SMOOTHING / labels
    return smooth * (truth != UNKNOWN)[..., None]


def _balanced_weights(classes: torch.Tensor) -> torch.Tensor:
    """Return sampling weights by which all classes are drawn equally often, [N]."""
    _, place, counts = classes.unique(return_inverse=True, return_counts=True)
    return 1.0 / counts[place]
