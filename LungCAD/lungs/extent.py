"""How much lung every axial slice shows, at a glance: enough to know where a scan shows the chest."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from LungCAD.images.geometry import spacing_zyx
from LungCAD.lungs.airways import walled_gas
from LungCAD.lungs.body import air_in_body, body_middle
from LungCAD.lungs.cores import lung_cores
from LungCAD.lungs.lung_field import LungFieldParameters
from LungCAD.lungs.morphology import box_around

GRID_MM = 4.0
"""Voxels that are so large still tell lung from bowel and airways, and there are few of them."""


def lung_areas(axial: sitk.Image) -> NDArray[np.float64]:
    """Return the area of aerated lung in cm2 of every axial slice, feet first; 0 where none is in view.

    A hundredth of the work of `segment_lungs`, and as coarse: dense disease is not counted.

    Parameters
    ----------
    axial : CT in HU as `to_axial` returns it.
    """
    factors = [max(1, round(GRID_MM / step)) for step in axial.GetSpacing()]
    factors = [min(factor, size) for factor, size in zip(factors, axial.GetSize(), strict=True)]
    grid = sitk.Cast(sitk.BinShrink(axial, factors), sitk.sitkFloat32)
    hu, spacing = sitk.GetArrayFromImage(grid), spacing_zyx(grid)
    areas = _cores(hu, spacing).sum((1, 2)) * spacing[1] * spacing[2] / 100
    # Slices that do not fill a block of their own are at the end.
    return np.repeat(areas, factors[2])[np.arange(axial.GetDepth()).clip(max=len(areas) * factors[2] - 1)]


def _cores(hu: NDArray[np.float32], spacing: tuple[float, float, float]) -> NDArray[np.bool_]:
    parameters = LungFieldParameters()
    air = air_in_body(hu, parameters.air_hu, spacing)
    found = np.zeros(hu.shape, bool)
    if air.any():
        box = box_around(air, parameters.external_mm, spacing)
        middle = body_middle(hu) - box[2].start
        lungs = air[box] & ~walled_gas(hu[box], air[box], spacing)
        found[box] = lung_cores(hu[box], lungs, middle, spacing) > 0
    return found
