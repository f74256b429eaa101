"""The air inside the body: what is left when table, clothes and room air are taken away."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from LungCAD.lungs.morphology import IN_PLANE, Mask, Spacing, components, dilate, largest, opening

TISSUE_HU = -300.0
"""Voxels above this belong to body, table or clothes."""

TABLE_MM = 3.0
"""Radius of the opening that frees the body from shells it rests on."""


def air_in_body(hu: NDArray[np.float32], air_hu: float, spacing: Spacing) -> Mask:
    """Return the voxels below `air_hu` that the body encloses, slice by slice.

    Parameters
    ----------
    hu : (z, y, x) float32, HU.
    air_hu : upper limit of aerated tissue, HU.
    spacing : of `hu`, mm.
    """
    return (hu < air_hu) & ~_outside(_body(hu, spacing))


def body_middle(hu: NDArray[np.float32]) -> float:
    """Return the column, counted from 0, in the middle of what is denser than air."""
    columns = np.arange(hu.shape[2])
    weights = (hu > TISSUE_HU).sum((0, 1))
    return float(np.average(columns, weights=weights)) if weights.any() else float(columns.mean())


def _body(hu: NDArray[np.float32], spacing: Spacing) -> Mask:
    tissue = hu > TISSUE_HU
    core = largest(opening(tissue, TABLE_MM, spacing))
    return tissue & dilate(core, TABLE_MM, spacing)


def _outside(body: Mask) -> Mask:
    """Everything that the picture's border reaches within its slice without crossing the body."""
    labels, sizes = components(~body, IN_PLANE)
    outside = np.zeros(sizes.size, bool)
    for axis in (1, 2):
        for end in (0, -1):
            outside[np.take(labels, end, axis)] = True
    outside[0] = False
    return outside[labels]
