"""Inception v3, the second classifier of projections in Zusag et al., SAPSAM."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import torch
from torch import nn
from torch.nn.functional import adaptive_avg_pool2d, avg_pool2d, max_pool2d, relu

from LungCAD.networks.dense_head import dense_head

INPUT_PX = 299
"""Width of the images that the ImageNet weights were trained on; any width from 75 on is accepted."""

HEADS = ("imagenet", "dense")

FLAT, TALL = (1, 7), (7, 1)


class Step(NamedTuple):
    """A convolution of a branch: its name, channels, kernel (y, x), and stride."""

    name: str
    channels: int
    kernel: tuple[int, int] = (1, 1)
    stride: int = 1


MIXED_5 = (
    (Step("branch1x1", 64),),
    (Step("branch5x5_1", 48), Step("branch5x5_2", 64, (5, 5))),
    (Step("branch3x3dbl_1", 64), Step("branch3x3dbl_2", 96, (3, 3)), Step("branch3x3dbl_3", 96, (3, 3))),
)
MIXED_6A = (
    (Step("branch3x3", 384, (3, 3), 2),),
    (Step("branch3x3dbl_1", 64), Step("branch3x3dbl_2", 96, (3, 3)), Step("branch3x3dbl_3", 96, (3, 3), 2)),
)
MIXED_7A = (
    (Step("branch3x3_1", 192), Step("branch3x3_2", 320, (3, 3), 2)),
    (
        Step("branch7x7x3_1", 192),
        Step("branch7x7x3_2", 192, FLAT),
        Step("branch7x7x3_3", 192, TALL),
        Step("branch7x7x3_4", 192, (3, 3), 2),
    ),
)


def mixed_6(narrow: int) -> tuple[tuple[Step, ...], ...]:
    """Return the branches of the middle blocks, which differ in the channels of their 7 x 7 convolutions."""
    return (
        (Step("branch1x1", 192),),
        (Step("branch7x7_1", narrow), Step("branch7x7_2", narrow, FLAT), Step("branch7x7_3", 192, TALL)),
        (
            Step("branch7x7dbl_1", narrow),
            Step("branch7x7dbl_2", narrow, TALL),
            Step("branch7x7dbl_3", narrow, FLAT),
            Step("branch7x7dbl_4", narrow, TALL),
            Step("branch7x7dbl_5", 192, FLAT),
        ),
    )


class InceptionV3(nn.Module):
    """The network of Szegedy et al., CVPR 2016, with torchvision's layout of names.

    At 1000 classes it has 27,161,264 parameters with its auxiliary classifier and 23,834,568 without.

    Parameters
    ----------
    classes : number of outputs.
    head : "imagenet", the published one; "dense", that of SAPSAM (`dense_head`).
    auxiliary : have the auxiliary classifier; `auxiliary_logits` is then what it says in training.
    width : part of the published channels that every layer keeps, for tests and small machines.
    """

    def __init__(
        self, classes: int, head: str = "imagenet", auxiliary: bool = False, width: float = 1.0
    ) -> None:
        super().__init__()
        if head not in HEADS:
            raise ValueError(f"head: {head!r} is not one of {', '.join(HEADS)}")
        c = partial(_kept, width)
        self.Conv2d_1a_3x3 = ConvBN(3, c(32), (3, 3), stride=2)
        self.Conv2d_2a_3x3 = ConvBN(c(32), c(32), (3, 3), padding=(0, 0))
        self.Conv2d_2b_3x3 = ConvBN(c(32), c(64), (3, 3))
        self.Conv2d_3b_1x1 = ConvBN(c(64), c(80))
        self.Conv2d_4a_3x3 = ConvBN(c(80), c(192), (3, 3), padding=(0, 0))
        self.Mixed_5b = Mixed(c(192), MIXED_5, 32, width)
        self.Mixed_5c = Mixed(self.Mixed_5b.after, MIXED_5, 64, width)
        self.Mixed_5d = Mixed(self.Mixed_5c.after, MIXED_5, 64, width)
        self.Mixed_6a = Mixed(self.Mixed_5d.after, MIXED_6A, None, width)
        self.Mixed_6b = Mixed(self.Mixed_6a.after, mixed_6(128), 192, width)
        self.Mixed_6c = Mixed(self.Mixed_6b.after, mixed_6(160), 192, width)
        self.Mixed_6d = Mixed(self.Mixed_6c.after, mixed_6(160), 192, width)
        self.Mixed_6e = Mixed(self.Mixed_6d.after, mixed_6(192), 192, width)
        self.AuxLogits = Auxiliary(self.Mixed_6e.after, classes, width) if auxiliary else None
        self.Mixed_7a = Mixed(self.Mixed_6e.after, MIXED_7A, None, width)
        self.Mixed_7b = ForkedMixed(self.Mixed_7a.after, width)
        self.Mixed_7c = ForkedMixed(self.Mixed_7b.after, width)
        seen = self.Mixed_7c.after
        self.dropout = nn.Dropout() if head == "imagenet" else nn.Identity()
        self.fc = nn.Linear(seen, classes) if head == "imagenet" else dense_head(seen, classes)
        self.auxiliary_logits: torch.Tensor | None = None

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return logits (N, classes) of images (N, 3, Y, X) with grey levels -1..1."""
        x = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(images)))
        x = self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(max_pool2d(x, 3, 2)))
        x = self.Mixed_5d(self.Mixed_5c(self.Mixed_5b(max_pool2d(x, 3, 2))))
        x = self.Mixed_6e(self.Mixed_6d(self.Mixed_6c(self.Mixed_6b(self.Mixed_6a(x)))))
        if self.AuxLogits is not None and self.training:
            self.auxiliary_logits = self.AuxLogits(x)
        x = self.Mixed_7c(self.Mixed_7b(self.Mixed_7a(x)))
        return self.fc(self.dropout(adaptive_avg_pool2d(x, 1).flatten(1)))

    def first_blocks(self) -> nn.Module:
        """Return the layers before the second pooling, which SAPSAM freezes."""
        return nn.ModuleList(
            (
                self.Conv2d_1a_3x3,
                self.Conv2d_2a_3x3,
                self.Conv2d_2b_3x3,
                self.Conv2d_3b_1x1,
                self.Conv2d_4a_3x3,
            )
        )


