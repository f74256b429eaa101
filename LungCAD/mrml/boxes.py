"""ROI boxes: the voxels whose centres lie in a box, turned as it may be."""

from __future__ import annotations

import itertools

import numpy as np
import slicer
from numpy.typing import NDArray

from LungCAD.errors import InputError
from LungCAD.mrml.geometry import as_array, node_to_world

ROUNDING_MM = 1e-6


def voxels_in_box(
    box: slicer.vtkMRMLMarkupsROINode, shape: tuple[int, ...], to_world: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Return the voxels of a grid (z, y, x) whose centres lie in the box or on its faces.

    `to_world` is the matrix (4, 4) from voxel index (x, y, z) to world RAS.

    Raises
    ------
    InputError
        The box holds no voxel, or lies under a transform that is not linear.
    """
    half = np.array(box.GetSize()) / 2
    to_index = np.linalg.inv(to_world) @ node_to_world(box) @ as_array(box.GetObjectToNodeMatrix())
    corners = np.array(list(itertools.product(*zip(-half, half, strict=True))))
    ends = corners @ to_index[:3, :3].T + to_index[:3, 3]
    low = np.maximum(np.ceil(ends.min(axis=0) - ROUNDING_MM), 0).astype(int)
    high = np.minimum(np.floor(ends.max(axis=0) + ROUNDING_MM) + 1, shape[::-1]).astype(int)
    inside = np.zeros(shape, dtype=bool)
    if (low < high).all() and half.all():
        indices = np.stack(np.meshgrid(*map(np.arange, low, high), indexing="ij"), axis=-1)
        to_box = np.linalg.inv(to_index)
        places = indices @ to_box[:3, :3].T + to_box[:3, 3]
        within = (np.abs(places) <= half + ROUNDING_MM).all(axis=-1)
        inside[tuple(map(slice, low[::-1], high[::-1]))] = within.transpose(2, 1, 0)
    if not inside.any():
        raise InputError(box.GetName(), "holds no voxel of the volume", "Draw it larger, or delete it")
    return inside
