"""Where in the scan a network saw a disease: its maps on the CT's own grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
import torch
from numpy.typing import NDArray
from torch.nn.functional import interpolate, pad

from LungCAD.images.geometry import from_axial, image_like, to_axial
from LungCAD.lungs.cavity import ChestCavity
from LungCAD.networks.cnn_f import INPUT_PX
from LungCAD.tasks.detection_input import Field

FIRST_PX, STEP_PX = 17.0, 16.0
"""Pixel i of CNN-F's last maps (13 x 13) is centred at 16 i + 17 in the image: stride 4 (kernel 11, no
padding), then two poolings (3 x 3, stride 2). Maps spread evenly would have it at 17.2 i + 8.1."""

CELLS = 28
"""Cells of 8 pixels that the maps are interpolated to, evenly spread over the image."""

SLICES_AT_ONCE = 16


@dataclass(frozen=True)
class HeatMap:
    """Maps (N, y, x), 0 to 1, of the slices `indices` of the axial stack, and the field they lie in.

    cavity : where lung can be; the network's places are coarse, and heat of one at the pleura would reach
    beyond the chest.
    """

    maps: torch.Tensor
    indices: NDArray[np.intp]
    field: Field
    cavity: ChestCavity

    def image(self, ct: sitk.Image) -> sitk.Image:
        """Return the maps in per cent, uint8 on the grid of `ct`; 0 beside the cavity and on other slices."""
        axial = to_axial(ct)
        volume = np.zeros(axial.GetSize()[::-1], np.uint8)
        for start in range(0, len(self.indices), SLICES_AT_ONCE):
            chunk = slice(start, start + SLICES_AT_ONCE)
            placed = self.field.put_back(aligned(self.maps[chunk]))
            placed *= self._inside(self.indices[chunk], placed.shape[1:])
            volume[self.indices[chunk]] = placed.mul_(100).round_().to(torch.uint8).numpy()
        return from_axial(image_like(volume, axial), ct)

    def _inside(self, indices: NDArray[np.intp], shape: Sequence[int]) -> torch.Tensor:
        """Return the cavity in these slices, (N, Y, X) bool, its border between the cells' middles."""
        cells, (layers, *factors) = self.cavity.mask, self.cavity.factors
        chosen = torch.from_numpy(cells[(indices // layers).clip(max=len(cells) - 1)])
        fine = interpolate(chosen[:, None].float(), scale_factor=factors, mode="bilinear")
        rows, columns = (length - known for length, known in zip(shape, fine.shape[2:], strict=True))
        return pad(fine, [0, columns, 0, rows], mode="replicate")[:, 0] > 0.5


def aligned(maps: torch.Tensor) -> torch.Tensor:
    """Return maps of CNN-F (N, 13, 13) as (N, 28, 28), whose pixels are evenly spread over its input."""
    size = INPUT_PX / CELLS
    places = ((torch.arange(CELLS) + 0.5) * size - 0.5 - FIRST_PX) / STEP_PX
    places = places.clamp(0, maps.shape[1] - 1)
    weights = (1 - (places[:, None] - torch.arange(maps.shape[1])).abs()).clamp(min=0)
    return weights @ maps.float() @ weights.T
