"""Thin tubes on a grid: every voxel gets the part of its volume that the tubes fill, however thin they are.

A tube is filled with points of known volume, and each point's volume is shared among the eight voxels round it. So the
volume is right at any spacing, above and below the size of a voxel.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def fill_tubes(
    start: NDArray,
    stop: NDArray,
    start_radius: NDArray,
    stop_radius: NDArray,
    origin: NDArray,
    spacing: NDArray,
    shape: tuple[int, int, int],
) -> NDArray[np.float32]:
    """Return the filled fraction (z, y, x) of the voxels, 0..1.

    Parameters
    ----------
    start, stop : the tubes' ends (N, 3) in mm, x y z; short against the grid's extent.
    start_radius, stop_radius : (N,) in mm.
    origin, spacing : of the grid, x y z in mm. shape : of the grid, z y x.
    """
    origin, spacing = np.asarray(origin, float), np.asarray(spacing, float)
    low, high = origin - spacing, origin + spacing * np.array(shape[::-1])
    reach = np.maximum(start_radius, stop_radius)[:, None]
    near = ((np.maximum(start, stop) + reach > low) & (np.minimum(start, stop) - reach < high)).all(axis=1)
    start, stop, start_radius, stop_radius = (a[near] for a in (start, stop, start_radius, stop_radius))
    padded = tuple(n + 2 for n in shape)
    volume = np.zeros(np.prod(padded))
    step = 0.5 * spacing[:2].min()
    rings = np.ceil(np.maximum(start_radius, stop_radius) / step - 0.5).astype(int).clip(0)
    for count in np.unique(rings):
        chosen = rings == count
        disc = _disc(count)
        points, weights = _points(*(a[chosen] for a in (start, stop, start_radius, stop_radius)), disc, step)
        _share(volume, padded, (points - origin) / spacing + 1, weights / np.prod(spacing))
    return np.clip(volume.reshape(padded)[1:-1, 1:-1, 1:-1], 0, 1).astype(np.float32)


def _disc(rings: int) -> NDArray:
    """Return points (M, 2) that stand for equal parts of the unit disc: a centre and `rings` rings of 6, 12, 18..."""
    points = [np.zeros((1, 2))]
    for ring in range(1, rings + 1):
        angle = 2 * np.pi * (np.arange(6 * ring) + 0.5 * (ring % 2)) / (6 * ring)
        points.append(np.stack([np.cos(angle), np.sin(angle)], axis=1) * ring / (rings + 0.5))
    return np.concatenate(points)


def _points(
    start: NDArray, stop: NDArray, start_radius: NDArray, stop_radius: NDArray, disc: NDArray, step: float
) -> tuple[NDArray, NDArray]:
    """Return points (K, 3) throughout the tubes and the volume (K,) that each stands for, in mm and mm^3."""
    length = np.linalg.norm(stop - start, axis=1)
    count = np.maximum(np.ceil(length / step), 1).astype(int)
    tube = np.repeat(np.arange(len(start)), count)
    within = np.arange(len(tube)) - np.repeat(np.cumsum(count) - count, count)
    t = ((within + 0.5) / count[tube])[:, None]
    centre = start[tube] + t * (stop - start)[tube]
    radius = (start_radius[tube] + t[:, 0] * (stop_radius - start_radius)[tube])[:, None]
    along = (stop - start) / np.maximum(length, 1e-9)[:, None]
    helper = np.where(np.abs(along[:, :1]) < 0.7, [[1.0, 0, 0]], [[0, 1.0, 0]])
    first = np.cross(along, helper)
    first /= np.maximum(np.linalg.norm(first, axis=1, keepdims=True), 1e-9)
    second = np.cross(along, first)
    volume = np.pi * radius[:, 0] ** 2 * (length / count)[tube] / len(disc)
    if len(disc) == 1:
        return centre, volume
    offset = radius[:, None, :] * (
        disc[None, :, :1] * first[tube][:, None] + disc[None, :, 1:] * second[tube][:, None]
    )
    return (centre[:, None] + offset).reshape(-1, 3), np.repeat(volume, len(disc))


def _share(volume: NDArray, shape: tuple[int, ...], index: NDArray, weight: NDArray) -> None:
    """Add the weights (K,) at fractional indices (K, 3), x y z, to the eight voxels round each; those outside are lost."""
    base = np.floor(index).astype(np.int64)
    inside = ((base >= 0) & (base < np.array(shape[::-1]) - 1)).all(axis=1)
    base, part, weight = base[inside], (index - base)[inside], weight[inside]
    flat = (base[:, 2] * shape[1] + base[:, 1]) * shape[2] + base[:, 0]
    if not len(flat):
        return
    low, high = flat.min(), flat.max() + (shape[1] + 1) * shape[2] + 2
    for dz in (0, 1):
        for dy in (0, 1):
            for dx in (0, 1):
                share = weight.copy()
                for axis, bit in enumerate((dx, dy, dz)):
                    share *= part[:, axis] if bit else 1 - part[:, axis]
                place = flat - low + (dz * shape[1] + dy) * shape[2] + dx
                volume[low:high] += np.bincount(place, share, high - low)[: high - low]
