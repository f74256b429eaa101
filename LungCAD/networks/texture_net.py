"""A small network that describes the texture of lung tissue around every pixel."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn.functional import interpolate, relu

CHANNELS = (16, 32, 56)
"""At full, half and quarter resolution."""

DILATIONS = (1, 2, 3, 1)
"""Of the residual blocks at quarter resolution: together they see about 120 pixels."""


class TextureNet(nn.Module):
    """A residual, U-shaped network without normalisation layers: no scan changes how another is seen.

    Parameters
    ----------
    classes : number of outputs per pixel.
    channels : of the layers at full, half and quarter resolution. inputs : channels of the image.
    """

    def __init__(self, classes: int, channels: Sequence[int] = CHANNELS, inputs: int = 4) -> None:
        super().__init__()
        full, half, quarter = channels
        self.stem = nn.Sequential(
            nn.Conv2d(inputs, full, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(full, half, 3, stride=2, padding=1),
        )
        self.middle = _Residual(half, 1)
        self.down = nn.Conv2d(half, quarter, 3, stride=2, padding=1)
        self.deep = nn.Sequential(*(_Residual(quarter, dilation) for dilation in DILATIONS))
        self.up = nn.Conv2d(quarter, half, 1)
        self.merge = _Residual(half, 1)
        self.head = nn.Conv2d(half, classes, 1)
        self._initialise()

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return outputs (N, classes, Y / 2, X / 2), rounded up, of images (N, inputs, Y, X)."""
        middle = self.middle(self.stem(images))
        deep = self.up(relu(self.deep(self.down(relu(middle)))))
        deep = interpolate(deep, size=middle.shape[2:], mode="bilinear", align_corners=False)
        return self.head(relu(self.merge(middle + deep)))

    def _initialise(self) -> None:
        """He's weights; residual blocks begin as the identity (Zhang et al., Fixup, ICLR 2019)."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                nn.init.zeros_(module.bias)
        for module in self.modules():
            if isinstance(module, _Residual):
                nn.init.zeros_(module.second.weight)


class _Residual(nn.Module):
    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        shape = {"kernel_size": 3, "padding": dilation, "dilation": dilation}
        self.first = nn.Conv2d(channels, channels, **shape)
        self.second = nn.Conv2d(channels, channels, **shape)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.second(relu(self.first(relu(x))))
