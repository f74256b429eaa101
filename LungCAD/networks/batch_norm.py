"""Batch normalisation for training alone: put in before, folded into the convolutions after."""

from __future__ import annotations

import torch
from torch import nn


class NormalisedConv(nn.Module):
    """A convolution, then the normalisation of its outputs."""

    def __init__(self, convolution: nn.Conv2d) -> None:
        super().__init__()
        self.convolution = convolution
        self.normalisation = nn.BatchNorm2d(convolution.out_channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (N, channels, Y', X') of (N, channels before, Y, X)."""
        return self.normalisation(self.convolution(x))

    @torch.no_grad()
    def folded(self) -> nn.Conv2d:
        """Return the one convolution that computes what both compute in evaluation mode."""
        norm = self.normalisation
        scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        self.convolution.weight *= scale[:, None, None, None]
        self.convolution.bias.sub_(norm.running_mean).mul_(scale).add_(norm.bias)
        return self.convolution


def add_batch_norm(features: nn.Sequential) -> None:
    """Normalise after every convolution of the row, in place."""
    for index, layer in enumerate(features):
        if isinstance(layer, nn.Conv2d):
            features[index] = NormalisedConv(layer)


def fold_batch_norm(features: nn.Sequential) -> None:
    """Undo `add_batch_norm`: the row has its own layers again and computes the same in evaluation mode."""
    for index, layer in enumerate(features):
        if isinstance(layer, NormalisedConv):
            features[index] = layer.folded()
