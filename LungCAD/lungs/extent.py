"""How much lung every axial slice shows and how far it reaches, at a glance: where a scan shows the chest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage

from LungCAD.images.geometry import spacing_zyx
from LungCAD.lungs.airways import walled_gas
from LungCAD.lungs.body import body_middle
from LungCAD.lungs.cavity import ChestCavity, chest_cavity
from LungCAD.lungs.cores import lung_cores
from LungCAD.lungs.cut import air_of_chest
from LungCAD.lungs.lung_field import LungFieldParameters
from LungCAD.lungs.morphology import Mask, Spacing, box_around

GRID_MM = 4.0
"""Voxels that are so large still tell lung from bowel and airways, and there are few of them."""

AERATED_HU = LungFieldParameters().air_hu


@dataclass(frozen=True)
class LungExtent:
    """Where the axial slices of a CT show aerated lung.

    areas_cm2 : of every slice, feet first; 0 where no lung is in view.
    rows, columns : first pixel, and the one after the last; None where no lung is in view.
    cut : of every slice, whether lung reaches the edge of the picture, so that some of it is missing.
    cavity : where in the slices lung can be, also dense; None where no lung is in view.
    """

    areas_cm2: NDArray[np.float64]
    rows: tuple[int, int] | None
    columns: tuple[int, int] | None
    cut: NDArray[np.bool_]
    cavity: ChestCavity | None = None


def lung_extent(axial: sitk.Image) -> LungExtent:
    """Look for aerated lung on a coarse grid.

    A hundredth of the work of `segment_lungs`, and as coarse: dense disease is not counted, nor is the rim.

    Parameters
    ----------
    axial : CT in HU as `to_axial` returns it.
    """
    factors = [max(1, round(GRID_MM / step)) for step in axial.GetSpacing()]
    factors = [min(factor, size) for factor, size in zip(factors, axial.GetSize(), strict=True)]
    grid = sitk.Cast(sitk.BinShrink(axial, factors), sitk.sitkFloat32)
    hu, spacing = sitk.GetArrayFromImage(grid), spacing_zyx(grid)
    cores, cut = _cores(hu, spacing)
    cut = cut.any((1, 2))
    areas = cores.sum((1, 2)) * spacing[1] * spacing[2] / 100
    # Slices that do not fill a block of their own are at the end.
    blocks = (np.arange(axial.GetDepth()) // factors[2]).clip(max=len(areas) - 1)
    if not cores.any():
        return LungExtent(areas[blocks], None, None, cut[blocks])
    _, rows, columns = ndimage.find_objects(cores.view(np.uint8))[0]
    return LungExtent(
        areas[blocks],
        (rows.start * factors[1], rows.stop * factors[1]),
        (columns.start * factors[0], columns.stop * factors[0]),
        cut[blocks],
        ChestCavity(chest_cavity(cores, body_middle(hu), spacing), tuple(factors[::-1])),
    )


def _cores(hu: NDArray[np.float32], spacing: Spacing) -> tuple[Mask, Mask]:
    """Return where lung surely is, and the lung that the picture's edge cuts."""
    air, cut = air_of_chest(hu, AERATED_HU, spacing)
    found = np.zeros(hu.shape, bool)
    if air.any():
        box = box_around(air, LungFieldParameters().external_mm, spacing)
        middle = body_middle(hu) - box[2].start
        lungs = air[box] & ~walled_gas(hu[box], air[box], spacing)
        found[box] = lung_cores(hu[box], lungs, middle, spacing) > 0
    return found, cut
