"""SegNet of the size of VGG16."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn

from LungCAD.networks.unpooling import encode_decode

STAGES = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
"""Channels and number of convolutions of VGG16's stages."""


class SegNetVGG(nn.Module):
    """The encoder-decoder of Badrinarayanan et al., arXiv 1511.00561, normalised by instance.

    The 13 convolutions of VGG16 with 2 x 2 max pooling, and their mirror image with unpooling to where the
    maxima were. 29.4 million parameters at six classes; Anthimopoulos et al., 2018, state 33.5 million for
    theirs, of which they give no layers.

    Parameters
    ----------
    classes : number of outputs.
    channels : of the input.
    width : part of the published channels that every layer keeps.
    """

    def __init__(self, classes: int, channels: int = 1, width: float = 1.0) -> None:
        super().__init__()
        stages, before = [], channels
        for published, depth in STAGES:
            after = max(1, round(width * published))
            stages.append([before, *[after] * depth])
            before = after
        self.encoders = nn.ModuleList(_convolutions(widths) for widths in stages)
        first = stages[0]
        mirrored = [widths[::-1] for widths in reversed(stages[1:])]
        self.decoders = nn.ModuleList(_convolutions(widths) for widths in [*mirrored, first[:0:-1]])
        self.classifier = nn.Conv2d(first[1], classes, kernel_size=3, padding=1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return logits (N, classes, Y, X) of images (N, channels, Y, X), each side at least 32."""
        return self.classifier(encode_decode(self.encoders, self.decoders, images))


def _convolutions(widths: list[int]) -> nn.Sequential:
    layers: list[nn.Module] = []
    for before, after in pairwise(widths):
        convolution = nn.Conv2d(before, after, kernel_size=3, padding=1)
        nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
        nn.init.zeros_(convolution.bias)
        layers += [convolution, nn.InstanceNorm2d(after, affine=True), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)
