"""One heat map per sign on the CT's own grid: the consensus of directions, within the lungs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import SimpleITK as sitk
import torch

from LungCAD.images.geometry import from_axial, image_like, to_axial
from LungCAD.tasks.cpa.back_projection import HEAT_SHAPE, back_project
from LungCAD.tasks.cpa.evidence import SignEvidence
from LungCAD.tasks.cpa_projections import AXES, ProjectionVolume, Rotation


def consensus(
    evidence: Sequence[SignEvidence], probability: Mapping[str, float], judged: Collection[str]
) -> torch.Tensor:
    """Return the heat (54, 64, 64) of one sign: 0 to the sign's probability in every region that is judged.

    The geometric mean over directions: a place is hot where it is hot on all projections that it falls on.
    """
    heats = torch.stack([one.heat(judged) for one in evidence])
    agreed = heats.log().mean(0).exp()
    scale = {region: torch.full((1, 1, 1), probability[region]) for region in judged}
    return agreed * back_project(scale, AXES[0], Rotation()) if judged else torch.zeros(HEAT_SHAPE)


def on_ct(heat: torch.Tensor, volume: ProjectionVolume, ct: sitk.Image) -> sitk.Image:
    """Return heat (54, 64, 64) as float32 on the grid of the CT, of any direction; 0 outside the lungs."""
    scan = volume.grid.to_scan_volume(heat)
    scan *= volume.grid.to_scan_volume(volume.lungs.cpu()) > 0.5
    axial = to_axial(ct)
    return from_axial(image_like(scan, axial), ct)
