"""Where the lungs surely are: the wide, lung-like parts of the air inside the body."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from LungCAD.lungs.body import TISSUE_HU
from LungCAD.lungs.morphology import Mask, Spacing, components, dilate, erode, opening

RIGHT, LEFT = 1, 2

WIDE_MM = (13.0, 9.0, 6.0)
"""Radii of a ball that fits into a lung but not into a trachea; the smaller ones find what the first has
missed: a child's lungs, the bases, a part that disease cuts off."""

WIDER_MM = (17.0, 22.0, 28.0)
"""Radii to try where the lungs touch so broadly that the ball sweeps through both."""

GAS_HU = -955.0
"""The inside of bowel and airways is below this, the inside of a lung above it (medians)."""

RIM_MM = 3.0
"""What counts as inside starts this far from the edge."""

SMALLEST_ML = 2.0
"""Volume that a core needs at least."""

NEAR_MM = 10.0
"""A narrower part is lung only if a wider one is this near."""

LESSER_SIDE = 0.15
"""A part with at least this share on either side of the body's middle is two lungs that touch."""


def lung_cores(hu: NDArray[np.float32], air: Mask, spacing: Spacing) -> NDArray[np.uint8]:
    """Return 1 in the core of the right lung, 2 in the core of the left, 0 elsewhere.

    Parameters
    ----------
    hu : (z, y, x) float32, HU; x grows towards the patient's left.
    air : (z, y, x), aerated voxels inside the body.
    spacing : mm.

    The answer is empty where no lung is found. One lung alone is named by its side of the body's middle.
    """
    columns = np.arange(hu.shape[2])
    middle = float(np.average(columns, weights=(hu > TISSUE_HU).sum((0, 1)) + 1e-9))
    cores = np.zeros(hu.shape, bool)
    for radius in WIDE_MM:
        found = _lung_like(hu, opening(air, radius, spacing), spacing)
        cores |= found if not cores.any() else _new_and_near(found, cores, spacing)
    for radius in WIDER_MM:
        if not _two_in_one(cores, middle):
            break
        wider = opening(cores, radius, spacing)
        cores = wider if wider.any() else cores
    return _named(cores, middle)


def _lung_like(hu: NDArray[np.float32], wide: Mask, spacing: Spacing) -> Mask:
    """Parts of `wide` that are large enough and not filled with gas."""
    labels, sizes = components(wide)
    inside = np.where(erode(wide, RIM_MM, spacing), labels, 0)
    large = np.flatnonzero(sizes * np.prod(spacing) / 1000 >= SMALLEST_ML)[1:]
    lungs = [name for name in large if np.median(hu[inside == name]) >= GAS_HU]
    return np.isin(labels, lungs)


def _new_and_near(found: Mask, cores: Mask, spacing: Spacing) -> Mask:
    labels, sizes = components(found)
    known, near = np.zeros(sizes.size, bool), np.zeros(sizes.size, bool)
    known[labels[cores]] = True
    near[labels[dilate(cores, NEAR_MM, spacing)]] = True
    near[0] = False
    return (near & ~known)[labels]


def _two_in_one(cores: Mask, middle: float) -> bool:
    labels, sizes = components(cores)
    right = np.bincount(labels[:, :, : round(middle)].ravel(), minlength=sizes.size)
    lesser = np.minimum(right, sizes - right)
    return bool((lesser[1:] >= LESSER_SIDE * sizes[1:]).any())


def _named(cores: Mask, middle: float) -> NDArray[np.uint8]:
    labels, sizes = components(cores)
    names = np.zeros(sizes.size, np.uint8)
    for name in range(1, sizes.size):
        names[name] = RIGHT if np.nonzero(labels == name)[2].mean() < middle else LEFT
    return names[labels]
