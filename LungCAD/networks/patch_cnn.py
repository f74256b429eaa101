"""A small texture network for patches, for machines without a GPU."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn

KERNELS = 4
"""The k of the paper: layer L has k (L + 1)^2 kernels, in proportion to what its neurons see."""

LEAK = 0.3


class PatchCNN(nn.Module):
    """The network of Anthimopoulos et al., IEEE Trans Med Imaging 35(5), 2016, with as many inputs as wanted.

    Five 2 x 2 convolutions without padding see 6 x 6 pixels; averaging them over the whole patch leaves the
    texture and drops the place. Three dense layers follow.

    Parameters
    ----------
    classes : number of outputs.
    width : part of the published channels that every layer keeps.
    channels : of the input; the paper has one.
    """

    def __init__(self, classes: int, width: float = 1.0, channels: int = 3) -> None:
        super().__init__()
        kernels = [max(1, round(width * KERNELS * (layer + 1) ** 2)) for layer in range(1, 6)]
        convolutions: list[nn.Module] = []
        for before, after in pairwise([channels, *kernels]):
            convolutions += [nn.Conv2d(before, after, kernel_size=2), nn.LeakyReLU(LEAK)]
        self.features = nn.Sequential(*convolutions)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        last = kernels[-1]
        self.classifier = nn.Sequential(
            nn.Dropout(),
            nn.Linear(last, 6 * last),
            nn.ReLU(),
            nn.Dropout(),
            nn.Linear(6 * last, 2 * last),
            nn.ReLU(),
            nn.Dropout(),
            nn.Linear(2 * last, classes),
        )
        self._initialise()

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return logits (N, classes) of images (N, channels, Y, X), each side at least 6."""
        return self.classifier(self.avgpool(self.features(images)).flatten(1))

    def _initialise(self) -> None:
        """Orthogonal kernels and He's dense layers, as in the paper."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.orthogonal_(module.weight)
                nn.init.zeros_(module.bias)
            elif isinstance(module, nn.Linear):
                nn.init.kaiming_uniform_(module.weight, nonlinearity="relu")
                nn.init.zeros_(module.bias)
