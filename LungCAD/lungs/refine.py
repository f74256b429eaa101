"""From the reduced grid back to every voxel of the scan."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from LungCAD.images.geometry import image_like, spacing_zyx
from LungCAD.lungs.morphology import Mask, distance_to, nearest_side
from LungCAD.progress import Progress, each

BORDER_HU = -400.0
"""Half-way between lung and chest wall: where the full-resolution border is drawn."""

SLAB = 16
"""Slices that are refined at a time, to bound the memory."""


def refine(
    ct: sitk.Image,
    grid: sitk.Image,
    lungs: NDArray[np.uint8],
    aerated: Mask,
    forbidden: Mask,
    progress: Progress,
) -> NDArray[np.uint8]:
    """Carry the lungs found on the reduced grid to every voxel of the scan.

    Away from their border the lungs are taken as they are. In a band one reduced voxel to either side the
    scan itself decides (`BORDER_HU`), except beside dense disease, where it cannot: there the border is
    the interpolated one.

    Parameters
    ----------
    ct : the scan, HU.
    grid : an image with the geometry of the reduced arrays.
    lungs, aerated, forbidden : (z, y, x) on the reduced grid; the lungs (0, 1, 2), their aerated part, and
        the airways with their walls.

    Returns
    -------
    (z, y, x) uint8 on the scan's grid, 0 outside, 1 right, 2 left.
    """
    spacing = spacing_zyx(grid)
    band = max(grid.GetSpacing()[:2])
    depth = _to_the_end(distance_to(lungs == 0, spacing) - distance_to(lungs > 0, spacing), grid)
    side = _to_the_end(nearest_side(lungs, spacing), grid)
    dense = _to_the_end(((lungs > 0) & (distance_to(aerated, spacing) > 1.5 * band)).astype(np.uint8), grid)
    closed = _to_the_end(forbidden.astype(np.uint8), grid)
    hu = sitk.GetArrayViewFromImage(ct)
    refined = np.zeros(hu.shape, np.uint8)
    for first in each(range(0, hu.shape[0], SLAB), progress, "Refining the border of the lungs"):
        slab = slice(first, min(first + SLAB, hu.shape[0]))
        target = ct[:, :, slab]
        depth_here = _sample(depth, target, sitk.sitkLinear)
        inside = depth_here > band
        inside |= (depth_here > -band) & (hu[slab] < BORDER_HU)
        inside |= (depth_here > 0) & _sample(dense, target).view(bool)
        inside &= ~_sample(closed, target).view(bool)
        refined[slab] = inside * _sample(side, target)
    return refined


def _to_the_end(array: NDArray, grid: sitk.Image) -> sitk.Image:
    """The array on the grid, its last voxels repeated: the scan may end with less than a block of them."""
    return sitk.ZeroFluxNeumannPad(image_like(array, grid), [0] * 3, [1] * 3)


def _sample(image: sitk.Image, target: sitk.Image, interpolator: int = sitk.sitkNearestNeighbor) -> NDArray:
    outside = float("-inf") if interpolator == sitk.sitkLinear else 0
    resampled = sitk.Resample(image, target, sitk.Transform(), interpolator, outside)
    return sitk.GetArrayFromImage(resampled)
