"""Batch normalisation for training alone: put in before, folded into the layers after."""

from __future__ import annotations

import torch
from torch import nn

NORMALISATIONS: dict[type[nn.Module], type[nn.Module]] = {
    nn.Conv2d: nn.BatchNorm2d,
    nn.Linear: nn.BatchNorm1d,
}


class NormalisedLayer(nn.Module):
    """A convolution or a dense layer, then the normalisation of its outputs."""

    def __init__(self, layer: nn.Conv2d | nn.Linear) -> None:
        super().__init__()
        self.layer = layer
        self.normalisation = NORMALISATIONS[type(layer)](len(layer.weight))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return what the layer gives, normalised channel by channel."""
        return self.normalisation(self.layer(x))

    @torch.no_grad()
    def folded(self) -> nn.Conv2d | nn.Linear:
        """Return the one layer that computes what both compute in evaluation mode."""
        norm, layer = self.normalisation, self.layer
        scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        layer.weight *= scale.reshape(-1, *[1] * (layer.weight.dim() - 1))
        layer.bias.sub_(norm.running_mean).mul_(scale).add_(norm.bias)
        return layer


def add_batch_norm(row: nn.Sequential, but_last: bool = False) -> None:
    """Normalise after every convolution and dense layer of the row, in place.

    but_last : leave the last module alone, whose outputs are those of the network.
    """
    for index, layer in enumerate(row[:-1] if but_last else row):
        if type(layer) in NORMALISATIONS:
            row[index] = NormalisedLayer(layer)


def fold_batch_norm(row: nn.Sequential) -> None:
    """Undo `add_batch_norm`: the row has its own layers again and computes the same in evaluation mode."""
    for index, layer in enumerate(row):
        if isinstance(layer, NormalisedLayer):
            row[index] = layer.folded()
