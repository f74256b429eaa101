"""Where a heat map is highest, and how well that is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import SimpleITK as sitk
import torch
from numpy.typing import NDArray
from scipy import ndimage

from LungCAD.images.geometry import spacing_zyx, to_axial
from LungCAD.report.signs import Peak
from LungCAD.tasks.cpa.back_projection import HEAT_SHAPE, heat_points, lung_share
from LungCAD.tasks.cpa_projections import REGIONS, ProjectionVolume, region_box

SUMMIT = 0.9
"""The peak is the middle of what is hotter than this part of the largest heat."""


def find_peaks(
    sign: str, heat: torch.Tensor, regions: Sequence[str], volume: ProjectionVolume, ct: sitk.Image
) -> list[Peak]:
    """Return the peak of a sign's heat (54, 64, 64) in every region that is named and shows any."""
    axial = to_axial(ct)
    steps = np.array(spacing_zyx(axial)) * axial.GetSize()[::-1] / HEAT_SHAPE
    inside = heat.numpy() * (lung_share(volume.lungs).numpy() > 0)
    found = []
    for region in regions:
        box = region_box(REGIONS.index(region), HEAT_SHAPE)
        part = inside[box]
        if part.max() <= 0:
            continue
        corner = np.array([each.start or 0 for each in box])
        summit, extent = _summit(part)
        (position,) = heat_points([summit + corner], ct)
        found.append(
            Peak(
                sign=sign,
                region=region,
                position=tuple(float(v) for v in position),
                heat=float(part.max()),
                extent_mm=tuple(float(v) for v in (extent * steps)[::-1]),
            )
        )
    return found


def _summit(heat: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the middle of the hottest part, and half the extent of what is at least half as hot."""
    top = np.unravel_index(heat.argmax(), heat.shape)
    summit = _around(heat >= SUMMIT * heat[top], top)
    slope = np.argwhere(_around(heat >= heat[top] / 2, top))
    middle = np.average(np.argwhere(summit), axis=0, weights=heat[summit])
    return middle, (np.ptp(slope, axis=0) + 1) / 2


def _around(mask: NDArray[np.bool_], place: tuple[np.intp, ...]) -> NDArray[np.bool_]:
    """Return the connected part of a mask that holds a place."""
    labels, _ = ndimage.label(mask)
    return labels == labels[place]
