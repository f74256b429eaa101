"""Implicit shapes in millimetres: every function returns a signed distance, negative inside.

Coordinates broadcast: a slice is x (1, X), y (Y, 1) and a scalar z; a cloud of points is three (N,) arrays.
The axes are LPS: x to the patient's left, y to the back, z to the head. Distances are exact near the surface.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


def coverage(distance: Array, width: Array | float) -> Array:
    """Return the part (0..1) of a pixel of that `width` that lies inside the surface `distance` = 0."""
    return np.clip(np.float32(0.5) - distance / np.float32(width), 0, 1)


def sheet_coverage(distance: Array, thickness: float, width: float) -> Array:
    """Return the part (0..1) of a pixel that a sheet about the surface `distance` = 0 fills, however thin."""
    return np.clip(
        np.float32((width + thickness) / 2) - np.abs(distance), 0, min(thickness, width)
    ) / np.float32(width)


def smooth_union(a: Array, b: Array, radius: float) -> Array:
    """Return the distance to the union of two shapes, their seam filleted with about that `radius` in mm."""
    overlap = np.maximum(np.float32(radius) - np.abs(a - b), 0)
    return np.minimum(a, b) - overlap * overlap * np.float32(0.25 / radius)


def smooth_intersection(a: Array, b: Array, radius: float) -> Array:
    """Return the distance to the intersection of two shapes, its edge rounded with that `radius` in mm."""
    return -smooth_union(-a, -b, radius)


def oval(x: Array, y: Array, half_width: float, front: float, back: float, power: float = 2.0) -> Array:
    """Return the distance to a superellipse round the origin whose front and back halves differ in depth."""
    half_depth = np.where(y < 0, np.float32(front), np.float32(back))
    norm = (np.abs(x / np.float32(half_width)) ** power + np.abs(y / half_depth) ** power) ** (1 / power)
    norm = np.maximum(norm, np.float32(1e-3))
    return np.sqrt(x * x + y * y) * (1 - 1 / norm)


@dataclass(frozen=True)
class Ellipsoid:
    """An ellipsoid with its centre, its semi-axes and the rows of `axes` as their directions."""

    centre: tuple[float, float, float]
    radii: tuple[float, float, float]
    axes: tuple[tuple[float, float, float], ...] = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))

    @property
    def bounds(self) -> tuple[NDArray, NDArray]:
        """The lowest and highest corner of the box round the ellipsoid, (3,) each in mm."""
        reach = np.sqrt(((np.array(self.axes) * np.array(self.radii)[:, None]) ** 2).sum(axis=0))
        return np.array(self.centre) - reach, np.array(self.centre) + reach

    def distance(self, x: Array, y: Array, z: Array | float) -> Array:
        """Return the signed distance, to first order in the distance from the surface."""
        dx, dy, dz = (np.float32(v) for v in self.centre)
        dx, dy, dz = x - dx, y - dy, z - dz
        norm, slope = np.float32(1e-9), np.float32(1e-9)
        for (ax, ay, az), radius in zip(np.float32(self.axes), np.float32(self.radii), strict=True):
            along = (ax * dx + ay * dy + az * dz) / radius
            norm = norm + along * along
            slope = slope + (along / radius) ** 2
        norm = np.sqrt(norm)
        return norm * (norm - 1) / np.sqrt(slope)


@dataclass(frozen=True)
class Tube:
    """A straight tube with round ends, from `start` to `stop` (mm), its radius going linearly."""

    start: tuple[float, float, float]
    stop: tuple[float, float, float]
    start_radius: float
    stop_radius: float

    @property
    def bounds(self) -> tuple[NDArray, NDArray]:
        """The lowest and highest corner of the box round the tube, (3,) each in mm."""
        ends = np.array([self.start, self.stop])
        radii = np.array([[self.start_radius], [self.stop_radius]])
        return (ends - radii).min(axis=0), (ends + radii).max(axis=0)

    def distance(self, x: Array, y: Array, z: Array | float) -> Array:
        """Return the signed distance."""
        px, py, pz = (np.float32(v) for v in self.start)
        ux, uy, uz = (np.float32(b - a) for a, b in zip(self.start, self.stop, strict=True))
        dx, dy, dz = x - px, y - py, z - pz
        along = np.clip((dx * ux + dy * uy + dz * uz) / (ux * ux + uy * uy + uz * uz), 0, 1)
        dx, dy, dz = dx - along * ux, dy - along * uy, dz - along * uz
        radius = np.float32(self.start_radius) + along * np.float32(self.stop_radius - self.start_radius)
        return np.sqrt(dx * dx + dy * dy + dz * dz) - radius


def chain(points: list[tuple[float, float, float, float]], widened: float = 1.0) -> tuple[Tube, ...]:
    """Return the tubes along a path of (x, y, z, radius); their radii are multiplied by `widened`."""
    return tuple(Tube(a[:3], b[:3], widened * a[3], widened * b[3]) for a, b in pairwise(points))