class ConvBN(nn.Module):
    """A convolution without bias, normalised by batch, rectified; padded to keep its size unless strided."""

    def __init__(
        self,
        before: int,
        after: int,
        kernel: tuple[int, int] = (1, 1),
        stride: int = 1,
        padding: tuple[int, int] | None = None,
    ) -> None:
        super().__init__()
        if padding is None:
            padding = (0, 0) if stride > 1 else (kernel[0] // 2, kernel[1] // 2)
        self.conv = nn.Conv2d(before, after, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(after, eps=1e-3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (N, after, Y', X') of (N, before, Y, X)."""
        return relu(self.bn(self.conv(x)), inplace=True)


class Mixed(nn.Module):
    """Branches of convolutions side by side, and one that pools; their channels are put one after another.

    Parameters
    ----------
    before : channels of the input. branches : each a row of steps, with the published channels.
    pooled : channels of the 1 x 1 convolution after average pooling; None to take the maxima with stride 2.
    width : part of the published channels that are kept.
    """

    def __init__(
        self, before: int, branches: Sequence[Sequence[Step]], pooled: int | None, width: float
    ) -> None:
        super().__init__()
        self._rows = [[step.name for step in branch] for branch in branches]
        for branch in branches:
            channels = before
            for step in branch:
                kept = _kept(width, step.channels)
                self.add_module(step.name, ConvBN(channels, kept, step.kernel, step.stride))
                channels = kept
        self.branch_pool = None if pooled is None else ConvBN(before, _kept(width, pooled))
        ends = sum(_kept(width, branch[-1].channels) for branch in branches)
        self.after = ends + (before if pooled is None else _kept(width, pooled))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (N, after, Y', X') of (N, before, Y, X)."""
        found = []
        for row in self._rows:
            branch = x
            for name in row:
                branch = getattr(self, name)(branch)
            found.append(branch)
        return torch.cat([*found, _pooled(x, self.branch_pool)], 1)


class ForkedMixed(nn.Module):
    """The last kind of block: two of its branches end in a fork of a flat and a tall convolution."""

    def __init__(self, before: int, width: float) -> None:
        super().__init__()
        c = partial(_kept, width)
        self.branch1x1 = ConvBN(before, c(320))
        self.branch3x3_1 = ConvBN(before, c(384))
        self.branch3x3_2a = ConvBN(c(384), c(384), (1, 3))
        self.branch3x3_2b = ConvBN(c(384), c(384), (3, 1))
        self.branch3x3dbl_1 = ConvBN(before, c(448))
        self.branch3x3dbl_2 = ConvBN(c(448), c(384), (3, 3))
        self.branch3x3dbl_3a = ConvBN(c(384), c(384), (1, 3))
        self.branch3x3dbl_3b = ConvBN(c(384), c(384), (3, 1))
        self.branch_pool = ConvBN(before, c(192))
        self.after = c(320) + 4 * c(384) + c(192)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (N, after, Y, X) of (N, before, Y, X)."""
        short = self.branch3x3_1(x)
        long = self.branch3x3dbl_2(self.branch3x3dbl_1(x))
        forks = [self.branch3x3_2a(short), self.branch3x3_2b(short)]
        forks += [self.branch3x3dbl_3a(long), self.branch3x3dbl_3b(long)]
        return torch.cat([self.branch1x1(x), *forks, _pooled(x, self.branch_pool)], 1)


class Auxiliary(nn.Module):
    """The classifier in the middle, which helps training the layers before it."""

    def __init__(self, before: int, classes: int, width: float) -> None:
        super().__init__()
        c = partial(_kept, width)
        self.conv0 = ConvBN(before, c(128))
        self.conv1 = ConvBN(c(128), c(768), (5, 5), padding=(0, 0))
        self.fc = nn.Linear(c(768), classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return logits (N, classes) of features (N, before, Y, X), at least 17 x 17."""
        return self.fc(adaptive_avg_pool2d(self.conv1(self.conv0(avg_pool2d(x, 5, 3))), 1).flatten(1))


def _pooled(x: torch.Tensor, convolution: ConvBN | None) -> torch.Tensor:
    return max_pool2d(x, 3, 2) if convolution is None else convolution(avg_pool2d(x, 3, 1, 1))


def _kept(width: float, published: int) -> int:
    return max(1, round(width * published))
