"""Where in the axial slices lung can be, full of air or not, at a glance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from skimage.morphology import convex_hull_image

from LungCAD.lungs.morphology import Mask, Spacing, dilate

NEAR_MM = 30.0
"""Slices so near share their air: disease may leave none in one of them."""

RIM_MM = 12.0
"""The cavity reaches so far beyond the hull of the air: what is dense at the pleura."""


@dataclass(frozen=True)
class ChestCavity:
    """mask : (z, y, x) in cells of `factors` (z, y, x) voxels of the CT; its last voxels may lie beyond."""

    mask: Mask
    factors: tuple[int, int, int]


def chest_cavity(lungs: Mask, middle: float, spacing: Spacing) -> Mask:
    """Return what the aerated lungs (z, y, x) and what lies between them span, slice by slice, and a rim.

    Whatever one side spans the other does as well, for a whole lung may be dense. Slices without air have
    the cavity of near ones; far from any air there is none.

    Parameters
    ----------
    lungs : coarse, as the hull of every slice is made.
    middle : column in the middle of the body, counted from 0.
    spacing : of `lungs`, mm.
    """
    both = lungs.copy()
    slices, rows, columns = np.nonzero(lungs)
    mirrored = np.rint(2 * middle - columns).astype(np.intp).clip(0, lungs.shape[2] - 1)
    both[slices, rows, mirrored] = True
    near = 2 * int(NEAR_MM / spacing[0]) + 1
    both = ndimage.maximum_filter1d(both.view(np.uint8), near, axis=0, mode="constant")
    hulls = np.stack([convex_hull_image(one) if one.any() else one > 0 for one in both])
    return dilate(hulls, RIM_MM, spacing)
