"""Where the lungs surely are: the wide, lung-like parts of the air inside the body."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from LungCAD.lungs.morphology import Mask, Spacing, components, dilate, erode, opening

RIGHT, LEFT = 1, 2

WIDE_MM = (13.0, 9.0, 6.0)
"""Radii of a ball that fits into a lung but not into a trachea. The smaller ones are for lungs in which
the first is stuck, a child's, the bases, lungs full of nodules, and for parts that disease cuts off."""

ENOUGH = 0.3
"""Share of the air in a half of the body that cores must have there, otherwise a smaller ball is tried."""

WIDER_MM = (17.0, 22.0, 28.0)
"""Radii to try where the lungs touch so broadly that the ball sweeps through both."""

WIDE_LUNG = (-975.0, 0.6)
LOOSE_LUNG = (-955.0, 0.75)
"""A part is lung, not gas, if at least this share of its inside is denser than so many HU. The first holds
even for emphysema; a narrow part that is cut off is more often bowel and has to look more like lung."""

RIM_MM = 3.0
"""What counts as inside starts this far from the edge."""

SMALLEST_ML = 2.0
"""Volume that a core needs at least."""

NEAR_MM = 10.0
"""A part that is cut off is lung only if a core is this near."""

LESSER_SIDE = 0.15
"""A part with at least this share on either side of the body's middle is two lungs that touch."""


def lung_cores(hu: NDArray[np.float32], air: Mask, middle: float, spacing: Spacing) -> NDArray[np.uint8]:
    """Return 1 in the core of the right lung, 2 in the core of the left, 0 elsewhere.

    Parameters
    ----------
    hu : (z, y, x) float32, HU; x grows towards the patient's left.
    air : (z, y, x), aerated voxels inside the body.
    middle : column of the body's middle.
    spacing : mm.

    The answer is empty where no lung is found. One lung alone is named by its side of the body's middle.
    """
    columns = np.arange(hu.shape[2])
    wide = [opening(air, radius, spacing) for radius in WIDE_MM]
    cores = np.zeros(hu.shape, bool)
    for half in (columns < middle, columns >= middle):
        enough = ENOUGH * (air & half).sum()
        for parts in wide:
            found = _lung_like(hu, parts, WIDE_LUNG, spacing) & half
            if found.sum() >= enough:
                break
        cores |= found
    cores |= _loose(_lung_like(hu, wide[-1], LOOSE_LUNG, spacing), cores, spacing)
    for radius in WIDER_MM:
        if not _two_in_one(cores, middle).any():
            break
        wider = opening(cores, radius, spacing)
        if 2 * wider.sum() < cores.sum():
            break
        cores = wider
    return _named(cores, middle)


def _lung_like(hu: NDArray[np.float32], parts: Mask, lung: tuple[float, float], spacing: Spacing) -> Mask:
    """Parts that are large enough and not filled with gas."""
    least_hu, least_share = lung
    labels, sizes = components(parts)
    inside = np.where(erode(parts, RIM_MM, spacing), labels, 0)
    large = np.flatnonzero(sizes * np.prod(spacing) / 1000 >= SMALLEST_ML)[1:]
    lungs = [name for name in large if np.mean(hu[inside == name] >= least_hu) >= least_share]
    return np.isin(labels, lungs)


def _loose(parts: Mask, cores: Mask, spacing: Spacing) -> Mask:
    """Parts that lie near the cores and do not hang together with them."""
    labels, sizes = components(parts)
    known, near = np.zeros(sizes.size, bool), np.zeros(sizes.size, bool)
    known[labels[cores]] = True
    near[labels[dilate(cores, NEAR_MM, spacing)]] = True
    near[0] = False
    return (near & ~known)[labels]


def _two_in_one(cores: Mask, middle: float) -> NDArray[np.bool_]:
    """For each connected part (0: background), whether it is two lungs."""
    labels, sizes = components(cores)
    right = np.bincount(labels[:, :, : max(round(middle), 0)].ravel(), minlength=sizes.size)
    two = np.minimum(right, sizes - right) >= LESSER_SIDE * sizes
    two[0] = False
    return two


def _named(cores: Mask, middle: float) -> NDArray[np.uint8]:
    """Name each part by its side; a part that is two lungs still is cut in the body's middle."""
    labels, sizes = components(cores)
    side_of_column = np.where(np.arange(cores.shape[2]) < middle, RIGHT, LEFT).astype(np.uint8)
    right = np.bincount(labels[:, :, side_of_column == RIGHT].ravel(), minlength=sizes.size)
    names = np.where(right > sizes / 2, RIGHT, LEFT).astype(np.uint8)
    names[0] = 0
    named = names[labels]
    joined = _two_in_one(cores, middle)[labels]
    return np.where(joined, side_of_column, named)
