"""Thin tubes on a grid: every voxel gets the part of its volume that the tubes fill, however thin they are.

A tube is filled with points of known volume, and each point's volume is shared among the eight voxels round
it. So the volume is right at any spacing, above and below the size of a voxel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Tubes:
    """Short tubes: ends `start`, `stop` (N, 3) x y z and their radii (N,) in mm.

    `start_along`, `stop_along` (N, 3) are unit vectors: the end faces are square to them, so that the pieces
    of a curved tube meet without gap or overlap.
    """

    start: NDArray
    stop: NDArray
    start_radius: NDArray
    stop_radius: NDArray
    start_along: NDArray
    stop_along: NDArray

    def __getitem__(self, chosen: NDArray) -> Tubes:
        return Tubes(*(getattr(self, field.name)[chosen] for field in fields(self)))

    def grown(self, by: NDArray | float) -> Tubes:
        """Return the tubes with radii larger by that many mm."""
        return Tubes(
            self.start,
            self.stop,
            self.start_radius + by,
            self.stop_radius + by,
            self.start_along,
            self.stop_along,
        )

    def touching(self, low: NDArray, high: NDArray) -> Tubes:
        """Return the tubes, in their order, that may reach into the box between two corners (3,)."""
        reach = np.maximum(self.start_radius, self.stop_radius)[:, None]
        above = np.maximum(self.start, self.stop) + reach > low
        below = np.minimum(self.start, self.stop) - reach < high
        return self[(above & below).all(axis=1)]


def join(parts: Sequence[Tubes]) -> Tubes:
    """Return all the tubes of several bundles in one."""
    return Tubes(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Tubes)))


def fill_tubes(
    tubes: Tubes, origin: NDArray, spacing: NDArray, shape: tuple[int, int, int]
) -> NDArray[np.float32]:
    """Return the part (0..1) of every voxel (z, y, x) that the tubes fill.

    origin : centre of the first voxel, spacing : of the voxels, x y z in mm. shape : of the grid, z y x.
    """
    origin, spacing = np.asarray(origin, float), np.asarray(spacing, float)
    tubes = tubes.touching(origin - spacing, origin + spacing * np.array(shape[::-1]))
    padded = tuple(n + 2 for n in shape)
    volume = np.zeros(int(np.prod(padded)))
    step = 0.5 * spacing[:2].min()
    rings = np.ceil(np.maximum(tubes.start_radius, tubes.stop_radius) / step - 0.5).astype(int).clip(0)
    for count in np.unique(rings):
        points, weights = _fill_with_points(tubes[rings == count], _disc(count), step)
        _share(volume, padded, (points - origin) / spacing + 1, weights / np.prod(spacing))
    return np.clip(volume.reshape(padded)[1:-1, 1:-1, 1:-1], 0, 1).astype(np.float32)


def _disc(rings: int) -> NDArray:
    """Return points (M, 2) that stand for about equal parts of a unit disc: a centre, rings of 6, 12, ..."""
    points = [np.zeros((1, 2))]
    for ring in range(1, rings + 1):
        angle = 2 * np.pi * (np.arange(6 * ring) + 0.5 * (ring % 2)) / (6 * ring)
        points.append(np.stack([np.cos(angle), np.sin(angle)], axis=1) * ring / (rings + 0.5))
    return np.concatenate(points)


def _fill_with_points(tubes: Tubes, disc: NDArray, step: float) -> tuple[NDArray, NDArray]:
    """Return points (K, 3) throughout the tubes and the volume (K,) that each stands for, in mm and mm^3."""
    length = np.linalg.norm(tubes.stop - tubes.start, axis=1)
    count = np.maximum(np.ceil(length / step), 1).astype(int)
    tube = np.repeat(np.arange(len(length)), count)
    place = np.arange(len(tube)) - np.repeat(np.cumsum(count) - count, count)
    t = ((place + 0.5) / count[tube])[:, None]
    cut = tubes[tube]
    centre = cut.start + t * (cut.stop - cut.start)
    radius = (1 - t) * cut.start_radius[:, None] + t * cut.stop_radius[:, None]
    volume = np.pi * radius[:, 0] ** 2 * (length / count)[tube] / len(disc)
    if len(disc) == 1:
        return centre, volume
    along = (1 - t) * cut.start_along + t * cut.stop_along
    first = np.cross(along, np.where(np.abs(cut.start_along[:, :1]) < 0.7, [[1.0, 0, 0]], [[0, 1.0, 0]]))
    first *= radius / np.maximum(np.linalg.norm(first, axis=1, keepdims=True), 1e-9)
    second = np.cross(along, first)
    second *= radius / np.maximum(np.linalg.norm(second, axis=1, keepdims=True), 1e-9)
    points = centre[:, None] + disc[:, :1] * first[:, None] + disc[:, 1:] * second[:, None]
    return points.reshape(-1, 3), np.repeat(volume, len(disc))


def _share(volume: NDArray, shape: tuple[int, ...], index: NDArray, weight: NDArray) -> None:
    """Add weights (K,) at fractional indices (K, 3), x y z, to the eight voxels round each, where inside."""
    base = np.floor(index).astype(np.int64)
    inside = ((base >= 0) & (base < np.array(shape[::-1]) - 1)).all(axis=1)
    if not inside.any():
        return
    part, weight = (index - base)[inside], weight[inside]
    corner = base[inside] @ np.array([1, shape[2], shape[1] * shape[2]])
    low = corner.min()
    view = volume[low : corner.max() + (shape[1] + 1) * shape[2] + 2]
    for dz in (0, 1):
        along_z = weight * (part[:, 2] if dz else 1 - part[:, 2])
        for dy in (0, 1):
            along_y = along_z * (part[:, 1] if dy else 1 - part[:, 1])
            for dx in (0, 1):
                share = along_y * (part[:, 0] if dx else 1 - part[:, 0])
                view += np.bincount(corner - low + (dz * shape[1] + dy) * shape[2] + dx, share, len(view))
