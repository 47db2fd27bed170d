# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The readout of whole sequences, through which gradients flow."""
import torch


def averaged(outputs: torch.Tensor, readout_steps: float) -> torch.Tensor:
    """
    Return the exponential running average of the outputs.

    The average at time step t has the weights exp(-(t - s) / readout_steps) for all s <= t.

    :param outputs: of a network, [T, N, labels].
    :param readout_steps: as in its ModelCard; 0 for the plain mean.
    :returns: the average up to each time step, [T, N, labels].
    """
    step = torch.arange(len(outputs), dtype=outputs.dtype, device=outputs.device)
    age = step[:, None] - step
    weights = torch.exp(-age / readout_steps) if readout_steps else torch.ones_like(age)
    weights = weights.masked_fill(age < 0, 0)
    return torch.einsum('st,tnl->snl', weights / weights.sum(1, keepdim=True), outputs)


def scores_of(output: torch.Tensor, readout: str) -> torch.Tensor:
    """
    Return the scores of averaged outputs; those of all labels sum to one.

    :param output: [..., labels].
    :param readout: as in a ModelCard: `softmax` or `firing_rate`.
    """
    if readout == 'softmax':
        return output.softmax(dim=-1)
    return (output + 1e-6) / (output + 1e-6).sum(dim=-1, keepdim=True)
