"""U-Net."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

import torch
from torch import nn

NORMALIZATIONS = {
    "none": nn.Identity,
    "batch": nn.BatchNorm2d,
    "instance": partial(nn.InstanceNorm2d, affine=True),
}


class UNet(nn.Module):
    """U-Net (Ronneberger et al., MICCAI 2015), padded: the output has the size of the input.

    Parameters
    ----------
    classes : number of outputs.
    channels : of the input.
    filters : of the first stage; every further stage has twice as many, `most_filters` at most. The paper:
        64 and 1024.
    depth : number of times the image is halved. The paper: 4.
    normalization : after every convolution: "none" as in the paper, "batch" or "instance".
    """

    def __init__(
        self,
        classes: int,
        channels: int = 1,
        filters: int = 64,
        most_filters: int = 1024,
        depth: int = 4,
        normalization: str = "none",
    ) -> None:
        super().__init__()
        if normalization not in NORMALIZATIONS:
            raise ValueError(f"normalization is {normalization!r}, not one of {', '.join(NORMALIZATIONS)}")
        widths = [min(filters * 2**stage, most_filters) for stage in range(depth + 1)]
        self.encoders = nn.ModuleList(
            _two_convolutions(before, after, normalization) for before, after in pairwise([channels, *widths])
        )
        self.ups = nn.ModuleList(
            nn.ConvTranspose2d(coarse, fine, kernel_size=2, stride=2)
            for fine, coarse in reversed(list(pairwise(widths)))
        )
        self.decoders = nn.ModuleList(
            _two_convolutions(2 * width, width, normalization) for width in reversed(widths[:-1])
        )
        self.pool = nn.MaxPool2d(2)
        self.classifier = nn.Conv2d(filters, classes, kernel_size=1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return logits (N, classes, Y, X) of images (N, channels, Y, X); sides are multiples of 2^depth."""
        *fine, maps = self._encode(images)
        for up, decoder, skipped in zip(self.ups, self.decoders, reversed(fine), strict=True):
            maps = decoder(torch.cat([skipped, up(maps)], dim=1))
        return self.classifier(maps)

    def _encode(self, images: torch.Tensor) -> list[torch.Tensor]:
        maps = [self.encoders[0](images)]
        for encoder in self.encoders[1:]:
            maps.append(encoder(self.pool(maps[-1])))
        return maps


def _two_convolutions(before: int, after: int, normalization: str) -> nn.Sequential:
    layers: list[nn.Module] = []
    for inputs in (before, after):
        convolution = nn.Conv2d(inputs, after, kernel_size=3, padding=1)
        nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
        nn.init.zeros_(convolution.bias)
        layers += [convolution, NORMALIZATIONS[normalization](after), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)
