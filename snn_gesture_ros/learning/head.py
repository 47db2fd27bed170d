# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
The head of a network: the layers after the convolutions, which learn from few examples.

The loss is the cross entropy of the running average of the outputs at every time step, as in a
whole training. Of the old gestures, the target is not the truth but what the network said before
("Learning without forgetting", Li and Hoiem, 2016).
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
BATCH = 32
EXAMPLES = 3
"""Of a batch, those that are examples; the rest is rehearsal."""
LEARNING_RATE = 4e-3
LABEL_SMOOTHING = 0.05
SEED = 0


def outputs_of(net: GestureNet, spikes: torch.Tensor, readout_steps: float) -> torch.Tensor:
    """Run the head; give the averaged outputs of every time step, [T, N, labels]."""
    functional.reset_net(net)
    return averaged(net.judge(spikes.float()), readout_steps)


def learned(net: GestureNet, examples: Sequences, rehearsal: Sequences, taught: torch.Tensor,
            readout_steps: float) -> GestureNet:
    """
    Train the head of a copy of a network.

    :param net: with outputs for the labels of the examples, too.
    :param taught: scores of the old network for the rehearsal, [T, N, labels].
    :param readout_steps: as in the network's ModelCard.
    :returns: the copy, in evaluation mode.
    """
    torch.manual_seed(SEED)
    net = deepcopy(net)
    net.hidden.train()
    parameters = [*net.hidden.parameters(), *net.readout.parameters()]
    for parameter in parameters:
        parameter.requires_grad_(True)
    optimiser = torch.optim.AdamW(parameters, LEARNING_RATE, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, LEARNING_RATE, STEPS, pct_start=0.15)
    labels = taught.shape[-1]
    of_examples = _targets(examples.truth, labels)
    chances = _balanced(examples.truth[-1])
    for _ in range(STEPS):
        new = torch.multinomial(chances, EXAMPLES, replacement=True)
        old = torch.randint(len(rehearsal.clip), (BATCH - EXAMPLES,))
        spikes = torch.cat([examples.spikes[:, new], rehearsal.spikes[:, old]], 1)
        targets = torch.cat([of_examples[:, new], taught[:, old]], 1)
        scores = log_softmax(outputs_of(net, spikes, readout_steps), -1)
        first = len(scores) // 8
        loss = -(targets * scores)[first:].sum() / targets[first:].sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    for parameter in parameters:
        parameter.requires_grad_(False)
    return net.eval()


def between(old: GestureNet, new: GestureNet, share: float) -> GestureNet:
    """
    Go a part of the way from one network to another in a straight line.

    Source: Wortsman et al., "Robust fine-tuning of zero-shot models", 2022.

    :param share: 0 is the old one, 1 the new one.
    """
    net = deepcopy(new)
    with torch.no_grad():
        for parameter, before in zip(net.parameters(), old.parameters()):
            parameter.lerp_(before, 1 - share)
    return net


def right(net: GestureNet, sequences: Sequences, readout_steps: float) -> torch.Tensor:
    """
    Tell how often the best score is right in the second half of each sequence.

    :returns: parts of the time steps with a known truth, [N]; NaN where there are none.
    """
    half = len(sequences.truth) // 2
    with torch.inference_mode():
        found = outputs_of(net, sequences.spikes, readout_steps).argmax(-1)[half:]
    truth = sequences.truth[half:]
    return ((found == truth).float().sum(0) / (truth != UNKNOWN).sum(0))


def _targets(truth: torch.Tensor, labels: int) -> torch.Tensor:
    """Return what the scores shall be, [T, N, labels]; zeros where the truth is unknown."""
    smooth = one_hot(truth.clamp(0), labels) * (1 - LABEL_SMOOTHING) + LABEL_SMOOTHING / labels
    return smooth * (truth != UNKNOWN)[..., None]


def _balanced(classes: torch.Tensor) -> torch.Tensor:
    """Return chances by which all classes are drawn equally often."""
    _, place, counts = classes.unique(return_inverse=True, return_counts=True)
    return 1.0 / counts[place]
