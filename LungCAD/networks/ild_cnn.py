"""ILD-CNN made fully convolutional: the patch classifier at every pixel at once."""

from __future__ import annotations

import torch
from torch.nn.functional import avg_pool2d, pad

from LungCAD.networks.patch_cnn import PatchCNN

PATCH_PX = 32
"""Width of the patches that the paper trains on."""

POOLED_PX = 27
"""What five 2 x 2 convolutions leave of a patch."""


class ILDCNN(PatchCNN):
    """`PatchCNN` on the 32 x 32 patch around every pixel, as Anthimopoulos et al., 2018, compare with.

    Layers and names are those of `PatchCNN`: what was trained on patches can be loaded. The pixel is the one
    at index (16, 16) of its patch; beyond the border the image is 0.

    Parameters
    ----------
    classes : number of outputs.
    width : part of the published channels that every layer keeps.
    channels : of the input.
    """

    def __init__(self, classes: int, width: float = 1.0, channels: int = 1) -> None:
        super().__init__(classes, width, channels)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return logits (N, classes, Y, X) of images (N, channels, Y, X) of any size."""
        before, after = PATCH_PX // 2, (PATCH_PX - 1) // 2
        maps = self.features(pad(images, [before, after, before, after]))
        for window in ((POOLED_PX, 1), (1, POOLED_PX)):
            maps = avg_pool2d(maps, window, stride=1)
        return self.classifier(maps.movedim(1, -1)).movedim(-1, 1)
