"""Inception v3, the second classifier of projections in Zusag et al., SAPSAM."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import nn
from torch.nn.functional import adaptive_avg_pool2d, avg_pool2d, max_pool2d, relu

from LungCAD.networks.dense_head import dense_head

INPUT_PX = 299
"""Width of the images that the ImageNet weights were trained on; any width from 75 on is accepted."""

HEADS = ("imagenet", "dense")

SEEN, SEEN_BY_AUXILIARY = 2048, 768


class Step(NamedTuple):
    """A convolution of a branch: its name, channels, kernel (y, x), and stride."""

    name: str
    channels: int
    kernel: tuple[int, int] = (1, 1)
    stride: int = 1


class InceptionV3(nn.Module):
    """The network of Szegedy et al., CVPR 2016, with torchvision's layout of names.

    At 1000 classes it has 27,161,264 parameters with its auxiliary classifier and 23,834,568 without.

    Parameters
    ----------
    classes : number of outputs.
    head : "imagenet", the published one; "dense", that of SAPSAM (`dense_head`).
    auxiliary : have the auxiliary classifier; `auxiliary_logits` is then what it says in training.
    """

    def __init__(self, classes: int, head: str = "imagenet", auxiliary: bool = False) -> None:
        super().__init__()
        if head not in HEADS:
            raise ValueError(f"head: {head!r} is not one of {', '.join(HEADS)}")
        self.Conv2d_1a_3x3 = ConvBN(3, 32, (3, 3), stride=2)
        self.Conv2d_2a_3x3 = ConvBN(32, 32, (3, 3), padding=(0, 0))
        self.Conv2d_2b_3x3 = ConvBN(32, 64, (3, 3))
        self.Conv2d_3b_1x1 = ConvBN(64, 80)
        self.Conv2d_4a_3x3 = ConvBN(80, 192, (3, 3), padding=(0, 0))
        self.Mixed_5b = _mixed_5(192, 32)
        self.Mixed_5c = _mixed_5(256, 64)
        self.Mixed_5d = _mixed_5(288, 64)
        self.Mixed_6a = _mixed_6a()
        self.Mixed_6b = _mixed_6(128)
        self.Mixed_6c = _mixed_6(160)
        self.Mixed_6d = _mixed_6(160)
        self.Mixed_6e = _mixed_6(192)
        self.AuxLogits = Auxiliary(classes) if auxiliary else None
        self.Mixed_7a = _mixed_7a()
        self.Mixed_7b = ForkedMixed(1280)
        self.Mixed_7c = ForkedMixed(2048)
        self.dropout = nn.Dropout() if head == "imagenet" else nn.Identity()
        self.fc = nn.Linear(SEEN, classes) if head == "imagenet" else dense_head(SEEN, classes)
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
    before : channels of the input. branches : each a row of steps.
    pooled : channels of the 1 x 1 convolution after average pooling; None to take the maxima with stride 2.
    """

    def __init__(self, before: int, branches: Sequence[Sequence[Step]], pooled: int | None) -> None:
        super().__init__()
        self._rows = [[step.name for step in branch] for branch in branches]
        for branch in branches:
            for name, layer in _row(before, branch).items():
                self.add_module(name, layer)
        self.branch_pool = None if pooled is None else ConvBN(before, pooled)

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

    def __init__(self, before: int) -> None:
        super().__init__()
        self.branch1x1 = ConvBN(before, 320)
        self.branch3x3_1 = ConvBN(before, 384)
        self.branch3x3_2a = ConvBN(384, 384, (1, 3))
        self.branch3x3_2b = ConvBN(384, 384, (3, 1))
        self.branch3x3dbl_1 = ConvBN(before, 448)
        self.branch3x3dbl_2 = ConvBN(448, 384, (3, 3))
        self.branch3x3dbl_3a = ConvBN(384, 384, (1, 3))
        self.branch3x3dbl_3b = ConvBN(384, 384, (3, 1))
        self.branch_pool = ConvBN(before, 192)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (N, 2048, Y, X) of (N, before, Y, X)."""
        short = self.branch3x3_1(x)
        long = self.branch3x3dbl_2(self.branch3x3dbl_1(x))
        forks = [self.branch3x3_2a(short), self.branch3x3_2b(short)]
        forks += [self.branch3x3dbl_3a(long), self.branch3x3dbl_3b(long)]
        return torch.cat([self.branch1x1(x), *forks, _pooled(x, self.branch_pool)], 1)


class Auxiliary(nn.Module):
    """The classifier in the middle, which helps training the layers before it."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.conv0 = ConvBN(SEEN_BY_AUXILIARY, 128)
        self.conv1 = ConvBN(128, 768, (5, 5), padding=(0, 0))
        self.fc = nn.Linear(768, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return logits (N, classes) of features (N, 768, Y, X), at least 17 x 17."""
        return self.fc(adaptive_avg_pool2d(self.conv1(self.conv0(avg_pool2d(x, 5, 3))), 1).flatten(1))


def _pooled(x: torch.Tensor, convolution: ConvBN | None) -> torch.Tensor:
    return max_pool2d(x, 3, 2) if convolution is None else convolution(avg_pool2d(x, 3, 1, 1))


def _row(before: int, steps: Sequence[Step]) -> Mapping[str, ConvBN]:
    layers = OrderedDict()
    for step in steps:
        layers[step.name] = ConvBN(before, step.channels, step.kernel, step.stride)
        before = step.channels
    return layers


def _mixed_5(before: int, pooled: int) -> Mixed:
    branches = [
        [Step("branch1x1", 64)],
        [Step("branch5x5_1", 48), Step("branch5x5_2", 64, (5, 5))],
        [
            Step("branch3x3dbl_1", 64),
            Step("branch3x3dbl_2", 96, (3, 3)),
            Step("branch3x3dbl_3", 96, (3, 3)),
        ],
    ]
    return Mixed(before, branches, pooled)


def _mixed_6a() -> Mixed:
    branches = [
        [Step("branch3x3", 384, (3, 3), 2)],
        [
            Step("branch3x3dbl_1", 64),
            Step("branch3x3dbl_2", 96, (3, 3)),
            Step("branch3x3dbl_3", 96, (3, 3), 2),
        ],
    ]
    return Mixed(288, branches, None)


def _mixed_6(narrow: int) -> Mixed:
    flat, tall = (1, 7), (7, 1)
    branches = [
        [Step("branch1x1", 192)],
        [Step("branch7x7_1", narrow), Step("branch7x7_2", narrow, flat), Step("branch7x7_3", 192, tall)],
        [
            Step("branch7x7dbl_1", narrow),
            Step("branch7x7dbl_2", narrow, tall),
            Step("branch7x7dbl_3", narrow, flat),
            Step("branch7x7dbl_4", narrow, tall),
            Step("branch7x7dbl_5", 192, flat),
        ],
    ]
    return Mixed(768, branches, 192)


def _mixed_7a() -> Mixed:
    branches = [
        [Step("branch3x3_1", 192), Step("branch3x3_2", 320, (3, 3), 2)],
        [
            Step("branch7x7x3_1", 192),
            Step("branch7x7x3_2", 192, (1, 7)),
            Step("branch7x7x3_3", 192, (7, 1)),
            Step("branch7x7x3_4", 192, (3, 3), 2),
        ],
    ]
    return Mixed(768, branches, None)
