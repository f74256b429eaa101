"""VGG19, the classifier of projections in Zusag et al., SAPSAM."""

from __future__ import annotations

import torch
from torch import nn

from LungCAD.networks.dense_head import dense_head

INPUT_PX = 224
"""Width of the images that the ImageNet weights were trained on; any width from 32 on is accepted."""

BLOCKS = ((64, 2), (128, 2), (256, 4), (512, 4), (512, 4))
"""Channels and number of convolutions of each block; a 2 x 2 max pooling ends it."""

GRID = 7
"""Rows and columns of features that the dense layers see."""

HEADS = ("imagenet", "flat", "average")


class VGG19(nn.Module):
    """Configuration E of Simonyan and Zisserman, arXiv 1409.1556, with torchvision's layout of names.

    At 1000 classes and full width it has 143,667,240 parameters; with SAPSAM's head and two classes
    46,767,170; that with a quarter of the channels and averaged features 2,436,626.

    Parameters
    ----------
    classes : number of outputs.
    width : part of the published channels that every convolution keeps.
    head : "imagenet", the published one; "flat", that of SAPSAM (`dense_head`) on all features; "average",
        the same on the features' mean over the image.
    pools : how many of the five blocks end with their pooling. Three leave finer maps to look at: one value
        for every 8 x 8 pixels instead of every 16 x 16 in the last convolutions.
    channels : of the images.
    """

    def __init__(
        self, classes: int, width: float = 1.0, head: str = "imagenet", pools: int = 5, channels: int = 3
    ) -> None:
        super().__init__()
        if head not in HEADS:
            raise ValueError(f"head: {head!r} is not one of {', '.join(HEADS)}")
        layers: list[nn.Module] = []
        before = channels
        for block, (published, depth) in enumerate(BLOCKS):
            after = max(1, round(width * published))
            for _ in range(depth):
                layers += [_convolution(before, after), nn.ReLU(inplace=True)]
                before = after
            layers.append(nn.MaxPool2d(2) if block < pools else nn.Identity())
        self.features = nn.Sequential(*layers)
        grid = 1 if head == "average" else GRID
        self.avgpool = nn.AdaptiveAvgPool2d(grid)
        seen = before * grid * grid
        published_head = head == "imagenet"
        self.classifier = (
            _published_head(seen, classes, width) if published_head else dense_head(seen, classes)
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return logits (N, classes) of images (N, channels, Y, X)."""
        return self.classifier(self.avgpool(self.features(images)).flatten(1))

    def first_blocks(self) -> nn.Module:
        """Return the first two blocks, which SAPSAM freezes."""
        return self.features[: sum(2 * depth + 1 for _, depth in BLOCKS[:2])]


def _published_head(seen: int, classes: int, width: float) -> nn.Sequential:
    dense = max(1, round(width * 4096))
    return nn.Sequential(
        nn.Linear(seen, dense),
        nn.ReLU(),
        nn.Dropout(),
        nn.Linear(dense, dense),
        nn.ReLU(),
        nn.Dropout(),
        nn.Linear(dense, classes),
    )


def _convolution(before: int, after: int) -> nn.Conv2d:
    convolution = nn.Conv2d(before, after, kernel_size=3, padding=1)
    nn.init.kaiming_normal_(convolution.weight, mode="fan_out", nonlinearity="relu")
    nn.init.zeros_(convolution.bias)
    return convolution
