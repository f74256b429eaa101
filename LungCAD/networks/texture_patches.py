"""Patches told by their texture: a `TextureNet` that looks at every pixel, and a layer that sums up."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from LungCAD.networks.texture_net import CHANNELS, TextureNet

COLOURS = 3
"""HU windows, as channels of the images."""

DIMENSIONS = 16
"""Outputs of the texture network that ships."""

AT_ONCE = 256
"""Patches: maps of all of them would not fit into memory."""


class TexturePatches(nn.Module):
    """Mean and spread over the patch of what a texture network says, and of the image, and a dense layer.

    A texture network that has learned other tissue knows more of texture than a few hundred patches teach.

    Parameters
    ----------
    classes : number of outputs.
    dimensions, channels : of the texture network, `TextureNet`.
    """

    def __init__(
        self, classes: int, dimensions: int = DIMENSIONS, channels: Sequence[int] = CHANNELS
    ) -> None:
        super().__init__()
        self.texture = TextureNet(dimensions, channels, inputs=COLOURS + 1)
        summary = 2 * (dimensions + COLOURS)
        self.register_buffer("centre", torch.zeros(summary))
        self.register_buffer("scale", torch.ones(summary))
        self.classifier = nn.Linear(summary, classes)
        nn.init.zeros_(self.classifier.weight)
        nn.init.zeros_(self.classifier.bias)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return logits (N, classes) of images (N, 3, Y, X): windows of HU in -1..1, all of it tissue."""
        return self.classifier((self._summary(images) - self.centre) / self.scale)

    @torch.no_grad()
    def standardise(self, images: torch.Tensor) -> None:
        """Bring the summaries of these images (N, 3, Y, X) to mean 0 and variance 1."""
        summary = torch.cat([self._summary(part) for part in images.split(AT_ONCE)])
        self.centre.copy_(summary.mean(0))
        self.scale.copy_(summary.std(0, correction=0).clamp(min=1e-3))

    def _summary(self, images: torch.Tensor) -> torch.Tensor:
        tissue = torch.ones_like(images[:, :1])
        maps = (self.texture(torch.cat([images, tissue], 1)), images)
        return torch.cat([f for each in maps for f in (each.mean((2, 3)), _spread(each))], 1)


def _spread(maps: torch.Tensor) -> torch.Tensor:
    """Return the standard deviation over the pixels (N, C, Y, X) -> (N, C); its slope is finite at 0."""
    return (maps.var((2, 3), correction=0) + 1e-6).sqrt()
