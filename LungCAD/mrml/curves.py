"""Closed curves: the pixels that a curve encloses on the slice it was drawn on."""

from __future__ import annotations

import numpy as np
import slicer
from numpy.typing import NDArray
from skimage.draw import polygon2mask
from vtk.util import numpy_support

from LungCAD.errors import InputError

WITHIN_SLICE = 0.5 + 1e-3
"""How far from the middle of a slice, in slices, a curve may run: half a slice, and some rounding."""


def voxels_in_curve(
    curve: slicer.vtkMRMLMarkupsClosedCurveNode, shape: tuple[int, ...], to_world: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Return the voxels of a grid (z, y, x) whose centres the curve encloses on its slice.

    `to_world` is the matrix (4, 4) from voxel index (x, y, z) to world RAS.

    Raises
    ------
    InputError
        The curve has fewer than three points, crosses slices, lies outside the grid or encloses no voxel.
    """
    points = _indices_along(curve, to_world)
    axis, number = _slice_of(points, shape, curve.GetName())
    rest = [other for other in (2, 1, 0) if other != axis]
    inside = np.zeros(shape, dtype=bool)
    plane = np.moveaxis(inside, 2 - axis, 0)[number]
    plane[...] = polygon2mask(plane.shape, points[:, rest])
    if not inside.any():
        raise InputError(curve.GetName(), "encloses no voxel of the volume", "Draw it larger, or delete it")
    return inside


def _indices_along(
    curve: slicer.vtkMRMLMarkupsClosedCurveNode, to_world: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the points of the drawn line (n, 3) as voxel indices (x, y, z) with fractions."""
    if curve.GetNumberOfDefinedControlPoints() < 3:
        raise InputError(curve.GetName(), "has fewer than three points", "Complete the curve, or delete it")
    points = numpy_support.vtk_to_numpy(curve.GetCurvePointsWorld().GetData()).astype(float)
    to_index = np.linalg.inv(to_world)
    return points @ to_index[:3, :3].T + to_index[:3, 3]


def _slice_of(points: NDArray[np.float64], shape: tuple[int, ...], name: str) -> tuple[int, int]:
    """Return the index axis (0 = x) across which the curve lies flat, and the number of its slice there."""
    middles = np.rint((points.min(axis=0) + points.max(axis=0)) / 2).astype(int)
    wander = np.abs(points - middles).max(axis=0)
    axis = 2 - int(np.argmin(wander[::-1] > WITHIN_SLICE))
    if wander[axis] > WITHIN_SLICE:
        raise InputError(
            name,
            "does not lie within one slice of the volume",
            "Rotate the slice view to the volume plane, and draw the curve on one slice",
        )
    if not 0 <= middles[axis] < shape[2 - axis]:
        raise InputError(name, "lies outside the volume", "Draw it on the volume, or delete it")
    return axis, int(middles[axis])
