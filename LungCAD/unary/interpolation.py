"""Classify every n-th pixel and fill in between: smooth maps need no pixel-wise evaluation."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import distance_transform_edt, map_coordinates


def lattice(inside: np.ndarray, stride: int) -> np.ndarray:
    """Return the pixels (y, x) bool of `inside` to classify: all, or those on a lattice of `stride` pixels.

    Parts of the mask that the lattice misses altogether are served by their nearest lattice pixel.

    Raises
    ------
    ValueError
        `stride` is less than 1.
    """
    if stride < 1:
        raise ValueError(f"stride is {stride}, less than 1")
    points = np.zeros_like(inside)
    points[::stride, ::stride] = inside[::stride, ::stride]
    return points if points.any() else inside


def interpolate(values: np.ndarray, points: np.ndarray, inside: np.ndarray, stride: int) -> np.ndarray:
    """Spread `values` (points, K) from the lattice `points` to `inside` bilinearly; returns (pixels, K).

    Lattice points outside the mask take the value of the nearest one inside before interpolation.
    """
    if stride == 1 or points is inside:
        return values
    coarse = points[::stride, ::stride]
    nearest = distance_transform_edt(~coarse, return_distances=False, return_indices=True)
    grid = np.zeros((*coarse.shape, values.shape[1]), values.dtype)
    grid[coarse] = values
    grid = grid[tuple(nearest)]
    where = np.stack(np.nonzero(inside)) / stride
    channels = [
        map_coordinates(channel, where, order=1, mode="nearest") for channel in np.moveaxis(grid, -1, 0)
    ]
    return np.stack(channels, axis=1)
