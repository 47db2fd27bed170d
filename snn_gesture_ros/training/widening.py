# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Widening: a GestureNet with more channels begins as a narrower one that is trained.

Source: Chen, Goodfellow, Shlens, "Net2Net: accelerating learning via knowledge transfer", 2016.
"""
import torch

FIRST = 'features.0.weight'
"""Its inputs, the frame and its trace, stay as they are."""
INPUTS = {'hidden.1.weight': 2}
"""How often the channels before a layer are among its inputs: as the map and as its trace."""


def widened(narrow: dict, wide: dict) -> dict:
    """
    Copy channels and neurons until they are as many as in the wider network.

    Copies share among them what the original gave to the next layer, in random parts by torch's
    generator: the outputs are those of the narrow network, and the copies learn differently.

    :param narrow: weights of the trained network by name, in the order of its layers.
    :param wide: weights of the wider one.
    :returns: weights of the shapes of `wide`.
    :raises ValueError: if they differ in more than width, or `wide` has less of it.
    """
    if FIRST not in narrow or narrow.keys() != wide.keys():
        raise ValueError('only a GestureNet with as many layers can be widened')
    weights, copied, shares = {}, None, None
    for name, there in wide.items():
        weight = narrow[name]
        if weight.ndim > 1 and name != FIRST:
            weight = weight.view(len(weight), INPUTS.get(name, 1), -1, *weight.shape[2:])
            if name in INPUTS:
                weight = weight.view(*weight.shape[:2], int(copied.max()) + 1, -1)
            by_channel = (1, 1, -1) + (1,) * (weight.ndim - 3)
            weight = weight[:, :, copied] * shares.view(by_channel)
        if weight.ndim:
            copied = torch.arange(len(there)) % len(weight)
            weight = weight[copied]
        if weight.ndim > 1:
            shares = random_shares(copied)
        if weight.numel() != there.numel() or there.ndim and len(there) < len(narrow[name]):
            raise ValueError(f'{name} differs in more than its width')
        weights[name] = weight.reshape(there.shape)
    return weights


def random_shares(copied: torch.Tensor) -> torch.Tensor:
    """
    Draw which part of its original each copy takes over.

    :param copied: number of the original of each copy, [copies].
    :returns: [copies]; the parts of one original sum to one.
    """
    shares = 0.5 + torch.rand(len(copied))
    sums = torch.zeros(int(copied.max()) + 1).index_add(0, copied, shares)
    return shares / sums[copied]
