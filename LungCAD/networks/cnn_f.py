"""CNN-F, the fast network of Chatfield et al., as the holistic detector of Gao et al. uses it."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import nn

from LungCAD.networks.response_norm import ResponseNorm

INPUT_PX = 224
"""Width of the images; the dense layers fit no other."""

DENSE = 4096
"""Units of either dense layer."""

LRN_SIZE, LRN_ALPHA, LRN_K = 5, 5e-4, 2.0
"""Local response normalisation, x / (k + alpha / size * sum of x^2 over `size` channels)^0.75."""

POOLED_PX = 6
"""Width of what the last pooling leaves."""


class CNNF(nn.Module):
    """Chatfield, Simonyan, Vedaldi, Zisserman, "Return of the devil in the details", BMVC 2014, table 1.

    Convolutions of 64 x 11 x 11 (stride 4), 256 x 5 x 5 and three of 256 x 3 x 3; normalisation and pooling
    after the first two, pooling after the last; two dense layers with dropout. Poolings are 3 x 3, stride 2,
    and count a border that is not whole: maps are 54, 27, 13 and 6 pixels wide. With four outputs it has
    56,753,924 parameters.

    Parameters
    ----------
    classes : number of outputs.
    width : part of the published channels that every convolution keeps.
    dense : units of either dense layer.
    dropout : part of the dense layers' units that training leaves out.
    """

    def __init__(self, classes: int, width: float = 1.0, dense: int = DENSE, dropout: float = 0.5) -> None:
        super().__init__()
        if dense < 1:
            raise ValueError(f"dense is {dense}, not at least 1")
        first, other = (max(1, round(width * channels)) for channels in (64, 256))
        self.features = nn.Sequential(
            OrderedDict(
                conv1=nn.Conv2d(3, first, kernel_size=11, stride=4),
                relu1=nn.ReLU(),
                norm1=_normalisation(),
                pool1=_pooling(),
                conv2=nn.Conv2d(first, other, kernel_size=5, padding=2),
                relu2=nn.ReLU(),
                norm2=_normalisation(),
                pool2=_pooling(),
                conv3=nn.Conv2d(other, other, kernel_size=3, padding=1),
                relu3=nn.ReLU(),
                conv4=nn.Conv2d(other, other, kernel_size=3, padding=1),
                relu4=nn.ReLU(),
                conv5=nn.Conv2d(other, other, kernel_size=3, padding=1),
                relu5=nn.ReLU(),
                pool5=_pooling(),
            )
        )
        self.classifier = nn.Sequential(
            OrderedDict(
                fc6=nn.Linear(other * POOLED_PX**2, dense),
                relu6=nn.ReLU(),
                drop6=nn.Dropout(dropout),
                fc7=nn.Linear(dense, dense),
                relu7=nn.ReLU(),
                drop7=nn.Dropout(dropout),
                fc8=nn.Linear(dense, classes),
            )
        )
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
                nn.init.zeros_(layer.bias)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return outputs (N, classes) of images (N, 3, 224, 224), their values about 0.

        Raises
        ------
        ValueError
            The images have another shape.
        """
        if images.shape[1:] != (3, INPUT_PX, INPUT_PX):
            raise ValueError(f"images: shape {tuple(images.shape)} is not (N, 3, {INPUT_PX}, {INPUT_PX})")
        return self.classifier(self.features(images).flatten(1))


def _normalisation() -> nn.Module:
    return ResponseNorm(LRN_SIZE, LRN_ALPHA, LRN_K)


def _pooling() -> nn.Module:
    return nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True)
