"""AlexNet, the classifier of patches in Gao et al., ISBI 2016."""

from __future__ import annotations

import torch
from torch import nn

INPUT_PX = 224
"""Width of the images that the ImageNet weights were trained on; any width from 63 on is accepted."""


class AlexNet(nn.Module):
    """AlexNet in the single-tower form of Krizhevsky, arXiv 1404.5997, with torchvision's layout of names.

    At 1000 classes it has 61,100,840 parameters. The two-tower network of 2012, whose second, fourth and
    fifth convolutions are split into two groups of more channels, has 60,965,224: its weights do not fit.

    Parameters
    ----------
    classes : number of outputs.
    width : part of the published channels that every layer keeps, for tests and small machines.
    """

    def __init__(self, classes: int, width: float = 1.0) -> None:
        super().__init__()
        c1, c2, c3, c4, dense = (max(1, round(width * channels)) for channels in (64, 192, 384, 256, 4096))
        self.features = nn.Sequential(
            nn.Conv2d(3, c1, kernel_size=11, stride=4, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(kernel_size=3, stride=2),
            nn.Conv2d(c1, c2, kernel_size=5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(kernel_size=3, stride=2),
            nn.Conv2d(c2, c3, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.Conv2d(c3, c4, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.Conv2d(c4, c4, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(kernel_size=3, stride=2),
        )
        self.avgpool = nn.AdaptiveAvgPool2d(6)
        self.classifier = nn.Sequential(
            nn.Dropout(),
            nn.Linear(c4 * 6 * 6, dense),
            nn.ReLU(),
            nn.Dropout(),
            nn.Linear(dense, dense),
            nn.ReLU(),
            nn.Linear(dense, classes),
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return logits (N, classes) of images (N, 3, Y, X), normalised as for ImageNet."""
        return self.classifier(self.avgpool(self.features(images)).flatten(1))
