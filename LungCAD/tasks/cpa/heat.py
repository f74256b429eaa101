"""One heat map per sign on the CT's own grid: the consensus of directions, within the lungs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
import torch

from LungCAD.images.geometry import from_axial, image_like, to_axial
from LungCAD.tasks.cpa.back_projection import HEAT_SHAPE
from LungCAD.tasks.cpa.evidence import SignEvidence
from LungCAD.tasks.cpa_projections import REGIONS, ProjectionVolume, region_box


def consensus(
    evidence: Sequence[SignEvidence], probability: Mapping[str, float], judged: Collection[str]
) -> torch.Tensor:
    """Return the heat (54, 64, 64) of one sign: 0 to the sign's probability in every region that is judged.

    The geometric mean over directions: a place is hot where it is hot on all projections that it falls on. A
    direction without any heat in a region says nothing of the places there, and is left out.
    """
    heats = torch.stack([one.heat(judged) for one in evidence])
    together = torch.zeros(HEAT_SHAPE)
    for region in judged:
        box = region_box(REGIONS.index(region), HEAT_SHAPE)
        hot = [heat[box] for heat in heats if heat[box].any()]
        if hot:
            together[box] = probability[region] * torch.stack(hot).log().mean(0).exp()
    return together


@dataclass(frozen=True)
class HeatMap:
    """Heat (54, 64, 64) of one sign, 0..1, of a scan on the grid of the projections."""

    heat: torch.Tensor
    volume: ProjectionVolume

    def image(self, ct: sitk.Image) -> sitk.Image:
        """Return it in per cent, uint8, on the grid of the CT, of any direction; 0 outside the lungs."""
        grid = self.volume.grid
        percent = np.rint(100 * grid.to_scan_volume(self.heat)).astype(np.uint8)
        percent[grid.to_scan_volume(self.volume.lungs.cpu()) < 0.5] = 0
        axial = to_axial(ct)
        return from_axial(image_like(percent, axial), ct)
