"""LungNet: dilated convolutions that see a large part of the lung and keep every pixel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import nn

FIBONACCI = (1, 1, 2, 3, 5, 8, 13, 21, 34, 55)
"""Dilations of the paper: denser sampling than powers of two, and a receptive field of 287 pixels."""

DENSE = (128, 32)
"""Channels of the 1 x 1 convolutions before the last."""

EPSILON = 1e-3
"""Of the normalisation, as in the authors' code."""

DROPOUT = 0.5

CONFIGURATIONS: Mapping[str, Mapping[str, Any]] = {
    "w/o dilated convolutions": {"dilations": (1,) * len(FIBONACCI)},
    "w/o concatenation": {"concatenation": False},
    "w/o InstanceNorm": {"normalization": "none"},
    "w/o InstanceNorm skip": {"normalization": "instance"},
    "16 kernels/layer": {"kernels": 16},
    "Exponential dilation": {"dilations": (1, 1, 2, 4, 8, 16, 32, 64)},
    "9 dilated layers": {"dilations": FIBONACCI[:9]},
    "Proposed": {},
    "64 kernels/layer": {"kernels": 64},
}
"""Options of the networks in the paper's Table II, by its names of the rows."""


class SkippedInstanceNorm(nn.InstanceNorm2d):
    """x + InstanceNorm(x): raises the contrast of an image without making all images equally bright."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return maps of the shape of x (N, C, Y, X)."""
        return x + super().forward(x)


NORMALIZATIONS = {"skip": SkippedInstanceNorm, "instance": nn.InstanceNorm2d, "none": nn.Identity}


class LungNet(nn.Module):
    """The network of Anthimopoulos et al., IEEE J Biomed Health Inform, 2018 (arXiv 1803.06167), fig. 3.

    Dilated 3 x 3 convolutions, one after the other; 1 x 1 convolutions over the outputs of all of them and
    the input. Statistics of the normalisation are those of the image at hand, in training and after.

    Parameters
    ----------
    classes : number of outputs.
    channels : of the input.
    kernels : of every dilated convolution.
    dilations : of the 3 x 3 convolutions, first to last.
    concatenation : whether the 1 x 1 convolutions see all dilated ones and the input, or the last alone.
    normalization : of the input and after all convolutions but the last: "skip" (fig. 4), "instance" or
        "none".
    """

    def __init__(
        self,
        classes: int,
        channels: int = 1,
        kernels: int = 32,
        dilations: Sequence[int] = FIBONACCI,
        concatenation: bool = True,
        normalization: str = "skip",
    ) -> None:
        super().__init__()
        if normalization not in NORMALIZATIONS:
            raise ValueError(f"normalization is {normalization!r}, not one of {', '.join(NORMALIZATIONS)}")
        self.concatenation = concatenation
        self.contrast = _normalization(channels, normalization)
        widths = [channels, *(kernels for _ in dilations)]
        self.dilated = nn.ModuleList(
            _block(before, after, normalization, kernel_size=3, padding=dilation, dilation=dilation)
            for (before, after), dilation in zip(pairwise(widths), dilations, strict=True)
        )
        seen = sum(widths) if concatenation else widths[-1]
        self.dense = nn.Sequential(
            nn.Dropout(DROPOUT),
            *(_block(*pair, normalization, kernel_size=1) for pair in pairwise([seen, *DENSE])),
            _convolution(DENSE[-1], classes, kernel_size=1),
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return logits (N, classes, Y, X) of images (N, channels, Y, X) of any size above one pixel."""
        maps = [self.contrast(images)]
        for block in self.dilated:
            maps.append(block(maps[-1]))
        return self.dense(torch.cat(maps, dim=1) if self.concatenation else maps[-1])


def _block(before: int, after: int, normalization: str, **shape: int) -> nn.Sequential:
    return nn.Sequential(
        _convolution(before, after, **shape), _normalization(after, normalization), nn.ReLU(inplace=True)
    )


def _convolution(before: int, after: int, **shape: int) -> nn.Conv2d:
    convolution = nn.Conv2d(before, after, **shape)
    nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
    nn.init.zeros_(convolution.bias)
    return convolution


def _normalization(channels: int, form: str) -> nn.Module:
    return NORMALIZATIONS[form](channels, eps=EPSILON, affine=True)
