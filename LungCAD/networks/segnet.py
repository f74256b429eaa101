"""SegNet with a fixed number of filters, as used on chest radiographs."""

from __future__ import annotations

import torch
from torch import nn

from LungCAD.networks.contrast import ContrastNormalization
from LungCAD.networks.unpooling import encode_decode

STAGES = 4


class SegNet(nn.Module):
    """The encoder-decoder of Kalinovsky & Kovalev, 2016, after Badrinarayanan et al., arXiv 1511.00561.

    Four stages of convolution, ReLU and 2 x 2 max pooling; four of unpooling to where the maxima were,
    convolution and ReLU; then one class per pixel. The paper normalises the local contrast of the input and
    states 64 filters but no kernel: 7 is SegNet-Basic's (1.41 million parameters), 3 has 0.26 million.

    Parameters
    ----------
    classes : number of outputs.
    channels : of the input.
    filters : of every convolution.
    kernel : width of every convolution, odd.
    contrast : form of `ContrastNormalization` at the input, or "none".
    """

    def __init__(
        self,
        classes: int,
        channels: int = 1,
        filters: int = 64,
        kernel: int = 3,
        contrast: str = "divisive",
    ) -> None:
        super().__init__()
        if kernel % 2 == 0:
            raise ValueError(f"kernel is {kernel}, not odd")
        self.contrast = ContrastNormalization(contrast)
        self.encoders = nn.ModuleList(
            _convolution(channels if stage == 0 else filters, filters, kernel) for stage in range(STAGES)
        )
        self.decoders = nn.ModuleList(_convolution(filters, filters, kernel) for _ in range(STAGES))
        self.classifier = nn.Conv2d(filters, classes, kernel_size=1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return logits (N, classes, Y, X) of images (N, channels, Y, X); Y and X are multiples of 16."""
        return self.classifier(encode_decode(self.encoders, self.decoders, self.contrast(images)))


def _convolution(before: int, after: int, kernel: int) -> nn.Sequential:
    convolution = nn.Conv2d(before, after, kernel, padding=kernel // 2)
    nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
    nn.init.zeros_(convolution.bias)
    return nn.Sequential(convolution, nn.BatchNorm2d(after), nn.ReLU(inplace=True))
